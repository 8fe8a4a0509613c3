"""Public evaluation files that settings name, so that texts can be kept clear of their items."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from fedaug.augmentation.corpora import read_items
from fedaug.augmentation.datasets import find
from fedaug.errors import ConfigError, DataNotFound, EmptySource, MissingFile
from fedaug.strategies.vetting.options import EvaluationFile

_LOG = logging.getLogger(__name__)


def read_evaluation(
    files: Sequence[EvaluationFile], search: Sequence[Path], require_public: Callable[[Path], None]
) -> dict[str, list[str]]:
    """Name of each file, such as ``banking77/test`` -> its items, by row.

    A file that is named by its path is called by its own name: where it lies on this machine is nobody's business.

    Args:
        files: As settings name them.
        search: Folders of public data sets.
        require_public: Raises for a file that may not be read.

    Raises:
        ConfigError: A file plays private records in an example, or is listed twice.
        DataNotFound, MissingFile: It is not on this machine, and not optional.
        EmptySource, MalformedSource, MissingColumn, NotUtf8, UnknownDataSet, UnknownFormat: It cannot be used.
    """
    found: dict[str, list[str]] = {}
    for file in files:
        name = Path(file.path).name if file.path is not None else f"{file.data_set}/{Path(str(file.file)).stem}"
        if name in found:
            raise ConfigError(f"two evaluation files are called {name}", "list each once, or rename one")
        try:
            place = _place(file, search)
            require_public(place)
            items = list(read_items(place, file.column))
        except (DataNotFound, MissingFile) as missing:
            if not file.optional:
                raise
            _LOG.warning("%s: candidates are not compared with %s (%s)", missing.code, name, missing.what)
            continue
        if not any(items):
            raise EmptySource(f"the evaluation file {name} has no text", "name another file or column")
        found[name] = items
    return found


def _place(file: EvaluationFile, search: Sequence[Path]) -> Path:
    if file.path is not None:
        return Path(file.path)
    assert file.data_set is not None
    return find(file.data_set, search) / str(file.file)
