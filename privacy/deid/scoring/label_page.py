"""The labelling page: one file that works offline, holds the records' texts, and asks no other computer for anything.

Its content security policy names the hashes of its own script and style, so that nothing else on it can run, whatever
stands in a record; texts are put on it as text, never as markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

from fedaug.errors import ConfigError, QuarantinedRecord
from fedaug.privacy.deid.entities import ENTITIES
from fedaug.privacy.deid.spans import Span, resolve
from fedaug.privacy.files import whole_file

#: What most texts hold, on the keys that are reached first; all others are in the list.
_FIRST: Final = (
    *("PERSON", "DATE_TIME", "LOCATION", "FACILITY", "AGE", "MEDICAL_RECORD_NUMBER", "PHONE_NUMBER", "ID"),
    *("ORGANIZATION", "ADDRESS", "EMAIL_ADDRESS"),
)

Found = Sequence[list[Span] | QuarantinedRecord]


def write_label_page(path: Path, texts: Sequence[str], found: Found | None = None) -> None:
    """Write the page, whole or not at all, for its owner alone.

    Raises:
        ConfigError: It cannot be written.
    """
    try:
        with whole_file(path, overwrite=True) as file:
            file.write(label_page(texts, found).encode())
    except OSError:
        raise ConfigError("the page cannot be written", "check its folder's path and permissions") from None


def label_page(texts: Sequence[str], found: Found | None = None) -> str:
    """The page.

    Args:
        texts: The records.
        found: Findings to begin with, one list per text. None begins with none: whoever sees findings tends to confirm
            them, and to overlook what they lack.
    """
    style, script = _part("label.css"), _part("label.js")
    page = _part("label.html")
    pieces = {
        "{{STYLE_HASH}}": _hash(style),
        "{{SCRIPT_HASH}}": _hash(script),
        "{{STYLE}}": style,
        "{{SCRIPT}}": script,
        "{{DATA}}": _data(texts, found),
    }
    for name, piece in pieces.items():  # the data last: what stands in a record is never taken for a place
        before, _, after = page.partition(name)
        page = before + piece + after
    return page


def _data(texts: Sequence[str], found: Found | None) -> str:
    ordered = [*_FIRST, *(name for name in ENTITIES if name not in _FIRST)]
    values = {
        "types": [{"name": name, "kind": ENTITIES[name].kind} for name in ordered],
        "prefilled": found is not None,
        "records": [
            {"text": text, "spans": [] if found is None else _marks(found[number])} for number, text in enumerate(texts)
        ],
    }
    # In a script element only "<" could end it or begin a comment; the line separators are for old parsers.
    return json.dumps(values, ensure_ascii=True).replace("<", "\\u003c")


def _marks(found: list[Span] | QuarantinedRecord) -> list[dict[str, Any]]:
    if isinstance(found, QuarantinedRecord):
        return []
    return [{"start": span.start, "end": span.end, "type": span.entity_type} for span in resolve(found)]


def _part(name: str) -> str:
    return resources.files(__package__).joinpath("page", name).read_text("utf-8")


def _hash(text: str) -> str:
    """As a content security policy names an inline element (CSP level 3, section 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
