"""The words with which the matches of a pattern can begin, read off the pattern itself.

Most rules begin with the word that names a number ("MRN", "policy"). Looking the words of a text up in a table, and
trying a rule only where one of its words stands, costs a fiftieth of searching the text for each rule in turn. What
cannot be read off with certainty has no such words, and is searched for everywhere.

    >>> sorted(first_words(r"\\b(?:policy|polic(?:e|ies))[ ](?:no|number)"))
    ['police', 'policies', 'policy']
    >>> first_words(r"\\b\\w+ number") is None
    True
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MOST_WORDS: Final = 3000
_BOUNDARIES: Final = (r"\b", r"(?<!\w)", r"(?<![\w", r"(?<!\p{L})")
_ANCHORS: Final = frozenset("bBAZ")

#: A beginning of a match: its letters so far, and whether something other than a letter has followed.
_Prefix = tuple[str, bool]


class _UnknownError(Exception):
    """The pattern holds something whose first words cannot be told."""


def first_words(pattern: str) -> frozenset[str] | None:
    """The words, in lower case, of which one stands at the beginning of every match.

    A word is a run of letters as long as it gets: a pattern that may stop within one has no first words.

    Returns:
        None when they cannot be told, or when a match can begin within a word or with something else than a letter.
    """
    if not pattern.startswith(_BOUNDARIES):
        return None
    try:
        prefixes = _Reader(pattern).alternatives({("", False)})
    except _UnknownError:
        return None
    if not all(word and ended for word, ended in prefixes):
        return None
    return frozenset(word.casefold() for word, _ in prefixes)


@dataclass
class _Reader:
    """A position in a pattern."""

    pattern: str
    at: int = 0

    def alternatives(self, before: set[_Prefix]) -> set[_Prefix]:
        """What the prefixes become over ``one|two|three``, up to a closing bracket or the end."""
        result = self._sequence(before)
        while self._take("|"):
            result |= self._sequence(before)
        return result

    def _sequence(self, before: set[_Prefix]) -> set[_Prefix]:
        current = set(before)
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            start = self.at
            once = self._item(current)
            least, most = self._repeats()
            following = once if least else once | current
            for _ in range(1, min(most, 2)):
                if any(not ended for _, ended in once):
                    self.at, end = start, self.at
                    following = following | self._item(once)
                    self.at = end
                    if most > 2 and any(not ended for _, ended in following - current):
                        raise _UnknownError
            current = following
            if len(current) > _MOST_WORDS:
                raise _UnknownError
        return current

    def _item(self, current: set[_Prefix]) -> set[_Prefix]:
        character = self.pattern[self.at]
        self.at += 1
        if character == "(":
            return self._group(current)
        if character == "[":
            return _extended(current, self._class())
        if character == "\\":
            return self._escape(current)
        if character in "^$":
            return current
        if character == ".":
            return _extended(current, None)
        return _extended(current, {character})

    def _escape(self, current: set[_Prefix]) -> set[_Prefix]:
        character = self.pattern[self.at]
        self.at += 1
        if character == "b":
            return {(word, ended or bool(word)) for word, ended in current}
        if character in _ANCHORS:
            return current
        if character in "dsW":
            return _extended(current, {" "})
        if character in "nt":
            return _extended(current, {"\n"})
        if character.isalnum():
            self._skip_braces()
            return _extended(current, None)
        return _extended(current, {character})

    def _group(self, current: set[_Prefix]) -> set[_Prefix]:
        if self._take("?<!") or self._take("?<="):
            negative = self.pattern[self.at - 1] == "!"
            after_word = self.pattern.startswith((r"\w)", r"[\w"), self.at)
            self._step_over()
            if negative and after_word:  # what has just read a letter cannot go on here
                return {(word, ended) for word, ended in current if ended or not word}
            return current
        if self._take("?=") or self._take("?!"):
            negative = self.pattern[self.at - 1] == "!"
            stops = (r"\w", r"[\w", r"\p{L}", r"[\p{L}") if negative else ("[ ]", r"\s")
            ends_word = self.pattern.startswith(stops, self.at)
            self._step_over()
            return {(word, ended or (ends_word and bool(word))) for word, ended in current}
        for opening in ("?:", "?-i:", "?i:", "?P<value>"):
            if self._take(opening):
                return self._inside(current)
        if self.pattern[self.at] == "?":
            raise _UnknownError
        return self._inside(current)

    def _inside(self, current: set[_Prefix]) -> set[_Prefix]:
        """Over a group's content and its closing bracket; a content that cannot be told is stepped over."""
        start = self.at
        try:
            result: set[_Prefix] | None = self.alternatives(current)
        except _UnknownError:
            self.at, result = start, None
            self._step_over(closing=False)
        if not self._take(")"):
            raise _UnknownError
        if result is None:
            if all(ended for _, ended in current):
                return current
            raise _UnknownError
        return result

    def _step_over(self, *, closing: bool = True) -> None:
        """Over a group's content, and its closing bracket."""
        depth, in_class = 0, False
        while self.at < len(self.pattern):
            character = self.pattern[self.at]
            if character == "\\":
                self.at += 1
            elif in_class:
                in_class = character != "]"
            elif character == "[":
                in_class = True
            elif character == "(":
                depth += 1
            elif character == ")":
                if depth == 0:
                    self.at += closing
                    return
                depth -= 1
            self.at += 1
        raise _UnknownError

    def _class(self) -> set[str] | None:
        """The characters of a class of a few; None when it has ranges of letters or is negated."""
        known, members = not self._take("^"), set[str]()
        first = True
        while first or self.pattern[self.at] != "]":
            character = self.pattern[self.at]
            self.at += 1
            first = False
            if character == "\\":
                character = self.pattern[self.at]
                self.at += 1
                if character in "ds":
                    character = " "
                elif character.isalnum() and character not in "nt":
                    known = False
                    self._skip_braces()
                else:
                    character = " " if character in "nt" else character
            elif self.pattern[self.at] == "-" and self.pattern[self.at + 1] != "]":
                known = known and not (character.isalpha() or self.pattern[self.at + 2].isalpha())
                self.at += 2
            members.add(character)
        self.at += 1
        return members if known else None

    def _repeats(self) -> tuple[int, int]:
        least, most = 1, 1
        if self._take("?"):
            least = 0
        elif self._take("*"):
            least, most = 0, 99
        elif self._take("+"):
            most = 99
        elif self.at < len(self.pattern) and self.pattern[self.at] == "{":
            end = self.pattern.index("}", self.at)
            low, _, high = self.pattern[self.at + 1 : end].partition(",")
            least, most = int(low), int(high or low)
            self.at = end + 1
        else:
            return least, most
        if not self._take("?"):
            self._take("+")
        return least, most

    def _skip_braces(self) -> None:
        if self.at < len(self.pattern) and self.pattern[self.at] == "{":
            self.at = self.pattern.index("}", self.at) + 1

    def _take(self, text: str) -> bool:
        found = self.pattern.startswith(text, self.at)
        self.at += len(text) * found
        return found


def _extended(current: set[_Prefix], characters: set[str] | None) -> set[_Prefix]:
    """Prefixes with one of some characters more; None stands for any character."""
    return set(_each_extended(current, characters))


def _each_extended(current: set[_Prefix], characters: set[str] | None) -> Iterator[_Prefix]:
    for word, ended in current:
        if ended:
            yield word, True
        elif characters is None:
            raise _UnknownError
        else:
            for character in characters:
                yield (word + character, False) if character.isalpha() else (word, True)
