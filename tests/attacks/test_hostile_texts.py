"""Texts made to break, stall or slip past de-identification."""

import os
import time

import pytest
from tests.hostile_texts import DISGUISED, HIDDEN, HOSTILE, TESTED

from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.deidentify import Deidentified

#: Processor seconds; not a claim about speed but the end of patience: a pattern that backtracks would take hours.
PATIENCE_S = 200
#: Longer texts are read with the neural recogniser in the full run only: its time is known to be linear.
NEURAL_CHARS = 10**7 if os.environ.get("FEDAUG_FULL") else 2_000
#: Stated shortfall: a nickname in doubled quotation marks may be missed.
MISSED = {"csv_quotes": {"Dot"}}


@pytest.fixture(scope="module")
def with_neural() -> Deidentifier:
    return Deidentifier()


@pytest.fixture(scope="module")
def by_patterns() -> Deidentifier:
    return Deidentifier(neural=False)


def test_there_are_at_least_fifty() -> None:
    assert len(HOSTILE) >= 50
    assert set(HOSTILE) == set(TESTED)
    assert set(HIDDEN) <= set(HOSTILE)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_read_or_set_aside_in_bounded_time(
    with_neural: Deidentifier, by_patterns: Deidentifier, name: str
) -> None:
    deidentifier = with_neural if len(HOSTILE[name]) < NEURAL_CHARS else by_patterns
    start = time.process_time()
    (outcome,) = deidentifier.deidentify_many([HOSTILE[name]])
    assert time.process_time() - start < PATIENCE_S
    assert isinstance(outcome, Deidentified | QuarantinedRecord)
    if isinstance(outcome, QuarantinedRecord):
        assert str(outcome).startswith("FA601: ")
        assert outcome.__traceback__ is None


@pytest.mark.parametrize("name", sorted(name for name in set(HIDDEN) - DISGUISED if len(HOSTILE[name]) < NEURAL_CHARS))
def test_what_a_hostile_text_hides_is_taken_out(with_neural: Deidentifier, name: str) -> None:
    (outcome,) = with_neural.deidentify_many([HOSTILE[name]])
    if isinstance(outcome, Deidentified):
        assert {piece for piece in HIDDEN[name] if piece in outcome.text} <= MISSED.get(name, set())
