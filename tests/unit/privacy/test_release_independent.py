"""A script that knows nothing of fedaug comes to the same result: what holds holds, and what does not is told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests import independent_bundle_check
from tests.log_samples import HUB, PLAN, SIGNERS
from tests.release_samples import AUTHORITY, DAY, TERMS, as_file, changed, enrolment, release, report, sample, statement
from tests.small import make_plan

from fedaug.privacy.accounting import epsilon
from fedaug.privacy.bundle.container import CARD, LEDGER, REPORT, SAMPLES, STATEMENT, pack, unpack
from fedaug.privacy.bundle.samples import encode_samples
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.events import event_from_dict

SCRIPT = Path(independent_bundle_check.__file__)
KEY = AUTHORITY.public_bytes_raw().hex()
#: Runs a script as if fedaug were not installed: importing it raises.
WITHOUT_FEDAUG = (
    "import sys, runpy; sys.modules['fedaug'] = None; sys.argv = sys.argv[1:]; "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)
NOW = int(time.time())
CURRENT = TERMS.__class__("A-17", "Dr. Grey", "County Hospital", NOW, NOW + 30 * DAY)
DATA = release(CURRENT, enrolment=enrolment(issued=NOW - DAY))


def run(tmp_path: Path, data: bytes, *arguments: str, name: str = "bundle.zip") -> tuple[int, str]:
    (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-I", "-c", WITHOUT_FEDAUG, str(SCRIPT), str(tmp_path / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)
    return done.returncode, done.stdout + done.stderr


def faults(tmp_path: Path, data: bytes) -> list[str]:
    (tmp_path / "bundle.zip").write_bytes(data)
    return independent_bundle_check.check(tmp_path / "bundle.zip", KEY)


def test_the_script_does_without_fedaug_and_finds_nothing_amiss(tmp_path: Path) -> None:
    assert not re.search(r"^\s*(import|from) fedaug", SCRIPT.read_text(), re.MULTILINE)
    assert run(tmp_path, DATA, KEY) == (0, "")
    assert run(tmp_path, as_file(statement()), name="privacy_statement.json") == (0, "")


def test_fedaug_cannot_be_imported_where_the_script_runs(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("import fedaug\n")
    command = [sys.executable, "-I", "-c", WITHOUT_FEDAUG, str(tmp_path / "script.py")]
    assert b"ModuleNotFoundError" in subprocess.run(command, capture_output=True, check=False).stderr


def test_a_statement_that_understates_is_told_by_the_script(tmp_path: Path) -> None:
    lie = statement()
    lie["privacy_parameters"]["per_site"] = {"epsilon": 0.5, "slack": None}
    status, told = run(tmp_path, as_file(lie), name="privacy_statement.json")
    assert (status, told) == (1, "the statement's ε per_site is 0.5, and its mechanisms cost 0.946485\n")
    status, told = run(tmp_path, changed(DATA, {STATEMENT: as_file(lie)}), KEY)
    assert status == 1
    assert "its mechanisms cost 0.946485" in told


def test_the_script_says_how_to_use_it_and_takes_the_key_in_a_file(tmp_path: Path) -> None:
    status, told = run(tmp_path, DATA)
    assert (status, told.split()[:2]) == (1, ["python", "tests/independent_bundle_check.py"])
    for content in (json.dumps({"key_id": "ab", "public_key": KEY}), f"{KEY}\n"):
        (tmp_path / "office").write_text(content)
        assert run(tmp_path, DATA, str(tmp_path / "office")) == (0, "")


@pytest.mark.parametrize(
    "lie", [{"epsilon": 0.5}, {"samples": 3}, {"simulated": True}, {"not_promised": []}, {"cards": None}, {"more": 1}]
)
def test_a_card_that_says_something_else_is_told_by_the_script(lie: dict[str, Any], tmp_path: Path) -> None:
    card = json.loads(unpack(DATA)[CARD]) | lie
    assert faults(tmp_path, changed(DATA, {CARD: canonical_json(card)}, card=False)) == [
        "the card does not say what the statement, the report and the manifest say"
    ]


def test_an_expired_bundle_or_one_by_a_revoked_key_is_told_by_the_script(tmp_path: Path) -> None:
    old = release(TERMS.__class__("A", "B", "C", NOW - 9 * DAY, NOW - DAY), enrolment=enrolment(issued=NOW - 10 * DAY))
    assert faults(tmp_path, old) == ["the bundle is expired"]
    (tmp_path / "newest.json").write_bytes(enrolment(epoch=3, without="north", issued=NOW - DAY))
    by_north = release(CURRENT, signer="north", enrolment=enrolment(issued=NOW - DAY))
    status, told = run(tmp_path, by_north, KEY, str(tmp_path / "newest.json"))
    assert status == 1
    assert told.startswith("the key that signed was revoked\n")
    assert faults(tmp_path, changed(DATA, key=SIGNERS["mallory"])) == [
        "the key that signed is not enrolled for its signer"
    ]
    status, told = run(tmp_path, DATA, SIGNERS[HUB].public_key().public_bytes_raw().hex())
    assert (status, told) == (1, "the enrolment list is not signed by that authority\n")


@pytest.mark.parametrize("name", sorted(unpack(DATA)))
def test_a_flipped_byte_of_each_file_is_told_by_the_script(name: str, tmp_path: Path) -> None:
    files = unpack(DATA)
    content = files[name]
    for at in range(0, len(content), max(1, len(content) // 20)):
        flipped = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        try:
            assert faults(tmp_path, pack({**files, name: flipped})), at
        except (ValueError, KeyError, SystemExit):  # no JSON any more; the script is not polite about it
            continue


def ledger(drop: int) -> bytes:
    values = json.loads(unpack(DATA)[LEDGER])
    values["sites"]["north"]["entries"].pop(drop)
    return canonical_json(values)


def proof() -> bytes:
    values = json.loads(unpack(DATA)[LEDGER])
    values["sites"]["south"]["earlier"][0]["proof"].reverse()
    values["sites"]["south"]["entries"][3]["index"] += 1
    return canonical_json(values)


SITE_ONLY: dict[str, Any] = {"gate": "copy", "gate_class": "S", "decides": True}


def test_signed_lies_are_told_by_the_script(tmp_path: Path) -> None:
    assert "north: the excerpt is not all that the log says of the campaign" in faults(
        tmp_path, changed(DATA, {LEDGER: ledger(-1)})
    )
    told = faults(tmp_path, changed(DATA, {LEDGER: proof()}))
    assert "south: entry 5 is not in the log" in told
    assert "south: the head of 10 entries is not the log's beginning" in told
    other = statement()
    other["mechanisms"]["events"] = PLAN["events"][1:]
    assert "north did not reserve the mechanisms that the statement names" in faults(
        tmp_path, changed(DATA, {STATEMENT: as_file(other)})
    )
    planted = {SAMPLES: encode_samples([sample("a text", sample_id="00" * 32)])}
    assert faults(tmp_path, changed(DATA, planted)) == ["sample 1 is not the one of its id, or depends on records"]
    refuted = {REPORT: as_file(report(audit=report()["audit"] | {"passed": False}))}
    assert faults(tmp_path, changed(DATA, refuted)) == ["the report's audit refutes the statement's ε"]
    decided = changed(DATA, manifest=lambda values: values["gates"].append(SITE_ONLY))
    assert faults(tmp_path, decided) == [
        "manifest, statement and plan disagree on gates that read records and decide what leaves"
    ]


def test_its_epsilon_is_the_accountants(tmp_path: Path) -> None:
    plan = make_plan()
    for delta in (1e-5, 1e-7):
        mine = independent_bundle_check.epsilon_of(list(plan.events), delta)
        assert mine == pytest.approx(epsilon(plan.mechanisms, delta), rel=1e-6)
    sampled = {
        "mechanism": "subsampled_gaussian",
        "key": "adapter",
        "release": "NoisyUpdate",
        "sensitivity": 1.0,
        "noise_std": 1.0,
        "grid": 2.0**-12,
        "dimensions": 10,
        "steps": 50,
        "sampling_rate": 0.05,
    }
    mine = independent_bundle_check.epsilon_of([sampled], 1e-5)
    assert mine == pytest.approx(epsilon([event_from_dict(sampled)], 1e-5), rel=1e-3)
