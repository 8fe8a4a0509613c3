"""The sample batches that a site has sent, one file each, so that a request that is repeated gets the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from fedaug.errors import AlreadyReleased, FedaugError, LedgerError
from fedaug.privacy.canonical import digest
from fedaug.privacy.envelope import Header, open_envelope
from fedaug.privacy.files import private_folder, whole_file
from fedaug.strategies.messages import SampleBatch, decode_reply

_SUFFIX: Final = ".envelope"


class KeptOffers:
    """A folder of sealed batches.

    Args:
        folder: Made when the first batch is kept.
        public_key: Of the site, which signed them.
    """

    def __init__(self, folder: Path, public_key: Ed25519PublicKey) -> None:
        self._folder = folder
        self._public_key = public_key

    def find(self, campaign: str, key: str, request_digest: str) -> bytes | None:
        """The bytes that a batch left with; None if it was not made yet.

        Raises:
            AlreadyReleased: It left in answer to another request.
            LedgerError: The file was changed.
        """
        try:
            data = self._path(campaign, key).read_bytes()
        except FileNotFoundError:
            return None
        header, _ = self._opened(data)
        if (header.campaign, header.key, header.request_digest) != (campaign, key, request_digest):
            raise AlreadyReleased("the batch has left in answer to another request", "plan another campaign")
        return data

    def keep(self, campaign: str, key: str, artefact: bytes) -> bytes:
        """Keep a batch before it leaves; of two at once the first is kept, and given back."""
        private_folder(self._folder)
        try:
            with whole_file(self._path(campaign, key), overwrite=False) as file:
                file.write(artefact)
        except FileExistsError:
            return self._path(campaign, key).read_bytes()
        return artefact

    def batches(self) -> Iterator[tuple[str, Header, SampleBatch]]:
        """Every batch, with the name that it is kept under and whom it was for.

        Raises:
            LedgerError: A file was changed.
        """
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            header, body = self._opened(path.read_bytes())
            batch, _ = decode_reply(body)
            if isinstance(batch, SampleBatch):
                yield path.name.removesuffix(_SUFFIX), header, batch

    def _opened(self, data: bytes) -> tuple[Header, bytes]:
        try:
            return open_envelope(data, self._public_key)
        except FedaugError:
            raise LedgerError("a batch that the site keeps is damaged", "restore the site's folder") from None

    def _path(self, campaign: str, key: str) -> Path:
        # Hashes: both names come from outside and must not choose a path.
        return self._folder / f"{digest(campaign.encode())[:32]}-{digest(key.encode())[:32]}{_SUFFIX}"
