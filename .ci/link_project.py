"""Put this checkout and its two commands on the environment's path, without a build step or network."""

import stat
import sys
import sysconfig
import tomllib
from pathlib import Path

root = Path(__file__).resolve().parent.parent
venv = Path(sys.argv[1])
site = Path(sysconfig.get_path("purelib"))
(site / "terminal-agent-checkout.pth").write_text(f"{root}\n", encoding="utf-8")
scripts = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
for name, target in scripts.items():
    module, function = target.split(":")
    command = venv / "bin" / name
    python = (venv / "bin" / "python").absolute()
    command.write_text(f"#!{python}\nfrom {module} import {function}\n\n{function}()\n", encoding="utf-8")
    command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
