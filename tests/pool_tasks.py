"""Tasks that worker processes run in tests; importable by name, as a spawned process needs."""

from __future__ import annotations

import os
import signal
from typing import Any


def make_echo(settings: dict[str, object]) -> Any:
    """A task that repeats its texts behind a prefix."""
    return lambda chunk: [f"{settings['prefix']}{text}" for text in chunk]


def make_dying(settings: dict[str, object]) -> Any:
    """A task whose process is gone before it answers."""
    return lambda chunk: os._exit(3)


def make_interrupted(settings: dict[str, object]) -> Any:
    """A task that is interrupted as by Ctrl-C before it answers."""

    def interrupted(chunk: list[str]) -> list[str]:
        os.kill(os.getpid(), signal.SIGINT)
        return chunk

    return interrupted
