"""The site's store: de-identified records and what was computed from them, encrypted at rest.

    store = SealedStore(folder / "store", keys, lineage)
    store.write_records(records)
    for record in store.records(): ...

Every file is bound to its name and the data set's lineage. That an older version of a file was put back is not detected
here; the ledger, not the store, guards the budget.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors import numpy as safetensors

from fedaug.client.record_lines import decode_record, encode_record
from fedaug.client.records import Record
from fedaug.client.sealing import seal, unseal
from fedaug.errors import DefectError, NotPrepared, SealError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.files import private_folder, sync_folder, whole_file
from fedaug.privacy.keys import KeyRing

_RECORDS: Final = "records"
_ARRAYS: Final = "arrays"
_SUFFIX: Final = ".sealed"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,99}")
_VALUES: Final = "values"


class SealedStore:
    """Records and arrays of one data set.

    Args:
        folder: The store's folder; made when first written to, for its owner only.
        keys: Wrap each file's key.
        lineage: The data set's random id. A file of another data set does not open.
    """

    def __init__(self, folder: Path, keys: KeyRing, lineage: str) -> None:
        self.lineage = lineage
        self._folder = folder
        self._keys = keys

    def has_records(self) -> bool:
        """Whether records were written."""
        return self._path(_RECORDS).is_file()

    def write_records(self, records: Iterable[Record]) -> int:
        """Replace all records. If ``records`` raises, the store is as it was.

        Arrays are computed from the records, so they are removed with them.

        Returns:
            How many were written.
        """
        count = 0

        def lines() -> Iterator[bytes]:
            nonlocal count
            for record in records:
                yield encode_record(record)
                count += 1

        private_folder(self._folder)
        path = self._path(_RECORDS)
        with whole_file(path, overwrite=True) as file:
            seal(lines(), file, self._keys, self._context(path))
            # Before the new records take their name: after a crash arrays may be missing, but never of other records.
            self._remove_arrays()
        return count

    def records(self) -> Iterator[Record]:
        """The records in the order in which they were written.

        Raises:
            NotPrepared: None were written.
            SealError: The file was changed or moved. Cut short, that is noticed after its last whole record.
        """
        rest = b""
        for part in self._read(self._path(_RECORDS)):
            *lines, rest = (rest + part).split(b"\n")
            yield from map(decode_record, lines)
        if rest:
            raise DefectError("a stored record has no end", "report it")

    def write_array(self, name: str, values: NDArray[Any]) -> None:
        """Store an array that was computed from the records, in place of one of that name.

        Args:
            name: Lower-case letters, digits, ``-`` and ``_``.
            values: Of any shape.
        """
        path = self._path(_ARRAYS, name)
        private_folder(self._folder)
        private_folder(path.parent)
        with whole_file(path, overwrite=True) as file:
            plain = memoryview(safetensors.save({_VALUES: np.ascontiguousarray(values).reshape(values.shape)}))
            pieces = (bytes(plain[start : start + 2**20]) for start in range(0, len(plain), 2**20))
            seal(pieces, file, self._keys, self._context(path))

    def read_array(self, name: str) -> NDArray[Any] | None:
        """An array, or None if there is none of that name.

        Raises:
            SealError: The file was changed or moved.
        """
        try:
            plain = b"".join(self._read(self._path(_ARRAYS, name)))
        except NotPrepared:
            return None
        try:
            return safetensors.load(plain)[_VALUES]
        except (SafetensorError, KeyError, ValueError):
            raise SealError("a stored array cannot be read", "run fedaug site prepare again") from None

    def _path(self, *parts: str) -> Path:
        if not all(_NAME.fullmatch(part) for part in parts):
            raise DefectError("a name in the store holds a character that is not allowed", "report it")
        return self._folder.joinpath(*parts[:-1], parts[-1] + _SUFFIX)

    def _context(self, path: Path) -> bytes:
        """What a file is, as associated data: its place in the store, and the data set it belongs to."""
        return canonical_json({"lineage": self.lineage, "path": path.relative_to(self._folder).as_posix()})

    def _read(self, path: Path) -> Iterator[bytes]:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            raise NotPrepared("the site's store holds no such data", "run fedaug site prepare") from None
        with file:
            yield from unseal(file, self._keys, self._context(path))

    def _remove_arrays(self) -> None:
        folder = self._folder / _ARRAYS
        if folder.is_dir():
            for path in folder.glob(f"*{_SUFFIX}"):
                path.unlink()
            sync_folder(folder)
