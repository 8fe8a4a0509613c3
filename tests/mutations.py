"""Named mutations of bytes and of JSON values: the same in every run, each with a name that says what was done."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

Named = Iterator[tuple[str, bytes]]
Path = tuple[Any, ...]

#: What a field can hardly be. Where one of them is right, a target says so.
WRONG: Final[dict[str, Any]] = {
    "null": None,
    "true": True,
    "-1": -1,
    "1.5": 1.5,
    "2^70": 2**70,
    "an empty list": [],
    "an empty map": {},
    "a list of maps": [{}, {}],
    "empty text": "",
    "a NUL": "\x00",
    "5,000 letters": "x" * 5_000,
    "a path": "../../etc",
    "a number as text": "1",
    "a class": {"__class__": "os.system"},
}
#: What JSON writers do not write.
LITERALS: Final = {
    "NaN": "NaN",
    "1e999": "1e999",
    "-Infinity": "-Infinity",
    "100,000 lists deep": "[" * 100_000 + "]" * 100_000,
    "900 maps deep": '{"a":' * 900 + "1" + "}" * 900,
    "a million digits": "1" * 1_000_000,
    "half a surrogate pair": '"\\ud800"',
    "a megabyte of text": '"' + "x" * 2**20 + '"',
    "nothing": "",
}
_MARK: Final = "a place for a literal"


def of_bytes(good: bytes, other: bytes, steps: int) -> Named:
    """Bits flipped, bytes cut, dropped, doubled, zeroed and spliced, at so many places evenly apart."""
    for name, data in _of_bytes(good, other, steps):
        if data != other:  # what is all another's is no mutation
            yield name, data


def _of_bytes(good: bytes, other: bytes, steps: int) -> Named:
    places = sorted({round(step * (len(good) - 1) / steps) for step in range(steps + 1)} | set(range(0, 16)))
    for number, place in enumerate(place for place in places if place < len(good)):
        flipped = bytearray(good)
        flipped[place] ^= 1 << number % 8
        yield f"bit {number % 8} of byte {place} flipped", bytes(flipped)
        yield f"cut at byte {place}", good[:place]
        if number % 3 == 0:
            yield f"byte {place} left out", good[:place] + good[place + 1 :]
            yield f"byte {place} twice", good[: place + 1] + good[place:]
            yield f"8 bytes of zeros at {place}", good[:place] + bytes(8) + good[place + 8 :]
            yield f"8 bytes of ones at {place}", good[:place] + b"\xff" * 8 + good[place + 8 :]
            yield f"another's bytes from {place} on", good[:place] + other[place:]
            yield f"another's bytes up to {place}", other[:place] + good[place:]
    for tail in (b"\x00", b" ", b"\n", b"{}", b"\xef\xbb\xbf"):
        yield f"{tail!r} at the end", good + tail
        yield f"{tail!r} at the beginning", tail + good
    yield "twice", good + good
    yield "another after it", good + other
    yield "backwards", good[::-1]
    yield "a megabyte of zeros after it", good + bytes(2**20)
    yield "a megabyte of zeros in its place", bytes(2**20)
    yield "a PKZIP archive's beginning before it", b"PK\x03\x04" + good


def paths_of(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place in a value, itself included."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from paths_of(part, (*at, key))


def of_json(value: Any, literal_steps: int = 3) -> Iterator[tuple[str, str]]:
    """Each place set to what it cannot be, left out, given twice, or with more beside it; as JSON text.

    Args:
        value: What is right.
        literal_steps: What no JSON writer writes is put into every so-manieth place.
    """
    for number, path in enumerate(paths_of(value)):
        where = ".".join(map(str, path)) or "all of it"
        for label, wrong in WRONG.items():
            yield f"{where} = {label}", text_of(_with(value, path, lambda _, wrong=wrong: wrong))
        if number % literal_steps == 0:
            for label, literal in LITERALS.items():
                marked = text_of(_with(value, path, lambda _: _MARK))
                yield f"{where} = {label}", marked.replace(f'"{_MARK}"', literal)
        part = _at(value, path)
        if isinstance(part, dict):
            yield f"{where} with a field more", text_of(_with(value, path, lambda old: {**old, "zz_more": 1}))
            for name in part:
                less = {key: item for key, item in part.items() if key != name}
                yield f"{where} without {name}", text_of(_with(value, path, lambda _, less=less: less))
                capital = {**less, name.upper() + "_": part[name]}
                yield f"{where} with {name} misspelt", text_of(_with(value, path, lambda _, new=capital: new))
                # Twice, with another value first: a parser that keeps the last one would not notice.
                before = text_of({name: None})[1:-1]
                text = text_of(_with(value, path, lambda _: _MARK))
                yield f"{where} with {name} twice", text.replace(f'"{_MARK}"', "{" + before + "," + text_of(part)[1:])
        if isinstance(part, list) and part:
            yield f"{where} without its last", text_of(_with(value, path, lambda old: old[:-1]))
            yield f"{where} with its last twice", text_of(_with(value, path, lambda old: [*old, old[-1]]))
    yield "with spaces", json.dumps(value, sort_keys=True)
    yield "in another order", json.dumps(dict(sorted(value.items(), reverse=True)), separators=(",", ":"))
    yield "with a line at its end", text_of(value) + "\n"
    yield "in ASCII escapes", text_of(value).replace("a", "\\u0061", 1)


def text_of(value: Any) -> str:
    """As canonical JSON has it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _with(value: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """A copy in which one place is changed."""
    if not path:
        return change(value)
    made = copy.deepcopy(value)
    owner = _at(made, path[:-1])
    owner[path[-1]] = change(owner[path[-1]])
    return made
