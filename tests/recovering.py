"""A recovery that is cut off, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.ledger_workers import DieAt, no_failpoint

from fedaug.privacy.ledger import Ledger
from fedaug.privacy.ledger.anchor import Failpoint
from fedaug.privacy.units import Budget, PrivacyUnit


def recovered(path: Path, entries: Sequence[bytes], failpoint: Failpoint = no_failpoint) -> Ledger:
    cap = Budget(4.0, 1e-5)
    return Ledger.recover(
        path, lineage="lineage", unit=PrivacyUnit.RECORD, cap=cap, entries=entries, failpoint=failpoint
    )


def recover_until(path: Path, entries: Sequence[bytes], step: int) -> None:
    """Recover a ledger, killed at a step; ends in good order if it has fewer."""
    recovered(path, entries, DieAt(step)).close()
