"""The whole audit of a run: what of it leaves, what stays at a site, and that a finished run can be audited later."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.planted_identifiers import kept_all
from tests.tiny_example import LABELS, write_example, write_records
from tests.unit.simulation.test_audit import Phases, WideEncoder

from fedaug import cli
from fedaug.errors import ConfigError
from fedaug.privacy.audit.findings import Population
from fedaug.privacy.audit.suite import DENSITY, INFERENCE, LINKABILITY, SINGLING_OUT
from fedaug.server.pool_records import PoolSample
from fedaug.server.schooling import Heldout
from fedaug.simulation.audit.pool_attacks import PoolAttacker, attack_sites
from fedaug.simulation.example import Example, read_rows
from fedaug.simulation.run import Encoders, Finished, simulate

CANARIES = 60


def write_others(path: Path) -> Path:
    """Held-out questions, none of which a site has."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "text", "label"])
        for number in range(30):
            label = LABELS[number % 3]
            rows.writerow([f"o{number}", f"number {number} asks about {label.replace('_', ' ')} again", label])
    return path


def run(example: Path, folder: Path, encoders: Encoders, *, audit: int = 0, **more: Any) -> tuple[Finished, list[str]]:
    phases = Phases()
    finished = simulate(
        example,
        folder / "out",
        narrator=phases,
        encoders=encoders,
        overrides={"simulation.audit.canaries": audit} | more.pop("overrides", {}),
        **more,
    )
    return finished, phases.named


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(WideEncoder(), WideEncoder())


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, encoders: Encoders) -> tuple[Path, list[str], dict[str, str]]:
    """A run on files that a user named; audited when it was over. With the phases of the audit, and files before it."""
    folder = tmp_path_factory.mktemp("named")
    example = write_example(folder / "tiny")
    files = {"train": write_records(folder / "records.csv"), "test": write_others(folder / "others.csv")}
    run(example, folder, encoders, **files)
    before = hashes(folder / "out")
    _, phases = run(example, folder, encoders, **files, audit=CANARIES, resume=True)
    return folder, phases, before


def hashes(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def audit_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out" / "audit.json").read_text("utf-8"))
    return found


def test_a_finished_run_is_audited_without_running_it_again(named: tuple[Path, list[str], dict[str, str]]) -> None:
    folder, phases, before = named
    assert "votes, round 1" not in phases
    assert "reference figures" not in phases
    assert "audit: votes, round 1" in phases
    after = hashes(folder / "out")
    changed = {name for name in before if after[name] != before[name]}
    for name in changed:  # sites hear of the newest list of members whenever they are opened
        assert name.startswith("report.") or name.endswith(("/report.html", "/accepted.json", ".lock")), name
    kept = {name for name in before if name.endswith("ledger.sqlite") or name == "pool.sqlite"}
    assert len(kept) == 4
    assert not kept & changed
    assert before["privacy_statement.json"] == after["privacy_statement.json"]
    assert before["run.json"] == after["run.json"]
    report = json.loads((folder / "out" / "report.json").read_text("utf-8"))
    assert report["audit"]["canaries"] == CANARIES
    assert report["utility"]["nonprivate"] is not None


def test_another_audit_is_not_put_in_the_place_of_one(
    named: tuple[Path, list[str], dict[str, str]], encoders: Encoders
) -> None:
    folder, _, _ = named
    before = hashes(folder / "out")
    files = {"train": folder / "records.csv", "test": folder / "others.csv"}
    with pytest.raises(ConfigError, match="holds an audit with 60 canaries already"):
        run(folder / "tiny", folder, encoders, **files, audit=CANARIES + 1, resume=True)
    assert hashes(folder / "out") == before


def test_a_run_with_other_settings_is_still_not_resumed(
    named: tuple[Path, list[str], dict[str, str]], encoders: Encoders
) -> None:
    folder, _, _ = named
    files = {"train": folder / "records.csv", "test": folder / "others.csv"}
    with pytest.raises(ConfigError, match="holds a run with other settings"):
        run(folder / "tiny", folder, encoders, **files, audit=CANARIES, resume=True, overrides={"seed": 4})


def test_attacks_on_files_that_a_user_named_are_in_the_sites_own_edition_only(
    named: tuple[Path, list[str], dict[str, str]],
) -> None:
    folder, _, _ = named
    assert [pool["on"] for pool in audit_of(folder)["attacked"]] == ["canaries, against those that coins left out"]
    for name in ("site-01", "site-02", "site-03"):
        found = json.loads((folder / "out" / "sites" / name / "attacks.json").read_text("utf-8"))
        assert {one["class"] for one in found["attacks"]} == {"S"}
        assert {one["attack"] for one in found["attacks"]} >= {DENSITY, SINGLING_OUT, LINKABILITY, INFERENCE}
        page = (folder / "out" / "sites" / name / "report.html").read_text("utf-8")
        assert f"Attacks on records of {name}" in page
        assert "They are no evidence of privacy" in page
    for name in ("report.html", "report.json", "audit.json"):
        text = (folder / "out" / name).read_text("utf-8")
        assert "canaries, against those" in text
        assert "records of" not in text.replace("records of the public", "")
        assert '"class": "S"' not in text


def test_the_report_shows_power_sizes_and_the_caution(named: tuple[Path, list[str], dict[str, str]]) -> None:
    folder, _, _ = named
    page = (folder / "out" / "report.html").read_text("utf-8")
    (pool,) = audit_of(folder)["attacked"]
    for one in pool["attacks"]:
        assert f"{one['successes']} of {one['members']}" in page
        assert one["detectable"] is not None
    assert "Would notice" in page
    assert "They are no evidence of privacy" in page
    assert "made-up identifiers" in page


def test_the_command_tells_of_attacks_and_identifiers(
    named: tuple[Path, list[str], dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _, _ = named
    assert cli.run(["audit", str(folder / "out")]) == 0
    out = capsys.readouterr().out
    assert "attacks on canaries" in out
    assert "would notice" in out
    assert "no evidence of privacy" in out
    assert "planted identifiers: 0 of 25 are left" in out


def test_attacks_on_public_records_may_be_in_the_consortiums_edition(
    tmp_path: Path, encoders: Encoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data" / "banking77").mkdir(parents=True)
    write_records(tmp_path / "data" / "banking77" / "train.csv")
    monkeypatch.setenv("FEDAUG_DATA", str(tmp_path / "data"))
    run(write_example(tmp_path / "tiny"), tmp_path, encoders, audit=CANARIES, overrides={
        "simulation.data.validation_percent": 45, "simulation.sites.count": 1, "minimum_sites": 1,
    })  # fmt: skip
    canaries, records = audit_of(tmp_path)["attacked"]
    assert records["on"] == "records of all sites (public or made up), against held-out ones"
    assert {tuple(one["populations"]) for one in records["attacks"]} == {("public", "public")}
    assert canaries["attacks"]


def test_identifiers_that_a_sites_policy_keeps_are_found(tmp_path: Path, encoders: Encoders) -> None:
    """The seeded defect: de-identification off."""
    example = kept_all(Example.load(write_example(tmp_path / "tiny")), tmp_path)
    policy = example.simulation.site_settings["deid.policy"]
    run(
        tmp_path / "tiny",
        tmp_path,
        encoders,
        train=write_records(tmp_path / "records.csv"),
        audit=CANARIES,
        overrides={"simulation.site_settings": {"deid.policy": policy}},
    )
    found = audit_of(tmp_path)["identifiers"]
    assert found["left"] == found["planted"] == 25
    assert found["controls_left"] == 0
    assert sum(found["types"].values()) == 25


def test_a_pool_that_copies_one_sites_records_is_told_to_that_site(
    named: tuple[Path, list[str], dict[str, str]], encoders: Encoders
) -> None:
    """The seeded defect: a generator that repeats the records of the first site."""
    folder, _, _ = named
    example = Example.load(folder / "tiny")
    rows = read_rows(example, folder, folder / "records.csv", folder / "others.csv")
    assert not rows.public
    dealt, others = [rows.train[0::3], rows.train[1::3]], rows.train[2::3]
    pairs = [(row.text, str(row.label)) for row in others]
    heldout = Heldout.of(pairs, example.campaign.labels, encoders.plain)
    leaked = [PoolSample(row.text, str(row.label)) for row in dealt[0]]
    attacker = PoolAttacker(example.campaign, leaked, encoders.public, encoders.plain)
    found = dict(attack_sites(attacker, dealt, heldout, Population.REAL))
    assert {DENSITY, SINGLING_OUT} <= {one.attack for one in found["site-01"].detected}
    density = {name: next(one for one in pool.attacks if one.attack == DENSITY) for name, pool in found.items()}
    assert density["site-01"].successes == density["site-01"].members
    assert density["site-02"].successes < density["site-02"].members
