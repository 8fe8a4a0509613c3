"""What the facts behind a page share: frozen values that are checked when built, and strict JSON."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

INFINITE: Final = "inf"  # JSON has no infinity
#: Far above every figure of a campaign, and far below where products of two overflow.
LARGEST_FIGURE: Final = 1e12
#: The type of the error about a larger one.
TOO_LARGE: Final = "figure_too_large"
_BEYOND: Final = 10**13  # what whole numbers are cut to before they become floats


def _epsilon_from_json(value: object) -> object:
    return math.inf if value == INFINITE else value


def _epsilon_to_json(value: float) -> float | str:
    return INFINITE if math.isinf(value) else value


#: A privacy cost: at least zero, possibly infinite ("inf" in JSON), never NaN.
Epsilon = Annotated[
    float,
    Field(ge=0, allow_inf_nan=True),
    BeforeValidator(_epsilon_from_json),
    PlainSerializer(_epsilon_to_json, when_used="json"),
]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Interval = tuple[Share, Share]


class Part(BaseModel):
    """What every part of a page's facts shares: frozen, closed, and never quoting its input in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    #: Fields that are shown as they are written, and never drawn or worked with.
    VERBATIM: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Self:
        """A file of untrusted origin may hold 1e308, whose square no plot or table can work out."""
        drawn = [value for name, value in self.__dict__.items() if name not in self.VERBATIM]
        if any(math.isfinite(figure) and abs(figure) > LARGEST_FIGURE for figure in _figures(drawn)):
            raise PydanticCustomError(TOO_LARGE, "a figure is larger than any that can be meant")
        return self


def _figures(values: Iterable[object]) -> Iterator[float]:
    """The numbers among values, and in mappings and sequences of numbers."""
    for value in values:
        if isinstance(value, int | float):
            yield float(min(max(value, -_BEYOND), _BEYOND)) if isinstance(value, int) else value
        elif isinstance(value, Mapping):
            yield from _figures(value.values())
        elif isinstance(value, tuple | list):
            yield from _figures(value)


def natural_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key that puts ``site-2`` before ``site-10``."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((0, int(part)) if part.isdecimal() and part.isascii() else (1, part) for part in parts)


def sorted_naturally(values: dict[str, Any]) -> dict[str, Any]:
    """The same mapping, in natural order of its keys."""
    return {name: values[name] for name in sorted(values, key=natural_order)}
