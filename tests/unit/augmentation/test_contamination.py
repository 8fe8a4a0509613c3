"""Rule 9: no text that plays private data, or is evaluated on, is in what fedaug writes or takes candidates from.

Checked by 13-grams of normalised words, as in GPT-3's contamination study (Brown et al. 2020, appendix C).
"""

from __future__ import annotations

import csv
import os
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from fedaug.augmentation.corpora import read_corpus
from fedaug.augmentation.generators.clinical_notes import ClinicalNotes, clinical_notes
from fedaug.augmentation.generators.label_phrases import LabelPhrases

ROOT = Path(__file__).resolve().parents[3]
GRAM = 13
#: Every data set whose records play private data or are evaluated on, and the columns that hold its text.
PRIVATE = {
    "banking77": ("train.csv", "text", "category"),
    "mts_dialog": ("train.csv", "section_text", "section_header"),
}


def grams(texts: Iterable[str], length: int = GRAM) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for text in texts:
        words = re.findall(r"[a-z0-9]+", text.casefold())
        found.update(tuple(words[start : start + length]) for start in range(len(words) - length + 1))
    return found


def data_folder() -> Path:
    folder = Path(os.environ.get("FEDAUG_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "banking77").is_dir():
        pytest.skip("the real data sets are not on this machine: set FEDAUG_DATA")
    return folder


def private_texts(name: str) -> tuple[list[str], list[str]]:
    file, text, label = PRIVATE[name]
    with (data_folder() / name / file).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row[text] for row in rows], sorted({row[label] for row in rows})


def written(labels: list[str]) -> Iterator[str]:
    """What fedaug itself writes, for these labels."""
    for seed in (7, 8):
        yield from (candidate.text for candidate in LabelPhrases().generate(labels, seed))
        yield from (candidate.text for candidate in ClinicalNotes(dialect="both").generate(labels, seed))
        yield from (note.section_text for note in clinical_notes(2_000, seed))


@pytest.mark.parametrize("name", sorted(PRIVATE))
def test_what_fedaug_writes_shares_no_13_gram_with_a_private_set(name: str) -> None:
    texts, labels = private_texts(name)
    private = grams(texts)
    assert len(private) > 1_000
    assert grams(written(labels)) & private == set()


@pytest.mark.parametrize("example", ["banking", "clinic"])
def test_candidate_corpora_share_no_13_gram_with_the_example_s_private_set(example: str) -> None:
    settings = tomllib.loads((ROOT / "examples" / example / "campaign.toml").read_text("utf-8"))
    simulation = tomllib.loads((ROOT / "examples" / example / "simulation.toml").read_text("utf-8"))
    private = grams(private_texts(simulation["data"]["data_set"])[0])
    corpora = [corpus for source in settings["candidates"] for corpus in source.get("corpora", [])]
    assert corpora
    for corpus in corpora:
        assert corpus not in PRIVATE
        public = grams(text.text for text in read_corpus(corpus, [data_folder()]))
        assert len(public) > 100
        assert public & private == set()


def test_the_check_finds_a_planted_sentence() -> None:
    sentence = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    assert grams([f"Well, {sentence.upper()}!"]) & grams([sentence])
    assert not grams(["one two three"])
