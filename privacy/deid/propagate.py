"""Looks a string that was found once, or that a column gave, for everywhere else: cheap recall.

Matching is by words, so that "SMITH, JOHN" is found from "John Smith", and "123 45 6789" from "123-45-6789".
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fedaug.privacy.deid.document import Known
from fedaug.privacy.deid.entities import entity
from fedaug.privacy.deid.rules.vocabulary import is_ordinary
from fedaug.privacy.deid.spans import Span

_WORD: Final = re.compile(r"[^\W_]+")
_LEAST_SCORE: Final = 0.5  # a weak finding stays one finding
_LEAST_NAME: Final = 3  # letters of a name that is looked for by itself
_LEAST_PLACE: Final = 4
_LEAST_NUMBER: Final = 5  # letters and digits; fewer are doses and laboratory values as well
_MOST_WORDS: Final = 20  # of one value; a longer finding is no string to look for again
_MOST_BETWEEN: Final = 3  # characters between two words of one value
_KINDS: Final = frozenset({"name", "place", "organisation", "contact", "number"})


@dataclass(frozen=True, repr=False)
class Sought:
    """A string that is looked for.

    Attributes:
        words: Its words, in lower case.
        entity_type: What it is.
        score: The finding's that it came from.
        any_case: Whether it counts in lower case too; else only capitalised, since it may be a word of the language.
        turned: Whether it is a name with the surname first, which counts only with a comma after it.
    """

    words: tuple[str, ...]
    entity_type: str
    score: float
    any_case: bool
    turned: bool = False


def sought_after(text: str, spans: Iterable[Span]) -> frozenset[Sought]:
    """What the findings in a text give reason to look for elsewhere."""
    return frozenset(
        sought
        for span in spans
        if span.score >= _LEAST_SCORE
        for sought in _from_value(text[span.start : span.end], span.entity_type, span.score)
    )


def sought_from_columns(known: Iterable[Known]) -> frozenset[Sought]:
    """What values of columns give reason to look for."""
    return frozenset(sought for item in known for sought in _from_value(item.value, item.entity_type, 1.0, sure=True))


def occurrences(text: str, sought: Iterable[Sought]) -> list[Span]:
    """Everywhere that what is sought stands in a text, in order; time grows with the text, not with what is sought."""
    by_words: dict[tuple[str, ...], list[Sought]] = {}
    for one in sorted(sought, key=lambda one: (one.words, one.entity_type, one.score)):
        by_words.setdefault(one.words, []).append(one)
    if not by_words:
        return []
    lengths: dict[str, set[int]] = {}
    for words_sought in by_words:
        lengths.setdefault(words_sought[0], set()).add(len(words_sought))
    places = [(match.start(), match.end()) for match in _WORD.finditer(text)]
    words = [text[start:end].lower() for start, end in places]
    return [
        Span(places[index][0], places[index + length - 1][1], one.entity_type, one.score)
        for index, word in enumerate(words)
        for length in sorted(lengths.get(word, ()))
        if index + length <= len(words)
        for one in by_words.get(tuple(words[index : index + length]), ())
        if _counts_at(text, places[index : index + length], one)
    ]


def _counts_at(text: str, places: Sequence[tuple[int, int]], one: Sought) -> bool:
    gaps = [text[before[1] : after[0]] for before, after in itertools.pairwise(places)]
    if any(len(gap) > _MOST_BETWEEN for gap in gaps) or (one.turned and "," not in gaps[0]):
        return False
    return one.any_case or not any(text[place[0]].islower() for place in (places[0], places[-1]))


def _from_value(value: str, entity_type: str, score: float, *, sure: bool = False) -> Iterable[Sought]:
    kind = entity(entity_type).kind
    words = tuple(word.lower() for word in _WORD.findall(value))
    if kind not in _KINDS or not 0 < len(words) <= _MOST_WORDS:
        return
    any_case = sure or not value[:1].isupper()
    if kind in ("number", "contact"):
        size = sum(map(len, words))
        if size >= _LEAST_NUMBER and any(map(str.isdigit, "".join(words))):
            yield Sought(words, entity_type, score, any_case=True)
        return
    if kind == "name":
        for word in words:
            if len(word) >= _LEAST_NAME and not word.isdigit() and not is_ordinary(word):
                yield Sought((word,), entity_type, score, any_case)
    if len(words) > 1 or (len(words[0]) >= _LEAST_PLACE and not is_ordinary(words[0])):
        yield Sought(words, entity_type, score, any_case)
        if kind == "name" and len(words) == 2:
            yield Sought(words[::-1], entity_type, score, any_case, turned=True)
