"""Whose turn it is at a ledger: one user at a time in a transaction, and a count of those who have it open.

SQLite's own locks order its transactions, but not what happens after a commit: writing the head beside the ledger, or
folding the write-ahead log into the file. Both locks are ``flock``, which ends with the process, whatever ends it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fedaug.errors import LedgerError

#: How long a turn is waited for; the longest holds the lock while one plan is accounted for, a second or so.
_PATIENCE_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.001


class LedgerLock:
    """The two locks of one open ledger.

    Args:
        path: Of the ledger. ``.lock`` and ``.users`` beside it are the lock files; they stay empty.
        patience_s: How long a turn is waited for.
    """

    def __init__(self, path: Path, patience_s: float = _PATIENCE_SECONDS) -> None:
        self._turn = path.with_name(path.name + ".lock")
        self._users = path.with_name(path.name + ".users")
        self._patience_s = patience_s
        self._use: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn, and hold it. Threads take turns too: each opens the lock file anew.

        Raises:
            LedgerError: Somebody else held it for too long.
            OSError: The lock file cannot be made.
        """
        handle = _opened(self._turn)
        try:
            deadline = time.monotonic() + self._patience_s
            while not _taken(handle, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise LedgerError("another process holds the ledger", "end it, or try again later")
                time.sleep(_POLL_SECONDS)
            yield
        finally:
            os.close(handle)

    # The rest is called within a turn only, so that nobody comes or goes meanwhile.

    def join(self) -> bool:
        """Count as a user from now on; true if there is no other. End a sole use with :meth:`share`."""
        self._use = _opened(self._users)
        return self.alone()

    def alone(self) -> bool:
        """Whether there is no other user."""
        assert self._use is not None
        if _taken(self._use, fcntl.LOCK_EX):
            return True
        self.share()  # a refused change of lock loses the old one
        return False

    def share(self) -> None:
        """Let others become users."""
        assert self._use is not None
        fcntl.flock(self._use, fcntl.LOCK_SH)

    def leave(self) -> None:
        """Count as a user no more."""
        if self._use is not None:
            os.close(self._use)
            self._use = None


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _taken(handle: int, mode: int) -> bool:
    try:
        fcntl.flock(handle, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
