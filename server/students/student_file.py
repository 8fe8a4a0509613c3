"""A trained student as a safetensors file with a small JSON header: nothing in it can run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors import numpy as safetensors

from fedaug.errors import MalformedSource, MissingFile, ProtocolError
from fedaug.privacy.canonical import canonical_json, parse_json

_METADATA: Final = "fedaug"
_REMEDY: Final = "train the student again, or take the file from a copy"


def pack(header: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """One file; equal students give equal bytes."""
    arrays = {name: np.ascontiguousarray(values) for name, values in tensors.items()}
    return safetensors.save(arrays, metadata={_METADATA: canonical_json(dict(header)).decode()})


def unpack(data: bytes, student: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The header and tensors of a file.

    Raises:
        MalformedSource: The bytes are not such a file, of another kind of student, or hold a value that is not finite.
    """
    header = _header(data)
    try:
        tensors = safetensors.load(data)
    except (SafetensorError, ValueError, KeyError, TypeError):
        raise MalformedSource("a student's file is damaged", _REMEDY) from None
    if header.get("student") != student:
        raise MalformedSource(f"the file does not hold a {student!r} student", "open it with the kind that wrote it")
    if not all(np.isfinite(values).all() for values in tensors.values()):
        raise MalformedSource("a student's file holds a value that is not finite", _REMEDY)
    return header, tensors


def write(path: Path, data: bytes) -> None:
    """Write a student's file, whole or not at all.

    Raises:
        MissingFile: The folder is not there or cannot be written.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError:
        raise MissingFile("the folder for a student is missing or not writable", "choose another one") from None
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path) -> bytes:
    """Read a student's file.

    Raises:
        MissingFile: It is not there or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError:
        raise MissingFile("a student's file is missing or not readable", "train the student again") from None


def _header(data: bytes) -> dict[str, Any]:
    size = int.from_bytes(data[:8], "little")
    try:
        text = parse_json(data[8 : 8 + size])["__metadata__"][_METADATA]
        header = parse_json(text.encode())
    except (ProtocolError, KeyError, TypeError, AttributeError):
        header = None
    if not isinstance(header, dict):
        raise MalformedSource("the bytes are not a student's file", _REMEDY)
    return header
