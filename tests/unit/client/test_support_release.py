"""The above-threshold release at a site's door: forbidden unless named, charged first, and ended in time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from tests.consortium import Reads
from tests.nearness import NEAR, asked, support_event, support_plan
from tests.seeded_noise import NoNoise
from tests.small import Row, make_plan, make_site

from fedaug.client.answers import require_covered
from fedaug.client.site import Site
from fedaug.errors import PolicyRefused
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.envelope import open_envelope
from fedaug.privacy.events import ReleaseKind
from fedaug.strategies.messages import AskSupport, Outcome, Status, decode_reply, encode

MANY, FEW = "the fever is high", "the cough is dry"
#: Eight subjects say the one, and one subject, in forty records, the other.
ROWS: list[Row] = [*((f"s{i}", MANY, "fever") for i in range(8)), *[("one", FEW, "cough")] * 40]
SUPPORT = ("NoisyCounts", "NoisySupport")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Without noise, so that answers can be told beforehand; the event's own noise is drawn as zeros."""
    made = make_site(tmp_path / "st-mary", ROWS, policy__release_kinds=SUPPORT, noise=NoNoise())
    yield made
    made.close()


def status(site: Site, plan_key: str, tensors: dict[str, Any]) -> str:
    body = open_envelope(site.handle(encode(AskSupport(campaign="autumn", key=plan_key), tensors)), None)[1]
    reply, _ = decode_reply(body)
    return str(reply.status) if isinstance(reply, Status) else str(reply.kind)


def test_a_policy_that_does_not_name_it_forbids_it(tmp_path: Path) -> None:
    site = make_site(tmp_path / "st-mary", ROWS)
    assert ReleaseKind.NOISY_SUPPORT not in site.settings.policy.release_kinds
    reads = Reads(site)
    assert site.join(support_plan()) is Outcome.REFUSED
    assert site.status().charges == ()
    assert status(site, "support", asked(MANY)) == "refused"
    assert reads.count == 0
    site.close()


def test_many_units_are_told_from_many_records_of_one(site: Site) -> None:
    assert site.join(support_plan()) is Outcome.OK
    assert site.support("autumn", **asked(MANY, FEW, "elsewhere")).tolist() == [1, 0, 0]


def test_the_run_ends_with_the_last_yes_that_was_charged(site: Site) -> None:
    assert site.join(support_plan()) is Outcome.OK
    assert site.support("autumn", **asked(MANY, FEW, MANY, MANY, MANY, FEW)).tolist() == [1, 0, 1, 1, -1, -1]


def test_the_charge_stands_before_a_record_is_read_and_is_the_events(site: Site) -> None:
    assert site.join(support_plan()) is Outcome.OK
    reads = Reads(site)
    assert site.status().spent == pytest.approx(epsilon([support_event()], 1e-5), rel=1e-6)
    assert site.status().spent >= support_event().pure_epsilon * 0.99
    assert reads.count == 0
    spent = site.status().spent
    site.support("autumn", **asked(MANY))
    assert (reads.count, site.status().spent) == (1, spent)


def test_the_same_question_gets_the_same_bytes_and_another_none(tmp_path: Path) -> None:
    site = make_site(tmp_path / "st-mary", ROWS, policy__release_kinds=SUPPORT)
    assert site.join(support_plan()) is Outcome.OK
    request = encode(AskSupport(campaign="autumn", key="support"), asked(MANY, FEW))
    assert site.handle(request) == site.handle(request)
    assert status(site, "support", asked(FEW, MANY)) == "refused"
    site.close()


def test_more_noise_free_answers_than_a_plan_states_are_not_to_be_had(tmp_path: Path) -> None:
    site = make_site(tmp_path / "st-mary", ROWS, policy__release_kinds=SUPPORT)
    assert site.join(support_plan(epsilon="inf", events=(support_event(0.0).as_dict(),))) is Outcome.REFUSED
    assert site.join(support_plan(epsilon=0.01)) is Outcome.REFUSED  # costs more than it states
    site.close()


WRONG: dict[str, dict[str, Any]] = {
    "no candidates": {"candidates": np.zeros((0, 8), np.float32)},
    "another length": {"candidates": np.ones((2, 9), np.float32) / 3},
    "not unit vectors": {"candidates": np.ones((2, 8), np.float32)},
    "of another type": {"candidates": np.ones((2, 8), np.float64)},
    "with labels": {**asked(MANY), "labels": np.zeros(1, np.int32)},
    "nothing": {},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_malformed_question_is_turned_down_unread(site: Site, wrong: str) -> None:
    assert site.join(support_plan()) is Outcome.OK
    reads = Reads(site)
    assert status(site, "support", WRONG[wrong]) == "unavailable"
    assert reads.count == 0
    assert status(site, "support", asked(MANY)) == "NoisySupport"


def test_more_candidates_than_the_plan_or_the_policy_says_are_refused(tmp_path: Path) -> None:
    site = make_site(tmp_path / "st-mary", ROWS, policy__release_kinds=SUPPORT, policy__max_candidates=3)
    assert site.join(support_plan()) is Outcome.REFUSED  # it would ask about 500
    assert site.join(support_plan(nearness=NEAR.model_copy(update={"candidates": 2}))) is Outcome.OK
    assert status(site, "support", asked(MANY, FEW, MANY)) == "refused"
    assert status(site, "support", asked(MANY, FEW)) == "NoisySupport"
    site.close()


def test_a_plan_that_understates_or_counts_too_finely_is_refused() -> None:
    event = support_event()
    require_covered(event)
    with pytest.raises(PolicyRefused, match="understates"):
        require_covered(type(event)(**vars(event) | {"sensitivity": 0.5}))
    fine = type(event)(**vars(event) | {"threshold_scale": 1e-3, "query_scale": 1e-3, "grid": grid_for(1e-3, 24)})
    with pytest.raises(PolicyRefused, match="too fine a grid"):
        require_covered(fine)


def test_a_plan_without_the_test_that_it_promises_is_malformed() -> None:
    with pytest.raises(ValidationError, match="not defined"):
        make_plan(events=(support_event().as_dict(),))


def test_a_plan_that_asks_nothing_new_has_the_bytes_that_it_had() -> None:
    assert b"nearness" not in canonical_json(make_plan().model_dump(mode="json"))
    assert b"nearness" in canonical_json(support_plan().model_dump(mode="json"))
