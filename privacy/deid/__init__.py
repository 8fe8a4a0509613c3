"""De-identification, offline and failing closed. Finding needs the extra ``client``; policies and settings do not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fedaug.privacy.deid.spans import Span, redact, resolve

if TYPE_CHECKING:
    from fedaug.privacy.deid.deidentify import Deidentifier

__all__ = ["Deidentifier", "Span", "redact", "resolve"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attribute
    # Imported when first asked for: Presidio takes seconds, and whoever reads a policy or a site's settings needs none.
    if name != "Deidentifier":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("fedaug.privacy.deid.deidentify").Deidentifier
