"""What the facts behind a page share: frozen values that are checked when built, and strict JSON."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

INFINITE: Final = "inf"  # JSON has no infinity


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


def natural_order(name: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key that puts ``site-2`` before ``site-10``."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((0, int(part)) if part.isdecimal() and part.isascii() else (1, part) for part in parts)


def sorted_naturally(values: dict[str, Any]) -> dict[str, Any]:
    """The same mapping, in natural order of its keys."""
    return {name: values[name] for name in sorted(values, key=natural_order)}
