"""One subject's keyed choices: the same value is always replaced by the same surrogate, and no table is kept.

A choice is ``HMAC(key, kind ‖ subject ‖ value ‖ attempt)`` reduced to an index. 256 bits over pools below 2^40 leave a
bias below 2^-216.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from fedaug.privacy.deid.surrogates.key import SurrogateKey

#: Letters that surrogates of names begin with: each pool of names has at least ten with each of them.
INITIALS: Final = "ABCDEFGJLMRS"
_ATTEMPTS: Final = 64


class Draw:
    """Keyed choices for one record of one subject.

    Args:
        key: The site's.
        subject: Whom the record is about; None makes the text a subject of its own.
        text: The record's; it counts only where ``subject`` is None.
        taken: Plain words and numbers found in the record, which no surrogate may equal.
        language: The record's, two letters.
    """

    def __init__(
        self,
        key: SurrogateKey,
        *,
        subject: str | None,
        text: str = "",
        taken: frozenset[str] = frozenset(),
        language: str = "en",
    ) -> None:
        self._key = key
        self._subject = subject_bytes(subject, text)
        self.taken = taken
        self.language = language

    def number(self, kind: str, value: str, attempt: int = 0) -> int:
        """A keyed number of 256 bits."""
        return int.from_bytes(self.bytes(kind, value, attempt), "big")

    def bytes(self, kind: str, value: str, attempt: int = 0) -> bytes:
        """32 keyed bytes."""
        encoded = value.encode("utf-8", "surrogatepass")
        return self._key.digest(kind.encode(), self._subject, encoded, attempt.to_bytes(4, "big"))

    def pick(self, kind: str, value: str, pool: Sequence[str], accept: Callable[[str], bool]) -> str | None:
        """The first acceptable choice from a public pool, the same every time; None when many attempts found none."""
        for attempt in range(_ATTEMPTS if pool else 0):
            candidate = pool[self.number(kind, value, attempt) % len(pool)]
            if accept(candidate):
                return candidate
        return None

    def initial(self, letter: str) -> str:
        """The letter that stands for an initial, never itself. Surrogates of whole names begin with it too, so that
        "J. Smith" and "John Smith" agree wherever each of them stands.
        """
        others = INITIALS.replace(letter.upper(), "")
        return others[self.number("initial", letter.lower()) % len(others)]


def subject_bytes(subject: str | None, text: str) -> bytes:
    """What a subject is called in a derivation; a text by itself is none that any name could be mistaken for."""
    if subject is not None:
        return b"S" + subject.encode("utf-8", "surrogatepass")
    return b"T" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
