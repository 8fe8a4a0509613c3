"""What all mechanism events share: checked fields, one canonical form, strict reading."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final, Self

from fedaug.errors import ProtocolError
from fedaug.privacy.discretisation import steps_of
from fedaug.privacy.events.kinds import CHARGED, ReleaseKind
from fedaug.privacy.limits import LIMITS

#: What to do about a message that this version does not know.
REMEDY: Final = "update fedaug on both sides, or refuse the message"
#: Sizes stay far from where floating point underflows: there a norm comes out as 0, and nothing is clipped.
_LEAST: Final = 2.0**-100
#: Below this a coin's odds are no longer met to the relative precision that is charged for (ADR 0009).
_RAREST: Final = 2.0**-16


@dataclass(frozen=True)
class MechanismEvent:
    """One mechanism as executed. Its subclasses state formula, sensitivity and assumptions.

    Attributes:
        key: Names the release within its campaign (``statistics``, ``votes/0``); one key is released once.
        release: What leaves; a kind that is charged.

    Raises:
        ProtocolError: A field is of the wrong type, out of its range, or does not fit the others.
    """

    key: str
    release: ReleaseKind

    MECHANISM: ClassVar[str]

    def __post_init__(self) -> None:
        for field in fields(self):
            # One canonical form: what comes as 1 or as a numpy scalar is stored as 1.0.
            object.__setattr__(self, field.name, _CHECKS[field.name](getattr(self, field.name)))

    def as_dict(self) -> dict[str, Any]:
        """The event as plain values, in the form that is hashed, signed and stored."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"mechanism": self.MECHANISM, **values, "release": str(self.release)}

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """An event from its fields, ``mechanism`` left out.

        Raises:
            ProtocolError: A field is missing, extra, malformed or does not fit the others.
        """
        if set(values) != {field.name for field in fields(cls)}:
            raise ProtocolError("an event has missing or unknown fields", REMEDY)
        return cls(**values)


def check_grid(noise: float, grid: float) -> None:
    """Refuse a noise that is neither off nor a whole power of two of the grid.

    Raises:
        ProtocolError: It is not, or the power is out of range.
    """
    if noise != 0 and steps_of(noise, grid) is None:
        raise ProtocolError("an event's noise is not 2^10 to 2^24 steps of its grid", "derive the grid from the noise")


def log2_steps(noise: float, grid: float) -> int:
    """The k of ``noise == grid · 2ᵏ``.

    Raises:
        ProtocolError: The noise is off, so there is none.
    """
    steps = steps_of(noise, grid)
    if steps is None:
        raise ProtocolError("an event whose noise is off was asked for its noise's width", "draw no noise for it")
    return steps


def scaled_noise(factor: float, *values: float) -> tuple[float, ...]:
    """Noises and grids times a factor; a factor of 0 turns the noise off.

    Raises:
        ProtocolError: The factor is not a finite number from 0 up.
    """
    if isinstance(factor, bool) or not isinstance(factor, (int, float)) or not (math.isfinite(factor) and factor >= 0):
        raise ProtocolError("a noise is scaled by something that is not a number from 0 up", REMEDY)
    return tuple(value * factor for value in values)


def _text(value: object) -> str:
    if not (isinstance(value, str) and 0 < len(value) <= LIMITS.key_chars):
        raise ProtocolError("an event's key is malformed", REMEDY)
    return value


def _kind(value: object) -> ReleaseKind:
    try:
        kind = ReleaseKind(value) if isinstance(value, str) else None
    except ValueError:
        kind = None
    if kind is None:
        raise ProtocolError("an event's release kind is unknown", REMEDY)
    if kind not in CHARGED:
        raise ProtocolError("an event names a release kind that is not charged", "use a kind that carries noise")
    return kind


def _real(what: str, fits: Callable[[float], bool]) -> Callable[[object], float]:
    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ProtocolError("an event holds something that is not a number", REMEDY)
        try:
            number = float(value) + 0.0  # minus zero becomes zero
        except OverflowError:
            raise ProtocolError("an event holds a number that is too large", REMEDY) from None
        if not (math.isfinite(number) and fits(number)):
            raise ProtocolError(f"an event's {what}", "state the mechanism as it is executed")
        return number

    return check


def _whole(name: str, low: int, high: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if type(value) is not int:  # neither True nor 3.0
            raise ProtocolError("an event holds something that is not a whole number", REMEDY)
        if not low <= value <= high:
            raise ProtocolError(f"an event's {name} is out of range", "state the mechanism as it is executed")
        return value

    return check


def _positive(name: str) -> Callable[[object], float]:
    return _real(f"{name} is not between 2⁻¹⁰⁰ and 2¹⁰⁰", lambda value: _LEAST <= value <= 1 / _LEAST)


_NOISE: Final = _real("noise is neither 0 nor between 2⁻¹⁰⁰ and 2¹⁰⁰", lambda v: v == 0 or _LEAST <= v <= 1 / _LEAST)

#: What each field may hold, whichever event it belongs to; anything else is a ProtocolError.
_CHECKS: Final[Mapping[str, Callable[[object], object]]] = {
    "key": _text,
    "release": _kind,
    "sensitivity": _positive("sensitivity"),
    "grid": _positive("grid"),
    "noise_std": _NOISE,
    "share_std": _NOISE,
    "scale": _NOISE,
    "threshold_scale": _NOISE,
    "query_scale": _NOISE,
    "sampling_rate": _real("sampling rate is not above zero and at most one", lambda value: 0 < value <= 1),
    "keep_probability": _real(
        "probability of keeping an answer is not one or between 0 and 1 − 2⁻¹⁶",
        lambda value: value == 1 or 0 < value <= 1 - _RAREST,
    ),
    "dimensions": _whole("number of values", 1, LIMITS.noise_values),
    "steps": _whole("number of steps", 1, LIMITS.steps),
    "categories": _whole("number of categories", 2, LIMITS.candidates),
    "answers": _whole("number of answers", 1, LIMITS.answers),
    "positives": _whole("number of positive answers", 1, LIMITS.candidates),
    "sites": _whole("number of sites", 1, LIMITS.sites),
    "survivors": _whole("minimum of survivors", 1, LIMITS.sites),
    "colluders": _whole("number of colluders", 0, LIMITS.sites),
    "modulus": _whole("modulus", 2, LIMITS.modulus),
}
