"""What is checked of an output before any work is done for it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from fedaug.errors import ConfigError


def partial_of(out: Path) -> Path:
    """Where the output grows until it is whole."""
    return out.with_name(f".{out.name}.partial")


def sidecar_of(out: Path) -> Path:
    """What says how far it is."""
    return out.with_name(f".{out.name}.progress")


def is_begun(out: Path) -> bool:
    """Whether an earlier run was cut off, and can be gone on with."""
    return sidecar_of(out).exists()


def require_another(out: Path, source: Path) -> None:
    """An output is never written over what it is made from.

    Raises:
        ConfigError: The two are one file.
    """
    if out.exists() and source.exists() and out.samefile(source):
        raise ConfigError("output and source are the same file", "choose another output")


def require_output(out: Path, *, overwrite: bool) -> None:
    """Check that a file can be written, and that nothing is lost by it.

    Raises:
        ConfigError: Its folder is not there or cannot be written to, or there is a file of that name.
    """
    if not out.parent.is_dir():
        raise ConfigError("the output's folder is not there", "make it, or choose another")
    if out.is_dir():
        raise ConfigError("the output is a folder", "name a file in it")
    if os.path.lexists(out) and not overwrite:
        raise ConfigError("the output is there already", "choose another name, or give --overwrite")
    try:
        with tempfile.TemporaryFile(dir=out.parent):
            pass
    except OSError:
        raise ConfigError("the output cannot be written", "check its folder and the space on the disk") from None
