"""Gates on a text's outward form: how long it is, and whether it goes round in circles."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from fedaug.errors import ConfigError
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode

_WORD = re.compile(r"\w+")
_LONGEST_RUN = re.compile(r"(.)\1{9,}")  # ten times the same character; white space and rules of dashes aside


class LengthGate:
    """Refuses texts that are too short to say anything, or longer than a record of the campaign could be.

    Args:
        min_words: Fewest words, a word being a run of letters, digits and underscores.
        max_words: Most words.
        min_chars: Fewest characters, white space at the ends not counted.
        max_chars: Most characters.

    Raises:
        ConfigError: The bounds leave no room.
    """

    name = "length"
    gate_class = GateClass.FREE
    cost = 1.0

    def __init__(
        self, *, min_words: int = 2, max_words: int = 1_000, min_chars: int = 8, max_chars: int = 10_000
    ) -> None:
        if not (0 <= min_words <= max_words and 0 <= min_chars <= max_chars):
            raise ConfigError("the length gate's bounds leave no room", "give bounds with 0 <= min <= max")
        self._words = (min_words, max_words)
        self._chars = (min_chars, max_chars)

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from that text alone."""
        return [Verdict(self.name, self._code(text)) for text in batch.texts]

    def _code(self, text: str) -> VerdictCode:
        chars = len(text.strip())
        if chars > self._chars[1]:  # before words are counted: a text of any size may be offered
            return VerdictCode.TOO_LONG
        words = sum(1 for _ in _WORD.finditer(text))
        if words > self._words[1]:
            return VerdictCode.TOO_LONG
        if words < self._words[0] or chars < self._chars[0]:
            return VerdictCode.TOO_SHORT
        return VerdictCode.PASSED


class RepetitionGate:
    """Refuses the loops that language models fall into.

    A text is refused if one word comes ``max_run + 1`` times in a row, if one character does ten times, or if the share
    of its words inside a repeated run of ``gram_words`` words is over ``max_share`` (the duplicate n-gram filter of Rae
    et al. 2021, "Scaling language models: Gopher", table A1, with words for characters).

    Args:
        max_run: Most times that a word may follow itself.
        gram_words: Words in a run that counts as repeated when it occurs again.
        max_share: Most words inside repeated runs, as a share of all.

    Raises:
        ConfigError: A setting is out of range.
    """

    name = "repetition"
    gate_class = GateClass.FREE
    cost = 10.0

    def __init__(self, *, max_run: int = 3, gram_words: int = 4, max_share: float = 0.3) -> None:
        if not (max_run >= 1 and gram_words >= 1 and 0 <= max_share <= 1):
            raise ConfigError(
                "a setting of the repetition gate is out of range", "use runs >= 1 and 0 <= max_share <= 1"
            )
        self._max_run, self._gram_words, self._max_share = max_run, gram_words, max_share

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from that text alone."""
        return [Verdict(self.name, self._code(text)) for text in batch.texts]

    def _code(self, text: str) -> VerdictCode:
        words = _WORD.findall(text.casefold())
        if _has_long_run(text) or self._has_word_run(words) or self._repeated_share(words) > self._max_share:
            return VerdictCode.REPETITIVE
        return VerdictCode.PASSED

    def _has_word_run(self, words: list[str]) -> bool:
        run = 1
        for before, word in pairwise(words):
            run = run + 1 if word == before else 1
            if run > self._max_run:
                return True
        return False

    def _repeated_share(self, words: list[str]) -> float:
        size = self._gram_words
        grams = [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
        counts = Counter(grams)
        inside: set[int] = set()
        for start, gram in enumerate(grams):
            if counts[gram] > 1:
                inside.update(range(start, start + size))
        return len(inside) / len(words) if words else 0.0


def _has_long_run(text: str) -> bool:
    return any(not match.group(1).isspace() and match.group(1) not in "-_=*." for match in _LONGEST_RUN.finditer(text))
