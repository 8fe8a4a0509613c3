"""Files that are whole or not there, and readable by their owner only."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fedaug.errors import InputError, MissingFile

_FOLDER_MODE = 0o700
_FILE_MODE = 0o600


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can enter, whatever the umask, and tighten one that exists.

    Raises:
        InputError: A file has its place.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=_FOLDER_MODE)
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{path} has to be a folder, and a file has its place", "move that file away") from None
    path.chmod(_FOLDER_MODE)
    return path


@contextmanager
def whole_file(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """Write a file under another name, and give it its own only when all of it is on the disk.

    If the block raises, ``path`` is as it was before. What is written must be fit to be found after a crash: sealed.

    Args:
        path: The file; its folder exists.
        overwrite: Whether it takes the place of a file of that name.

    Raises:
        FileExistsError: There is one, and ``overwrite`` is false.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            partial.replace(path)
        else:
            path.hardlink_to(partial)  # unlike a rename, this fails if the name is taken
        sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def read_at_most(path: Path, most: int) -> bytes:
    """A file's bytes; of one that is too long one byte more than is allowed, for whoever parses it to refuse.

    Raises:
        MissingFile: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError:
        raise MissingFile(f"{path} cannot be read", "check its path and permissions") from None


def read_regular(path: Path, most: int) -> bytes:
    """As :func:`read_at_most`, of a file of a run's folder: a pipe in its place would be waited for without end.

    Raises:
        MissingFile: It cannot be read, or is no regular file.
    """
    if path.exists() and not path.is_file():
        raise MissingFile(f"{path} is no regular file", "move what has its place away")
    return read_at_most(path, most)


def remove_partials(folder: Path) -> None:
    """Remove what writers that were killed left behind. Only while no other can be at work: under :func:`exclusive`."""
    for partial in folder.glob(".*.partial"):
        partial.unlink(missing_ok=True)


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Wait for, and hold, a folder's lock, for a change that reads first and writes then. It ends with the process."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
