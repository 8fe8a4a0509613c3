"""A whole campaign in one process, small enough for a test: what it tells, what it asks, and what it keeps apart."""

from __future__ import annotations

import csv
import json
import math
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dp_accounting import NeighboringRelation, dp_event
from dp_accounting.pld import PLDAccountant
from numpy.typing import NDArray
from tests import independent_bundle_check, independent_epsilon
from tests.small import SmallEncoder
from tests.tiny_example import LABELS, PLANNED, SITES, write_example, write_records

from fedaug import cli
from fedaug.augmentation.encoder import Progress
from fedaug.client.door import Door
from fedaug.client.site import Site
from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.transparency.bundle import LogRole, read_bundle
from fedaug.server.candidates import CandidateSource
from fedaug.server.pool import Pool
from fedaug.server.schooling import Heldout
from fedaug.server.statement import read_statement
from fedaug.simulation.example import Example, read_rows
from fedaug.simulation.oracle import consult
from fedaug.simulation.run import BUNDLE, Encoders, Finished, simulate
from fedaug.simulation.sites import VirtualSites, deal


class Quiet:
    def phase(self, name: str) -> None:
        pass

    def step(self, done: int, total: int) -> None:
        pass


@dataclass
class Run:
    """A finished run."""

    folder: Path
    records: Path
    out: Path
    public: SmallEncoder
    finished: Finished
    report: dict[str, Any]

    def again(self, **changes: Any) -> Finished:
        given = {"train": self.records, "narrator": Quiet(), "encoders": Encoders(self.public, SmallEncoder())}
        return simulate(self.folder, self.out, **(given | changes))


@pytest.fixture(scope="module")
def run(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("simulate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEDAUG_DATA", str(folder / "no-data"))
        example, records, public = write_example(folder / "tiny"), write_records(folder / "records.csv"), SmallEncoder()
        finished = simulate(
            example, folder / "out", train=records, narrator=Quiet(), encoders=Encoders(public, SmallEncoder())
        )
        report = json.loads((folder / "out" / "report.json").read_text())
        yield Run(example, records, folder / "out", public, finished, report)


def recomputed(releases: list[dict[str, Any]], delta: float) -> float:
    """ε with the accounting library alone."""
    accountant = PLDAccountant(NeighboringRelation.ADD_OR_REMOVE_ONE)
    for release in releases:
        accountant.compose(dp_event.GaussianDpEvent(release["noise_std"] / release["sensitivity"]))
    return float(accountant.get_epsilon(delta))


def test_the_reports_epsilon_is_what_its_releases_cost(run: Run) -> None:
    privacy = run.report["privacy"]
    by_site = defaultdict(list)
    for release in privacy["releases"]:
        by_site[release["site"]].append(release)
    assert len(by_site) == len(privacy["sites"]) == SITES
    for site, releases in by_site.items():
        assert sorted(release["key"] for release in releases) == sorted(PLANNED)
        told = privacy["sites"][site]["epsilon"]
        assert told == pytest.approx(recomputed(releases, privacy["delta"]), abs=1e-3)
        assert 0.98 * 4 < told <= 4
    assert privacy["consortium_epsilon"] == max(site["epsilon"] for site in privacy["sites"].values())


def test_a_site_charged_what_the_report_says(run: Run) -> None:
    for folder in sorted((run.out / "sites").glob("site-*")):
        site = Site.open(folder, passphrase=(run.out / "sites" / "passphrase").read_bytes(), encoder=SmallEncoder)
        told = run.report["privacy"]["sites"][folder.name]["epsilon"]
        assert site.status().spent == pytest.approx(told, abs=1e-3)
        assert {str(entry.state) for entry in site.status().charges} == {"committed"}
        site.close()


def test_the_ledgers_epsilon_is_what_a_script_without_fedaug_finds(run: Run, tmp_path: Path) -> None:
    exported = tmp_path / "ledger.json"
    assert cli.run(["ledger", "export", str(run.out / "sites" / "site-01"), str(exported)]) == 0
    script = Path(independent_epsilon.__file__)
    assert not re.search(r"^\s*(import|from) fedaug", script.read_text(), re.MULTILINE)
    done = subprocess.run([sys.executable, "-I", script, exported], check=True, capture_output=True, text=True)
    found = {name: float(value) for name, value in (line.split(": ") for line in done.stdout.splitlines())}
    assert found["ledger"] == pytest.approx(run.report["privacy"]["sites"]["site-01"]["epsilon"], abs=1e-5)
    assert found["dp_accounting"] == pytest.approx(found["ledger"], abs=1e-3)
    assert found["opacus_prv"] == pytest.approx(found["ledger"], abs=0.02)


def test_no_records_text_is_in_the_pool_or_the_report(run: Run) -> None:
    """Nor in anything else of the run, outside the source files that stand for what a site has."""
    with run.records.open(encoding="utf-8") as file:
        texts = [line.split('"')[1] for line in file if '"' in line]
    assert len(texts) == 72
    looked = []
    for path in run.out.rglob("*"):
        if path.is_file() and path.name != "records.jsonl":
            looked.append(path.name)
            data = path.read_bytes()
            assert not [text for text in texts if text.encode() in data], path
    assert {"pool.sqlite", "report.html", "report.json", "ledger.sqlite", "records.sealed"} <= set(looked)


def test_the_public_encoder_which_keeps_texts_never_sees_a_record(run: Run) -> None:
    rows = read_rows(Example.load(run.folder), run.out, train=run.records)
    real = {row.text for row in (*rows.train, *rows.heldout)}
    assert len(run.public.seen) > 20
    assert not real & set(run.public.seen)


def test_a_folder_that_holds_a_run_is_not_taken_for_another(run: Run) -> None:
    with pytest.raises(ConfigError, match="holds a run already"):
        run.again()
    with pytest.raises(ConfigError, match="other settings"):
        run.again(resume=True, overrides={"seed": 4})


def test_a_finished_run_that_is_resumed_asks_no_site_for_a_release_and_tells_the_same(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    released, joined = Counter[str](), Counter[str]()
    release, join = Door._release, Door._join
    monkeypatch.setattr(Door, "_release", lambda self, *a: released.update([self._fact.site]) or release(self, *a))
    monkeypatch.setattr(Door, "_join", lambda self, *a: joined.update([self._fact.site]) or join(self, *a))
    monkeypatch.setattr(Site, "prepare", lambda *_: pytest.fail("a prepared site was prepared again"))
    again = run.again(resume=True)
    assert not released
    assert len(joined) == SITES
    told = again.report.model_dump(exclude={"created", "timing"})
    assert told == run.finished.report.model_dump(exclude={"created", "timing"})


@pytest.mark.parametrize("error", [ProtocolError("over the size limit", "shorten it"), OSError("the disk is full")])
def test_a_bundle_that_cannot_be_written_does_not_cost_the_report(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    monkeypatch.setattr("fedaug.simulation.run.export_bundle", lambda *_: (_ for _ in ()).throw(error))
    out = shutil.copytree(run.out, tmp_path / "out")
    for name in ("report.html", "report.json", BUNDLE):
        (out / name).unlink()
    finished = replace(run, out=out).again(resume=True)
    assert finished.page.read_bytes()
    assert json.loads((out / "report.json").read_text())
    assert not (out / BUNDLE).exists()
    assert f"the run's {BUNDLE} was not written" in caplog.text


def test_a_run_cut_off_after_a_round_goes_on_there(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The coordinator dies as it takes in the first votes; sites are asked for what is missing, and nothing twice."""
    asked: list[str] = []
    release = Door._release
    monkeypatch.setattr(Door, "_release", lambda self, *a: asked.append(a[0].key) or release(self, *a))
    given: dict[str, Any] = {"train": run.records, "narrator": Quiet()}
    given["encoders"] = Encoders(SmallEncoder(), SmallEncoder())
    with monkeypatch.context() as patch:
        patch.setattr("fedaug.server.coordinator.Board.count_votes", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            simulate(run.folder, tmp_path / "out", **given)
    assert Counter(asked) == dict.fromkeys(("counts", "statistics", "votes/0"), SITES)
    bundle = read_bundle((tmp_path / "out" / "log-bundle.json").read_bytes())  # a site may need it to recover
    assert [len(log.site_entries) for log in bundle.of_role(LogRole.SITE)] == [5] * SITES
    asked.clear()
    finished = simulate(run.folder, tmp_path / "out", resume=True, **given)
    assert Counter(asked) == dict.fromkeys(("votes/1", "metric"), SITES)
    assert {site.epsilon <= 4 for site in finished.report.privacy.sites.values()} == {True}
    with Pool.open(tmp_path / "out" / "pool.sqlite") as pool:
        assert len(pool.releases("tiny")) == SITES * len(PLANNED)


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


class Trapped(SmallEncoder):
    """Fails when it is shown a record."""

    def __init__(self, forbidden: set[str]) -> None:
        super().__init__()
        self._forbidden = forbidden

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        assert not self._forbidden & set(texts), "a record was read"
        return super().embed(texts, progress)


def test_students_at_epsilon_zero_read_no_record(run: Run) -> None:
    """Their figures stay the same, to the last digit, when all records are replaced by others."""
    example = Example.load(run.folder)
    rows = read_rows(example, run.out, train=run.records)
    dealt = deal(example, rows.train)
    plain = SmallEncoder()
    heldout = Heldout.of([(row.text, str(row.label)) for row in rows.heldout], LABELS, plain)
    swapped = [[row.__class__(row.record_id, row.subject_id, "x", LABELS[0], row.provenance) for row in dealt[0]]]
    trap = Trapped({row.text for row in rows.train} | {"x"})
    figures = [
        consult(example.campaign, trap, plain, CandidateSource(example.campaign, ()), records, heldout)
        for records in (dealt, swapped)
    ]
    assert figures[0].epsilon0 == figures[1].epsilon0
    assert len(figures[0].epsilon0) >= 2
    assert figures[0].central != figures[1].central
    told = run.report["utility"]
    assert told["epsilon0"] == max(figure.score.accuracy for figure in figures[0].epsilon0)
    assert told["nonprivate"] == figures[0].central.score.accuracy
    assert told["local_only"] == figures[0].median_site


def test_the_gap_is_what_the_student_closes_of_it(run: Run) -> None:
    told = run.report["utility"]
    if told["nonprivate"] > told["epsilon0"]:
        gap = (told["student"] - told["epsilon0"]) / (told["nonprivate"] - told["epsilon0"])
        assert told["gap_closed"] == pytest.approx(gap)
    assert math.isfinite(told["student"])


def test_virtual_sites_are_made_once_and_found_again(tmp_path: Path, run: Run) -> None:
    example = Example.load(run.folder)
    dealt = deal(example, read_rows(example, tmp_path, train=run.records).train)
    sites = VirtualSites(example, tmp_path / "sites", SmallEncoder)
    first = sites.prepare(0, lambda: dealt[0])
    assert sites.prepare(0, lambda: pytest.fail("dealt again")) is first
    key = first._keys.signer.public_key().public_bytes_raw()
    sites.close()
    again = VirtualSites(example, tmp_path / "sites", SmallEncoder)
    second = again.prepare(0, lambda: pytest.fail("dealt again"))
    assert second._keys.signer.public_key().public_bytes_raw() == key
    assert second.status().prepared
    other = again.prepare(1, lambda: dealt[1])
    assert other._keys.signer.public_key().public_bytes_raw() != key
    assert (tmp_path / "sites" / "passphrase").stat().st_mode & 0o777 == 0o600
    again.close()


def test_the_privacy_statement_lies_beside_the_report_and_says_the_same(run: Run) -> None:
    statement = read_statement(run.out / "privacy_statement.json")
    stated, privacy = statement.privacy_parameters, run.report["privacy"]
    assert {site["epsilon"] for site in privacy["sites"].values()} == {stated.per_site.epsilon}
    assert privacy["consortium_epsilon"] == stated.consortium.epsilon
    assert set(statement.mechanisms.sites) == set(privacy["sites"])
    assert statement.simulated
    assert statement.trust_model.authentication.method == "enrolled"
    assert 'href="privacy_statement.html"' in (run.out / "report.html").read_text("utf-8")
    assert (run.out / "privacy_statement.html").is_file()


def test_a_finished_run_is_handed_on_and_checked_by_a_script_that_cannot_import_fedaug(
    run: Run, tmp_path: Path
) -> None:
    bundle, authority = tmp_path / "bundle.zip", run.out / "consortium" / "authority.json"
    assert cli.run(["bundle", "export", str(run.out), str(bundle), "--samples", "--recipient", "County Bank"]) == 0
    assert cli.run(["bundle", "verify", str(bundle), "--authority", str(authority), "--recipient", "County Bank"]) == 0
    assert cli.run(["bundle", "verify", str(bundle), "--authority", str(authority), "--recipient", "me"]) == 3
    script = Path(independent_bundle_check.__file__)
    without_fedaug = (
        "import sys, runpy; sys.modules['fedaug'] = None; sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    key = json.loads(authority.read_text())["public_key"]
    command = [sys.executable, "-I", "-c", without_fedaug, str(script), str(bundle), key]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with run.records.open(encoding="utf-8", newline="") as file:
        private = [row["text"] for row in csv.DictReader(file)]
    handed_on = bundle.read_bytes()
    assert len(private) > 50
    assert not [text for text in private if text.encode() in handed_on]


def test_every_site_has_a_report_of_its_own_and_the_consortiums_holds_none_of_its_counts(run: Run) -> None:
    dealt = deal(Example.load(run.folder), read_rows(Example.load(run.folder), run.out, run.records, None).train)
    theirs = run.out / "report.html"
    for index, rows in enumerate(dealt):
        own = (run.out / "sites" / f"site-{index + 1:02d}" / "report.html").read_text("utf-8")
        assert "This page stays at the site." in own
        assert f"{len(rows)} de-identified records" in own
        assert not any(row.text in own for row in rows)
    assert "This page stays at the site." not in theirs.read_text("utf-8")
    assert "de-identified records" not in theirs.read_text("utf-8")


def test_the_report_tells_of_every_gate_and_of_what_pool_and_student_are(run: Run) -> None:
    vetting, cards = run.report["vetting"], run.report["cards"]
    assert {gate["class"] for gate in vetting["gates"]} == {"F"}
    assert {gate["gate"]: gate["refused"] for gate in vetting["gates"] if gate["refused"]} == run.report["samples"][
        "rejected"
    ]
    assert vetting["accepted"] + sum(gate["refused"] for gate in vetting["gates"]) == vetting["offered"]
    assert cards["data"]["texts"] == run.report["samples"]["accepted"]
    assert cards["student"]["score"] == run.report["utility"]["student"]
    assert all(sample["generator"] for sample in run.report["samples"]["gallery"])
    assert any("simulation" in text for text in run.report["not_promised"])
