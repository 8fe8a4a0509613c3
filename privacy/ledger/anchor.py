"""The head beside a ledger: how far the ledger has come, in a small file that is replaced as a whole.

A SQLite database that lost its newest pages is often a shorter database and nothing worse, and bytes that no row uses
can change unseen. The head is written after each commit and before anything leaves, so a database that is behind it has
lost something; one that is ahead of it was cut off by a crash, before anything left. When the database is folded into
one file, the head also takes that file's SHA-256, which covers the bytes that no row uses.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from fedaug.errors import LedgerError, ProtocolError
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.files import whole_file
from fedaug.privacy.ledger.journal import REMEDY

#: Called with the name of the step that was just taken. Does nothing but in crash tests, where a process dies in it.
Failpoint = Callable[[str], None]

_FORMAT: Final = 1
_MAX_BYTES: Final = 1_024
_DIGEST: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Anchor:
    """A ledger's head.

    Attributes:
        commits: Transactions so far; 0 while a ledger is being made or converted, before it has charged anything.
        size: Entries in the journal.
        chain: Chained hash of the last entry, hexadecimal; empty while a ledger is being made.
        file: SHA-256 of the database file without its write-ahead log; None while the log is folded into it.
        closed: Whether there is nothing beside the file: it was folded, and nothing was committed since.
    """

    commits: int = 0
    size: int = 0
    chain: str = ""
    file: str | None = None
    closed: bool = False

    def encode(self) -> bytes:
        """Canonical JSON with a checksum over the rest, so that no bit of the file can change unseen."""
        fields = {"format": _FORMAT, **asdict(self)}
        return canonical_json({**fields, "check": digest(canonical_json(fields))})


def anchor_path(path: Path) -> Path:
    """Where a ledger's head is."""
    return path.with_name(path.name + ".head")


def read_anchor(path: Path) -> Anchor | None:
    """The head of the ledger at a path; None if there is none.

    Raises:
        LedgerError: It is damaged.
        OSError: It cannot be read.
    """
    try:
        with anchor_path(path).open("rb") as file:
            data = file.read(_MAX_BYTES)
    except FileNotFoundError:
        return None
    try:
        values = parse_json(data)
        anchor = Anchor(**{name: values[name] for name in ("commits", "size", "chain", "file", "closed")})
        if not _well_formed(anchor) or anchor.encode() != data:
            raise ValueError
    except (ProtocolError, ValueError, TypeError, KeyError):
        raise LedgerError("the head beside the ledger is damaged", REMEDY) from None
    return anchor


def write_anchor(path: Path, anchor: Anchor, failpoint: Failpoint) -> None:
    """Replace the head, durably.

    Raises:
        OSError: It cannot be written; the old one is there still.
    """
    with whole_file(anchor_path(path), overwrite=True) as file:
        file.write(anchor.encode())
        failpoint("head drafted")
    failpoint("head written")


def file_digest(path: Path) -> str:
    """SHA-256 of a database file, hexadecimal.

    Only for one that no connection of this process has open: closing the file would end SQLite's locks on it.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _well_formed(anchor: Anchor) -> bool:
    counts: tuple[Any, ...] = (anchor.commits, anchor.size)
    return (
        all(type(count) is int and count >= 0 for count in counts)
        and (anchor.file is None or bool(_DIGEST.fullmatch(anchor.file)))
        and isinstance(anchor.closed, bool)
        and bool(_DIGEST.fullmatch(anchor.chain)) == (anchor.commits > 0)
    )
