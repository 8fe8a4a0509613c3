"""Every operator, built of small real parts, and parents that it can work on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.tiny_writer import LABELS, candidates, language_model, marked, writer

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.generators.clinical_notes import ClinicalNotes
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.augmentation.operators import Operator
from fedaug.augmentation.operators.annotator import Annotator
from fedaug.augmentation.operators.reader import Reader
from fedaug.augmentation.registry import OPERATORS, load_plugin, plugin_names


class NaiveBayes:
    """A teacher by word counts, trained on texts of the toy language (Manning, Raghavan & Schütze 2008, 13.2)."""

    labels = LABELS

    def __init__(self, dependence: Dependence = Dependence.PUBLIC) -> None:
        self.dependence = dependence
        words: dict[str, Counter[str]] = {label: Counter() for label in LABELS}
        for one in candidates(40, seed=7):
            words[str(one.label)].update(one.text.split())
        known = set().union(*words.values())
        self._logs = {
            word: np.log([(words[label][word] + 1) / (words[label].total() + len(known)) for label in LABELS])
            for word in known
        }

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        scores = np.zeros((len(texts), len(LABELS)))
        for row, text in enumerate(texts):
            for word in text.split():
                scores[row] += self._logs.get(word, 0.0)
        shares: NDArray[np.float64] = np.exp(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
        return shares


Parts = Callable[[int, Dependence], dict[str, Any]]


def annotator(dependence: Dependence = Dependence.PUBLIC) -> Annotator:
    """The tiny model as a teacher."""
    return Annotator(Reader(marked(language_model(), dependence)), LABELS)


#: What each operator is built of: a batch size, which may change nothing, and what its model depends on.
PARTS: dict[str, Parts] = {
    "few-shot": lambda batch, mark: {"writer": writer(batch=batch, dependence=mark)},
    "tune-then-generate": lambda batch, mark: {"writer": writer(batch=batch, dependence=mark)},
    "ensemble-select": lambda batch, mark: {"writer": writer(batch=batch), "judges": annotator(mark)},
    "annotate": lambda _, mark: {"annotator": annotator(mark)},
    "annotate-budgeted": lambda _, mark: {"annotator": annotator(mark), "teacher": NaiveBayes()},
    "paraphrase": lambda batch, mark: {"writer": writer(batch=batch, dependence=mark)},
    "entity-paraphrase": lambda batch, mark: {"writer": writer(batch=batch, dependence=mark)},
    "mix": lambda batch, mark: {"writer": writer(batch=batch, dependence=mark)},
    "counterfactual": lambda batch, mark: {"writer": writer(batch=batch), "teacher": NaiveBayes(mark)},
}
NAMES = sorted(plugin_names(OPERATORS))
#: These read no model, and so always read public things only.
WITHOUT_MODEL = sorted(set(NAMES) - set(PARTS))


@cache
def made(name: str, batch: int = 64, mark: Dependence = Dependence.PUBLIC) -> Operator:
    """An operator by its registered name."""
    parts = PARTS[name](batch, mark) if name in PARTS else {}
    operator: Operator = load_plugin(OPERATORS, name)(**parts)
    return operator


@cache
def parents(name: str) -> tuple[Candidate, ...]:
    """Texts that an operator can work on: the toy language for those that the tiny model writes for."""
    if name in PARTS:
        return tuple(candidates(12))
    return (
        *LabelPhrases(12).generate(["card_not_working", "cancel_transfer"], 1),
        *ClinicalNotes(12).generate(["GENHX", "PLAN"], 1),
    )
