"""What a rule is, and how many of them are run over a text, each only where it can match.

Three shortcuts, none of which changes what is found: a rule whose ``needed`` does not occur is skipped; a rule whose
matches begin with known words is tried where one of them stands; a rule that stays ``near`` its shortcut is run there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import regex  # type: ignore[import-untyped]  # ships no types

from fedaug.privacy.deid.recognisers import TimedPattern, compiled
from fedaug.privacy.deid.rules.shape import shape, shapes
from fedaug.privacy.deid.rules.starts import first_words

#: Ignoring case: notes are typed in all of them. A rule that needs capitals says ``(?-i:...)`` or has other flags.
DEFAULT_FLAGS: Final = int(regex.IGNORECASE)
VALUE: Final = "value"


@dataclass(frozen=True)
class Rule:
    """How one kind of identifier is found.

    Attributes:
        name: Unique within a language, such as ``record-number``.
        entity_type: A name of :data:`fedaug.privacy.deid.entities.ENTITIES`.
        pattern: In the syntax of ``regex``, linear in the text: bounded repeats only. What is found is each capture of
            the group ``value``; without such a group, the whole match.
        score: 0 to 1.
        needed: A cheap pattern that occurs, case ignored, in every text in which ``pattern`` matches. Words in lower
            case with ``|`` between them are looked up without a pattern. None: the rule runs on every text.
        check: Whether what was found can be what it looks like, for instance by its check digit.
        flags: Of ``regex``.
        near: Each match, and what it looks at around itself, lies within so many characters of a match of ``needed``,
            so that the rest of a text need not be searched. None: it may lie anywhere.
    """

    name: str
    entity_type: str
    pattern: str
    score: float
    needed: str | None = None
    check: Callable[[str], bool] | None = None
    flags: int = DEFAULT_FLAGS
    near: int | None = None


_LITERALS = re.compile(r"[\w @#:/,|-]+")
_ANY_CAPITAL = re.compile(r"\\(?![bdsw])[a-zA-Z]|(?<!\\)[A-Z]|\(\?-?i")
_LETTERS = re.compile(r"[^\W\d_]+")
_ASCII_LETTERS = re.compile(r"[a-z]+")
#: So many tries of a rule at single words cost as much as one search through a note.
_MOST_TRIES: Final = 64
#: Fewer tries than this cost less than to look for what the rule needs.
_MANY_TRIES: Final = 6
#: More shapes than this cost less to look for as one pattern than one after another.
_MANY_SHAPES: Final = 4
#: Characters; asking the clock for a shorter stretch costs more than searching it.
_SHORT: Final = 2_000


@dataclass(frozen=True)
class Reading:
    """A text as the shortcuts look at it.

    Attributes:
        text: As it is.
        folded: Case-folded.
        shape: Letters and digits alike.
        words: Where each word, case-folded, begins.
        ascii: Whether it holds nothing but ASCII.
    """

    text: str
    folded: str
    shape: str
    words: dict[str, list[int]]
    ascii: bool = False


class Need:
    """A shortcut: what a text must hold for some rules to find anything."""

    def __init__(self, needed: str) -> None:
        literal = _LITERALS.fullmatch(needed) is not None
        self._words = tuple(needed.split("|")) if literal else ()
        self._first_words = None if literal else first_words(needed)
        self._shapes = None if literal else shapes(needed)
        self._longest = max(map(len, self._shapes or ()), default=0)
        many = self._shapes is not None and len(self._shapes) > _MANY_SHAPES
        self._one_of_shapes = re.compile("|".join(map(re.escape, sorted(self._shapes or ())))) if many else None
        self._pattern = compiled(needed, DEFAULT_FLAGS)
        self._ascii, self._of_folded = _for_ascii(needed)

    @property
    def quick(self) -> bool:
        """Whether it is looked up without a pattern, so that it costs less than to try a rule at a few words."""
        return bool(self._words) or self._shapes is not None

    def met(self, text: Reading) -> bool:
        """Whether a text holds it."""
        if self._words:
            return _holds(text.folded, self._words)
        if self._one_of_shapes is not None:
            return self._one_of_shapes.search(text.shape) is not None
        if self._shapes is not None:
            return _holds(text.shape, self._shapes)
        if self._ascii is not None and text.ascii:
            return self._ascii.search(text.folded if self._of_folded else text.text) is not None
        return self._pattern.search(text.text) is not None

    def windows(self, text: Reading, near: int) -> list[tuple[int, int]]:
        """The stretches of a text that lie so many characters near it, apart from each other and in order."""
        found: list[tuple[int, int]] = []
        if self._words and not self.met(text):
            return found
        length = len(text.text)
        for first, last in self._places(text):
            start, end = max(0, first - near), min(length, last + near)
            if found and start <= found[-1][1]:
                found[-1] = (found[-1][0], end)
            else:
                found.append((start, end))
        return found

    def _places(self, text: Reading) -> list[tuple[int, int]]:
        if self._one_of_shapes is not None:  # a shape that overlaps one before it is not found by itself
            return [(found.start(), found.end() + self._longest) for found in self._one_of_shapes.finditer(text.shape)]
        if self._shapes is not None:
            return sorted(_occurrences(text.shape, self._shapes))
        if self._first_words is None:
            if self._ascii is not None and text.ascii:
                quick = self._ascii.finditer(text.folded if self._of_folded else text.text)
                return [match.span() for match in quick]
            return [match.span() for match in self._pattern.finditer(text.text)]
        words = text.words
        return sorted((at, at + len(word)) for word in self._first_words & words.keys() for at in words[word])


@dataclass(frozen=True)
class _Compiled:
    rule: Rule
    pattern: TimedPattern
    unlimited: regex.Pattern[str] | None  # the same without a time limit, if that is safe at one place of a text
    words: frozenset[str] | None
    captures: bool

    def within(self, text: str, windows: Iterable[tuple[int, int]]) -> Iterator[regex.Match[str]]:
        """Matches within stretches of a text: what is before each is seen, what is after it is not."""
        for start, end in windows:
            if self.unlimited is not None and end - start <= _SHORT:
                yield from self.unlimited.finditer(text, start, end)
            else:
                yield from self.pattern.finditer(text, start=start, end=end)

    def at(self, text: str, starts: Sequence[int]) -> Iterator[regex.Match[str]]:
        """Matches that begin at one of some positions, none overlapping another."""
        if self.unlimited is None or len(starts) > _MOST_TRIES:
            yield from self.pattern.finditer(text)
            return
        end = 0
        for start in starts:
            match = self.unlimited.match(text, start) if start >= end else None
            if match is not None:
                end = match.end()
                yield match

    def values(self, matches: Iterable[regex.Match[str]]) -> Iterator[tuple[Rule, int, int]]:
        """Where matches hold what is found: the captures of the group ``value``, else the whole."""
        rule = self.rule
        for match in matches:
            if self.captures:
                for start, end in match.spans(VALUE):
                    yield rule, start, end
            else:
                yield rule, *match.span()


class Runner:
    """Runs rules over texts.

    Args:
        rules: In any order.
        limit_s: Processor time, in seconds, after which one pattern on one text has failed.
        bounded: Whether the patterns are known to take bounded time at one place of a text, as those that ship are
            tested to do, so that the clock is asked only when a long text is searched.
    """

    def __init__(self, rules: Sequence[Rule], limit_s: float, *, bounded: bool = False) -> None:
        self._needs = {rule.needed: Need(rule.needed) for rule in rules if rule.needed is not None}
        prepared = [_compiled(rule, limit_s, bounded=bounded) for rule in rules]
        self._near = _grouped(prepared, lambda one: one.rule.near is not None)
        self._anywhere = _grouped(prepared, lambda one: one.rule.near is None and one.words is None)
        self._by_word: dict[str, list[int]] = {}
        self._with_words = [one for one in prepared if one.rule.near is None and one.words is not None]
        for index, one in enumerate(self._with_words):
            for word in one.words or ():
                self._by_word.setdefault(word, []).append(index)

    def find(self, text: str) -> Iterator[tuple[Rule, int, int]]:
        """Where each rule finds something, before its check.

        Raises:
            RecogniserError: A pattern ran out of time.
        """
        reading = Reading(text, text.casefold(), shape(text), _words(text), text.isascii())
        for (needed, near), group in self._near.items():
            windows = self._needs[needed or ""].windows(reading, near or 0)
            if windows:
                for one in group:
                    yield from one.values(one.within(text, windows))
        for (needed, _), group in self._anywhere.items():
            if needed is None or self._needs[needed].met(reading):
                for one in group:
                    yield from one.values(one.within(text, ((0, len(text)),)))
        yield from self._at_words(reading)

    def _at_words(self, text: Reading) -> Iterator[tuple[Rule, int, int]]:
        places: dict[int, list[int]] = {}
        for word in self._by_word.keys() & text.words.keys():
            for index in self._by_word[word]:
                places.setdefault(index, []).extend(text.words[word])
        met: dict[str, bool] = {}
        for index, starts in places.items():
            one = self._with_words[index]
            needed = one.rule.needed
            if needed is not None and len(starts) >= _MANY_TRIES and self._needs[needed].quick:
                if needed not in met:
                    met[needed] = self._needs[needed].met(text)
                if not met[needed]:
                    continue
            yield from one.values(one.at(text.text, sorted(starts)))


def _for_ascii(needed: str) -> tuple[re.Pattern[str] | None, bool]:
    """The same for texts of ASCII by ``re``, which is quicker, and whether it reads the folded text, as is quicker yet.

    None where ``re`` has no such syntax. Over other texts the two packages differ in what is a letter.
    """
    folded = _ANY_CAPITAL.search(needed) is None
    try:
        return re.compile(needed, re.ASCII if folded else re.ASCII | re.IGNORECASE), folded
    except re.error:
        return None, False


def _holds(text: str, strings: Iterable[str]) -> bool:
    for one in strings:  # noqa: SIM110 - a generator costs twice as much, and this runs two hundred times a text
        if one in text:
            return True
    return False


def _occurrences(text: str, strings: Iterable[str]) -> Iterator[tuple[int, int]]:
    for one in strings:
        at = text.find(one)
        while at >= 0:
            yield at, at + len(one)
            at = text.find(one, at + 1)


def _words(text: str) -> dict[str, list[int]]:
    """Where each word of a text, case-folded, begins."""
    words: dict[str, list[int]] = {}
    if text.isascii():
        for match in _ASCII_LETTERS.finditer(text.lower()):
            words.setdefault(match[0], []).append(match.start())
    else:  # case-folding may change lengths, so each word is folded by itself
        for match in _LETTERS.finditer(text):
            words.setdefault(match[0].casefold(), []).append(match.start())
    return words


def _compiled(rule: Rule, limit_s: float, *, bounded: bool) -> _Compiled:
    pattern = compiled(rule.pattern, rule.flags)
    return _Compiled(
        rule,
        TimedPattern(pattern, limit_s),
        pattern if bounded else None,
        first_words(rule.pattern) if bounded else None,
        VALUE in pattern.groupindex,
    )


def _grouped(
    prepared: Sequence[_Compiled], chosen: Callable[[_Compiled], bool]
) -> dict[tuple[str | None, int | None], list[_Compiled]]:
    """Rules by shortcut, so that each shortcut is tried once for a text."""
    groups: dict[tuple[str | None, int | None], list[_Compiled]] = {}
    for one in filter(chosen, prepared):
        groups.setdefault((one.rule.needed, one.rule.near), []).append(one)
    return groups
