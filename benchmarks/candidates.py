"""Candidates a second without a model: label phrases against replacing synonyms.

The alternative is synonym replacement in one hand-written query for each label (EDA, Wei & Zou 2019), which needs no
model either. Sampling a language model is measured by ``benchmarks.generate``.
"""

from __future__ import annotations

import argparse
import json
import random
import time

from fedaug.augmentation.generators.clinical_notes import ClinicalNotes
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.augmentation.operators.splice import Splice
from fedaug.augmentation.operators.word_swap import WordSwap

LABELS = ["card_not_working", "cancel_transfer", "exchange_rate", "lost_or_stolen_card", "getting_virtual_card"]
HEADERS = ["GENHX", "CC", "PLAN", "EXAM", "ALLERGY"]


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="only the JSON object")
    parser.add_argument("--per-label", type=int, default=150)
    settings = parser.parse_args()
    figures = own_figures(settings.per_label)
    other = word_replacement(settings.per_label)
    result = {
        "ours": figures["label-phrases"],
        "alternative": other,
        "ratio": figures["label-phrases"] / other,
        "unit": "different texts per second",
        "all": figures,
        "settings": {"per_label": settings.per_label, "alternative": "EDA word replacement"},
    }
    if not settings.json:
        for name, rate in figures.items():
            print(f"{name}: {rate:,.0f} different texts per second")
    print(json.dumps(result))


def own_figures(per_label: int) -> dict[str, float]:
    """Rate of each generator and operator."""
    phrases = LabelPhrases(per_label)
    next(phrases.generate(LABELS, 0))  # the word lists are read once
    figures = {}
    for generator, labels in ((phrases, LABELS), (ClinicalNotes(per_label), HEADERS)):
        start = time.perf_counter()
        made = list(generator.generate(labels, 1))
        figures[generator.name] = len(made) / (time.perf_counter() - start)
    parents = list(phrases.generate(LABELS[:1], 1))[:10]
    for operator in (Splice(), WordSwap()):
        start = time.perf_counter()
        children = operator.apply(parents, per_label, 1)
        figures[operator.name] = len(children) / (time.perf_counter() - start)
    return figures


def word_replacement(per_label: int) -> float:
    """EDA's synonym replacement from one hand-written query a label: different texts per second."""
    synonyms = {"card": ["bank card", "debit card"], "my": ["the", "our"], "help": ["assist"], "please": ["kindly"]}
    rng, made, start = random.Random(1), set(), time.perf_counter()
    for label in LABELS:
        words = f"please help me with my {label.replace('_', ' ')}".split()
        for _ in range(per_label):
            made.add(" ".join(rng.choice(synonyms.get(word, [word])) for word in words))
    return len(made) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
