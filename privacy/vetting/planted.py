"""Gates of class S: whether a text holds a planted identifier, or a surrogate that this site has used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.words import words

#: Shorter strings are in many texts by chance.
_SHORTEST: Final = 4
_MOST_WORDS: Final = 16


class _StringGate:
    """Finds strings whatever their case, spacing and punctuation: ``MRN 12-345`` is found by ``mrn12345``.

    What is compared are runs of whole words with nothing between them, so a string inside a longer word is not found.
    """

    name: ClassVar[str]
    gate_class = GateClass.SITE_ONLY
    cost = 60.0
    _code: ClassVar[VerdictCode]

    def __init__(self, strings: Iterable[str]) -> None:
        forms = ("".join(words(string)) for string in strings)
        self._forms = frozenset(form for form in forms if len(form) >= _SHORTEST)
        self._longest = max(map(len, self._forms), default=0)

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from that text alone. Which string was found is not said."""
        return [Verdict(self.name, self._code if self._found(text) else VerdictCode.PASSED) for text in batch.texts]

    def _found(self, text: str) -> bool:
        own = words(text) if self._forms else ()
        for start in range(len(own)):
            run = ""
            for word in own[start : start + _MOST_WORDS]:
                run += word
                if len(run) > self._longest:
                    break
                if run in self._forms:
                    return True
        return False


class PlantedGate(_StringGate):
    """Finds identifiers that somebody at the site planted among its records, to see whether they get out.

    Args:
        strings: The identifiers. They stand for records, so the gate is of class S.
    """

    name = "planted"
    _code = VerdictCode.PLANTED


class SurrogateGate(_StringGate):
    """Finds surrogates that the site's de-identification has put in the place of identifiers.

    A surrogate in a text may have come from the public pool that it was drawn from: common names will. Which ones a
    site has used depends on its records, so the gate is of class S.

    Args:
        strings: The surrogates.
    """

    name = "surrogate"
    _code = VerdictCode.SURROGATE_USED
