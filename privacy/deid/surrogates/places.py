"""Surrogates of places, addresses and institutions: words such as Hospital, Street or Calle stay, names do not."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Final

from fedaug.privacy.deid.surrogates.draw import Draw
from fedaug.privacy.deid.surrogates.name_pools import pool, unknown_class
from fedaug.privacy.deid.surrogates.numbers import replaced_characters, surrogate_number
from fedaug.privacy.deid.surrogates.place_pools import abbreviations, countries, regions, towns
from fedaug.privacy.deid.surrogates.place_words import KEPT, STREET
from fedaug.privacy.deid.surrogates.words import plain, shares_a_piece, with_case_of

_SEGMENT: Final = re.compile(r"[^,;\n()|/]+|[,;\n()|/]+|")
_TOKEN: Final = re.compile(r"[^\W_]+(?:['’.&][^\W\d_]+)*")
_RUN_GAP: Final = re.compile(r"[ \t.-]*|[ \t]*&[ \t]*")
_ORDINAL: Final = re.compile(r"(\d+)(st|nd|rd|th)$", re.IGNORECASE)
_POSSESSIVE: Final = re.compile(r"['’]s$", re.IGNORECASE)
_ACRONYM: Final = 4
_LEAST_ID: Final = 5  # digits; a house has fewer


def surrogate_place(draw: Draw, value: str, *, institution: bool = False) -> str | None:
    """A place or an institution of the same form; None if nothing in it is a name or a number.

    Args:
        draw: The subject's choices.
        value: An address, a town, a state, a country; or a facility or an organisation.
        institution: Whether names in it are replaced by surnames ("Carter Hospital") rather than by towns.
    """
    capitals = value.isupper()
    made = "".join(_segment(draw, match[0], institution, capitals) for match in _SEGMENT.finditer(value))
    return made if made != value else None


def _segment(draw: Draw, text: str, institution: bool, capitals: bool) -> str:
    known = _known_region(draw, text)
    if known is not None:
        return known
    tokens = list(_TOKEN.finditer(text))
    by_surname = institution or any(plain(token[0]) in STREET for token in tokens)
    pieces, position, index = [], 0, 0
    while index < len(tokens):
        stop = _run_end(text, tokens, index)
        start, end = tokens[index].start(), tokens[stop - 1].end()
        run = text[start:end]
        pieces.append(text[position:start])
        if any(sign.isdigit() for sign in run):
            pieces.append(_code(draw, run))
        elif _stays(tokens[index][0]):
            pieces.append(run)
        else:
            pieces.append(
                _state(draw, text, run, end) or _name(draw, run, by_surname, capitals=capitals and text.strip() != run)
            )
        position, index = end, stop
    return "".join([*pieces, text[position:]])


def _run_end(text: str, tokens: list[re.Match[str]], index: int) -> int:
    """One past the last token of a run of names; words that stay and numbers are runs of their own."""
    stop = index + 1
    if not _is_name(tokens[index][0]):
        return stop
    while (
        stop < len(tokens)
        and _is_name(tokens[stop][0])
        and _RUN_GAP.fullmatch(text, tokens[stop - 1].end(), tokens[stop].start())
        and not _is_state(text, tokens[stop])
    ):
        stop += 1
    return stop


def _is_name(token: str) -> bool:
    return not _stays(token) and not any(sign.isdigit() for sign in token)


def _stays(token: str) -> bool:
    return token.lower() in KEPT or plain(token) in KEPT


def _is_state(text: str, token: re.Match[str]) -> bool:
    """Whether a token abbreviates a state: two capitals before a ZIP code or at the end."""
    return token[0] in _states() and (not text[token.end() :].strip(" .") or text[token.end() :].lstrip()[:1].isdigit())


@functools.cache
def _states() -> dict[str, str]:
    return {short: name for name, short in abbreviations().items()}


def _state(draw: Draw, text: str, run: str, end: int) -> str | None:
    after = text[end:].strip(" .")
    if run not in _states() or (after and not after[0].isdigit()):
        return None
    return abbreviations()[plain(_other(draw, "state", _states()[run], regions("en")))]


def _known_region(draw: Draw, text: str) -> str | None:
    """Another state, province or country, if the text is one; those of an address' end stay behind their comma."""
    bare = text.strip(" .")
    name = plain(bare)
    for kind, known in (
        ("state", regions(draw.language)),
        ("state", regions("en")),
        ("country", countries(draw.language)),
    ):
        if name in known or f"{name} of america" in known:
            return text.replace(bare, with_case_of(_other(draw, kind, name, known), bare))
    return None


def _other(draw: Draw, kind: str, name: str, known: Mapping[str, str]) -> str:
    others = [one for one in known if not set(one.split()) & set(name.split())]
    return known[draw.pick(kind, name, others, lambda one: one not in draw.taken) or others[0]]


def _name(draw: Draw, run: str, by_surname: bool, *, capitals: bool) -> str:
    if run.isupper() and len(run) <= _ACRONYM and not capitals:
        return replaced_characters(draw, "acronym", run)
    possessive = _POSSESSIVE.search(run)
    ending = possessive[0] if possessive else ""
    stem = run[: len(run) - len(ending)]
    words = [plain(word) for word in _TOKEN.findall(stem)]
    if by_surname:
        names = pool(unknown_class(draw.language)).names
        made = " ".join(_drawn(draw, "institution", words, index, names) for index in range(min(len(words), 2)))
    else:
        made = _drawn(draw, "place", words, 0, towns(draw.language))
    return with_case_of(made, stem) + (ending[:1] if ending and made[-1] in "sS" else ending)


def _drawn(draw: Draw, kind: str, words: list[str], index: int, names: tuple[str, ...]) -> str:
    def fits(candidate: str) -> bool:
        found = [plain(word) for word in _TOKEN.findall(candidate)]
        return not draw.taken.intersection(found) and not any(
            shares_a_piece(word, one) for word in words for one in found
        )

    value = " ".join(words)
    chosen = draw.pick(kind, f"{value} {index}" if index else value, names, fits)
    return chosen or replaced_characters(draw, kind, words[0]).capitalize()


def _code(draw: Draw, token: str) -> str:
    ordinal = _ORDINAL.fullmatch(token)
    if ordinal:
        number = int(replaced_characters(draw, "number", ordinal[1])) or 1
        number = number if str(number) != ordinal[1] else number + 1
        last = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
        return f"{number}{last.upper() if ordinal[2].isupper() else last}"
    if token.isdecimal() and len(token) >= _LEAST_ID:  # a ZIP code, unless it is a number that was taken for one
        number_like = surrogate_number(draw, token, "ID")
        if number_like is not None:
            return number_like
    made = replaced_characters(draw, "number", token)
    if made[0] == "0" and token[0] != "0":  # no house has the number 012
        made = str(1 + draw.number("first digit", token) % 9) + made[1:]
        made = made if made[0] != token[0] else ("1" if token[0] != "1" else "2") + made[1:]
    return made
