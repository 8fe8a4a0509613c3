"""A site adapts its language model: once, as it was charged, and nothing of it leaves that was not asked for."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from tests.adapted_sites import ROWS, adaptable_site, adapter_event, adapting_plan, terms, tiny_base
from tests.small import LABELS, events, head, make_plan, open_site
from tests.tiny_language_models import change_config

from fedaug.augmentation.language.base_model import base_digest
from fedaug.augmentation.language.loading import load_language_model
from fedaug.client import adaptations, pace
from fedaug.client.adaptations import require_adaptable
from fedaug.client.policy import effective_policy
from fedaug.client.site import Site
from fedaug.client.training import adapt as training
from fedaug.client.training.adapt import AdaptationSteps, Progress
from fedaug.errors import NotReserved, PolicyRefused, ProtocolError, SealError
from fedaug.privacy.envelope import open_envelope
from fedaug.strategies.messages import (
    Adapt,
    AskSamples,
    AskUpdate,
    CampaignPlan,
    NoisyRelease,
    Outcome,
    decode_reply,
    encode,
)

ADAPT = encode(Adapt(campaign="autumn"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_base(tmp_path_factory.mktemp("models") / "tiny", lively=False)


@pytest.fixture
def site(tmp_path: Path, model: Path) -> Site:
    return adaptable_site(tmp_path / "st-mary", model)


def body(reply: bytes) -> tuple[Any, Any]:
    return decode_reply(open_envelope(reply, None)[1])


def states(site: Site) -> dict[str, str]:
    return {entry.event.key: str(entry.state) for entry in site.status().charges}


def test_the_answer_holds_the_charged_event_and_nothing_of_the_adapter(site: Site, model: Path) -> None:
    plan = adapting_plan(model)
    assert site.join(plan) is Outcome.OK
    release, tensors = body(site.handle(ADAPT))
    assert isinstance(release, NoisyRelease)
    assert release.mechanism == plan.adapter_event
    assert tensors["values"].shape == (0,)
    assert states(site)["adapter"] == "committed"


def test_a_retry_gets_the_same_bytes_and_trains_nothing(
    site: Site, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.join(adapting_plan(model))
    first = site.handle(ADAPT)
    monkeypatch.setattr(training, "adapt", lambda *_, **__: pytest.fail("it was trained twice"))
    assert site.handle(ADAPT) == first


def test_another_adaptation_of_the_same_campaign_is_refused(site: Site, model: Path) -> None:
    site.join(adapting_plan(model))
    site.adapt("autumn")
    assert site.join(adapting_plan(model, learning_rate=0.5)) is Outcome.REFUSED


def test_nothing_is_read_without_a_charge(site: Site, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = adapting_plan(model)
    site._door._plans.keep(plan)  # agreed to, and reserved nowhere
    monkeypatch.setattr(type(site._store), "records", lambda _: pytest.fail("records were read"))
    assert body(site.handle(ADAPT))[0].status is not Outcome.OK
    with pytest.raises(NotReserved):
        site.adapter("autumn")


def test_no_plan_was_agreed_to(site: Site) -> None:
    assert body(site.handle(ADAPT))[0].status is Outcome.REFUSED


def test_the_adapter_at_rest_is_sealed(site: Site, model: Path, tmp_path: Path) -> None:
    site.join(adapting_plan(model))
    site.adapt("autumn")
    state = site.adapter("autumn").state
    files = [path for path in (tmp_path / "st-mary" / "adapters").rglob("*") if path.is_file()]
    assert [path.suffix for path in files] == [".sealed"]  # and no checkpoint is left
    data = files[0].read_bytes()
    assert all(value.numpy().tobytes()[:64] not in data for value in state.values())
    assert b"lora_A" not in data
    files[0].write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(SealError):
        site.adapter("autumn")


def test_only_what_is_trained_has_moved_and_the_event_is_kept(site: Site, model: Path) -> None:
    plan = adapting_plan(model, ffa=True)
    site.join(plan)
    site.adapt("autumn")
    kept = site.adapter("autumn")
    assert (kept.event, kept.steps, kept.weights) == (plan.adapter_event, 3, base_digest(model))
    assert 0.9 < kept.energies.quietest <= kept.energies.loudest < 1.2
    assert all(value.any() for name, value in kept.state.items() if ".lora_B." in name)


@pytest.mark.parametrize("ffa", [False, True])
def test_the_adapter_leaves_where_the_plan_asks_for_it(site: Site, model: Path, ffa: bool) -> None:
    plan = adapting_plan(model, share_adapter=True, ffa=ffa)
    site.join(plan)
    values = site.adapt("autumn")
    assert values.shape == (plan.adapter_event.dimensions,)
    kept = site.adapter("autumn")
    parts = [value.reshape(-1) for name, value in sorted(kept.state.items()) if not (ffa and ".lora_A." in name)]
    assert np.array_equal(values, torch.cat(parts).double().numpy())


def test_a_crash_in_training_goes_on_under_the_same_charge(
    tmp_path: Path, model: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = adapting_plan(model)
    site.join(plan)
    spent, taken = site.status().spent, []
    real = AdaptationSteps.take

    def take(self: AdaptationSteps, units: Any, step: int, noise: Any) -> None:
        if step == 2 and len(taken) == 2:
            taken.append("crash")
            raise KeyboardInterrupt
        taken.append(step)
        real(self, units, step, noise)

    monkeypatch.setattr(AdaptationSteps, "take", take)
    with pytest.raises(KeyboardInterrupt):
        site.handle(ADAPT)
    assert states(site)["adapter"] == "reserved"
    with pytest.raises(NotReserved):
        site.adapter("autumn")
    site.close()
    again = open_site(tmp_path / "st-mary")
    assert isinstance(body(again.handle(ADAPT))[0], NoisyRelease)
    assert taken == [0, 1, "crash", 2]  # no finished step is taken twice
    assert again.status().spent == spent


def test_a_crash_before_the_answer_is_sealed_trains_nothing_again(
    site: Site, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.join(adapting_plan(model))
    with monkeypatch.context() as patch:
        patch.setattr(type(site._ledger), "seal", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            site.handle(ADAPT)
    before = site.adapter("autumn").state
    monkeypatch.setattr(AdaptationSteps, "take", lambda *_: pytest.fail("a step was taken twice"))
    assert isinstance(body(site.handle(ADAPT))[0], NoisyRelease)
    after = site.adapter("autumn").state
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_lost_checkpoint_does_not_have_a_kept_adapter_trained_again(
    tmp_path: Path, site: Site, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.join(adapting_plan(model))
    with monkeypatch.context() as patch:
        patch.setattr(type(site._ledger), "seal", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            site.handle(ADAPT)
    (unfinished,) = (tmp_path / "st-mary" / "adapters").glob("*-unfinished")
    shutil.rmtree(unfinished)
    monkeypatch.setattr(AdaptationSteps, "take", lambda *_: pytest.fail("it was trained twice"))
    assert isinstance(body(site.handle(ADAPT))[0], NoisyRelease)


def test_two_requests_at_once_train_once_and_get_the_same_bytes(
    tmp_path: Path, site: Site, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As two messages of a coordinator that lost patience, each in a process of its own."""
    site.join(adapting_plan(model))
    taken, began, real = [], threading.Event(), AdaptationSteps.take

    def take(self: AdaptationSteps, units: Any, step: int, noise: Any) -> None:
        taken.append(step)
        began.set()
        real(self, units, step, noise)

    monkeypatch.setattr(AdaptationSteps, "take", take)
    again = open_site(tmp_path / "st-mary")
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(site.handle, ADAPT)
        assert began.wait(60)
        second = again.handle(ADAPT)
    assert first.result() == second
    assert taken == [0, 1, 2]


def test_another_base_model_is_refused(tmp_path: Path, model: Path) -> None:
    other = tiny_base(tmp_path / "tiny", seed=1)
    site = adaptable_site(tmp_path / "st-mary", other)
    plan = adapting_plan(model)
    assert site.join(plan) is Outcome.REFUSED
    assert site.status().charges == ()
    with pytest.raises(PolicyRefused, match="another than the plan's"):
        require_adaptable(str(other), terms(model), plan.adapter_event)


def test_a_tokenizer_that_was_changed_makes_another_model(tmp_path: Path) -> None:
    folder = tiny_base(tmp_path / "tiny")
    before = base_digest(folder)
    change_config(folder, "generation_config.json", eos_token_id=[0, 7])
    assert base_digest(folder) != before


def test_a_model_that_changes_after_the_plan_was_agreed_to_is_not_trained(
    site: Site, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.join(adapting_plan(model))
    monkeypatch.setattr(adaptations, "base_digest", lambda _: "0" * 64)
    monkeypatch.setattr(type(site._store), "records", lambda _: pytest.fail("records were read"))
    assert body(site.handle(ADAPT))[0].status is Outcome.REFUSED
    assert states(site)["adapter"] == "reserved"


def test_what_was_agreed_to_and_is_allowed_no_more_is_not_trained(
    site: Site, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.join(adapting_plan(model))
    forbidden = site._adaptations._settings.model_copy(update={"allowed": False})
    monkeypatch.setattr(site._adaptations, "_settings", forbidden)
    monkeypatch.setattr(type(site._store), "records", lambda _: pytest.fail("records were read"))
    assert body(site.handle(ADAPT))[0].status is Outcome.REFUSED
    assert states(site)["adapter"] == "reserved"


def test_a_site_that_forbids_adaptation_refuses_the_plan(tmp_path: Path, model: Path) -> None:
    site = adaptable_site(tmp_path / "st-mary", model, adaptation__allowed=False)
    assert site.join(adapting_plan(model)) is Outcome.REFUSED
    assert site.join(make_plan(events=events(50.0, ["counts"]))) is Outcome.OK


def test_a_site_that_keeps_its_adapter_refuses_to_share_it(tmp_path: Path, model: Path) -> None:
    site = adaptable_site(tmp_path / "st-mary", model, adaptation__share=False)
    assert site.join(adapting_plan(model, share_adapter=True)) is Outcome.REFUSED
    assert site.join(adapting_plan(model)) is Outcome.OK


@pytest.mark.parametrize(
    "changes",
    [{"steps": 2_001}, {"dimensions": 7}, {"dimensions": 10_000_000}, {"sensitivity": 2.0**30, "noise_std": 2.0**33}],
)
def test_a_hostile_event_is_refused_before_anything_is_charged(site: Site, model: Path, changes: Any) -> None:
    event = adapter_event(model, terms(model)) | changes
    event["grid"] = event["noise_std"] * 2.0**-24
    assert site.join(adapting_plan(model, event=event)) is not Outcome.OK
    assert site.status().charges == ()


def test_a_hostile_number_of_tokens_is_refused(site: Site, model: Path) -> None:
    assert site.join(adapting_plan(model, max_tokens=513)) is Outcome.REFUSED
    assert site.join(adapting_plan(model, text_tokens=513)) is Outcome.REFUSED
    assert site.join(adapting_plan(model, max_tokens=65)) is Outcome.REFUSED  # the model takes 64


@pytest.mark.parametrize("changes", [{"rank": 257}, {"max_tokens": 2_049}, {"expected_batch": 0}, {"learning_rate": 2}])
def test_terms_beyond_every_limit_are_no_terms(model: Path, changes: Any) -> None:
    with pytest.raises(ValidationError):
        terms(model, **changes)


def test_an_adapter_that_no_message_can_carry_is_no_plan_to_share_one(model: Path) -> None:
    event = adapter_event(model, terms(model)) | {"dimensions": 9_000_000}
    adapting_plan(model, event=event)
    with pytest.raises(ValidationError, match="more weights"):
        adapting_plan(model, event=event, share_adapter=True)
    with pytest.raises(ValidationError, match="more weights"):
        adapting_plan(model, event=event | {"dimensions": 32_000_001})


def test_the_answer_leaves_at_whole_intervals(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(pace.Pace.__init__, "__defaults__", (lambda: 10.0 * len(slept), slept.append))
    site = adaptable_site(tmp_path / "st-mary", model, adaptation__reply_interval_s=900.0)
    site.join(adapting_plan(model))
    assert isinstance(body(site.handle(ADAPT))[0], NoisyRelease)
    assert slept == [900.0]


def test_an_adaptation_without_its_event_is_no_plan(model: Path) -> None:
    with pytest.raises(ValidationError, match="not both there"):
        make_plan(events=events(50.0, ["counts"]), adaptation=terms(model))
    with pytest.raises(ValidationError, match="not both there"):
        make_plan(events=(adapter_event(model, terms(model)),))
    other = adapter_event(model, terms(model)) | {"release": "NoisyCounts"}
    with pytest.raises(ValidationError, match="something else"):
        make_plan(events=(other,), adaptation=terms(model))


def test_a_plan_without_noise_needs_a_site_that_allows_that(tmp_path: Path, model: Path, site: Site) -> None:
    silent = adapter_event(model, terms(model), noise=0.0)
    plan = make_plan(events=(silent,), adaptation=terms(model), epsilon=float("inf"))
    assert site.join(plan) is Outcome.REFUSED


def test_an_adaptation_cannot_be_had_as_another_update(site: Site, model: Path) -> None:
    site.join(adapting_plan(model))
    reply, _ = body(site.handle(encode(AskUpdate(campaign="autumn", key="adapter"), head())))
    assert reply.status is not Outcome.OK
    assert isinstance(body(site.handle(ADAPT))[0], NoisyRelease)


def test_tensors_beside_the_request_are_refused(site: Site, model: Path) -> None:
    site.join(adapting_plan(model))
    reply, _ = body(site.handle(encode(Adapt(campaign="autumn"), {"start": np.zeros(3, np.float32)})))
    assert reply.status is not Outcome.OK


def test_a_plan_without_adaptation_has_the_bytes_that_it_had() -> None:
    assert "adaptation" not in make_plan().model_dump(mode="json")


def test_a_plan_with_one_is_read_back_as_it_was(model: Path) -> None:
    plan = adapting_plan(model)
    assert CampaignPlan.model_validate(json.loads(plan.model_dump_json())).digest == plan.digest


def test_texts_of_the_adapted_model_carry_dp(site: Site, model: Path) -> None:
    site.join(adapting_plan(model))
    site.adapt("autumn")
    batch = site.offer("autumn")
    assert batch.samples
    assert {sample.dependence for sample in batch.samples} == {"dp"}
    assert {(sample.origin, sample.source) for sample in batch.samples} == {("language-model", "tiny, adapted")}
    assert {sample.label for sample in batch.samples} <= set(LABELS)


def test_no_text_is_offered_before_the_model_is_adapted(site: Site, model: Path) -> None:
    site.join(adapting_plan(model))
    reply, _ = body(site.handle(encode(AskSamples(campaign="autumn"))))
    assert reply.status is not Outcome.OK


def test_without_an_adaptation_the_model_itself_writes(tmp_path: Path, model: Path) -> None:
    """The embedded model is what ``language-model`` is; here a plan without adaptation never asks for the adapter."""
    site = adaptable_site(tmp_path / "st-mary", model)
    plan = make_plan(events=events(50.0, ["counts"]), samples=adapting_plan(model).samples)
    assert plan.adaptation is None
    assert not isinstance(site._offers._generator(plan)._model, type(load_language_model(model, device="cpu")))


def test_what_is_asked_of_the_model_says_nothing_of_a_record(
    site: Site, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fedaug.augmentation.language.sampling import LocalSampler  # noqa: PLC0415

    site.join(adapting_plan(model))
    site.adapt("autumn")
    seen: set[tuple[int, ...]] = set()
    real = LocalSampler.sample

    def sample(self: LocalSampler, prompts: Any, *rest: Any) -> Any:
        seen.update(prompt.ids for prompt in prompts)
        return real(self, prompts, *rest)

    monkeypatch.setattr(LocalSampler, "sample", sample)
    site.offer("autumn")
    from fedaug.augmentation.generators.language_model import label_prompt  # noqa: PLC0415

    base = load_language_model(model, device="cpu")
    assert seen == {label_prompt(base, label, form="text") for label in LABELS}


def test_records_of_other_labels_are_not_trained_on(tmp_path: Path, model: Path) -> None:
    rows = [*ROWS, ("x", "a record of another kind", "sprain")]
    site = adaptable_site(tmp_path / "st-mary", model, rows)
    units = site._adaptations.units(adapting_plan(model))
    assert len(units) == len(ROWS)
    assert not any("another kind" in passage.text for unit in units for passage in unit)


def test_all_records_of_a_subject_are_one_unit(tmp_path: Path, model: Path) -> None:
    rows = [(f"s{i % 4}", text, label) for i, (_, text, label) in enumerate(ROWS)]
    site = adaptable_site(tmp_path / "st-mary", model, rows)
    assert [len(unit) for unit in site._adaptations.units(adapting_plan(model))] == [3, 3, 3, 3]


def test_progress_is_told_at_the_site_alone(tmp_path: Path, model: Path, caplog: pytest.LogCaptureFixture) -> None:
    site = adaptable_site(tmp_path / "st-mary", model)
    site.close()
    told: list[Progress] = []
    site = Site.open(tmp_path / "st-mary", passphrase=b"a passphrase for tests", told=told.append)
    with caplog.at_level(logging.INFO, "fedaug.client.adaptations"):
        site.join(adapting_plan(model))
        site.adapt("autumn")
    assert [(one.step, one.steps) for one in told] == [(1, 3), (2, 3), (3, 3)]
    assert "adapting: step 3 of 3" in caplog.text
    assert not any(text in caplog.text for _, text, _ in ROWS)


def test_the_policy_says_what_it_allows_of_an_adaptation(site: Site, model: Path) -> None:
    plan = adapting_plan(model)
    space = (plan.encoder, plan.dimensions)
    lines = {clause.name: clause for clause in effective_policy(site.settings, plan, space).clauses}
    assert all(lines[name].allowed for name in ("language model adapted", "base model", "weights that are trained"))
    assert lines["training steps"].as_dict()["in_force"] == 3
    own = {clause.name for clause in effective_policy(site.settings, None, space).clauses}
    assert {"language model adapted", "training steps", "base model"} <= own


def test_a_plan_without_one_was_asked(site: Site) -> None:
    site.join(make_plan(events=events(50.0, ["counts"])))
    assert body(site.handle(ADAPT))[0].status is not Outcome.OK
    with pytest.raises(ProtocolError, match="without adaptation"):
        adaptations.terms_of(make_plan())
