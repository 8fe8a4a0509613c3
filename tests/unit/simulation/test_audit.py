"""A campaign's audit, small enough for a test: what it proves of honest sites, and of sites with a defect."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.seeded_noise import SeededNoise
from tests.small import SmallEncoder
from tests.tiny_example import PLANNED, write_example, write_records
from tests.unclipped import clip_off
from tests.unsafe_noise import UnsafeNoise

from fedaug import cli
from fedaug.client.site import Site
from fedaug.errors import ConfigError
from fedaug.privacy.audit.one_run import Guesses, stated_bound
from fedaug.privacy.audit.outcome import AuditOutcome
from fedaug.privacy.noise import NoiseSource
from fedaug.simulation.audit import audit_campaign, canaries_for
from fedaug.simulation.example import Example
from fedaug.simulation.run import Encoders, simulate

CANARIES = 120
SUBJECTS = {"privacy.unit": "subject", "simulation.data.columns.subject_id": "id"}


class WideEncoder(SmallEncoder):
    """With room for a label's canaries beside each other."""

    name = "wide"
    dimensions = 96


class Phases:
    def __init__(self) -> None:
        self.named: list[str] = []

    def phase(self, name: str) -> None:
        self.named.append(name)

    def step(self, done: int, total: int) -> None:
        pass


@dataclass
class World:
    folder: Path
    texts: tuple[str, ...]
    encoder: WideEncoder

    def example(self, epsilon: float, **settings: Any) -> Example:
        return Example.load(self.folder, {"privacy.epsilon": epsilon, **settings})

    def audit(
        self,
        work: Path,
        epsilon: float,
        settings: dict[str, Any] | None = None,
        noise: Callable[[str], NoiseSource] | None = None,
        canaries: int = CANARIES,
        **more: Any,
    ) -> AuditOutcome:
        return audit_campaign(
            self.example(epsilon, **(settings or {})),
            work,
            self.texts[:canaries],
            public=self.encoder,
            plain=self.encoder,
            narrator=Phases(),
            noise=noise,
            coins=SeededNoise(5),
            **more,
        )


@pytest.fixture(scope="module")
def world(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("audit")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEDAUG_DATA", str(folder / "no-data"))
        example = write_example(folder / "tiny")
        yield World(example, canaries_for(Example.load(example), CANARIES), WideEncoder())


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("honest") / "audit"


@pytest.fixture(scope="module")
def honest(world: World, work: Path) -> AuditOutcome:
    return world.audit(work, 1.0)


def test_an_honest_run_stays_below_its_claim(honest: AuditOutcome) -> None:
    # A bound above the claim has a chance of at most 0.05 + 0.001 if the run is as private as it says.
    assert honest.passed
    assert not honest.failures()
    ((name, site),) = honest.sites.items()
    assert name == "audit-01"
    assert site.claimed_epsilon == pytest.approx(1, abs=1e-3)
    assert [bound.confidence for bound in honest.details[name].bounds] == [0.95, 0.999]
    assert honest.confidence == 0.999
    assert 0 <= site.lower_bound < site.ceiling


def test_a_run_without_noise_is_refuted(world: World, tmp_path: Path) -> None:
    found = world.audit(tmp_path / "audit", 1.0, noise=lambda _: UnsafeNoise(silent=True))
    site = found.sites["audit-01"]
    assert (site.guesses, site.correct) == (CANARIES, CANARIES)
    assert site.lower_bound == pytest.approx(site.ceiling)
    assert not found.passed
    assert "ε is at least" in found.failures()[0]
    assert found.membership is not None
    assert found.membership.tpr_at_1pct_fpr == found.membership.auc == 1


def test_a_run_with_half_the_noise_is_refuted(world: World, tmp_path: Path) -> None:
    found = world.audit(tmp_path / "audit", 4.0, noise=lambda _: UnsafeNoise(halvings=1))
    assert any("the noise of statistics is" in failure for failure in found.failures())


def test_a_run_whose_noise_is_off_by_its_plan_claims_nothing(world: World, tmp_path: Path) -> None:
    found = world.audit(tmp_path / "audit", float("inf"))
    site = found.sites["audit-01"]
    assert site.claimed_epsilon is None
    assert site.correct == CANARIES
    assert found.passed


def test_a_run_without_clip_is_refuted(world: World, tmp_path: Path) -> None:
    with clip_off():
        found = world.audit(tmp_path / "audit", 1.0, SUBJECTS, canaries=60, repeats=50)
    site, details = found.sites["audit-01"], found.details["audit-01"]
    assert site.lower_bound > 1.5  # and 1 is claimed
    assert details.loudest is not None
    assert not details.loudest.passed
    assert any("clipping allows 1" in failure for failure in found.failures())


def test_a_run_with_clip_and_subjects_of_many_records_passes(world: World, tmp_path: Path) -> None:
    assert world.audit(tmp_path / "audit", 1.0, SUBJECTS, canaries=60, repeats=5).passed


def test_the_audits_site_is_charged_for_the_whole_plan(honest: AuditOutcome, work: Path) -> None:
    (folder,) = (work / "sites").glob("audit-*")
    passphrase = (folder.parent / "passphrase").read_bytes()
    site = Site.open(folder, passphrase=passphrase, encoder=WideEncoder)
    charges = site.status().charges
    assert sorted(entry.event.key for entry in charges) == sorted(PLANNED)
    assert {str(entry.state) for entry in charges} == {"committed"}
    assert site.status().spent == pytest.approx(honest.sites["audit-01"].claimed_epsilon, abs=1e-3)
    site.close()


def test_repeats_of_a_canary_need_the_subject_as_unit(world: World, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="each a unit by itself"):
        world.audit(tmp_path / "audit", 1.0, repeats=2)


def test_canaries_are_texts_in_which_no_identifier_is_found(world: World) -> None:
    assert len(set(world.texts)) == CANARIES


# the command


@pytest.fixture(scope="module")
def run(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished campaign with an audit."""
    folder = tmp_path_factory.mktemp("run")
    simulate(
        world.folder,
        folder / "out",
        train=write_records(folder / "records.csv"),
        overrides={"simulation.audit.canaries": 50},
        narrator=Phases(),
        encoders=Encoders(world.encoder, WideEncoder()),
    )
    return folder / "out"


def test_simulate_writes_the_audit_beside_the_report(run: Path) -> None:
    found = json.loads((run / "audit.json").read_text())
    told = json.loads((run / "report.json").read_text())["audit"]
    assert found["canaries"] == told["canaries"] == 50
    assert found["sites"]["audit-01"]["lower_bound"] == told["sites"]["audit-01"]["lower_bound"]
    assert set(found["sites"]["audit-01"]) == {*("claimed_epsilon", "lower_bound", "ceiling", "guesses", "correct")}
    assert found["passed"] is told["passed"] is True


def test_an_audit_costs_the_campaigns_sites_nothing(run: Path) -> None:
    passphrase = (run / "sites" / "passphrase").read_bytes()
    for folder in sorted((run / "sites").glob("site-*")):
        site = Site.open(folder, passphrase=passphrase, encoder=WideEncoder)
        assert sorted(entry.event.key for entry in site.status().charges) == sorted(PLANNED)
        site.close()


def test_the_command_shows_claim_bound_and_ceiling(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["audit", str(run)]) == 0
    out = capsys.readouterr().out
    assert "claimed ε 4.00" in out
    assert "membership by" in out
    assert cli.run(["audit", str(run), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    cautions = shown.pop("cautions")
    assert shown == json.loads((run / "audit.json").read_text())
    # Of 50 canaries the bound can reach 2.75, and 4 is claimed.
    assert any("could not have refuted it" in caution for caution in cautions)
    assert not any("compared with nothing" in caution for caution in cautions)
    assert cautions[0] in " ".join(out.split("\n"))


def test_the_command_fails_where_a_bound_is_above_its_claim(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = json.loads((run / "audit.json").read_text())
    values["passed"] = False
    values["sites"]["audit-01"]["claimed_epsilon"] = 1e-6
    for bound in values["details"]["audit-01"]["bounds"]:
        lower, ceiling = stated_bound(Guesses(50, 50, 49), values["delta"], bound["confidence"])
        bound |= {"guesses": 50, "correct": 49, "lower_bound": lower, "ceiling": ceiling}
    values["sites"]["audit-01"] |= {name: bound[name] for name in ("guesses", "correct", "lower_bound", "ceiling")}
    (tmp_path / "audit.json").write_text(json.dumps(values))
    assert cli.run(["audit", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert "compared with nothing" in told.out  # no statement lies in this folder
    assert told.err.startswith("FA902: audit-01: ε is at least ")
    assert "with 95 % confidence, and 0.00 is claimed (and 1 more)" in told.err
    assert told.err.count("\n") == 1


def test_a_lowered_bound_is_worked_out_again_and_refused(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = json.loads((run / "audit.json").read_text())
    for at in (values["sites"]["audit-01"], values["details"]["audit-01"]["bounds"][-1]):
        at["lower_bound"] += 0.1
    (tmp_path / "audit.json").write_text(json.dumps(values))
    assert cli.run(["audit", str(tmp_path)]) == 2
    assert "rely on nothing in this file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"claimed": 2.0}, "is of a run with another ε: it claims 2, and privacy_statement.json states 4"),
        ({"claimed": None}, "is of a run with another ε: it claims inf, and privacy_statement.json states 4"),
        ({"delta": 1e-6}, "is of a run with another δ: it claims 1e-06, and privacy_statement.json states 1e-05"),
        ({"campaign": "other"}, "is of another campaign than privacy_statement.json"),
    ],
)
def test_a_claim_that_is_not_the_statements_is_refused(
    change: dict[str, Any], said: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The audit of one run beside the statement of another, as after copying a file to the wrong folder."""
    values = json.loads((run / "audit.json").read_text())
    values |= {name: value for name, value in change.items() if name != "claimed"}
    site, details = values["sites"]["audit-01"], values["details"]["audit-01"]
    site["claimed_epsilon"] = change.get("claimed", site["claimed_epsilon"])
    for bound in details["bounds"]:
        found = Guesses(values["canaries"], bound["guesses"], bound["correct"])
        bound["lower_bound"], bound["ceiling"] = stated_bound(found, values["delta"], bound["confidence"])
    site |= {name: details["bounds"][-1][name] for name in ("lower_bound", "ceiling")}
    (tmp_path / "audit.json").write_text(json.dumps(values))
    shutil.copy(run / "privacy_statement.json", tmp_path)
    assert cli.run(["audit", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"kind": "audit"}', b"\xff", b'{"a": NaN}'])
def test_a_missing_or_damaged_file_ends_with_status_2(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "audit.json").write_bytes(content)
    assert cli.run(["audit", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("FA201" if content is None else "FA101")


def test_where_there_is_no_audit_the_message_says_how_to_make_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, what in ((tmp_path / "gone", "there is no folder"), (tmp_path, f"{tmp_path} holds no audit.json")):
        assert cli.run(["audit", str(folder)]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"FA201: {what}")
        assert "by fedaug simulate EXAMPLE --out DIR --audit 1000, and give its DIR" in told
        assert told.count("\n") == 1


@pytest.mark.parametrize("count", ["49", "-1", "2001"])
def test_an_audit_of_a_senseless_size_is_refused(
    count: str, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["simulate", str(world.folder), "--out", str(tmp_path / "out"), "--audit", count]) == 2
    assert "audit.canaries" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
