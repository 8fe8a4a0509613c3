"""Where a site keeps its ledger, and how it is opened: with no key, since it holds nothing secret."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from fedaug.client.settings import SiteSettings
from fedaug.errors import LedgerError
from fedaug.privacy.files import whole_file
from fedaug.privacy.ledger import Ledger


def ledger_path(folder: Path) -> Path:
    """The ledger of the site in a folder."""
    return folder / "ledger.sqlite"


def open_ledger(folder: Path, settings: SiteSettings, lineage: str) -> Ledger:
    """The ledger of a site's data set, begun where there is none.

    Raises:
        LedgerError: It is damaged, or another data set's.
    """
    return Ledger.open(ledger_path(folder), lineage=lineage, unit=settings.privacy.unit, cap=settings.privacy.budget)


def existing_ledger(folder: Path, settings: SiteSettings) -> Ledger | None:
    """The ledger of a site's data set; None if the site has not begun one.

    Raises:
        LedgerError: It is damaged, another data set's, or some of its files are gone.
    """
    path = ledger_path(folder)
    if not any(path.with_name(path.name + suffix).exists() for suffix in ("", ".head", "-wal")):
        return None
    return open_ledger(folder, settings, known_lineage(folder))


def lineage_of(folder: Path) -> str:
    """The data set's random lineage id: made once, and kept whatever is added to or taken from the data."""
    path = folder / "lineage"
    if not path.exists():
        with suppress(FileExistsError), whole_file(path, overwrite=False) as file:
            file.write(secrets.token_hex(16).encode() + b"\n")
    return path.read_text().strip()


def known_lineage(folder: Path) -> str:
    """The data set's lineage id.

    Raises:
        LedgerError: It is gone, so nobody knows whose ledger this is.
    """
    try:
        return (folder / "lineage").read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise LedgerError(
            "the site's lineage file is gone or cannot be read", "restore it: the ledger names no other data set"
        ) from None
