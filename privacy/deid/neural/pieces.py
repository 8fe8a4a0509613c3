"""Texts as the network reads them: word pieces with exact places, and what an uncased vocabulary loses.

The pretrained tokeniser drops case and white space, and both tell names and headings apart. They come back as two
features of every piece: the case of its word, and the gap before the word.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tokenizers import Tokenizer

from fedaug.privacy.pretrained import weights_folder

#: Ids of the marks before and after a window, and of what fills a row up.
CLS: Final = 101
SEP: Final = 102
PAD: Final = 0
#: What the case of a word can be; row 0 of the features' table stands for the marks around a window.
CASES: Final = (
    "mark", "lower", "capitalised", "capitals", "one capital", "mixed", "1 digit", "2 digits", "3 or 4 digits",
    "5 or more digits", "letters and digits", "punctuation", "caseless",
)  # fmt: skip
GAPS: Final = ("none", "space", "wide", "line", "paragraph")
#: Rows of the features' table.
FEATURES: Final = len(CASES) + len(GAPS)
_CASE: Final = {name: row for row, name in enumerate(CASES)}
_GAP: Final = {name: len(CASES) + row for row, name in enumerate(GAPS)}
_DIGITS: Final = ("", "1 digit", "2 digits", "3 or 4 digits", "3 or 4 digits", "5 or more digits")

_PIECES_OF_A_WORD: Final = 16  # a word's first pieces tell what it is; the rest of a long one is covered with them
_BLOCK_CHARS: Final = 20_000  # tokenised at once, which bounds the memory
_SURROGATES: Final = re.compile("[\ud800-\udfff]")  # halves of a pair, which no encoder accepts
_SPACE: Final = re.compile(r"\s")


@dataclass(frozen=True, repr=False)
class Pieces:
    """A text as the network reads it. The arrays take a few bytes for each character of the text.

    Attributes:
        ids: Word pieces.
        cases: Rows of the features' table for case, one a piece.
        gaps: Rows of the features' table for the gap before the word, one a piece.
        words: Which word a piece belongs to; ascending, and no word is without a piece.
        starts: First character of every word, in the text.
        ends: One past the last character of every word.
    """

    ids: array[int]
    cases: array[int]
    gaps: array[int]
    words: array[int]
    starts: array[int]
    ends: array[int]


class Reader:
    """Turns texts into pieces."""

    def __init__(self) -> None:
        self._tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def read(self, text: str) -> Pieces:
        """The pieces of a text of any length, tokenised block by block; a block ends at white space if it can."""
        text = _SURROGATES.sub("\ufffd", text)
        pieces = Pieces(array("i"), array("b"), array("b"), array("i"), array("q"), array("q"))
        start = 0
        while start < len(text):
            end = _block_end(text, start)
            self._add_block(pieces, text, start, end)
            start = end
        return pieces

    def _add_block(self, pieces: Pieces, text: str, start: int, end: int) -> None:
        encoding = self._tokenizer.encode(text[start:end], add_special_tokens=False)
        all_ids, all_offsets = encoding.ids, encoding.offsets
        previous = pieces.ends[-1] if pieces.ends else 0
        for first, last in _words(encoding.word_ids):
            begin, finish = start + all_offsets[first][0], _end_of(text, start + all_offsets[last - 1][1])
            ids = all_ids[first : min(last, first + _PIECES_OF_A_WORD)]
            pieces.ids.extend(ids)
            pieces.cases.extend([_case(text[begin:finish])] * len(ids))
            pieces.gaps.extend([_gap(text[previous:begin], at_start=previous == 0)] * len(ids))
            pieces.words.extend([len(pieces.starts)] * len(ids))
            pieces.starts.append(begin)
            pieces.ends.append(finish)
            previous = finish


def _words(words: Sequence[int | None]) -> Iterator[tuple[int, int]]:
    """First piece, and one past the last, of every word."""
    first = 0
    for index in range(1, len(words) + 1):
        if index == len(words) or words[index] != words[first]:
            yield first, index
            first = index


def _block_end(text: str, start: int) -> int:
    end = start + _BLOCK_CHARS
    if end >= len(text):
        return len(text)
    for back in range(end, start + _BLOCK_CHARS // 2, -1):
        if text[back - 1].isspace():
            return back
    return end


def _end_of(text: str, end: int) -> int:
    """Past the accents that are written after their letter: the tokeniser drops them and leaves them out of a word."""
    while end < len(text) and unicodedata.combining(text[end]):
        end += 1
    return end


def _case(word: str) -> int:
    return _CASE[_case_name(word)]


def _case_name(word: str) -> str:
    letters, digits = any(map(str.isalpha, word)), any(map(str.isdigit, word))
    if digits:
        return "letters and digits" if letters else _DIGITS[min(len(word), 5)]
    if not letters:
        return "punctuation"
    if word.isupper():
        return "one capital" if len(word) == 1 else "capitals"
    if word.istitle():
        return "capitalised"
    return "lower" if word.islower() else "mixed" if any(map(str.isupper, word)) else "caseless"


def _gap(between: str, *, at_start: bool) -> int:
    return _GAP[_gap_name(between, at_start)]


def _gap_name(between: str, at_start: bool) -> str:
    lines = between.count("\n")
    if at_start or lines > 1:
        return "paragraph"
    if lines or "\r" in between:
        return "line"
    if "\t" in between or len(between) > 1:
        return "wide"
    return "space" if _SPACE.search(between) else "none"
