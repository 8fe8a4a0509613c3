"""Where a training run stands, sealed after every step: a run that was cut off goes on, and spends nothing twice.

A step's sum and noise exist in memory only until the state after it is on the disk; only then is anything told of it. A
step that was cut off has therefore never been seen, and is run anew with a new sample and new noise. A step that is on
the disk is never run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from fedaug.client.sealing import seal, unseal
from fedaug.errors import ConfigError, SealError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.files import private_folder, remove_partials, whole_file
from fedaug.privacy.keys import KeyRing

_NAME: Final = "adaptation.sealed"
_DIGEST_CHARS: Final = 64


@dataclass(frozen=True)
class TrainingState:
    """A run after some steps.

    Attributes:
        step: How many were taken.
        stopped: Whether the run has ended before its planned steps.
        tensors: The adapters, the optimiser's moments and the signal's average.
    """

    step: int
    stopped: bool
    tensors: Mapping[str, Tensor]


class AdaptationCheckpoint:
    """The state of one adaptation, in one sealed file.

    Args:
        folder: Made when first written to, for its owner only.
        keys: Wrap the file's key.
        lineage: The data set's random id. A file of another data set does not open.
    """

    def __init__(self, folder: Path, keys: KeyRing, lineage: str) -> None:
        self._path = folder / _NAME
        self._keys = keys
        self._context = canonical_json({"lineage": lineage, "file": "adaptation"})

    def write(self, digest: str, state: TrainingState) -> None:
        """Put a state in the place of the one before: all of it, or none.

        Args:
            digest: Of all that the run depends on but chance; 64 hexadecimal digits.
            state: What is kept.
        """
        head = f"{digest}{state.step:08d}{state.stopped:d}".encode()
        private_folder(self._path.parent)
        with whole_file(self._path, overwrite=True) as file:
            tensors = {name: value.contiguous() for name, value in state.tensors.items()}
            seal((head, save(tensors)), file, self._keys, self._context)

    def read(self, digest: str) -> TrainingState | None:
        """The state that was kept; None if there is none.

        Raises:
            ConfigError: It is of a run of another plan, model or records.
            SealError: It cannot be opened, or was changed.
        """
        if self._path.parent.is_dir():
            remove_partials(self._path.parent)
        try:
            with self._path.open("rb") as file:
                data = b"".join(unseal(file, self._keys, self._context))
        except FileNotFoundError:
            return None
        except OSError:
            raise SealError("a checkpoint cannot be read", "check the permissions of the site's folder") from None
        if data[:_DIGEST_CHARS] != digest.encode():
            raise ConfigError(
                "the checkpoint is of another plan, model or set of records",
                "take those that it was begun with, or remove it and begin anew",
            )
        try:
            tensors = load(data[_DIGEST_CHARS + 9 :])
        except SafetensorError:
            raise SealError("a checkpoint is of another version of fedaug", "remove it and begin anew") from None
        return TrainingState(int(data[_DIGEST_CHARS : _DIGEST_CHARS + 8]), data[_DIGEST_CHARS + 8] == ord("1"), tensors)

    def clear(self) -> None:
        """Remove it: the result is sealed elsewhere, or the run is given up."""
        self._path.unlink(missing_ok=True)
