"""Texts embedded a second: fixed-shape batches against sentence-transformers with the same weights.

Only fixed-shape batches, and texts one by one, give a text the same vector to the bit in any company;
sentence-transformers in batches of 32 is the faster way that does not.

    python -m benchmarks.embed --json
"""

from __future__ import annotations

import argparse
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sentence_transformers import SentenceTransformer

from benchmarks.measure import median_seconds, result, show
from fedaug.augmentation.encoder import MiniLM
from fedaug.augmentation.generators.clinical_notes import ClinicalNotes, clinical_notes
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.privacy.pretrained import weights_folder

LABELS = ["card not working", "cancel transfer", "exchange rate", "lost or stolen card", "getting a virtual card"]
TOLERANCE = 1e-5  # both must mean the same space


def corpora(count: int) -> dict[str, list[str]]:
    """Short questions, single sections, and whole notes of about as many words as the model reads."""
    headers = sorted({note.section_header for note in clinical_notes(500, 1)})
    sections = [candidate.text for candidate in ClinicalNotes().generate(headers, 1)]
    notes = [" ".join(sections[start : start + 8]) for start in range(0, len(sections), 8)]
    short = [candidate.text for candidate in islice(LabelPhrases(count).generate(LABELS, 1), 10 * count)]
    return {"short": _spread(short, count), "section": _spread(sections, count), "note": _spread(notes, count // 4)}


def _spread(texts: list[str], count: int) -> list[str]:
    return texts[:: max(1, len(texts) // count)][:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--texts", type=int, default=256, help="short texts and sections; a quarter as many notes")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    ours, theirs = MiniLM(), SentenceTransformer(str(weights_folder()), device="cpu")

    def singly(texts: list[str]) -> list[NDArray[Any]]:
        return [encode([text], 1) for text in texts]

    def encode(texts: list[str], batch: int) -> NDArray[Any]:
        return np.asarray(theirs.encode(texts, batch_size=batch, normalize_embeddings=True, show_progress_bar=False))

    figures: dict[str, Any] = {}
    for name, texts in corpora(options.texts).items():
        difference = float(np.abs(ours.embed(texts) - encode(texts, 32)).max())  # also warms both up
        assert difference < TOLERANCE, f"the spaces differ by {difference:g}"
        ways = {"ours": partial(ours.embed, texts), "batch_32": partial(encode, texts, 32)}
        seconds = median_seconds({**ways, "one_by_one": partial(singly, texts)}, options.runs)
        rates = {way: len(texts) / took for way, took in seconds.items()}
        words = float(np.mean([len(text.split()) for text in texts]))
        figures[name] = {"texts": len(texts), "mean_words": words, "per_second": rates, "max_difference": difference}
    rows = [[name, found["texts"], *found["per_second"].values()] for name, found in figures.items()]
    show(["texts", "number", "ours/s", "batch 32/s", "one by one/s"], rows)
    if options.json:
        short = figures["short"]["per_second"]
        print(
            result(
                "embed",
                unit="short texts per second; the alternative is one by one, which too is bit-identical in any company",
                ours=short["ours"],
                alternative=short["one_by_one"],
                ratio=short["ours"] / short["one_by_one"],
                ratio_to_batch_32=short["ours"] / short["batch_32"],
                all=figures,
                settings={"runs": options.runs, "model": MiniLM.name},
            )
        )


if __name__ == "__main__":
    main()
