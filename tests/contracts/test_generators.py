"""What every generator keeps to, whoever wrote it."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.tiny_language_models import save_tiny

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.generators import Generator
from fedaug.augmentation.generators.clinical_notes import ClinicalNotes
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.augmentation.generators.language_model import LanguageModelTexts
from fedaug.augmentation.generators.public_corpus import PublicCorpus
from fedaug.augmentation.registry import GENERATORS, load_plugin, plugin_names

LABELS = ["card_payment_fee_charged", "GENHX", "PASTMEDICALHX", "exchange_rate", "why_verify_identity"]


def _corpus(folder: Path) -> Generator:
    path = folder / "own.csv"
    rows = [f'"customer number {number} asks about the weather",exchange_rate' for number in range(40)]
    path.write_text("text,label\n" + "\n".join(rows) + "\n", "utf-8")
    return PublicCorpus([str(path)])


def _language_model(folder: Path) -> Generator:
    path = folder / "tiny-llama"
    return LanguageModelTexts(str(path if path.exists() else save_tiny(path, talkative=False)), per_label=8)


BUILT_IN: dict[str, Callable[[Path], Generator]] = {
    "public-corpus": _corpus,
    "label-phrases": lambda _: LabelPhrases(),
    "clinical-notes": lambda _: ClinicalNotes(),
    "language-model": _language_model,
}
INSTALLED = {
    name: lambda _, name=name: load_plugin(GENERATORS, name)()
    for name in plugin_names(GENERATORS)
    if name not in BUILT_IN
}
MAKERS = BUILT_IN | INSTALLED

each_generator = pytest.mark.parametrize("name", sorted(MAKERS))


def _make(name: str, folder: Path, labels: list[str] = LABELS, seed: int = 3) -> list[Candidate]:
    return list(itertools.islice(MAKERS[name](folder).generate(labels, seed), 2_000))


@each_generator
def test_it_makes_something_and_says_who_made_it(name: str, tmp_path: Path) -> None:
    made = _make(name, tmp_path)
    assert made
    assert {candidate.origin for candidate in made} == {name} == {MAKERS[name](tmp_path).name}
    assert all(candidate.source and not candidate.parents for candidate in made)


@each_generator
def test_its_texts_are_public_clean_and_different(name: str, tmp_path: Path) -> None:
    made = _make(name, tmp_path)
    texts = [candidate.text for candidate in made]
    assert {candidate.dependence for candidate in made} == {Dependence.PUBLIC}
    assert len(set(texts)) == len(texts)
    assert all(text == " ".join(text.split()) and text for text in texts)
    assert not [text for text in texts if "{" in text or "}" in text or "|" in text or "\ue000" in text]


@each_generator
def test_the_same_seed_gives_the_same_candidates_and_another_gives_others(name: str, tmp_path: Path) -> None:
    assert _make(name, tmp_path) == _make(name, tmp_path)
    assert _make(name, tmp_path) != _make(name, tmp_path, seed=4)


@each_generator
def test_a_label_is_claimed_only_if_the_campaign_has_it(name: str, tmp_path: Path) -> None:
    assert {candidate.label for candidate in _make(name, tmp_path)} <= {*LABELS, None}
    assert {candidate.label for candidate in _make(name, tmp_path, ["nobody_uses_this"])} <= {"nobody_uses_this", None}


@each_generator
def test_no_label_gives_no_labelled_candidate(name: str, tmp_path: Path) -> None:
    assert {candidate.label for candidate in _make(name, tmp_path, [])} <= {None}
