"""A simulation that is interrupted or killed goes on with ``--resume``, and spends nothing twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tiny_example import PLANNED, SITES, environment, write_example, write_records

from fedaug.privacy.ledger import ChargeState, Ledger, LedgerEntry
from fedaug.privacy.units import Budget, PrivacyUnit

LIMIT_SECONDS = 240.0
# A shell that runs the tests in the background makes them, and so their children, ignore Ctrl-C.
FEDAUG = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from fedaug.cli import main; main()"
NAMES = [f"site-{number:02d}" for number in range(1, SITES + 1)]

Reached = Callable[[Path, str], bool]


def ledger_of(site: Path) -> tuple[LedgerEntry, ...]:
    lineage = (site / "lineage").read_text("utf-8").strip()
    ledger = Ledger.open(site / "ledger.sqlite", lineage=lineage, unit=PrivacyUnit.RECORD, cap=Budget(4.0, 1e-5))
    try:
        return ledger.entries()
    finally:
        ledger.close()


def in_phase(name: str) -> Reached:
    return lambda _, told: f"  {name}\n" in told


def one_site_is_half_prepared(run: Path, _: str) -> bool:
    return (run / "sites" / NAMES[0] / "store").exists()


@pytest.mark.parametrize(
    ("sign", "reached", "released"),
    [
        pytest.param(signal.SIGINT, in_phase("votes, round 1"), 2, id="Ctrl-C in a round"),
        pytest.param(signal.SIGKILL, in_phase("votes, round 2"), 3, id="killed in a round"),
        pytest.param(signal.SIGKILL, one_site_is_half_prepared, 0, id="killed while a site is prepared"),
    ],
)
def test_a_cut_off_simulation_goes_on_and_charges_each_release_once(
    sign: signal.Signals, reached: Reached, released: int, tmp_path: Path
) -> None:
    example, records = write_example(tmp_path / "tiny"), write_records(tmp_path / "records.csv")
    run = tmp_path / "run"
    command = [sys.executable, "-c", FEDAUG, "simulate", str(example), "--train", str(records), "--out", str(run)]
    variables = environment(tmp_path) | {"OMP_NUM_THREADS": "1"}

    told, status = cut_off(command, variables, run, reached, sign)

    assert status == (130 if sign is signal.SIGINT else -sign)
    if sign is signal.SIGINT:
        assert told.splitlines()[-1] == "interrupted; go on with --resume"
        assert "Traceback" not in told
    assert not (run / "report.html").exists()
    before = {name: ledger_of(run / "sites" / name) for name in NAMES if released}
    for entries in before.values():  # the run had got somewhere, or there is nothing to survive
        assert sum(entry.state is ChargeState.COMMITTED for entry in entries) >= released

    done = subprocess.run(
        [*command, "--resume", "--json"],
        env=variables,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    report = json.loads(Path(json.loads(done.stdout)["report_json"]).read_text("utf-8"))
    stated = Counter((release["site"], release["key"]) for release in report["privacy"]["releases"])
    assert stated == Counter((name, key) for name in NAMES for key in PLANNED)
    for name in NAMES:
        entries = ledger_of(run / "sites" / name)
        assert [entry.event.key for entry in entries] == list(PLANNED)
        assert {entry.state for entry in entries} == {ChargeState.COMMITTED}
        assert len({entry.plan_digest for entry in entries}) == 1
        if name in before:
            assert [entry.event for entry in before[name]] == [entry.event for entry in entries]
        noise = {release["key"]: release["noise_std"] for release in report["privacy"]["releases"]}
        assert {entry.event.key: entry.event.noise_std for entry in entries} == noise
        assert 0 < report["privacy"]["sites"][name]["epsilon"] <= 4.0
    assert (run / "report.html").is_file()
    assert [path for path in run.rglob("*.partial") if "sites" not in path.parts] == []


def cut_off(
    command: list[str], variables: dict[str, str], run: Path, reached: Reached, sign: signal.Signals
) -> tuple[str, int]:
    """Starts a command and signals it once it is where the test wants it; returns what it told, and its status."""
    told = run.with_name("stderr")
    with told.open("wb") as stderr:
        process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=stderr)
        try:
            deadline = time.monotonic() + LIMIT_SECONDS
            while not reached(run, told.read_text("utf-8")):
                assert process.poll() is None, told.read_text("utf-8")
                assert time.monotonic() < deadline
                time.sleep(0.002)
            process.send_signal(sign)
            status = process.wait(timeout=60)
        finally:
            process.kill()
            process.wait()
    return told.read_text("utf-8"), status
