"""Leaves the time of day out of a date: no element of a date in 45 CFR 164.514(b)(2)(i)(C), and of use to readers."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from fedaug.privacy.deid.spans import Span

_CLOCK: Final = (
    r"(?:(?:[01]?\d|2[0-4])(?::[0-5]\d){1,2}(?:\.\d{1,6})?\s{0,2}(?:[ap]\.?\s?m\b\.?|hrs?\b|hours\b|h\b|z\b)?"
    r"|(?:[01]\d|2[0-4])[0-5]\d\s?(?:hrs?|hours|h)\b"
    r"|(?:1[0-2]|0?[1-9])\s?[ap]\.?m\b\.?)"
)
_AT_THE_END: Final = re.compile(rf"(?:^|[\s,;@T]|\bat\b|\baround\b){{1,4}}{_CLOCK}[\s,;.]{{0,2}}$", re.IGNORECASE)
_AT_THE_START: Final = re.compile(rf"^{_CLOCK}(?:[\s,;]|\bon\b){{1,4}}", re.IGNORECASE)


def without_time_of_day(text: str, span: Span) -> Span | None:
    """A finding without a time of day at either end; None where nothing else is in it.

    Args:
        text: The text in which it was found.
        span: A finding of any type; only dates are looked at.
    """
    if span.entity_type != "DATE_TIME":
        return span
    value = text[span.start : span.end]
    first, last = _AT_THE_START.search(value), _AT_THE_END.search(value)
    start = span.start + (first.end() if first else 0)
    end = span.start + (last.start() if last else len(value))
    if start >= end:
        return None
    return span if (start, end) == (span.start, span.end) else replace(span, start=start, end=end)
