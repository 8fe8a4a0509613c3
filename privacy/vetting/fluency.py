"""A gate that refuses what is no language: texts that a public language model finds more surprising than public texts.

gate = ngram_fluency(public_texts)
gate.judge(Batch(("where is my card", "card the of is where colourless")))
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError, DefectError, TooFewRecords
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.ngrams import WordNGrams

_HELD_BACK: Final = 5  # every fifth public text is kept from the model, to see what unseen public texts score
_LEAST_TEXTS: Final = 50


@runtime_checkable
class Perplexity(Protocol):
    """A language model that was trained on public data, or on private data under DP."""

    def perplexities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Perplexity per word or token of each text, [texts]: exp of the mean negative log-likelihood."""
        ...


class FluencyGate:
    """Refuses a text whose perplexity under a public base model is over a limit (Wenzek et al. 2020, CCNet, section 3).

    A verdict depends on its own text alone if the model's figures do. Low perplexity is not refused: it is the mark of
    a common phrase as well as of a loop, and loops have a gate of their own.

    Args:
        model: Trained on public data or DP output only, or the gate would not be of class F.
        max_perplexity: The most that passes, in the model's own unit.
        cost: Microseconds of processor time per text, if the model is dearer than word n-grams.

    Raises:
        ConfigError: The limit is not a number above 1.
    """

    name = "fluency"
    gate_class = GateClass.FREE

    def __init__(self, model: Perplexity, *, max_perplexity: float, cost: float = 200.0) -> None:
        if not 1 < max_perplexity < math.inf:
            raise ConfigError("the fluency gate's limit is not a finite number above 1", "give one such as 1000")
        self.max_perplexity, self.cost = max_perplexity, cost
        self._model = model

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text; its score is the perplexity."""
        found = self._model.perplexities(batch.texts)
        if found.shape != (len(batch),):
            raise DefectError("a language model did not give one perplexity per text", "report this with its name")
        return [Verdict(self.name, self._code(value), value) for value in found.tolist()]

    def _code(self, perplexity: float) -> VerdictCode:
        if math.isnan(perplexity):
            return VerdictCode.NOT_CHECKED
        return VerdictCode.PASSED if perplexity <= self.max_perplexity else VerdictCode.NOT_FLUENT


def ngram_fluency(public: Sequence[str], *, refused_share: float = 0.01, slack: float = 1.0) -> FluencyGate:
    """A fluency gate that needs no download: word n-grams of public texts, and a limit that other public texts set.

    Args:
        public: Public texts of the campaign's language and, best, of its domain; each fifth, by the hash of its words,
            sets the limit and the others train the model. Shares, and not numbers, of texts: a corpus that grows moves
            no text from one part to the other.
        refused_share: Share of unseen public texts that are over the limit before slack.
        slack: Factor on that limit: candidates speak another dialect than public texts do.

    Raises:
        ConfigError: A setting is out of range.
        TooFewRecords: There are fewer than 50 texts in a part.
    """
    if not (0 < refused_share < 1 and 1 <= slack < math.inf):
        raise ConfigError("a setting of the fluency gate is out of range", "use 0 < refused_share < 1 and slack >= 1")
    held = [text for text in public if _held_back(text)]
    used = [text for text in public if not _held_back(text)]
    if min(len(held), len(used)) < _LEAST_TEXTS:
        raise TooFewRecords("too few public texts to judge fluency by", "name public corpora of 500 texts or more")
    model = WordNGrams(used)
    limit = float(np.quantile(model.perplexities(held), 1 - refused_share))
    return FluencyGate(model, max_perplexity=max(limit * slack, 2.0))


def _held_back(text: str) -> bool:
    digest = hashlib.sha256(" ".join(text.casefold().split()).encode("utf-8", "replace")).digest()
    return digest[0] % _HELD_BACK == 0
