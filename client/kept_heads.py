"""What a coordinator signed about a site's log, kept in the site's folder: the newest head of each kind.

The signatures were verified when they were kept, and the folder is as private as the ledger, so they are believed
later, when the key that made them may have been replaced.
"""

from __future__ import annotations

from pathlib import Path

from fedaug.errors import LedgerError, ProtocolError
from fedaug.privacy.files import private_folder, whole_file
from fedaug.privacy.transparency.heads import HeadRole, SignedHead, decode_head, encode_head


class KeptHeads:
    """The signatures that a site keeps.

    Args:
        site: The site's folder.
    """

    def __init__(self, site: Path) -> None:
        self._folder = site / "heads"

    def read(self, role: HeadRole) -> SignedHead | None:
        """The newest head of a kind; None if the site has received none.

        Raises:
            LedgerError: It is damaged.
        """
        try:
            return decode_head(self._path(role).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ProtocolError):
            raise LedgerError(
                "a signature that the site keeps is damaged", "remove it from heads: the coordinator sends it again"
            ) from None

    def keep(self, signed: SignedHead) -> None:
        """Keep a head that was verified, unless a newer one is kept already.

        Raises:
            LedgerError: The one that is kept is damaged.
        """
        known = self.read(signed.role)
        if known is not None and not _newer(signed, known):
            return
        private_folder(self._folder)
        with whole_file(self._path(signed.role), overwrite=True) as file:
            file.write(encode_head(signed))

    def _path(self, role: HeadRole) -> Path:
        return self._folder / f"{role}.json"


def kept_countersignature(site: Path) -> SignedHead | None:
    """The newest countersignature that a site has received; None if there is none.

    Args:
        site: The site's folder.

    Raises:
        LedgerError: It is damaged.
    """
    return KeptHeads(site).read(HeadRole.COUNTERSIGNATURE)


def _newer(signed: SignedHead, known: SignedHead) -> bool:
    """Whether a head takes the place of another: an older message that is sent again must not."""
    size, size_known = signed.head.size, known.head.size
    if signed.key_id == known.key_id:
        return size > size_known
    # All countersignatures are over this site's one log, whoever made them, and the longest one proves the most. The
    # logs of two coordinators are two logs.
    return signed.role is not HeadRole.COUNTERSIGNATURE or size >= size_known
