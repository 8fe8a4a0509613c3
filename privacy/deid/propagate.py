"""Looks for a string that was found once, or that a column gave, everywhere else: cheap recall.

Matching is by words, so that "SMITH, JOHN" is found from "John Smith", and "123 45 6789" from "123-45-6789".
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fedaug.privacy.deid.entities import entity
from fedaug.privacy.deid.rules.vocabulary import is_ordinary
from fedaug.privacy.deid.spans import ORDER, Span
from fedaug.privacy.deid.surrogates.numbers import canonical_id
from fedaug.privacy.deid.word_context import Context, Manner

WORD: Final = re.compile(r"[^\W_]+")
MOST_WORDS: Final = 20  # of one value; a longer finding is no string to look for again
_LEAST_SCORE: Final = 0.5  # a weak finding stays one finding
_LEAST_NAME: Final = 3  # letters of a name that is looked for by itself
_LEAST_PLACE: Final = 4
_LEAST_NUMBER: Final = 5  # letters and digits; fewer are doses and laboratory values as well
_MOST_BETWEEN: Final = 3  # characters between two words of one value
_SHORT: Final = 8  # characters of a number's beginning
_MOST_PARTS: Final = 6  # of a number that is written with signs between its parts
_BETWEEN_PARTS: Final = re.compile(r"[-./() ]{1,3}")
_KINDS: Final = frozenset({"name", "place", "organisation", "contact", "number"})


@dataclass(frozen=True, repr=False)
class Sought:
    """A string that is looked for.

    Attributes:
        words: Its words, in lower case; of a number, all of its letters and digits as one.
        entity_type: What it is.
        score: The finding's that it came from.
        manner: How it has to stand in the text, as ``word_context`` says.
        turned: Whether it is a name with the surname first, which counts only with a comma after it.
        joined: Whether it is a number, which counts with any signs between its parts, or without.
        own: Whether it comes from a site's own list or pattern.
    """

    words: tuple[str, ...]
    entity_type: str
    score: float
    manner: Manner = "anywhere"
    turned: bool = False
    joined: bool = False
    own: bool = False


def sought_after(text: str, spans: Iterable[Span]) -> frozenset[Sought]:
    """What the findings in a text give reason to look for elsewhere."""
    return frozenset(
        replace(sought, own=True) if span.own else sought
        for span in spans
        if span.score >= _LEAST_SCORE
        for sought in _from_finding(text[span.start : span.end], span.entity_type, span.score)
    )


def as_number(
    words: tuple[str, ...], number: str, entity_type: str, score: float, manner: Manner = "anywhere"
) -> Sought:
    """How a number is looked for; a mail or web address word by word, since its signs are a part of it."""
    if entity(entity_type).kind == "contact" and not number.isdigit():
        return Sought(words, entity_type, score, manner)
    return Sought((number,), entity_type, score, manner, joined=True)


def occurrences(text: str, sought: Iterable[Sought]) -> list[Span]:
    """Everywhere that what is sought stands in a text, in order; time grows with the text, not with what is sought."""
    ordered = _surest(sought)
    if not ordered:
        return []
    places = [(match.start(), match.end()) for match in WORD.finditer(text)]
    words = [text[start:end].lower() for start, end in places]
    context = Context(text)
    found = [
        *_in_words(context, text, places, words, [one for one in ordered if not one.joined]),
        *_in_parts(context, text, places, words, [one for one in ordered if one.joined]),
    ]
    return sorted(found, key=ORDER)


def _surest(sought: Iterable[Sought]) -> list[Sought]:
    """What is sought, in order, each once: the same name found with a thousand scores is one name."""
    surest: dict[tuple[object, ...], Sought] = {}
    for one in sorted(sought, key=lambda one: (one.words, one.entity_type, one.manner, one.score)):
        surest[one.words, one.entity_type, one.manner, one.turned, one.joined, one.own] = (
            one  # the last has the highest score
        )
    return list(surest.values())


def _in_words(
    context: Context, text: str, places: Sequence[tuple[int, int]], words: Sequence[str], sought: Iterable[Sought]
) -> Iterator[Span]:
    by_words: dict[tuple[str, ...], list[Sought]] = {}
    lengths: dict[str, set[int]] = {}
    for one in sought:
        by_words.setdefault(one.words, []).append(one)
        lengths.setdefault(one.words[0], set()).add(len(one.words))
    for index, word in enumerate(words):
        for length in sorted(length for length in lengths.get(word, ()) if index + length <= len(words)):
            for one in by_words.get(tuple(words[index : index + length]), ()):
                if _counts_at(context, text, places[index : index + length], one):
                    yield Span(places[index][0], places[index + length - 1][1], one.entity_type, one.score, one.own)


def _in_parts(
    context: Context, text: str, places: Sequence[tuple[int, int]], words: Sequence[str], sought: Iterable[Sought]
) -> Iterator[Span]:
    """Numbers, whose parts the text may write with a sign or a blank between them."""
    by_number: dict[str, list[Sought]] = {}
    for one in sought:
        by_number.setdefault(one.words[0], []).append(one)
    # Short beginnings are held; of long numbers that would be their length squared.
    ordered = sorted(by_number)
    beginnings = {number[:length] for number in ordered for length in range(1, _SHORT + 1)}
    for index, word in enumerate(words):
        number, last = word, index
        while number in beginnings if len(number) <= _SHORT else _begins(ordered, number):
            start, end = places[index][0], places[last][1]
            listed = 2 * (last - index) >= len(number)  # 1, 2, 3, 4, 5 are a scale, and no number in parts
            for one in () if listed else by_number.get(number, ()):
                if context.stands(start, end, one.manner):
                    yield Span(start, end, one.entity_type, one.score, one.own)
            last += 1
            if last in (len(words), index + _MOST_PARTS) or not _BETWEEN_PARTS.fullmatch(text, end, places[last][0]):
                break
            number += words[last]


def _begins(ordered: Sequence[str], beginning: str) -> bool:
    """Whether some string of an ordered sequence begins so."""
    index = bisect_left(ordered, beginning)
    return index < len(ordered) and ordered[index].startswith(beginning)


def _counts_at(context: Context, text: str, places: Sequence[tuple[int, int]], one: Sought) -> bool:
    gaps = [text[before[1] : after[0]] for before, after in itertools.pairwise(places)]
    if any(len(gap) > _MOST_BETWEEN for gap in gaps) or (one.turned and "," not in gaps[0]):
        return False
    if one.manner == "capitalised":
        return all(context.stands(*place, one.manner) for place in (places[0], places[-1]))
    return context.stands(places[0][0], places[-1][1], one.manner)


def _from_finding(value: str, entity_type: str, score: float) -> Iterator[Sought]:
    kind = entity(entity_type).kind
    words = tuple(word.lower() for word in WORD.findall(value))
    if kind not in _KINDS or not 0 < len(words) <= MOST_WORDS:
        return
    if kind in ("number", "contact"):
        number = canonical_id(value)
        if len(number) >= _LEAST_NUMBER and any(map(str.isdigit, number)):
            yield as_number(words, number, entity_type, score)
        return
    # In small letters a name may be a word of the language; so it counts only if it was found so.
    manner: Manner = "capitalised" if value[:1].isupper() else "anywhere"
    if kind == "name":
        for word in words:
            if len(word) >= _LEAST_NAME and not word.isdigit() and not is_ordinary(word):
                yield Sought((word,), entity_type, score, manner)
    if len(words) > 1 or (len(words[0]) >= _LEAST_PLACE and not is_ordinary(words[0])):
        yield Sought(words, entity_type, score, manner)
        if kind == "name" and len(words) == 2:
            yield Sought(words[::-1], entity_type, score, manner, turned=True)
