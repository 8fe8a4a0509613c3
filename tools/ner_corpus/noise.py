"""Damage as records have it: casing, typos, lost spaces, scanner errors, wrapped lines. It works on pieces, so that
offsets stay exact whatever it does."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from random import Random

from tools.ner_corpus.draw import between, chance, pick
from tools.ner_corpus.example import Piece

_SCANNED = {
    "l": "1",
    "1": "l",
    "O": "0",
    "0": "O",
    "I": "l",
    "S": "5",
    "5": "S",
    "B": "8",
    "8": "B",
    "e": "c",
    "c": "e",
    "h": "b",
    "i": "l",
    "o": "0",
    "Z": "2",
    "g": "9",
    "u": "ii",
    "w": "vv",
}
_PAIRS = (("rn", "m"), ("m", "rn"), ("cl", "d"), ("li", "h"), ("ri", "n"))
_NEAR = {
    "a": "s",
    "s": "d",
    "d": "f",
    "e": "r",
    "r": "t",
    "t": "y",
    "i": "o",
    "o": "p",
    "n": "m",
    "m": "n",
    "l": "k",
    "h": "j",
    "g": "h",
    "c": "v",
    "u": "i",
    "p": "o",
    "y": "u",
    "b": "v",
}


def noisy(rng: Random, pieces: list[Piece], strength: float = 1.0) -> list[Piece]:
    """The pieces with a share of damage; most texts get none or one kind.

    Args:
        rng: Where the choices come from.
        pieces: The text.
        strength: Multiplies how often there is damage at all.
    """
    draw = rng.random() / max(strength, 1e-9)
    if draw < 0.10:
        pieces = _each(pieces, str.lower)
    elif draw < 0.16:
        pieces = _each(pieces, str.upper)
    elif draw < 0.19:
        pieces = [(text.lower() if label else text, label) for text, label in pieces]
    elif draw < 0.21:
        pieces = [(text.upper() if label == "PERSON" else text, label) for text, label in pieces]
    elif draw < 0.23:
        pieces = _each(pieces, lambda text: _mixed(rng, text))
    for probability, damage in _DAMAGES:
        if chance(rng, probability * strength):
            pieces = damage(rng, pieces)
    return pieces


def without_accents(text: str) -> str:
    """A text as somebody in a hurry types it."""
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if unicodedata.category(sign) != "Mn")


def _each(pieces: list[Piece], change: Callable[[str], str]) -> list[Piece]:
    return [(change(text), label) for text, label in pieces]


def _mixed(rng: Random, text: str) -> str:
    return "".join(sign.swapcase() if chance(rng, 0.12) else sign for sign in text)


def _typos(rng: Random, pieces: list[Piece]) -> list[Piece]:
    rate = pick(rng, (0.004, 0.01, 0.02))

    def change(text: str) -> str:
        signs = list(text)
        for index, sign in enumerate(signs):
            if sign.isalpha() and rng.random() < rate:
                kind = between(rng, 0, 3)
                if kind == 0:
                    signs[index] = ""
                elif kind == 1:
                    signs[index] = sign * 2
                elif kind == 2:
                    signs[index] = _NEAR.get(sign, sign)
                elif index and signs[index - 1].isalpha():
                    signs[index - 1], signs[index] = sign, signs[index - 1]
        return "".join(signs) or text

    return _each(pieces, change)


def _scanned(rng: Random, pieces: list[Piece]) -> list[Piece]:
    rate = pick(rng, (0.01, 0.02, 0.05))

    def change(text: str) -> str:
        for pair, read in _PAIRS:
            if pair in text and rng.random() < rate * 3:
                text = text.replace(pair, read, 1)
        return "".join(_SCANNED[sign] if sign in _SCANNED and rng.random() < rate else sign for sign in text)

    return _each(pieces, change)


def _glued(rng: Random, pieces: list[Piece]) -> list[Piece]:
    rate = pick(rng, (0.01, 0.03))
    return _each(pieces, lambda text: "".join(sign for sign in text if sign != " " or rng.random() > rate) or text)


def _wide(rng: Random, pieces: list[Piece]) -> list[Piece]:
    gap = pick(rng, ("  ", "  ", "\t", "   ", " \n"))
    rate = pick(rng, (0.03, 0.08))
    return _each(pieces, lambda text: "".join(gap if sign == " " and rng.random() < rate else sign for sign in text))


def _wrapped(rng: Random, pieces: list[Piece]) -> list[Piece]:
    """Lines of a fixed width, broken wherever a space comes, in the middle of a name or address too."""
    width = pick(rng, (40, 60, 72, 80))
    column = 0
    out: list[Piece] = []
    for text, label in pieces:
        signs = []
        for sign in text:
            column = 0 if sign == "\n" else column + 1
            if sign == " " and column > width:
                signs.append("\n")
                column = 0
            else:
                signs.append(sign)
        out.append(("".join(signs), label))
    return out


def _flat(rng: Random, pieces: list[Piece]) -> list[Piece]:
    gap = pick(rng, (" ", " ", "  ", " | "))
    return _each(pieces, lambda text: text.replace("\n", gap))


def _unpunctuated(rng: Random, pieces: list[Piece]) -> list[Piece]:
    drop = pick(rng, (".,", ".,;:", ","))
    table = str.maketrans("", "", drop)
    return [(text if label else text.translate(table), label) for text, label in pieces]


_DAMAGES: tuple[tuple[float, Callable[[Random, list[Piece]], list[Piece]]], ...] = (
    (0.08, _typos),
    (0.06, _scanned),
    (0.05, _glued),
    (0.05, _wide),
    (0.06, _wrapped),
    (0.06, _flat),
    (0.05, _unpunctuated),
)
