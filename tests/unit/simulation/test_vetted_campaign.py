"""A whole campaign with gates of class D on its pool and texts from its sites: charged, counted, and told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.small import SmallEncoder
from tests.tiny_example import SIMULATION, SITES, write_example, write_records

from fedaug import cli
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.client.ledger_file import site_ledger
from fedaug.client.offers import Offer, Offers
from fedaug.client.settings import SiteSettings
from fedaug.errors import TooFewRecords
from fedaug.privacy.bundle.container import MANIFEST, SAMPLES, unpack
from fedaug.privacy.vetting.gate import SITE_ONLY_CODES
from fedaug.privacy.vetting.site_findings import SiteFindings
from fedaug.server.pool import Pool
from fedaug.server.pool_records import SampleStatus
from fedaug.server.statement import read_statement
from fedaug.simulation.run import Encoders, simulate

SETTINGS = """
[site_settings]
"policy.release_kinds" = ["NoisyCounts", "NoisyVotes", "NoisySupport", "NoisyStatistics", "NoisyMetric"]
"samples.generators" = ["label-phrases"]
"samples.site_gates_block" = true
"samples.least_distance" = 0.9
"""
ASKED: dict[str, Any] = {
    "samples.generator": "label-phrases",
    "samples.count": 6,
    "nearness.radius": 1.4,
    "nearness.units": 2,
    "nearness.candidates": 40,
    "nearness.positives": 30,
    "support.units": 1,
    "support.false_accept": 0.5,
    "privacy.epsilon": 16.0,
}


class Quiet:
    def phase(self, name: str) -> None:
        pass

    def step(self, done: int, total: int) -> None:
        pass


def run(folder: Path, **changes: Any) -> dict[str, Any]:
    """The report of a small campaign; what it leaves is in ``folder/out``."""
    example = write_example(folder / "tiny")
    (example / "simulation.toml").write_text(SIMULATION + SETTINGS, "utf-8")
    simulate(
        example,
        folder / "out",
        overrides=ASKED | changes,
        train=write_records(folder / "records.csv"),
        narrator=Quiet(),
        encoders=Encoders(SmallEncoder(), SmallEncoder()),
    )
    report: dict[str, Any] = json.loads((folder / "out" / "report.json").read_text())
    return report


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Class S gates decide at the sites, and everything that they find would be too close."""
    folder = tmp_path_factory.mktemp("outside")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEDAUG_DATA", str(folder / "no-data"))
        yield folder, run(folder, **{"samples.outside_dp": True, "samples.attempts": 20})


@pytest.fixture(scope="module")
def within(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("within")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEDAUG_DATA", str(folder / "no-data"))
        yield folder, run(folder)


def test_gates_of_class_d_are_counted_beside_the_free_ones(within: tuple[Path, dict[str, Any]]) -> None:
    gates = {gate["gate"]: gate for gate in within[1]["vetting"]["gates"]}
    assert {gates[name]["class"] for name in ("support", "nearness")} == {"D"}
    assert gates["support"]["refused"] + gates["nearness"]["refused"] > 0
    assert set(gates["support"]["reasons"]) | set(gates["nearness"]["reasons"]) == {"unsupported"}
    assert {gate["class"] for gate in gates.values()} <= {"F", "D"}


def test_the_question_of_nearness_is_charged_and_in_the_statement(within: tuple[Path, dict[str, Any]]) -> None:
    folder, report = within
    for site in report["privacy"]["sites"].values():
        assert site["releases"]["NoisySupport"]["count"] == 1
        assert 0.98 * 16 < site["epsilon"] <= 16
    events = read_statement(folder / "out" / "privacy_statement.json").mechanisms.typed
    assert [event.MECHANISM for event in events].count("above_threshold") == 1


def test_texts_from_sites_are_counted_on_arrival(within: tuple[Path, dict[str, Any]]) -> None:
    folder, report = within
    vetting = report["vetting"]
    assert vetting["arrived"] == SITES * 6
    assert vetting["quarantined"] is not None
    with Pool.open(folder / "out" / "pool.sqlite") as pool:
        aside = pool.samples("tiny", status=SampleStatus.QUARANTINED)
    assert len({sample.sample_id for sample in aside}) <= vetting["quarantined"]


def test_a_text_that_a_site_repeats_is_pooled_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set aside as a repeat, it must not shadow the one that passed, whichever of the two came first."""
    made = list(LabelPhrases().generate(["card_arrival", "exchange_rate", "pin_blocked"], 7))[:20]
    monkeypatch.setenv("FEDAUG_DATA", str(tmp_path / "no-data"))
    monkeypatch.setattr(Offers, "make", lambda *_: Offer(tuple(made * 2), outside_dp=False))
    report = run(tmp_path, **{"samples.count": 2 * len(made)})
    with Pool.open(tmp_path / "out" / "pool.sqlite") as pool:
        pooled, aside = pool.samples("tiny"), pool.samples("tiny", status=SampleStatus.QUARANTINED)
    assert report["vetting"]["quarantined"] >= len(made) * SITES
    assert {one.text for one in made} & {sample.text for sample in pooled}, "none was good enough, so nothing was shown"
    assert len({sample.sample_id for sample in pooled}) == report["samples"]["accepted"]
    assert not {(one.text, one.label) for one in pooled} & {(one.text, one.label) for one in aside}


def test_copies_are_told_and_a_quota_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All sites send the same texts of one label: each is named, and no more than the quota is pooled."""
    made = [one for one in LabelPhrases(60).generate(["card_arrival", "pin_blocked"], 7) if one.label == "pin_blocked"]
    monkeypatch.setenv("FEDAUG_DATA", str(tmp_path / "no-data"))
    monkeypatch.setattr(Offers, "make", lambda *_: Offer(tuple(made[:40]), outside_dp=False))
    report = run(
        tmp_path,
        **{"samples.count": 40, "aggregation.texts_per_label": 3, "gates": []},
    )
    flags = {(flag["site"], flag["check"]) for flag in report["anomalies"]["flags"] if flag["release"] == "samples"}
    checks = ("texts-of-one-label", "texts-like-another-sites")
    assert flags == {(site, check) for site in report["privacy"]["sites"] for check in checks}
    assert report["anomalies"]["rule"] == "sum"
    gates = {gate["gate"]: gate for gate in report["vetting"]["gates"]}
    assert gates["quota"]["reasons"] == {"over-quota": SITES * (len(made[:40]) - 3)}
    with Pool.open(tmp_path / "out" / "pool.sqlite") as pool:
        aside = pool.samples("tiny", status=SampleStatus.QUARANTINED)
        sent = {one.text for one in made} & {sample.text for sample in pool.samples("tiny")}
    assert {sample.source for sample in aside} == {"over-quota"}
    assert sent <= {one.text for one in made[:3]}


def test_what_class_s_gates_found_stays_in_the_sites_folders(within: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = within
    sites = sorted((folder / "out" / "sites").glob("site-*"))
    assert all(list(SiteFindings(site).read()) for site in sites), "the gates had something to find"
    for path in (folder / "out").rglob("*"):
        if path.is_file() and not any(parent in path.parents for parent in sites):
            data = path.read_bytes()
            assert not any(code.encode() in data for code in SITE_ONLY_CODES), path.name


def test_within_dp_class_s_decides_nothing_and_epsilon_is_stated(within: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = within
    statement = read_statement(folder / "out" / "privacy_statement.json")
    assert statement.not_stated is None
    assert statement.outside_dp == ()
    found = [found for site in (folder / "out" / "sites").glob("site-*") for found in SiteFindings(site).read()]
    assert {finding.blocked for finding in found} == {False}


def test_a_batch_outside_dp_leaves_no_epsilon_anywhere(outside: tuple[Path, dict[str, Any]]) -> None:
    folder, report = outside
    statement = read_statement(folder / "out" / "privacy_statement.json")
    assert report["vetting"]["arrived"] > 0, "no site sent a batch, so nothing was shown"
    assert statement.outside_dp
    assert statement.not_stated is not None
    assert "outside differential privacy" in statement.not_stated
    assert statement.privacy_parameters.per_site.epsilon is None
    assert statement.privacy_parameters.consortium.epsilon is None
    assert statement.composition.charge is None
    assert {site["epsilon"] for site in report["privacy"]["sites"].values()} == {"inf"}
    with Pool.open(folder / "out" / "pool.sqlite") as pool:
        pooled = pool.samples("tiny")
    assert report["vetting"]["arrived"] % 6 == 0  # the public size, or nothing
    marked = {sample.sample_id for sample in pooled if sample.outside_dp}
    assert not [one.text for one in pooled if one.sample_id not in marked and marked & set(one.parents)]
    assert {shown["dependence"] for shown in report["samples"]["gallery"]} == {""}


def test_a_bundle_tells_the_samples_outside_dp_apart(outside: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    folder, _ = outside
    assert cli.run(["bundle", "export", str(folder / "out"), str(tmp_path / "b.zip"), "--samples"]) == 0
    files = unpack((tmp_path / "b.zip").read_bytes())
    told = {one["sample_id"]: one["outside_dp"] for one in map(json.loads, files[SAMPLES].splitlines())}
    with Pool.open(folder / "out" / "pool.sqlite") as pool:
        assert told == {sample.sample_id: sample.outside_dp for sample in pool.samples("tiny")}
    assert any(told.values())
    assert json.loads(files[MANIFEST])["outside_dp"]


def test_a_gate_that_has_too_few_first_candidates_ends_the_campaign_before_any_site_is_charged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDAUG_DATA", str(tmp_path / "no-data"))
    with pytest.raises(TooFewRecords, match="generation 0 is too small"):
        run(tmp_path, gates=[{"gate": "collapse"}])
    sites = sorted((tmp_path / "out" / "sites").glob("site-*"))
    assert len(sites) == SITES
    for site in sites:
        ledger = site_ledger(site, SiteSettings.load(site))
        assert ledger.entries() == ()
        ledger.close()
