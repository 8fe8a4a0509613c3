from collections import defaultdict

import pytest

from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.augmentation.generators.label_words import Reading, gerund, label_key, label_words, read_label
from fedaug.errors import ConfigError


@pytest.mark.parametrize(
    ("label", "kind", "verb", "thing", "state", "tail"),
    [
        ("card_payment_fee_charged", "problem", "", "card payment fee", "charged", ""),
        ("transfer_not_received_by_recipient", "problem", "", "transfer", "not received", " by the recipient"),
        ("lost_or_stolen_card", "problem", "", "card", "lost or stolen", ""),
        ("card_about_to_expire", "problem", "", "card", "about to expire", ""),
        ("wrong_exchange_rate_for_cash_withdrawal", "problem", "", "exchange rate", "wrong", " for a cash withdrawal"),
        ("getting_virtual_card", "action", "get", "virtual card", "", ""),
        ("topping_up_by_card", "action", "top up", "", "", " by card"),
        ("exchange_via_app", "action", "exchange", "", "", " via the app"),
        ("exchange_rate", "topic", "", "exchange rate", "", ""),
        ("top_up_by_card_charge", "topic", "", "charge", "", " for topping up by card"),
        ("unable_to_verify_identity", "unable", "verify", "identity", "", ""),
        ("why_verify_identity", "why", "verify", "identity", "", ""),
        ("apple_pay_or_google_pay", "choice", "", "apple pay or google pay", "", ""),
        ("PASTMEDICALHX", "note", "", "past medical history", "", ""),
        ("", "topic", "", "request", "", ""),
    ],
)
def test_a_name_is_read_as_a_person_would(label: str, kind: str, verb: str, thing: str, state: str, tail: str) -> None:
    assert read_label(label) == Reading(kind, thing, verb, state, tail)  # type: ignore[arg-type]  # checked by the test


def test_spelling_of_a_name_does_not_matter() -> None:
    assert label_words("cardPaymentFee") == label_words("card payment fee") == label_words("Card-Payment_fee?")
    assert label_key("GENHX") == label_key("History of present illness") == label_key("HPI")
    assert label_key("FAM/SOCHX") == label_key("family and social history")


@pytest.mark.parametrize(
    ("verb", "doing"),
    [
        ("get", "getting"),
        ("top up", "topping up"),
        ("exchange", "exchanging"),
        ("verify", "verifying"),
        ("stop", "stopping"),
        ("open", "opening"),
        ("see", "seeing"),
        ("", ""),
    ],
)
def test_gerunds(verb: str, doing: str) -> None:
    assert gerund(verb) == doing


LABELS = [
    "card_payment_fee_charged", "cancel_transfer", "age_limit", "visa_or_mastercard", "why_verify_identity",
    "refund not showing up", "book_flight", "weather", "GENHX", "CC", "ALLERGY", "x", "2fa", "Überweisung", "",
]  # fmt: skip


@pytest.mark.parametrize("style", ["auto", "query", "note"])
def test_any_label_gets_at_least_forty_different_texts(style: str) -> None:
    texts: dict[str | None, set[str]] = defaultdict(set)
    for candidate in LabelPhrases(style=style).generate(LABELS, 1):
        texts[candidate.label].add(candidate.text)
    assert set(texts) == set(LABELS)
    assert min(len(found) for found in texts.values()) >= 40


def test_what_a_label_gets_does_not_depend_on_the_others() -> None:
    alone = [candidate.text for candidate in LabelPhrases(60).generate(["age_limit"], 1)]
    among = [c.text for c in LabelPhrases(60).generate(["card_arrival", "age_limit"], 1) if c.label == "age_limit"]
    assert alone == among


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(ConfigError, match="use auto, query or note"):
        LabelPhrases(style="poem")
