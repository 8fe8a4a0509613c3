"""Undoes what hides an identifier from a recogniser: invisible characters, look-alike letters, digits of other scripts.

    >>> folded = fold("call ２１２‑555‑0142")
    >>> folded.text
    'call 212-555-0142'

Recognisers read the folded text; what they find is mapped back, so that the original's own characters are taken out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: Everything that needs a look: all but printable ASCII, tab, line ends and precomposed Latin letters.
_UNUSUAL: Final = re.compile(r"[^\t\n\r\x20-\x7e\u00a1-\u00ac\u00ae-\u01ff]")
#: A character together with the marks that stand on it, else a run of characters that nobody sees.
_MARKED: Final = re.compile(r"(?:[^\W\d_])[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff]+")
_PLAIN: Final = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63", "-"),
    **dict.fromkeys("\u2044\u2215\u29f8", "/"),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\u02b9\u00b4", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
    **dict.fromkeys("\u2024\u3002\uff61", "."),
    **dict.fromkeys("\u2028\u2029\u0085\u000b\u000c", "\n"),
}
#: Cyrillic and Greek letters that print like Latin ones (Unicode Technical Standard 39, confusables).
_LOOK_ALIKE: Final = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХԚԜавеѕіјкмнорстухԛԝһԁΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχϲ",
        "ABESIJKMHOPCTYXQWabesijkmhopctyxqwhdABEZHIKMNOPTYXaiknoptuxc",
        strict=True,
    )
)
_QUICK: Final = str.maketrans(_PLAIN | {"\u00a0": " ", "\u202f": " ", "\u2009": " "})
_WORD: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, repr=False)
class Folded:
    """A text as recognisers read it.

    Attributes:
        text: The folded text.
        origins: For each of its characters, first and one past the last of the original's characters that it stands
            for; None when every character stands for itself.
    """

    text: str
    origins: tuple[tuple[int, int], ...] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the folded text, of at least one character, lies in the original."""
        return (start, end) if self.origins is None else (self.origins[start][0], self.origins[end - 1][1])


def fold(text: str) -> Folded:
    """A text without disguises. A function of the text alone; a text without unusual characters is itself."""
    if not _UNUSUAL.search(text):
        return Folded(text, None)
    one_for_one = text.translate(_QUICK)  # what word processors put in; saves most texts the slow way
    if not _UNUSUAL.search(one_for_one):
        return Folded(one_for_one, None)
    characters: list[str] = []
    origins: list[tuple[int, int]] = []
    for piece, start, end in _clusters(text):
        for character in piece:  # none for what nobody sees, several for a ligature
            characters.append(character)
            origins.append((start, end))
    return Folded(_without_look_alikes("".join(characters)), tuple(origins))


def _clusters(text: str) -> Iterator[tuple[str, int, int]]:
    """Each character, or letter with marks, as what it stands for, with its place in the text."""
    position = 0
    for match in _MARKED.finditer(text):
        for index in range(position, match.start()):
            yield _plain(text[index]), index, index + 1
        composed = unicodedata.normalize("NFC", match[0])
        yield _plain(composed[0]), match.start(), match.end()  # marks beyond what one letter can carry are disguise
        position = match.end()
    for index in range(position, len(text)):
        yield _plain(text[index]), index, index + 1


def _plain(character: str) -> str:
    if " " <= character <= "~" or character in "\t\n\r":
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    match unicodedata.category(character):
        case "Cf" | "Cc" | "Mn" | "Me":
            plain = ""
        case "Cs":
            plain = "\ufffd"  # half a character, which no recogniser could encode
        case "Zs":
            plain = " "
        case "Nd":
            plain = str(unicodedata.decimal(character))
        case category:
            compatible = unicodedata.normalize("NFKC", character)
            # Powers and footnotes stay as they are: 10⁹ is not 109.
            folds = compatible.isascii() and category[0] in "LPS" and not character.isdigit()
            plain = compatible if folds else character
    return plain


def _without_look_alikes(text: str) -> str:
    """Words that borrow letters from another script written in one; of the same length."""
    if text.isascii():
        return text
    return _WORD.sub(_in_one_script, text)


def _in_one_script(match: re.Match[str]) -> str:
    word = match[0]
    if not any(letter in _LOOK_ALIKE for letter in word):
        return word
    if all(letter in _LOOK_ALIKE for letter in word) or any(letter.isascii() for letter in word):
        return "".join(_LOOK_ALIKE.get(letter, letter) for letter in word)
    return word
