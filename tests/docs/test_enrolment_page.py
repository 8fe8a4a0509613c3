"""Whoever follows the page on enrolment leaves no coordinator behind with an older list, which would refuse replies."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "enrol-a-consortium.md"
CHANGE = re.compile(r"^\$ fedaug enrolment (?:add|renew|revoke|rotate) office", re.MULTILINE)


def test_the_coordinator_accepts_every_list_that_the_office_writes() -> None:
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    first = next(number for number, block in enumerate(blocks) if "enrolment accept hub" in block)
    changing = [block for block in blocks[first:] if CHANGE.search(block)]
    assert len(changing) == 5
    for block in changing:
        assert "$ fedaug enrolment accept hub office" in block[list(CHANGE.finditer(block))[-1].end() :], block
