"""What a plan states, what it refuses, and that others find the same ε for its event."""

from __future__ import annotations

from typing import Any

import dp_accounting
import pytest
from dp_accounting.pld import PLDAccountant
from opacus.accountants import PRVAccountant, RDPAccountant
from pydantic import ValidationError
from tests.adapting import WORDS, language_model, plan, values_of

from fedaug.client.training.passages import Passage, Row, encode_units, rows_at
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.discretisation import rounded_l2
from fedaug.privacy.events import ReleaseKind, decode_events, encode_events
from fedaug.privacy.units import PrivacyUnit
from fedaug.strategies.adaptation import RecordChoice

DELTA = 1e-5


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"noise_multiplier": None}, "either noise_multiplier or epsilon"),
        ({"epsilon": 8.0, "delta": DELTA}, "either noise_multiplier or epsilon"),
        ({"noise_multiplier": None, "epsilon": 8.0}, "delta with epsilon"),
        ({"delta": DELTA}, "delta with epsilon"),
        ({"records_per_unit": 3}, "records_per_unit is 1"),
        ({"noise_multiplier": 0, "stop_below": 0.1}, "no signal"),
        ({"sampling_rate": 0}, "greater than 0"),
        ({"sampling_rate": 1.1}, "less than or equal to 1"),
        ({"clip": 0}, "greater than or equal"),
        ({"clip": float("nan")}, "finite number"),
        ({"steps": 0}, "greater than or equal to 1"),
        ({"expected_batch": 0}, "greater than 0"),
        ({"momentum": 0.9}, "Extra inputs"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        plan(**changes)


def test_the_event_states_what_is_executed_before_a_record_is_read() -> None:
    chosen = plan(sampling_rate=0.02, steps=300, clip=0.25, noise_multiplier=0.7)
    event = chosen.planned_event(values_of(language_model(), chosen), "adapter/0")
    assert (event.key, event.release) == ("adapter/0", ReleaseKind.NOISY_UPDATE)
    assert (event.sensitivity, event.sampling_rate, event.steps) == (0.25, 0.02, 300)
    assert event.noise_multiplier == pytest.approx(0.7, rel=1e-12)
    assert event.grid * 2**24 == event.noise_std
    assert decode_events(encode_events([event])) == (event,)
    assert plan(noise_multiplier=0).planned_event(10).noise_off


@pytest.mark.parametrize(("multiplier", "rate", "steps"), [(0.8, 0.01, 1_000), (0.6, 0.03, 300), (1.2, 0.25, 40)])
def test_other_accountants_find_the_same_epsilon(multiplier: float, rate: float, steps: int) -> None:
    event = plan(noise_multiplier=multiplier, sampling_rate=rate, steps=steps).planned_event(331_776)
    ours = epsilon((event,), DELTA)
    # What rounding adds to the sensitivity is told to the others as less noise.
    told = event.noise_std / rounded_l2(event.sensitivity, event.grid, event.dimensions)
    prv, rdp = PRVAccountant(), RDPAccountant()
    prv.history = rdp.history = [(told, rate, steps)]
    assert ours == pytest.approx(prv.get_epsilon(delta=DELTA, eps_error=0.01), abs=0.02)
    assert ours <= rdp.get_epsilon(delta=DELTA) + 1e-3
    accountant = PLDAccountant(dp_accounting.NeighboringRelation.ADD_OR_REMOVE_ONE)
    one = dp_accounting.PoissonSampledDpEvent(rate, dp_accounting.GaussianDpEvent(told))
    accountant.compose(dp_accounting.SelfComposedDpEvent(one, steps))
    assert ours == pytest.approx(accountant.get_epsilon(DELTA), abs=2e-3)


def test_a_planned_epsilon_is_kept_and_used() -> None:
    chosen = plan(noise_multiplier=None, epsilon=8.0, delta=DELTA, sampling_rate=0.05, steps=100)
    event = chosen.planned_event(331_776)
    assert 7.95 <= epsilon((event,), DELTA) <= 8.0
    assert event == chosen.planned_event(331_776), "reserved and executed events are worked out alike"


# Records to rows


def test_a_row_is_begin_prefix_text_and_end_and_only_the_text_is_learnt() -> None:
    model = language_model()
    ((row,),) = encode_units(model, [[Passage("w1 w2", prefix="w7 w8")]], plan())
    assert row.tokens.tolist() == [1, *model.encode(["w7 w8 w1 w2"])[0], 2]
    assert (row.first_target, row.targets, row.inputs) == (3, 3, 5)


def test_without_a_begin_token_the_first_word_cannot_be_learnt() -> None:
    ((row,),) = encode_units(language_model(begin_id=None), [[Passage("w1 w2")]], plan())
    assert (len(row.tokens), row.first_target) == (3, 1)


def test_a_long_record_is_cut() -> None:
    long = Passage(" ".join(WORDS[:100]), prefix=WORDS[0])
    ((row,),) = encode_units(language_model(), [[long]], plan())
    assert len(row.tokens) == 64
    assert row.tokens[-1] != 2, "what was cut off is no end of the text"
    ((row,),) = encode_units(language_model(), [[Passage("w1", prefix=" ".join(WORDS[:100]))]], plan())
    assert row.targets == 0


@pytest.mark.parametrize("choice", RecordChoice)
def test_at_most_so_many_records_of_a_unit_count_and_they_follow_from_the_unit_and_the_step(
    choice: RecordChoice,
) -> None:
    chosen = plan(unit=PrivacyUnit.SUBJECT, records_per_unit=3, record_choice=choice)
    (few,) = encode_units(language_model(), [[Passage(WORDS[number]) for number in range(2)]], chosen)
    (many,) = encode_units(language_model(), [[Passage(WORDS[number]) for number in range(7)]], chosen)
    assert rows_at(few, chosen, 5) == few
    seen: set[int] = set()
    for step in range(7):
        picked = [_place(many, row) for row in rows_at(many, chosen, step)]
        assert len(set(picked)) == 3
        seen.update(picked)
    assert seen == ({0, 1, 2} if choice is RecordChoice.FIRST else set(range(7)))


def _place(unit: tuple[Row, ...], row: Row) -> int:
    return next(place for place, other in enumerate(unit) if other is row)
