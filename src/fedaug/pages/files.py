"""Writes a page's files, each whole or not at all, and names the extra that draws pages where it is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fedaug.errors import MissingExtra


@contextmanager
def drawing() -> Iterator[None]:
    """Wraps the imports of what draws a page.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        if (missing.name or "").split(".")[0] not in {"jinja2", "markupsafe", "matplotlib"}:
            raise
        raise MissingExtra(
            "the report's page needs jinja2 and matplotlib, which are not installed",
            "install fedaug[server], or fedaug[client] at a site",
        ) from None


def write_all(contents: Mapping[str, str], folder: Path) -> None:
    """Write files by name; the folder is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        _write_atomically(folder / name, text.encode("utf-8"))


def _write_atomically(path: Path, content: bytes) -> None:
    """A reader sees the old file or the new one, never a part, even over a power cut."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
