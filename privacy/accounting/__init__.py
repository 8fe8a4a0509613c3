"""From events to ε at δ, and from a budget to noise; :mod:`fedaug.privacy.accounting.filter` is for whole ledgers."""

from __future__ import annotations

from fedaug.privacy.accounting.cost import calibrate, check_delta, epsilon, scaled_plan

__all__ = [
    "calibrate",
    "check_delta",
    "epsilon",
    "scaled_plan",
]
