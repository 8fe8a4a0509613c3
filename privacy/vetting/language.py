"""A gate that lets pass what is in a language of the campaign. Needs the extra ``client``, which brings word lists."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from fedaug.errors import ConfigError
from fedaug.privacy.deid.language import function_words
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode

#: Languages that a text is weighed against: those that European customers and clinicians are most likely to write.
_WEIGHED: Final = ("de", "en", "es", "fr", "it", "nl", "pt")
_READ_CHARS: Final = 20_000
_WORD: Final = re.compile(r"[^\W\d_]+")


class LanguageGate:
    """Refuses a text that is in no language of the campaign.

    Languages are told apart by how many of a text's words are function words of each (Grefenstette 1995, "Comparing two
    language identification schemes"). A text is refused if another language has more of them and at least two; if it
    is long and has hardly any; or if most of its letters are not Latin, as all languages weighed are. What is short and
    has none passes: "card declined" says nothing about its language.

    Args:
        languages: Two-letter codes; at least one, of German, English, Spanish, French, Italian, Dutch and Portuguese.
        undecided_words: Words from which on a text must show its language.
        least_share: Of the words of such a text, the least share that must be function words of a campaign's language.

    Raises:
        ConfigError: A setting is out of range, or a language is not among those.
        MissingExtra: The extra ``client`` is not installed.
    """

    name = "language"
    gate_class = GateClass.FREE
    cost = 15.0

    def __init__(
        self, *, languages: Sequence[str] = ("en",), undecided_words: int = 12, least_share: float = 0.05
    ) -> None:
        if not languages or isinstance(languages, str) or not set(languages) <= set(_WEIGHED):
            raise ConfigError("the language gate was given a language that it does not know", f"use {_WEIGHED}")
        if not (undecided_words >= 1 and 0 <= least_share <= 1):
            raise ConfigError(
                "a setting of the language gate is out of range",
                "use undecided_words of 1 or more and a least_share from 0 to 1",
            )
        self._undecided_words, self._least_share = undecided_words, least_share
        lists = {code: function_words(code) for code in _WEIGHED}
        self._own = [lists[code] for code in sorted(set(languages))]
        self._others = [lists[code] for code in _WEIGHED if code not in languages]

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from that text alone."""
        codes = (VerdictCode.PASSED if self._passes(text) else VerdictCode.LANGUAGE for text in batch.texts)
        return [Verdict(self.name, code) for code in codes]

    def _passes(self, text: str) -> bool:
        words = _WORD.findall(text[:_READ_CHARS].lower())
        if _latin_share(words) <= 1 / 2:
            return False
        own, other = _most(words, self._own), _most(words, self._others)
        if other >= 2 and other > own:
            return False
        return len(words) < self._undecided_words or own >= self._least_share * len(words)


def _most(words: Sequence[str], lists: Sequence[frozenset[str]]) -> int:
    return max((sum(word in members for word in words) for members in lists), default=0)


def _latin_share(words: Sequence[str]) -> float:
    """Of the letters; 1 where there are none."""
    letters = "".join(words)
    if not letters or letters.isascii():
        return 1.0
    latin = sum(unicodedata.name(letter, "").startswith(("LATIN", "FULLWIDTH LATIN")) for letter in letters)
    return latin / len(letters)
