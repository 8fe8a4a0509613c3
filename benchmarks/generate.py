"""Candidates a second: label phrases against sampling a local language model for the same labels.

The alternative is the causal language model in the folder ``--model``. Without one it is synonym replacement in one
hand-written query for each label (EDA, Wei & Zou 2019), which needs no model either.
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
    parser.add_argument("--model", help="folder of a local causal language model")
    parser.add_argument("--per-label", type=int, default=150)
    settings = parser.parse_args()
    figures = own_figures(settings.per_label)
    other = language_model(settings.model) if settings.model else word_replacement(settings.per_label)
    result = {
        "ours": figures["label-phrases"],
        "alternative": other,
        "ratio": figures["label-phrases"] / other,
        "unit": "different texts per second",
        "all": figures,
        "settings": {"per_label": settings.per_label, "alternative": settings.model or "EDA word replacement"},
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


def language_model(folder: str) -> float:
    """A local causal language model, sampled in batches of 32: different texts per second."""
    import torch  # noqa: PLC0415 - only with --model
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    made, start = set(), time.perf_counter()
    for label in LABELS:
        prompt = f'A customer asks about {label.replace("_", " ")}: "'
        batch = tokenizer([prompt] * 32, return_tensors="pt", padding=True)
        with torch.inference_mode():
            out = model.generate(**batch, do_sample=True, max_new_tokens=24, pad_token_id=tokenizer.pad_token_id)
        made |= set(tokenizer.batch_decode(out, skip_special_tokens=True))
    return len(made) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
