"""Tags, masks and hashes: replacements that keep nothing, or little, of a value's form."""

from __future__ import annotations

from collections import Counter
from typing import Final

from fedaug.privacy.deid.entities import entity
from fedaug.privacy.deid.surrogates import Draw
from fedaug.privacy.deid.surrogates.names import naming_words
from fedaug.privacy.deid.surrogates.numbers import canonical_id
from fedaug.privacy.deid.surrogates.words import plain

_PHONES: Final = frozenset(("PHONE_NUMBER", "FAX_NUMBER"))


def tag(entity_type: str, number: int | None = None) -> str:
    """The type in brackets, such as ``[PERSON]`` or ``[PERSON_2]``."""
    return f"[{entity_type}]" if number is None else f"[{entity_type}_{number}]"


def masked(value: str, mark: str, *, keep_first: int = 0, keep_last: int = 0) -> str:
    """A value with its letters and digits covered, all but so many at its ends.

    All are covered where half of them or more would stay.
    """
    places = [index for index, sign in enumerate(value) if sign.isalnum()]
    if 2 * (keep_first + keep_last) > len(places):
        keep_first = keep_last = 0
    covered = set(places[keep_first : len(places) - keep_last])
    return "".join(mark if index in covered else sign for index, sign in enumerate(value))


def hashed(draw: Draw, value: str, entity_type: str, length: int) -> str:
    """A keyed hash that is the same for the same value of the same subject, such as ``[ID#1f0c…]``."""
    kind = entity(entity_type).kind
    kind = "number" if kind == "contact" else kind  # one number may be found as either
    return f"[{entity_type}#{draw.bytes(f'hash {kind}', same(value, entity_type)).hex()[:length]}]"


class Numbers:
    """Numbers for the different values of one text, in order of appearance."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}
        self._counts: Counter[str] = Counter()
        self._by_word: dict[tuple[str, str], set[int]] = {}

    def of(self, value: str, entity_type: str) -> int:
        """The number of a value, from 1. A name of which all words are in an earlier one is that one's."""
        form = same(value, entity_type)
        number = self._seen.get((entity_type, form))
        if number is not None:
            return number
        words = form.split() if entity(entity_type).kind == "name" else []
        number = self._earlier(entity_type, words)
        if number is None:
            self._counts[entity_type] += 1
            number = self._counts[entity_type]
            for word in words:
                self._by_word.setdefault((entity_type, word), set()).add(number)
        self._seen[entity_type, form] = number
        return number

    def _earlier(self, entity_type: str, words: list[str]) -> int | None:
        found = [self._by_word.get((entity_type, word), set()) for word in words]
        return min(set.intersection(*found), default=None) if found else None


def same(value: str, entity_type: str) -> str:
    """What different ways of writing a value have in common."""
    if entity(entity_type).kind == "name":
        words = (plain(word).removesuffix("'s") for word in naming_words(value))
        return " ".join(sorted(words))
    plainly = "".join(sign for sign in plain(value) if sign.isalnum())
    number = entity(entity_type).kind == "number" or entity_type in _PHONES
    return (number and canonical_id(value)) or plainly
