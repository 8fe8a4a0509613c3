"""Thousands of named mutations of everything that is parsed for somebody who does not trust it.

None is accepted, only fedaug's errors escape (at a site's door: only a signed status), and each takes under a second
and under 512 MB. They run in a process of their own (:mod:`tests.mutation_targets`), whose memory can be measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.mutation_targets import Target, tally
from tests.mutations import of_bytes, of_json

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import canonical_json, parse_json

#: Places at which bytes are changed.
STEPS = 400 if os.environ.get("FEDAUG_FULL") == "1" else 40
#: Target -> mutations at least. Every one that is run is named here.
AT_LEAST = {
    "request: describe": 60,
    "request: join": 900,
    "request: heads": 300,
    "request: counts": 80,
    "request: votes": 400,
    "request envelope": 550,
    "reply: release": 400,
    "reply: site": 100,
    "reply: status": 50,
    "reply: log": 300,
    "release envelope": 550,
    "enrolment list": 1_400,
    "log bundle": 2_000,
    "release bundle": 200,
    "release manifest": 1_100,
    "release signature": 120,
    "release manifest, signed": 1_100,
    "log head": 350,
    "log entry: opened": 90,
    "log entry: reserved": 1_000,
    "log entry: sealed": 100,
    "log entry: voided": 70,
    "log entry: countersigned": 90,
    "log entry: accepted": 200,
    "plan file": 1_000,
    "ledger file: sqlite": 100,
    "ledger file: head": 100,
    "key file": 250,
    "sum request: keys": 600,
    "sum reply: keys": 150,
    "sum request: shares": 850,
    "sum reply: shares": 180,
    "sum request: values": 350,
    "sum reply: values": 230,
    "sum request: survivors": 500,
    "sum reply: survivors": 100,
    "sum request: unmasking": 550,
    "sum reply: unmasking": 190,
    "huge": 17,
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All targets, in a process of their own."""
    folder = tmp_path_factory.mktemp("mutations")
    command = [sys.executable, "-m", "tests.mutation_targets", str(folder), str(STEPS)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_target_was_run(ran: dict[str, Any]) -> None:
    assert list(ran["targets"]) == list(AT_LEAST)
    assert sum(target["tried"] for target in ran["targets"].values()) >= 10_000


@pytest.mark.parametrize("name", AT_LEAST)
def test_no_mutation_is_accepted_and_only_our_errors_escape(ran: dict[str, Any], name: str) -> None:
    found = ran["targets"][name]
    assert found["tried"] >= AT_LEAST[name]
    assert found["escaped"] == []
    assert found["accepted"] == []
    # A key file says the same in other words, and opens the same keys; nothing is signed or hashed but what they seal.
    assert name == "key file" or found["harmless"] == []
    assert found["refused"] + len(found["harmless"]) == found["tried"]


@pytest.mark.parametrize("name", AT_LEAST)
def test_no_mutation_takes_a_second(ran: dict[str, Any], name: str) -> None:
    """Of processor time, so that a busy machine does not matter; the cap is part of what is promised."""
    seconds, slowest = ran["targets"][name]["slowest"]
    assert seconds < 1.0, slowest


def test_all_mutations_together_take_no_512_mb_more_than_the_program_itself(ran: dict[str, Any]) -> None:
    """The peak of the whole process, the largest messages that are looked at among it."""
    assert 0 < ran["before_mib"] < ran["peak_mib"] < ran["before_mib"] + 512


def test_a_parser_that_takes_anything_would_be_caught() -> None:
    """A seeded defect: JSON as the standard library reads it."""
    good = canonical_json({"campaign": "autumn", "key": "counts", "size": 3})

    def lax(data: bytes) -> object:
        return json.loads(data).keys() and None

    caught = tally(Target(good, lax, lambda: of_bytes(good, b"{}", 20)))
    assert len(caught.accepted) > 10
    assert any(line.endswith(("JSONDecodeError", "UnicodeDecodeError")) for line in caught.escaped)
    lines = [(name, text.encode("utf-8", "surrogatepass")) for name, text in of_json(parse_json(good))]
    accepted = tally(Target(good, lax, lambda: iter(lines))).accepted
    assert {"all of it with key twice", "size = NaN", "with spaces", "all of it with a field more"} <= set(accepted)


def test_a_parser_that_refuses_everything_would_be_caught() -> None:
    """What is right has to pass, else a target tells nothing."""
    good = b"{}"

    def refuse(_: bytes) -> None:
        raise ProtocolError("no", "never")

    with pytest.raises(ProtocolError):
        tally(Target(good, refuse, lambda: of_bytes(good, b"[]", 2)))
