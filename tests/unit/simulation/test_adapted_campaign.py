"""A whole campaign whose sites adapt a tiny language model: charged, told, resumed, and audited by what was trained."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.adapted_sites import adaptable_site, adapter_event, adapting_plan, terms, tiny_base
from tests.small import LABELS as FEVERS
from tests.small import SmallEncoder
from tests.tiny_example import LABELS, PLANNED, SITES, write_example, write_records
from tests.unclipped_training import training_clip_off
from tests.unsafe_noise import UnsafeNoise

from fedaug import cli
from fedaug.errors import ConfigError, MissingFile
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.audit.outcome import AuditOutcome
from fedaug.privacy.events import ReleaseKind, SubsampledGaussianEvent
from fedaug.privacy.noise import NoiseSource
from fedaug.privacy.transparency.bundle import read_bundle
from fedaug.server.campaign import CampaignConfig, load_campaign, plan_campaign
from fedaug.server.pool import Pool
from fedaug.server.statement import read_statement
from fedaug.simulation.audit import audit_campaign
from fedaug.simulation.audit.adapted import HeardAdapter
from fedaug.simulation.audit.run import OF_ADAPTER
from fedaug.simulation.example import Example
from fedaug.simulation.run import Encoders, simulate
from fedaug.strategies.messages import Outcome

LABEL = FEVERS[0]
ENCODERS = Encoders(SmallEncoder(), SmallEncoder())
#: All units in every step: what that costs has a closed form, and is worked out at once.
ASKED: dict[str, Any] = {
    "samples.generator": "language-model",
    "samples.count": 6,
    "adaptation.form": "text",
    "adaptation.sampling_rate": 1.0,
    "adaptation.expected_batch": 20,
    "adaptation.steps": 4,
    "adaptation.rank": 2,
    "adaptation.clip": 0.01,
    "adaptation.max_tokens": 60,
    "adaptation.text_tokens": 12,
    "gates": [{"gate": "duplicate"}],
}


class Quiet:
    def __init__(self) -> None:
        self.named: list[str] = []

    def phase(self, name: str) -> None:
        self.named.append(name)

    def step(self, done: int, total: int) -> None:
        pass


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("models") / "tiny", lively=False)


def asked(model: Path, **changes: Any) -> dict[str, Any]:
    return (
        ASKED | {"adaptation.model": str(model)} | {name.replace("__", "."): value for name, value in changes.items()}
    )


def run(folder: Path, overrides: dict[str, Any], narrator: Quiet, *, resume: bool = False) -> dict[str, Any]:
    example = folder / "tiny"
    simulate(
        example if example.exists() else write_example(example),
        folder / "out",
        overrides=overrides,
        train=write_records(folder / "records.csv"),
        narrator=narrator,
        encoders=ENCODERS,
        resume=resume,
    )
    report: dict[str, Any] = json.loads((folder / "out" / "report.json").read_text())
    return report


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[tuple[Path, dict[str, Any], Quiet]]:
    folder, narrator = tmp_path_factory.mktemp("adapted"), Quiet()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FEDAUG_DATA", str(folder / "no-data"))
        yield folder, run(folder, asked(model), narrator), narrator


def test_models_are_adapted_before_texts_are_asked_for(finished: tuple[Path, dict[str, Any], Quiet]) -> None:
    _, report, narrator = finished
    assert narrator.named.index("adapt models at sites") < narrator.named.index("texts from sites")
    assert "adapt models at sites" in report["timing"]["phases"]


def test_the_adapter_is_charged_with_all_else_and_within_the_budget(
    finished: tuple[Path, dict[str, Any], Quiet],
) -> None:
    folder, report, _ = finished
    statement = read_statement(folder / "out" / "privacy_statement.json")
    events = statement.mechanisms.typed
    assert [event.key for event in events] == [*PLANNED, "adapter"]
    assert 3.9 < epsilon(events, 1e-5) <= 4.0
    site = report["privacy"]["sites"]["site-01"]
    assert site["epsilon"] == pytest.approx(epsilon(events, 1e-5))
    alone = epsilon([event for event in events if event.key == "adapter"], 1e-5)
    assert site["releases"]["NoisyUpdate"] == {"count": 1, "epsilon": pytest.approx(alone)}


def test_the_statement_names_the_base_model(finished: tuple[Path, dict[str, Any], Quiet]) -> None:
    folder, _, _ = finished
    statement = read_statement(folder / "out" / "privacy_statement.json")
    assert statement.public_inputs.base_model is not None
    assert statement.public_inputs.base_model.name == "tiny"
    assert any("language model" in line for line in statement.unit_of_privacy.enforced_by)
    page = (folder / "out" / "privacy_statement.html").read_text()
    assert "tiny" in page


def test_texts_arrive_as_dp_and_are_judged_again(finished: tuple[Path, dict[str, Any], Quiet]) -> None:
    folder, report, _ = finished
    assert report["vetting"]["arrived"] > 0
    with Pool.open(folder / "out" / "pool.sqlite") as pool:
        origins = {(sample.origin, sample.source): sample.dependence for sample in pool.samples("tiny")}
    ours = [mark for (origin, source), mark in origins.items() if source == "tiny, adapted"]
    assert all(mark.name == "DP" for mark in ours)


def test_every_site_lists_the_adaptation_in_its_log(finished: tuple[Path, dict[str, Any], Quiet]) -> None:
    folder, _, _ = finished
    data = (folder / "out" / "log-bundle.json").read_bytes()
    read_bundle(data)
    assert data.count(b'\\"key\\":\\"adapter\\"') >= SITES


def test_a_bundle_of_the_run_verifies(finished: tuple[Path, dict[str, Any], Quiet], tmp_path: Path) -> None:
    folder, _, _ = finished
    bundle = str(tmp_path / "b.zip")
    assert cli.run(["bundle", "export", str(folder / "out"), bundle, "--samples"]) == 0
    key = json.loads((folder / "out" / "consortium" / "authority.json").read_text())["public_key"]
    assert cli.run(["bundle", "verify", bundle, "--authority", key]) == 0
    listed = str(folder / "out" / "consortium" / "enrolment.json")
    logs = str(folder / "out" / "log-bundle.json")
    assert cli.run(["log", "verify", logs, "--authority", key, "--enrolment", listed]) == 0


def test_a_finished_adaptation_is_not_asked_for_again(
    finished: tuple[Path, dict[str, Any], Quiet], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fedaug.client.adaptations import Adaptations  # noqa: PLC0415

    folder, before, _ = finished
    monkeypatch.setattr(Adaptations, "_run", lambda *_: pytest.fail("a site adapted its model twice"))
    assert run(folder, asked(model), Quiet(), resume=True)["privacy"] == before["privacy"]


def config(folder: Path, **overrides: Any) -> CampaignConfig:
    return load_campaign(write_example(folder / "tiny") / "campaign.toml", overrides)


def test_a_share_of_the_budget_goes_to_the_adaptation(tmp_path: Path, model: Path) -> None:
    """Of μ², in which Gaussian releases add up, three parts of four by default."""
    plan = plan_campaign(config(tmp_path, **asked(model)), "small", 8)
    event = plan.adapter_event
    mu = {one.key: 1 / one.noise_std for one in plan.mechanisms if one.key != "adapter"}
    own = math.sqrt(event.steps) / event.noise_multiplier
    assert own**2 / (own**2 + sum(value**2 for value in mu.values())) == pytest.approx(0.75, rel=1e-3)
    assert 3.99 < epsilon(plan.mechanisms, plan.delta) <= 4.0


def test_a_sampled_adaptation_keeps_the_budget_and_the_others_their_parts(tmp_path: Path, model: Path) -> None:
    changes = {"adaptation__sampling_rate": 0.1, "adaptation__steps": 50}
    plan = plan_campaign(config(tmp_path, **asked(model, **changes)), "small", 8)
    assert isinstance(plan.adapter_event, SubsampledGaussianEvent)
    assert plan.adapter_event.release is ReleaseKind.NOISY_UPDATE
    assert 3.99 < epsilon(plan.mechanisms, plan.delta) <= 4.0
    noise = {one.key: one.noise_std for one in plan.mechanisms}
    assert (noise["counts"] / noise["statistics"]) ** 2 == pytest.approx(0.65 / 0.05)


def test_without_noise_the_adapter_has_none(tmp_path: Path, model: Path) -> None:
    plan = plan_campaign(config(tmp_path, **asked(model, privacy__epsilon=math.inf)), "small", 8)
    assert all(event.noise_off for event in plan.mechanisms)


def test_a_plan_without_adaptation_is_what_it_was(tmp_path: Path) -> None:
    plan = plan_campaign(config(tmp_path), "small", 8)
    assert plan.adaptation is None
    assert [event.key for event in plan.mechanisms] == list(PLANNED)


def test_an_adaptation_that_nothing_is_made_of_is_refused(tmp_path: Path, model: Path) -> None:
    overrides = {name: value for name, value in asked(model).items() if not name.startswith("samples")}
    with pytest.raises(ConfigError, match="adaptation without use"):
        config(tmp_path, **overrides)


def test_a_base_model_that_the_coordinator_lacks_is_refused(tmp_path: Path, model: Path) -> None:
    with pytest.raises(MissingFile):
        plan_campaign(config(tmp_path, **asked(model, adaptation__model=str(tmp_path / "none"))), "small", 8)


# the audit by the adapter

TEXTS = tuple(f"{LABELS[row % 3].split('_')[0]} canary {row} {row * 7919 % 1009:04d}" for row in range(60))


def audited(
    folder: Path,
    model: Path,
    noise: Callable[[str], NoiseSource] | None = None,
    defect: AbstractContextManager[None] | None = None,
    **changes: Any,
) -> AuditOutcome:
    example = Example.load(write_example(folder / "tiny"), asked(model, **changes))
    with defect or nullcontext():
        return audit_campaign(
            example, folder / "audit", TEXTS, public=SmallEncoder(), plain=SmallEncoder(), narrator=Quiet(), noise=noise
        )


def of_adapter(outcome: AuditOutcome) -> list[str]:
    return [failure for failure in outcome.failures() if OF_ADAPTER in failure]


def test_a_true_run_stays_below_its_claim(tmp_path: Path, model: Path) -> None:
    outcome = audited(tmp_path, model)
    (name,) = (name for name in outcome.sites if name.endswith(OF_ADAPTER))
    site, details = outcome.sites[name], outcome.details[name]
    assert of_adapter(outcome) == []
    assert site.claimed_epsilon is not None
    assert site.lower_bound <= site.claimed_epsilon <= 4.0
    (noise,) = details.noise
    assert noise.release == "adapter"
    assert noise.heard == pytest.approx(noise.planned, rel=0.2)
    assert details.loudest is not None
    assert details.loudest.passed


@pytest.mark.parametrize("defect", [{"silent": True}, {"halvings": 1}])
def test_noise_that_is_off_or_halved_is_heard_at_any_epsilon(
    tmp_path: Path, model: Path, defect: dict[str, Any]
) -> None:
    outcome = audited(tmp_path, model, lambda _: UnsafeNoise(**defect))
    assert not outcome.passed
    assert any("the noise of adapter" in failure for failure in of_adapter(outcome))


def test_a_clip_that_is_off_is_heard(tmp_path: Path, model: Path) -> None:
    outcome = audited(tmp_path, model, defect=training_clip_off())
    assert any("where clipping allows 1" in failure for failure in of_adapter(outcome))


def test_what_was_learnt_scores_above_what_was_not(tmp_path: Path, model: Path) -> None:
    learnt, other = "bank account money bank account money", "stolen wrong app stolen wrong app"
    rows = [(f"s{number}", learnt, LABEL) for number in range(8)]
    site = adaptable_site(tmp_path / "st-mary", model, rows, noise=UnsafeNoise(silent=True))
    event = adapter_event(model, terms(model, rank=8)) | {"steps": 30}
    plan = adapting_plan(model, event=event, rank=8, learning_rate=0.02)
    assert site.join(plan) is Outcome.OK
    site.adapt("autumn")
    scores = HeardAdapter(str(model), site.adapter("autumn")).scores(plan, [learnt, other], [LABEL, LABEL])
    assert scores[0] > scores[1] + 1


def test_canaries_are_scored_by_the_order_that_they_were_given_in(tmp_path: Path, model: Path) -> None:
    from fedaug.augmentation.language.loading import load_language_model  # noqa: PLC0415
    from fedaug.client.training.passages import Row  # noqa: PLC0415
    from fedaug.simulation.audit.adapted import losses  # noqa: PLC0415

    loaded = load_language_model(model, device="cpu")
    rows = [Row(np.arange(3, 3 + length), first) for length, first in [(20, 1), (5, 2), (12, 12), (9, 1)]]
    together = losses(loaded, rows)
    assert together == pytest.approx([losses(loaded, [row])[0] for row in rows], rel=1e-5)
    assert together[2] == 0  # nothing of it carries a loss
