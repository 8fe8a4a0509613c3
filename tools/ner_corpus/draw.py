"""Fast seeded draws: `random.Random.choice` costs three times as much, and a note needs some hundred of them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

DIGITS = "0123456789"
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def pick(rng: Random, items: Sequence[T]) -> T:
    """One of the items, each as likely."""
    return items[int(rng.random() * len(items))]


def chance(rng: Random, probability: float) -> bool:
    """True with a probability."""
    return rng.random() < probability


def between(rng: Random, low: int, high: int) -> int:
    """A whole number, both ends included."""
    return low + int(rng.random() * (high - low + 1))


def digits(rng: Random, count: int) -> str:
    """So many digits, the first not 0."""
    if count < 1:
        return ""
    return str(between(rng, 10 ** (count - 1), 10**count - 1))


def shaped(rng: Random, shape: str) -> str:
    """A string of a shape: ``#`` is a digit, ``@`` a capital letter, ``%`` either; the rest is copied."""
    out = []
    for symbol in shape:
        if symbol == "#":
            out.append(pick(rng, DIGITS))
        elif symbol == "@":
            out.append(pick(rng, LETTERS))
        elif symbol == "%":
            out.append(pick(rng, LETTERS + DIGITS))
        else:
            out.append(symbol)
    return "".join(out)
