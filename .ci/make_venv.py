"""Make the virtual environment, also on a Debian without python3-venv (no ensurepip there)."""

import subprocess
import sys
import venv

target = sys.argv[1]
venv.EnvBuilder(with_pip=False, clear=False, symlinks=True).create(target)
probe = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
if probe.returncode != 0:
    sys.exit("pip is missing for this Python: install it (Debian: apt-get install python3-pip) and try again")
