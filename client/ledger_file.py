"""Where a site keeps its ledger, and how it is opened: with no key, since it holds nothing secret."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from fedaug.client.kept_heads import kept_countersignature
from fedaug.client.settings import SiteSettings
from fedaug.errors import LedgerError, LedgerRolledBack
from fedaug.privacy.files import exclusive, sync_folder, whole_file
from fedaug.privacy.ledger import Ledger

#: What is in a site's folder only once there was a ledger: sealed records, plans it agreed to, and signed heads.
_LEFT_BY_A_LEDGER: Final = ("store/*.sealed", "plans/*.json", "heads/*.json")


def ledger_path(folder: Path) -> Path:
    """The ledger of the site in a folder."""
    return folder / "ledger.sqlite"


def site_ledger(folder: Path, settings: SiteSettings) -> Ledger:
    """The ledger of a site's data set, begun when the site's folder is first opened and never again.

    Raises:
        LedgerError: It is damaged, another data set's, or gone.
    """
    if not _lineage_path(folder).exists():
        with exclusive(folder):  # several programs may open a new site at once
            if not _lineage_path(folder).exists():
                _begin(folder, settings)
    ledger = existing_ledger(folder, settings)
    assert ledger is not None  # where there is a lineage file, there is one, or an error
    return ledger


def existing_ledger(folder: Path, settings: SiteSettings) -> Ledger | None:
    """The ledger of a site's data set; None if the site has not begun one.

    Raises:
        LedgerError: It is damaged, another data set's, or some or all of its files are gone.
    """
    if _has_files(folder):
        return None if _is_beginning(folder) else _opened(folder, settings, known_lineage(folder))
    _require_never_begun(folder)
    return None


def _require_never_begun(folder: Path) -> None:
    """Raise if anything in the folder proves that there was a ledger: a new one would forget what was spent."""
    left = any(True for pattern in _LEFT_BY_A_LEDGER for _ in folder.glob(pattern))
    # A site is enrolled once it has keys, and with them a ledger, unless the beginning of that was cut off.
    enrolled = (folder / "enrolment" / "accepted.json").exists() and not _beginning_path(folder).exists()
    if _lineage_path(folder).exists() or left or enrolled:
        raise LedgerError(
            "the site's ledger is gone",
            "recover it (docs/how-to/recover-a-ledger.md), or count the data set's whole budget as spent; "
            "only a site that never took part in a campaign may be made anew, in another folder",
        )


def _opened(folder: Path, settings: SiteSettings, lineage: str) -> Ledger:
    """A ledger that was shown the newest countersignature in the folder, so that it knows if it is an older copy."""
    path, privacy = ledger_path(folder), settings.privacy
    signed = kept_countersignature(folder)
    ledger = Ledger.open(path, lineage=lineage, unit=privacy.unit, cap=privacy.budget)
    try:
        if signed is not None:
            with suppress(LedgerRolledBack):  # it says so itself wherever that matters, and can still be looked at
                ledger.note_countersigned(signed.head.size, bytes.fromhex(signed.head.root))
    except BaseException:
        ledger.close()
        raise
    return ledger


def _begin(folder: Path, settings: SiteSettings) -> None:
    """Make a new site's ledger and then, under its final name, the file with the data set's random lineage id.

    The id is made once, and kept whatever is added to or taken from the data. The order tells a beginning that was cut
    off, which goes on, from a ledger that was lost.
    """
    beginning = _beginning_path(folder)
    if not beginning.exists() and _has_files(folder):
        known_lineage(folder)  # is gone, and says so
    _require_never_begun(folder)
    if not beginning.exists():
        with whole_file(beginning, overwrite=False) as file:
            file.write(secrets.token_hex(16).encode() + b"\n")
    _opened(folder, settings, beginning.read_text().strip()).close()
    beginning.rename(_lineage_path(folder))
    sync_folder(folder)


def _has_files(folder: Path) -> bool:
    path = ledger_path(folder)
    return any(path.with_name(path.name + suffix).exists() for suffix in ("", ".head", "-wal"))


def _is_beginning(folder: Path) -> bool:
    """Whether there is only a ledger that nothing was ever charged to."""
    return _beginning_path(folder).exists() and not _lineage_path(folder).exists()


def _beginning_path(folder: Path) -> Path:
    return folder / "lineage.beginning"


def _lineage_path(folder: Path) -> Path:
    return folder / "lineage"


def known_lineage(folder: Path) -> str:
    """The data set's lineage id.

    Raises:
        LedgerError: It is gone, so nobody knows whose ledger this is.
    """
    try:
        return _lineage_path(folder).read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise LedgerError(
            "the site's lineage file is gone or cannot be read", "restore it: the ledger names no other data set"
        ) from None
