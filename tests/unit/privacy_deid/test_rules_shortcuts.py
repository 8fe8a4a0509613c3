"""Where a rule is not run, it would have found nothing; where it is run, it takes bounded time."""

import random
import time
from typing import Any

import phonenumbers
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st
from tests.deid_samples import PLANTED, texts
from tests.unit.privacy_deid.test_rules_find import CLEAN, FOUND

from fedaug.privacy.deid.recognisers import RecogniserError
from fedaug.privacy.deid.rules import Rule, RuleRecogniser, rules_for
from fedaug.privacy.deid.rules.phone import PhoneRecogniser
from fedaug.privacy.deid.rules.run import Need, Reading
from fedaug.privacy.deid.rules.shape import shape, shapes
from fedaug.privacy.deid.rules.starts import first_words

RULES = rules_for("en")
RECOGNISER = RuleRecogniser(RULES, language="en", limit_s=5, bounded=True)
SAMPLE = [text.replace("«", "").replace("»", "") for text in FOUND] + list(CLEAN) + list(PLANTED) + texts(150, seed=3)


def _notes(count: int) -> list[str]:
    """Texts joined in many ways, so that rules meet each other's words."""
    draw = random.Random(5)
    return [draw.choice(["\n", " ", ". ", "; "]).join(draw.sample(SAMPLE, 6)) for _ in range(count)]


def _by_search(rule: Rule, text: str) -> set[tuple[int, int, str]]:
    pattern: Any = regex.compile(rule.pattern, flags=rule.flags)
    named = "value" in pattern.groupindex
    places = [span for match in pattern.finditer(text) for span in (match.spans("value") if named else [match.span()])]
    return {(*span, rule.name) for span in places if span[0] < span[1]}


def test_shortcuts_lose_nothing() -> None:
    found = 0
    for text in [*SAMPLE, *_notes(60)]:
        quick = {(start, end, rule.name) for rule, start, end in RECOGNISER._runner.find(text)}
        slow = set().union(*(_by_search(rule, text) for rule in RULES))
        assert slow <= quick, sorted(slow - quick)
        found += len(slow)
    assert found > 500


def test_each_match_holds_what_its_rule_needs() -> None:
    for rule in RULES:
        need = Need(rule.needed or "")
        for text in SAMPLE:
            if _by_search(rule, text):
                reading = Reading(text, text.casefold(), shape(text), {}, text.isascii())
                assert need.met(reading), (rule.name, text)


def test_the_seeded_defect_of_a_shortcut_that_is_too_narrow_is_seen() -> None:
    wrong = Rule("wrong", "ID", r"\bcode \d+", 0.5, needed="pass")
    assert RuleRecogniser([wrong], language="en", limit_s=5).find("code 12") == []
    assert _by_search(wrong, "code 12") == {(0, 7, "wrong")}


@pytest.mark.parametrize(
    "piece",
    ["1", "1/", "A ", "Aa ", "a.", "1-", "12 ", "x@", "(", "St. ", "0:", "Dr. ", "John ", "on 1/2 ", "MRN ", "'"],
)
def test_no_text_makes_a_rule_slow(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    start = time.process_time()
    RECOGNISER.find(text)  # a pattern over its limit raises
    assert time.process_time() - start < 20  # a backtracking pattern would take hours


def test_a_pattern_of_a_site_that_runs_out_of_time_fails_closed() -> None:
    slow = RuleRecogniser([Rule("slow", "ID", r"(a|aa)+$", 0.5)], language="en", limit_s=0.05)
    with pytest.raises(RecogniserError):
        slow.find("a" * 60 + "!")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (
            r"\b(?:policy|polic(?:e|ies))[ ]?no\b",
            {"policy", "police", "policies", "policyno", "policeno", "policiesno"},
        ),
        (r"\bs/n:", {"s"}),
        (r"(?<!\w)(?:Dr|Mrs?)\b\.?", {"dr", "mr", "mrs"}),
        (r"\bmrn(?!\p{L})\d", {"mrn"}),
        (r"\b(?:id|no)(?P<value>(?<!\w)[A-Z]\d)", set()),
    ],
)
def test_first_words_are_read_off_a_pattern(pattern: str, words: set[str]) -> None:
    assert first_words(pattern) == words


@pytest.mark.parametrize(
    "pattern", [r"mrn \d", r"\b\w+ x", r"\b\d+ x", r"\b(?:mrn)?\d", r"\bexp", r"\bmrn[a-z]", r"\b(?:a|[b-d]+) "]
)
def test_first_words_that_cannot_be_told_are_not_guessed(pattern: str) -> None:
    assert first_words(pattern) is None


@given(st.text(alphabet="aZ09٣ſK -./,", max_size=30))
def test_a_shape_is_in_a_text_where_its_pattern_is(text: str) -> None:
    for pattern in (r"[a-z]{2}\d{2}", r"\d{1,2}[./-]\d", r"[a-z]\d[a-z\d]?[ ]\d", r"\d-?\d"):
        strings = shapes(pattern)
        assert strings is not None
        assert len(shape(text)) == len(text)
        if regex.search(pattern, text, regex.IGNORECASE):
            assert any(string in shape(text) for string in strings), text


@pytest.mark.parametrize("needed", sorted({rule.needed for rule in RULES if rule.near is not None and rule.needed}))
def test_every_place_that_a_pattern_finds_is_in_a_window(needed: str) -> None:
    """Whichever of its ways the need is looked for by: in shapes, by the quicker package, or as it is written."""
    need, written = Need(needed), regex.compile(needed, regex.IGNORECASE)
    for text in [*SAMPLE, *_notes(30), "1234 5678-9012 34 ab12 cd34 12/3/19-12/4/19 12.3.4.5.6 1234567890123456"]:
        words: dict[str, list[int]] = {}
        for match in regex.finditer(r"[^\W\d_]+", text):
            words.setdefault(match[0].casefold(), []).append(match.start())
        windows = need.windows(Reading(text, text.casefold(), shape(text), words, text.isascii()), 0)
        for match in written.finditer(text, overlapped=True):
            assert any(start <= match.start() and match.start() < end for start, end in windows), (needed, text)


def test_one_pass_of_the_phone_recogniser_covers_presidios_eight() -> None:
    """But for fewer than seven digits, and for national numbers without their trunk prefix."""
    phones = PhoneRecogniser()
    numbers = ["212-555-0133", "(905) 674-3793", "+44 20 7946 0018", "07700 900123", "+49 30 123456", "01 42 68 53 00"]
    numbers += ["+972 3 123 4567", "098765 43210", "+55 11 91234-5678", "1-800-555-0199 x22", "020 7946 0018"]
    covered = 0
    for text in [f"Then {number} came." for number in numbers] + _notes(30):
        ours = {place for span in phones.find(text) for place in range(span.start, span.end)}
        for region in ("US", "CA", "GB", "FR", "IL"):
            for match in phonenumbers.PhoneNumberMatcher(text, region, leniency=1):
                digits = phonenumbers.normalize_digits_only(match.raw_string)
                if len(digits) < 7 or (
                    region not in ("US", "CA") and not match.raw_string.startswith(("+", "0", "(0"))
                ):
                    continue
                assert set(range(match.start, match.end)) <= ours, (region, match.raw_string)
                covered += 1
    assert covered > 30
