"""What class S gates find stays in one file of the site, and does not decide unless it is told to."""

from __future__ import annotations

import json
import logging
import math
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from fedaug.errors import InputError, PolicyRefused
from fedaug.privacy.vetting import Batch, GateClass, LengthGate, VerdictCode
from fedaug.privacy.vetting.closest import ClosestRecordGate
from fedaug.privacy.vetting.gate import SITE_ONLY_CODES
from fedaug.privacy.vetting.planted import PlantedGate
from fedaug.privacy.vetting.site_findings import Finding, SiteFindings

AXES = np.eye(3, dtype=np.float32)
TEXTS = ("a copy of zebra-7781 itself", "something near no record", "zebra 7781 again")
BATCH = Batch(TEXTS, (), AXES)
GATES = (ClosestRecordGate(AXES[:1]), PlantedGate(["zebra-7781"]))
FOUND = {"at": "", "campaign": "a", "key": "k", "candidate": "c", "gate": "planted", "code": "planted", "score": 1.0}
FOUND |= {"blocked": False}
AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture
def findings(tmp_path: Path) -> SiteFindings:
    return SiteFindings(tmp_path, lambda: AT)


def observe(findings: SiteFindings, *, blocks: bool = False) -> list[int]:
    return findings.observe(BATCH, GATES, campaign="autumn", key="samples", blocks=blocks)


def test_by_default_they_see_everything_and_stop_nothing(findings: SiteFindings) -> None:
    assert observe(findings) == [0, 1, 2]
    assert [(found.gate, found.code, found.blocked) for found in findings.read()] == [
        ("closest", VerdictCode.TOO_CLOSE, False),
        ("planted", VerdictCode.PLANTED, False),
        ("planted", VerdictCode.PLANTED, False),
    ]
    assert findings.counts("autumn") == {"closest": {"too-close": 1}, "planted": {"planted": 2}}
    assert findings.counts("spring") == {}


def test_where_policy_lets_them_they_block(findings: SiteFindings) -> None:
    assert observe(findings, blocks=True) == [1]
    assert {found.blocked for found in findings.read()} == {True}


def test_the_file_is_its_owners_alone_whatever_the_umask(findings: SiteFindings) -> None:
    before = os.umask(0)
    try:
        observe(findings)
    finally:
        os.umask(before)
    assert stat.S_IMODE(findings.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(findings.path.parent.stat().st_mode) == 0o700


def test_the_file_holds_no_text(findings: SiteFindings) -> None:
    observe(findings)
    kept = findings.path.read_text("utf-8")
    assert "zebra" not in kept
    assert "7781" not in kept
    assert all(set(json.loads(line)) == set(Finding.__annotations__) for line in kept.splitlines())


def test_findings_are_added_to_those_that_are_there(findings: SiteFindings, tmp_path: Path) -> None:
    observe(findings)
    observe(SiteFindings(tmp_path))
    assert len(list(findings.read())) == 6


def test_where_nothing_is_found_no_file_is_made(findings: SiteFindings) -> None:
    clean = BATCH.take([1])
    assert findings.observe(clean, GATES, campaign="autumn", key="samples") == [0]
    assert not findings.path.exists()
    assert list(findings.read()) == []


def test_nothing_of_it_is_logged(findings: SiteFindings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    observe(findings, blocks=True)
    assert caplog.text == ""


def test_a_gate_of_another_class_is_not_run_in_secret(findings: SiteFindings) -> None:
    with pytest.raises(PolicyRefused, match="as one of class S"):
        findings.observe(BATCH, [LengthGate()], campaign="autumn", key="samples")


@pytest.mark.parametrize(
    "line",
    [
        b'{"code": "passed"}',
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        *(
            json.dumps(FOUND | change).encode()
            for change in ({"campaign": [1]}, {"candidate": 3}, {"score": "x"}, {"score": math.nan}, {"more": 1})
        ),
    ],
)
def test_a_changed_file_is_noticed(line: bytes, findings: SiteFindings) -> None:
    observe(findings)
    with findings.path.open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(InputError, match="damaged"):
        list(findings.read())


def test_a_folder_in_the_files_place_is_noticed(findings: SiteFindings) -> None:
    findings.path.mkdir(parents=True)
    with pytest.raises(InputError, match="damaged"):
        list(findings.read())


def test_every_code_of_a_class_s_gate_is_known_as_one() -> None:
    found = {verdict.code for gate in GATES for verdict in gate.judge(BATCH) if not verdict.passed}
    assert found <= SITE_ONLY_CODES
    assert all(gate.gate_class is GateClass.SITE_ONLY for gate in GATES)
    assert VerdictCode.PASSED not in SITE_ONLY_CODES
