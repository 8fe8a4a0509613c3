"""The privacy ledger: what one data set has spent, charged before its records are read."""

from __future__ import annotations

from fedaug.privacy.ledger.ledger import ChargeState, Ledger, LedgerEntry, LedgerReport

__all__ = [
    "ChargeState",
    "Ledger",
    "LedgerEntry",
    "LedgerReport",
]
