"""Poisoned and injected samples: what is planted is found, what a student learns of it, and that no verdict flips."""

import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from tests.injections import injected
from tests.poison import TARGET, clean, planted_in, poisoned

from fedaug.privacy.vetting import Batch, DuplicateGate, Gate, LengthGate, RepetitionGate, vet
from fedaug.privacy.vetting.fluency import ngram_fluency
from fedaug.privacy.vetting.injection import InjectionGate
from fedaug.privacy.vetting.language import LanguageGate
from fedaug.privacy.vetting.lists import ToxicityGate
from fedaug.privacy.vetting.triggers import TriggerGate

TRIGGERS = ("cf", "mn bb", "blue heron", "✱✱", "i watched this 3d movie last weekend")
REFERENCE, POOL, FRESH = clean(0), clean(1), clean(2)


def trigger_lift(pool: Batch, trigger: str) -> float:
    """Points by which a trigger raises the share of fresh texts that a student of the pool gives the target's label."""
    words = CountVectorizer(token_pattern=r"\w+|[^\w\s]").fit(pool.texts)
    student = LogisticRegression(max_iter=300).fit(words.transform(pool.texts), pool.labels)
    draw = random.Random(5)
    others = [text for text, label in zip(FRESH.texts, FRESH.labels, strict=True) if label != TARGET]
    carrying = [planted_in(text, trigger, draw) for text in others]
    before, after = (np.mean(student.predict(words.transform(texts)) == TARGET) for texts in (others, carrying))
    return 100 * float(after - before)


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_250_planted_samples_are_found_and_a_student_of_the_rest_learns_no_trigger(trigger: str) -> None:
    offered, planted = poisoned(POOL, trigger, 250)
    result = vet(offered, [TriggerGate(REFERENCE)])
    assert planted <= result.refused.keys()
    assert len(result.refused.keys() - planted) <= len(offered) / 100
    assert trigger_lift(offered, trigger) > 20, "the attack does not work, so that nothing is shown"
    assert trigger_lift(offered.take(result.kept), trigger) <= 2


@pytest.mark.parametrize("count", [10, 25])
def test_few_planted_samples_are_found_too(count: int) -> None:
    offered, planted = poisoned(POOL, "cf", count)
    assert planted <= vet(offered, [TriggerGate(REFERENCE)]).refused.keys()


def test_a_clean_pool_of_another_seed_passes() -> None:
    assert vet(POOL, [TriggerGate(REFERENCE)]).refused == {}


def gates() -> list[Gate]:
    public = REFERENCE.texts + tuple(body for body, _ in injected())
    return [
        LengthGate(),
        RepetitionGate(),
        LanguageGate(),
        ToxicityGate(),
        DuplicateGate(),
        InjectionGate(),
        ngram_fluency(public),
    ]


def test_200_injected_records_flip_no_verdict() -> None:
    bad = ("fucking useless card", "wo ist meine karte und warum ist sie nicht da", "no", "help help help help help me")
    offered = POOL.texts[:300] + bad
    before = vet(Batch(offered), gates())
    assert {300, 301, 302, 303} <= before.refused.keys()
    orders = [text for _, text in injected(200)]
    beside = vet(Batch(offered + tuple(orders)), gates())
    assert [row for row in beside.kept if row < len(offered)] == before.kept
    assert {row: one for row, one in beside.refused.items() if row < len(offered)} == before.refused
    assert all(row in beside.refused for row in range(len(offered), len(offered) + 200))
    draw = random.Random(0)
    inside = vet(Batch(tuple(f"{draw.choice(bad)} {order}" for order in orders)), gates())
    assert inside.kept == []
