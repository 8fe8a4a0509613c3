"""The check letter of Spanish identity numbers (NIF, NIE; Orden INT/2058/2008)."""

from __future__ import annotations

import re
from typing import Final

_FORM: Final = re.compile(r"(?:\d{8}|[XYZ]\d{7})[A-Z]")
_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"


def is_valid(value: str) -> bool:
    """Whether it has the form of one and its letter fits."""
    if not _FORM.fullmatch(value):
        return False
    number = value[:-1].translate(str.maketrans("XYZ", "012"))
    return _LETTERS[int(number) % 23] == value[-1]
