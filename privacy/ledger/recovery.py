"""Rebuilding a ledger from the entries that a coordinator has kept. Whatever may have been spent counts as spent."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, insert

from fedaug.errors import LedgerError
from fedaug.privacy.files import sync_folder
from fedaug.privacy.ledger.anchor import Anchor, anchor_path, file_digest, write_anchor
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


def replace_ledger(path: Path, entries: Sequence[bytes]) -> None:
    """Put a new ledger in the place of what is there, which is moved aside.

    A crash in between leaves files that are refused, as the old ones were; doing it again finishes it.

    Raises:
        LedgerError: Another process has the ledger open, or the files cannot be written.
    """
    lock = LedgerLock(path)
    with translated_os(), lock.turn():
        try:
            if not lock.join():
                raise LedgerError("another process holds the ledger", "end it, or try again later")
            _replace(path, entries)
        finally:
            lock.leave()


def _replace(path: Path, entries: Sequence[bytes]) -> None:
    for draft in path.parent.glob(f".{path.name}.*"):
        draft.unlink()
    draft = path.with_name(f".{path.name}.draft")
    build(draft, first_rows(entries))
    _move_aside(path)
    draft.rename(path)
    sync_folder(path.parent)
    books = Books()
    books.extend(entries)
    anchor = Anchor(1, books.size, books.chain.hex(), file_digest(path), closed=True)
    write_anchor(path, anchor, lambda _: None)


def _move_aside(path: Path) -> None:
    """Keep the old files under another name. The database and its head also stay in place until they are replaced."""
    number = next(n for n in itertools.count(1) if not _aside(path, n).exists())
    aside = _aside(path, number)
    if path.exists():
        aside.hardlink_to(path)
    if anchor_path(path).exists():
        anchor_path(aside).hardlink_to(anchor_path(path))
    if log_of(path).exists():  # beside the new database it would be taken for the new one's
        log_of(path).rename(log_of(aside))
    path.with_name(path.name + "-shm").unlink(missing_ok=True)  # an index of the log, which is made anew
    sync_folder(path.parent)


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.replaced-{number}")


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
