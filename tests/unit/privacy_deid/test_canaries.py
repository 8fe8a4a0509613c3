"""Canaries: planted where they are said to be, counted when they survive, and a de-identifier that misses is caught."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from fedaug.errors import ConfigError, EmptySource
from fedaug.privacy.deid import Deidentifier, Span, redact
from fedaug.privacy.deid.deidentify import Deidentified
from fedaug.privacy.deid.entities import ENTITIES
from fedaug.privacy.deid.policies import load_policy
from fedaug.privacy.deid.scoring.canary import CanaryReport, Planted, measure, plant, sample
from fedaug.privacy.deid.scoring.canary_phrases import CARRIERS
from fedaug.privacy.deid.scoring.canary_values import Values
from fedaug.privacy.deid.surrogates.check_digits import (
    is_card,
    is_iban,
    is_nhs_number,
    is_npi,
    is_routing_number,
    is_vin,
)
from fedaug.privacy.limits import LIMITS

TEXTS = ["No pain today. The wound is dry.\nNext visit in spring.", "Stable. No change."]
POLICY = load_policy("hipaa-safe-harbor")


class Missing:
    """The seeded defect: a real de-identifier that has lost what it found of one type."""

    def __init__(self, inner: Deidentifier, entity_type: str) -> None:
        self._inner, self._entity_type = inner, entity_type

    def find(self, text: str) -> list[Span]:
        return [
            span
            for span in self._inner.find(text)
            if self._entity_type not in {other.entity_type for other in self._inner.find(text[span.start : span.end])}
            and span.entity_type != self._entity_type
        ]

    def deidentify_many(self, texts: Iterable[str]) -> Iterator[Any]:
        return (Deidentified(redact(text, self.find(text)), None) for text in texts)  # type: ignore[arg-type]  # unread


@pytest.fixture(scope="module")
def worker() -> Deidentifier:
    return Deidentifier(POLICY, neural=False)


def only(planted: Iterable[Planted], *kinds: str) -> list[Planted]:
    return [one for one in planted if any(span.entity_type in kinds for span in one.canaries)]


def test_every_canary_stands_where_it_is_said_to_be_and_the_text_around_it_is_as_it_was() -> None:
    planted = list(plant(TEXTS, count=8, seed=1))
    assert len(planted) > 50
    carriers = {kind: [carrier.split("{}") for carrier in carriers] for kind, carriers in CARRIERS["en"].items()}
    for number, one in enumerate(planted):
        for span in one.canaries:
            before, after = one.text[: span.start], one.text[span.end :]
            assert any(before.endswith(left) and after.startswith(right) for left, right in carriers[span.entity_type])
        words = set(TEXTS[number % 2].split())
        assert words <= set(one.text.split())


#: Planted under the type ID, which is what the rules for Spanish texts call them.
SPAIN = {"ES_NIF", "ES_NIE"}


def test_there_are_so_many_of_every_type_and_the_seed_decides_which() -> None:
    planted = list(plant(TEXTS, count=3, seed=1))
    kinds = [span.entity_type for one in planted for span in one.canaries]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(set(ENTITIES) - SPAIN, 3)
    assert [one.text for one in plant(TEXTS, count=3, seed=1)] == [one.text for one in planted]
    assert [one.text for one in plant(TEXTS, count=3, seed=2)] != [one.text for one in planted]
    assert TEXTS[0][:9] not in repr(planted[0])


def test_canaries_have_valid_check_digits(worker: Deidentifier) -> None:
    """A recogniser may refuse a number with a wrong check digit; such a canary would show nothing."""
    values = Values("en", 4)
    checks = {"UK_NHS": is_nhs_number, "CREDIT_CARD": is_card, "IBAN_CODE": is_iban, "US_NPI": is_npi}
    checks |= {"ROUTING_NUMBER": is_routing_number, "VEHICLE_ID": is_vin}
    for kind, check in checks.items():
        assert all(check("".join(filter(str.isalnum, values.value(kind)))) for _ in range(50)), kind
    for kind in ("CRYPTO", "MEDICAL_LICENSE", "MAC_ADDRESS"):
        for _ in range(10):
            found = worker.find(f"then {values.value(kind)} came")
            assert any(one.entity_type == kind and one.start == 5 for one in found), kind


def test_spanish_has_its_own_sentences_and_another_language_is_refused() -> None:
    kinds = {span.entity_type for one in plant(TEXTS, count=1, seed=1, language="es") for span in one.canaries}
    assert kinds == set(CARRIERS["es"])
    with pytest.raises(ConfigError, match="es"):
        list(plant(TEXTS, count=1, seed=1, language="fi"))


def test_a_de_identifier_that_misses_mails_is_caught(worker: Deidentifier) -> None:
    planted = only(plant(TEXTS, count=25, seed=3), "EMAIL_ADDRESS")
    whole = measure(worker, planted, POLICY).types["EMAIL_ADDRESS"]
    assert (whole.planted, whole.missed, whole.survived) == (25, 0, 0)
    broken = measure(Missing(worker, "EMAIL_ADDRESS"), planted, POLICY)
    caught = broken.types["EMAIL_ADDRESS"]
    assert (caught.planted, caught.missed, caught.survived) == (25, 25, 25)
    assert broken.overall.missed >= 25
    low, high = caught.interval or (0, 0)
    assert low > 0.8
    assert high == 1


def test_what_is_found_but_for_one_digit_counts_as_missed(worker: Deidentifier) -> None:
    class Short(Missing):
        def find(self, text: str) -> list[Span]:
            return [Span(one.start, one.end - 1, one.entity_type, one.score) for one in worker.find(text)]

    planted = only(plant(TEXTS, count=10, seed=3), "US_SSN")
    found = measure(Short(worker, ""), planted, POLICY).types["US_SSN"]
    assert found.missed == found.planted == 10
    assert found.survived == 0


def test_a_type_that_the_policy_keeps_is_in_no_sum(worker: Deidentifier) -> None:
    planted = only(plant(TEXTS, count=5, seed=3), "SEX")
    report = measure(worker, planted, POLICY)
    assert "SEX" in report.kept
    assert report.types["SEX"].survived == 5
    assert report.overall.planted == sum(one.planted for kind, one in report.types.items() if kind not in report.kept)
    assert report.as_json()["types"]["SEX"]["kept_by_policy"] is True


def test_canaries_of_a_text_that_was_set_aside_are_not_counted(worker: Deidentifier) -> None:
    planted = list(plant(["a" * LIMITS.record_chars], count=1, seed=3))[:2]
    report = measure(worker, planted, POLICY)
    assert (report.texts, report.set_aside, report.overall.planted) == (2, 2, 0)
    assert CanaryReport().overall.interval is None


def test_a_sample_is_drawn_by_the_seed_from_all_of_a_stream_that_is_read_once() -> None:
    first = sample((str(number) for number in range(1_000)), 20, 5)
    assert first == sample((str(number) for number in range(1_000)), 20, 5)
    assert first != sample((str(number) for number in range(1_000)), 20, 6)
    assert max(map(int, first)) > 500  # 20 draws all in the first half: one in a million
    assert sample(iter(["a", " ", "b"]), 5, 0) == ["a", "b"]
    with pytest.raises(EmptySource):
        sample([" ", ""], 5, 0)
