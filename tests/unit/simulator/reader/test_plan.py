"""A reader's TOML file: what is taken, and how a wrong value is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.declared import SettingError
from simulator.reader.faults import ReadFault
from simulator.reader.plan import load


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "reader.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_settings_and_faults_are_read(tmp_path: Path) -> None:
    plan = load(
        written(
            tmp_path,
            '[reader]\npid = 0x2030\nlevel = 4\nksn = "FFFF9876543210E00010"\n'
            '[[fault]]\nwhat = "bad_lrc"\nnth = 2\n[[fault]]\nwhat = "licence"\n',
        )
    )
    assert (plan.settings.pid, plan.settings.level, plan.settings.ksn[-2:]) == (0x2030, 4, "10")
    assert plan.faults == (ReadFault(what="bad_lrc", nth=2), ReadFault(what="licence"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "is not TOML"),
        ("[readers]", "key 'readers' is unknown; allowed: reader, fault"),
        ("[reader]\ncolour = 1", "reader: key 'colour' is unknown"),
        ("[reader]\nvid = 65536", "reader.vid: is 65536; allowed: 0 to 65535"),
        ("[reader]\nlevel = 5", "reader.level: is 5; allowed: 0 to 4"),
        ("[reader]\nreport_size = 9", "reader.report_size: is 9; allowed: 10 to 65535"),
        ('[reader]\nksn = "FFFF"', "reader.ksn: has 4 characters; allowed: 20 hex digits"),
        ('[reader]\nbase_key = "zz"', "reader.base_key: has 2 characters; allowed: 32 hex digits"),
        ('[reader]\nusb_serial = "T1340000640"', "reader.usb_serial: is 'T1340000640'; allowed: 10 ASCII"),
        ("[fault]\nwhat = 1", "fault is one table; allowed: tables headed [[fault]]"),
        ("[[fault]]\ntimes = 1", "fault[1].what: is missing; allowed: bad_lrc"),
        ('[[fault]]\nwhat = "bad"', "fault[1].what: is 'bad'; allowed: bad_lrc"),
        ("fault = [1]", "fault[1]: is 1; allowed: a table"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(SettingError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)
