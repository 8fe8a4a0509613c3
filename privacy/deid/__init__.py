"""De-identification: Presidio's pattern recognisers, offline and failing closed. Needs the extra ``client``."""

from fedaug.privacy.deid.deidentify import Deidentifier
from fedaug.privacy.deid.spans import Span, redact, resolve

__all__ = ["Deidentifier", "Span", "redact", "resolve"]
