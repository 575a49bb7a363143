"""The technician's screen, plain and live."""

from __future__ import annotations

import io

from simulator.screen import LiveScreen, PlainScreen


def test_plain_lines_name_what_they_are() -> None:
    out = io.StringIO()
    screen = PlainScreen(out)
    screen.show(("BIENVENUE", "CLINIQUE"))
    screen.show(())
    screen.paper(("TOTAL 12,50", "MERCI"))
    screen.note("booked: charge 12.50 CAD")
    screen.close()
    lines = [line[9:] for line in out.getvalue().splitlines()]
    assert lines == [
        "display  BIENVENUE / CLINIQUE",
        "display  (dark)",
        "paper    TOTAL 12,50",
        "paper    MERCI",
        "note     booked: charge 12.50 CAD",
    ]


def test_the_live_picture_holds_display_and_notes() -> None:
    out = io.StringIO()
    screen = LiveScreen("ZVT 52500042", "i insert", out)
    screen.show(("RETIREZ LA CARTE",))
    screen.paper(("TOTAL 12,50",))
    screen.note("ready")
    screen.close()
    picture = out.getvalue()
    for text in ("ZVT 52500042", "RETIREZ LA CARTE", "| TOTAL 12,50", "ready", "i insert"):
        assert text in picture
