"""What was sampled so far, on disk: an interrupted run goes on where it was, and loses no finished text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Self

from fedaug.augmentation.language.sampling import Sample
from fedaug.errors import ConfigError, MissingFile


class Journal:
    """A file with one sample a line, after a line that says what was asked for.

    Args:
        path: The file; made when missing.
        asked: What decides the texts: prompts, settings, seed, the model. JSON values.

    Raises:
        ConfigError: The file is of another run.
        MissingFile: It cannot be written.
    """

    def __init__(self, path: Path, asked: Mapping[str, object]) -> None:
        self._path = path
        mark = {"asked": hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()}
        self.samples: dict[str, Sample] = {}
        try:
            lines = path.read_text("utf-8").splitlines() if path.exists() else []
            whole = _whole(lines)
            if whole and whole[0] != mark:
                raise ConfigError(f"{path.name} was begun with other settings", "delete it, or write elsewhere")
            self._file = path.open("w", encoding="utf-8")
        except OSError:
            raise MissingFile(f"{path.name} cannot be written", "check the folder and its permissions") from None
        self._write(mark)
        for line in whole[1:]:
            self.add(Sample(**line))  # type: ignore[arg-type]  # checked by _whole

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, sample: Sample) -> None:
        """Note a sample."""
        self.samples[sample.key] = sample
        self._write(asdict(sample))

    def done(self) -> None:
        """Delete the file: its texts are elsewhere now."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _write(self, line: Mapping[str, object]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def _whole(lines: list[str]) -> list[dict[str, object]]:
    """The lines up to the first one that was cut off."""
    found: list[dict[str, object]] = []
    for line in lines:
        try:
            read = json.loads(line)
        except ValueError:
            break
        if not isinstance(read, dict) or set(read) != ({"key", "text", "tokens", "ended"} if found else {"asked"}):
            break
        found.append(read)
    return found
