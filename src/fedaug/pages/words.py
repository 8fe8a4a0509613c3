"""Numbers and facts in words: one place that says how each figure is rounded."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import Final

_THIN: Final = "\u202f"  # narrow no-break space, before a per cent sign
_SUPERSCRIPT: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NBSP: Final = "\u00a0"
_NAME_SHOWN: Final = 300
NOISE_OFF: Final = "none (noise off)"
_KEPT_FORMAT: Final = frozenset("\u200c\u200d")  # joiners: emoji and several scripts need them


def percent(share: float) -> str:
    """A share with one decimal: ``61.3 %``."""
    return f"{100 * share:.1f}{_THIN}%".replace("-", "−")


def percent_at_most(share: float) -> str:
    """A bound on a share, rounded up so that it is never understated."""
    return percent(math.ceil(1000 * share - 1e-9) / 1000)


def points(difference: float) -> str:
    """A signed difference of shares in percentage points: ``+8.2``."""
    shown = f"{100 * difference:+.1f}".replace("-", "−")
    return "0.0" if shown in {"+0.0", "−0.0"} else shown


def epsilon(value: float) -> str:
    """A privacy cost, rounded up so that a spent ε is never understated; infinite when no noise was added."""
    if math.isinf(value):
        return NOISE_OFF
    return f"{math.ceil(value * 100 - 1e-6) / 100:.2f}"


def factor_at_most(value: float) -> str:
    """e^ε, by how much an observation's odds may move at most, rounded up to three digits: ``54.6``."""
    power = math.floor(value / math.log(10))
    mantissa = math.ceil(100 * math.exp(value - power * math.log(10)) - 1e-9) / 100
    if power < 6:
        return f"{round(mantissa * 10**power, 2 - power):,.{max(0, 2 - power)}f}"
    return f"{mantissa:.3g} × 10{str(power).translate(_SUPERSCRIPT)}"


def budget(value: float) -> str:
    """A budget, rounded down so that it is never overstated."""
    return "unlimited" if math.isinf(value) else f"{math.floor(value * 100 + 1e-6) / 100:.2f}"


def scientific(value: float) -> str:
    """A small number as mantissa and power: ``10⁻⁵``, ``2.5 × 10⁻⁶``."""
    mantissa, exponent = f"{value:.2e}".split("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    mantissa = mantissa.rstrip("0").rstrip(".")
    return power if mantissa == "1" else f"{mantissa} × {power}"


def number(value: float) -> str:
    """A count with separators, or a measure with four significant digits."""
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}".replace("-", "−")


def duration(seconds: float) -> str:
    """Wall-clock time with at most two units: ``4 min 12 s``."""
    if seconds < 60:
        return f"{seconds:.1f}{_NBSP}s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}{_NBSP}h {minutes}{_NBSP}min" if hours else f"{minutes}{_NBSP}min {left}{_NBSP}s"


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 site``, ``10 sites``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def joined(names: Sequence[str], shown: int = 6) -> str:
    """A list of names, shortened in the middle: ``votes/0, votes/1 … votes/9``."""
    if len(names) <= shown:
        return ", ".join(names)
    return f"{', '.join(names[: shown - 1])} … {names[-1]}"


def detection_bound(epsilon_spent: float, delta: float, false_alarms: float) -> float:
    """The most present units that any attacker finds at false-alarm rate α: min(1, e^ε·α + δ).

    Theorem 2.1 of Kairouz, Oh & Viswanath (2015), for any test of "this unit is present" against "it is absent".
    """
    if epsilon_spent > 700:  # e^ε would overflow a float; the bound is 1 long before
        return 1.0
    return min(1.0, math.exp(epsilon_spent) * false_alarms + delta)


def visible(text: str) -> str:
    """Text whose invisible and direction-changing characters are spelt out: ``⟨U+202E⟩``.

    A sample may come from a hostile source; what a reviewer sees must be what is there.
    """
    return "".join(_spelt(character) for character in text)


def named(text: str) -> str:
    """A name or a short note, made visible; one that is too long for a page is cut, and says so.

    A sentence that somebody relies on is never put through this.
    """
    if len(text) <= _NAME_SHOWN:
        return visible(text)
    return f"{visible(text[:_NAME_SHOWN])}… [{len(text):,} characters]"


def _spelt(character: str) -> str:
    if character in "\n\t" or character in _KEPT_FORMAT or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}:
        return character
    return f"⟨U+{ord(character):04X}⟩"
