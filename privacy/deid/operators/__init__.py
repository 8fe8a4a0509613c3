"""What is put in the place of a finding, and how encrypted findings are turned back."""

from __future__ import annotations

from fedaug.privacy.deid.operators.encrypt import decrypt_text
from fedaug.privacy.deid.operators.replace import Replaced, Replacer

__all__ = ["Replaced", "Replacer", "decrypt_text"]
