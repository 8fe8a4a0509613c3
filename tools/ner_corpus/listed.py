"""Word lists: files of blocks, ``[name]`` above items that ``|`` separates."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "lists"


@lru_cache(maxsize=32)
def listed(name: str) -> dict[str, tuple[str, ...]]:
    """The lists of a file, by name."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = found.setdefault(line.strip("[]"), [])
        else:
            current += [item.strip() for item in line.split("|")]
    return {key: tuple(items) for key, items in found.items()}
