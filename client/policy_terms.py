"""Terms of a policy: what a site allows and a campaign asks, and what is left when both have to agree.

Every term has an order from strict to loose. ``meet`` gives the loosest term that is no looser than either of two, so a
policy that is put together by it alone cannot be looser than the site's. Comparisons are written so that NaN fails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

Plain = str | float | bool | list[str] | None


@dataclass(frozen=True)
class Exactly:
    """One value and no other; None where nothing is left."""

    value: str | float | None

    def meet(self, other: Self) -> Exactly:
        """The value on which both agree, if they do."""
        return self if self.value == other.value else Exactly(None)

    def allows(self, other: Self) -> bool:
        """Whether another term asks for no more than this one."""
        return self.value is not None and self.value == other.value

    @property
    def plain(self) -> Plain:
        """As JSON."""
        return self.value

    def __str__(self) -> str:
        return "nothing" if self.value is None else _text(self.value)


@dataclass(frozen=True)
class AtMost:
    """A cap; a smaller one is stricter."""

    value: float

    def meet(self, other: Self) -> AtMost:
        """The smaller cap."""
        return other if other.value <= self.value else self

    def allows(self, other: Self) -> bool:
        """Whether another term asks for no more than this one."""
        return other.value <= self.value

    @property
    def plain(self) -> Plain:
        """As JSON, which has no infinity."""
        return _finite(self.value)

    def __str__(self) -> str:
        return f"at most {_text(self.value)}"


@dataclass(frozen=True)
class AtLeast:
    """A floor; a larger one is stricter."""

    value: float

    def meet(self, other: Self) -> AtLeast:
        """The larger floor."""
        return other if other.value >= self.value else self

    def allows(self, other: Self) -> bool:
        """Whether another term asks for no less than this one."""
        return other.value >= self.value

    @property
    def plain(self) -> Plain:
        """As JSON, which has no infinity."""
        return _finite(self.value)

    def __str__(self) -> str:
        return f"at least {_text(self.value)}"


@dataclass(frozen=True)
class Among:
    """One or more of several values; fewer are stricter."""

    values: tuple[str, ...]

    def meet(self, other: Self) -> Among:
        """The values that both hold."""
        return Among(tuple(value for value in self.values if value in other.values))

    def allows(self, other: Self) -> bool:
        """Whether another term holds only values of this one, and one at least."""
        return bool(other.values) and set(other.values) <= set(self.values)

    @property
    def plain(self) -> Plain:
        """As JSON."""
        return list(self.values)

    def __str__(self) -> str:
        return ", ".join(self.values) or "nothing"


@dataclass(frozen=True)
class Permission:
    """Yes or no; no is stricter."""

    granted: bool

    def meet(self, other: Self) -> Permission:
        """Yes if both say so."""
        return Permission(self.granted is True and other.granted is True)

    def allows(self, other: Self) -> bool:
        """Whether another term wants no more than this one."""
        return other.granted is False or self.granted is True

    @property
    def plain(self) -> Plain:
        """As JSON."""
        return self.granted

    def __str__(self) -> str:
        return "yes" if self.granted else "no"


Term = Exactly | AtMost | AtLeast | Among | Permission


def _finite(value: float) -> float | str:
    return value if math.isfinite(value) else "inf" if value > 0 else "unknown"


def _text(value: str | float) -> str:
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "unknown"
    return "infinite" if math.isinf(value) else f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
