"""De-identified batches of records, sealed as they are finished, so that a run that was cut off goes on from there.

A batch is taken up again only if the records that it was made from, and everything that their de-identification depends
on, are the same: their digest lies in the file. Nothing is in the clear, and all of it goes when the store is whole.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fedaug.client.record_lines import decode_record, encode_record
from fedaug.client.records import Record
from fedaug.client.sealing import seal, unseal
from fedaug.errors import SealError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.files import private_folder, remove_partials, whole_file
from fedaug.privacy.keys import KeyRing

_SUFFIX: Final = ".sealed"


@dataclass(frozen=True)
class BatchCounts:
    """What became of one batch. For the site's own eyes: the counts are exact.

    Attributes:
        read: Records that went in.
        kept: Records that came out.
        quarantined: Records that were set aside, by reason.
        found: Findings, by type.
    """

    read: int
    kept: int
    quarantined: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)


class Checkpoints:
    """Finished batches of one preparation, by number.

    Args:
        folder: Made when first written to, for its owner only.
        keys: Wrap each file's key.
        lineage: The data set's random id. A file of another data set does not open.
    """

    def __init__(self, folder: Path, keys: KeyRing, lineage: str) -> None:
        self._folder = folder
        self._keys = keys
        self._lineage = lineage

    def begin(self) -> None:
        """Tidy up what a run that was killed left half written."""
        if self._folder.is_dir():
            remove_partials(self._folder)

    def write(
        self, number: int, digest: str, counts: BatchCounts, records: Iterable[Record], surrogates: Iterable[str] = ()
    ) -> None:
        """Seal one batch, in place of one of that number.

        Args:
            number: From 0.
            digest: Of the records that went in, and of all that the outcome depends on.
            counts: What became of them.
            records: Those that came out.
            surrogates: What stands in them in the place of identifiers.
        """
        head = {"digest": digest, "read": counts.read, "kept": counts.kept}
        head |= {"quarantined": counts.quarantined, "found": counts.found, "surrogates": sorted(set(surrogates))}
        lines = [json.dumps(head).encode() + b"\n", *map(encode_record, records)]
        private_folder(self._folder.parent)
        private_folder(self._folder)
        with whole_file(self._path(number), overwrite=True) as file:
            seal(lines, file, self._keys, self._context(number))

    def counts(self, number: int, digest: str) -> BatchCounts | None:
        """What became of a batch, if it is finished, undamaged and made from the same; else None."""
        try:
            head, *records = self._lines(number)
        except (OSError, SealError, ValueError):
            return None
        values = json.loads(head)
        if values["digest"] != digest or values["kept"] != len(records) or "surrogates" not in values:
            return None
        return BatchCounts(values["read"], values["kept"], Counter(values["quarantined"]), Counter(values["found"]))

    def records(self, number: int) -> Iterator[Record]:
        """The records that came out of a batch.

        Raises:
            SealError: The file was changed, or is gone.
        """
        _, *lines = self._whole(number)
        return map(decode_record, lines)

    def surrogates(self, number: int) -> list[str]:
        """What stands in a batch's records in the place of identifiers, each once.

        Raises:
            SealError: The file was changed, or is gone.
        """
        head, *_ = self._whole(number)
        found: list[str] = json.loads(head)["surrogates"]
        return found

    def clear(self) -> None:
        """Remove every batch."""
        if self._folder.is_dir():
            remove_partials(self._folder)
            for path in self._folder.glob(f"*{_SUFFIX}"):
                path.unlink(missing_ok=True)
            with suppress(OSError):  # somebody put something else there
                self._folder.rmdir()

    def _whole(self, number: int) -> list[bytes]:
        try:
            lines = self._lines(number)
        except OSError:
            lines = []
        if not lines:
            raise SealError("a finished batch of records is gone", "run fedaug site prepare again")
        return lines

    def _lines(self, number: int) -> list[bytes]:
        with self._path(number).open("rb") as file:
            return b"".join(unseal(file, self._keys, self._context(number))).splitlines()

    def _path(self, number: int) -> Path:
        return self._folder / f"batch-{number:07d}{_SUFFIX}"

    def _context(self, number: int) -> bytes:
        return canonical_json({"lineage": self._lineage, "batch": number})
