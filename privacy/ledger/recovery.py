"""Rebuilding a ledger from the entries that a coordinator has kept. Whatever may have been spent counts as spent."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, insert

from fedaug.errors import LedgerError
from fedaug.privacy.files import sync_folder
from fedaug.privacy.ledger.anchor import Anchor, Failpoint, anchor_path, file_digest, write_anchor
from fedaug.privacy.ledger.database import log_of, translated_os
from fedaug.privacy.ledger.journal import Books, ChargeState, Plan, chained
from fedaug.privacy.ledger.lock import LedgerLock
from fedaug.privacy.ledger.schema import journal
from fedaug.privacy.ledger.store import Fill, build
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.entries import Recovered, Reserved, encode_entry


def first_rows(entries: Sequence[bytes]) -> Fill:
    """What writes a new ledger's journal."""

    def fill(connection: Connection) -> None:
        books = Books()
        books.extend(entries)
        chain = Books().chain
        for sequence, data in enumerate(entries, start=1):
            chain = chained(chain, data)
            connection.execute(insert(journal).values(sequence=sequence, entry=data, chain=chain))

    return fill


class OldLedger(Protocol):
    """What is asked of a ledger that is to be replaced."""

    def is_older_copy(self) -> bool:
        """Whether it is one."""
        ...

    def journal(self) -> tuple[bytes, ...]:
        """Its entries."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def older_copy(reopen: Callable[[Path], OldLedger], path: Path) -> tuple[bytes, ...]:
    """The journal of an older copy that is to be replaced, or was moved aside; nothing, if none can be read.

    Raises:
        LedgerError: The ledger is whole.
    """
    for copy in (path, *set_aside(path)):
        if not copy.exists():
            continue
        try:
            old = reopen(copy)
        except LedgerError:
            continue
        with closing(old):
            if copy == path and not old.is_older_copy():
                raise LedgerError("the ledger is whole, so there is nothing to recover", "go on using it")
            return old.journal()
    return ()


def recovered_entries(entries: Sequence[bytes], local: Sequence[bytes]) -> list[bytes]:
    """A journal that goes on from what the coordinator has kept.

    Args:
        entries: The coordinator's, from the first on.
        local: The site's own, where an older copy can still be read. After such a copy was put back, releases may have
            left that the coordinator never countersigned: what only it knows of is charged on top.
    """
    grown = list(entries)
    books, own = Books(), Books()
    books.extend(entries)
    own.extend(local)
    known = set(entries)
    for plan in own.plans.values():
        events = _unknown_events(plan, known)
        if events:
            name = _free_name(plan.reserved.campaign, books)
            extra = encode_entry(Reserved(campaign=name, plan=plan.reserved.plan, events=events))
            books.extend([extra])
            grown.append(extra)
    grown.append(encode_entry(Recovered(size=len(grown))))
    return grown


def replace_ledger(path: Path, entries: Sequence[bytes], failpoint: Failpoint) -> None:
    """Put a new ledger in the place of what is there, which is moved aside.

    A crash in between leaves files that are refused, as the old ones were; doing it again finishes it. By then the new
    database may be where the old one was, without its head: what only the old one knew is then in :func:`set_aside`.

    Args:
        path: Of the ledger.
        entries: Its new journal.
        failpoint: Called with the name of each step; for crash tests.

    Raises:
        LedgerError: Another process has the ledger open, or the files cannot be written.
    """
    lock = LedgerLock(path)
    with translated_os(), lock.turn():
        try:
            if not lock.join():
                raise LedgerError("another process holds the ledger", "end it, or try again later")
            _replace(path, entries, failpoint)
        finally:
            lock.leave()


def set_aside(path: Path) -> list[Path]:
    """The ledgers that were moved aside in favour of the one at a path, the newest first.

    Which of them a recovery that was cut off had left behind, nobody knows. So the newest that can be read counts
    whenever the ledger itself cannot be: at worst what it released is charged twice.
    """
    numbered = itertools.takewhile(lambda aside: any(_traces(aside)), _asides(path))
    return [aside for aside in numbered if aside.exists()][::-1]


def _replace(path: Path, entries: Sequence[bytes], failpoint: Failpoint) -> None:
    for draft in path.parent.glob(f".{path.name}.*"):
        draft.unlink()
    draft = path.with_name(f".{path.name}.draft")
    build(draft, first_rows(entries))
    failpoint("draft made")
    _move_aside(path, failpoint)
    draft.rename(path)
    sync_folder(path.parent)
    failpoint("draft in place")
    books = Books()
    books.extend(entries)
    anchor = Anchor(1, books.size, books.chain.hex(), file_digest(path), closed=True)
    write_anchor(path, anchor, failpoint)


def _move_aside(path: Path, failpoint: Failpoint) -> None:
    """Keep the old files under another name. The database and its head also stay in place until they are replaced."""
    aside = next(aside for aside in _asides(path) if not any(_traces(aside)))
    if path.exists():
        aside.hardlink_to(path)
        failpoint("old file kept")
    if anchor_path(path).exists():
        anchor_path(aside).hardlink_to(anchor_path(path))
        failpoint("old head kept")
    if log_of(path).exists():  # beside the new database it would be taken for the new one's
        log_of(path).rename(log_of(aside))
        failpoint("old log kept")
    path.with_name(path.name + "-shm").unlink(missing_ok=True)  # an index of the log, which is made anew
    sync_folder(path.parent)


def _asides(path: Path) -> Iterator[Path]:
    return (path.with_name(f"{path.name}.replaced-{number}") for number in itertools.count(1))


def _traces(aside: Path) -> Iterator[bool]:
    """Whether a database, a head, a log are there: any of them may have been lost before it was moved aside."""
    return (file.exists() for file in (aside, anchor_path(aside), log_of(aside)))


def _unknown_events(plan: Plan, known: set[bytes]) -> list[dict[str, object]]:
    """What of a plan may have left without the coordinator's knowledge."""
    whole = encode_entry(plan.reserved) not in known
    return [
        release.entry.event.as_dict()
        for release in plan.releases.values()
        if (whole and release.entry.state is not ChargeState.VOID)
        or (release.sealed is not None and encode_entry(release.sealed) not in known)
    ]


def _free_name(campaign: str, books: Books) -> str:
    if campaign not in books.plans:
        return campaign
    for number in itertools.count(1):
        suffix = f" (copy {number})"
        name = campaign[: LIMITS.name_chars - len(suffix)] + suffix
        if name not in books.plans:
            return name
    raise AssertionError
