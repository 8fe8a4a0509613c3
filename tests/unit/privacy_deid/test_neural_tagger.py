"""The embedded recogniser: what a text's spans may depend on, exact places, and the errors of its files."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from fedaug.errors import ConfigError
from fedaug.privacy.deid.neural import Tagger
from fedaug.privacy.deid.neural import pieces as reading
from fedaug.privacy.deid.neural.card import SHIPPED, load_card
from fedaug.privacy.deid.neural.recogniser import NeuralRecogniser
from fedaug.privacy.deid.neural.weights import chosen
from fedaug.privacy.deid.neural.windows import WINDOW

NOTE = (
    "Patient: Rosalind Thackeray\nDOB: 03/12/1957\n\nSeen on March 3, 2019 by Dr. Milo Abernathy at St. Brendan's "
    "Hospital in Duluth, Minnesota. She takes metformin 500 mg twice a day and has no allergies."
)
FILLER = "The wound is clean and dry, and the patient was told to keep taking the tablets with food. "


def found(tagger: Tagger, text: str) -> list[str]:
    return [text[span.start : span.end] for span in tagger.tag([text])[0]]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_texts_result_is_the_same_to_the_bit_alone_and_in_company(precision: str, tagger: Tagger) -> None:
    tagger = tagger if precision == "fp32" else Tagger("en", precision="bf16")
    texts = [NOTE, "Call Ms. Thackeray.", FILLER * 30 + NOTE, "", NOTE.upper(), "Duluth", "Call Mr. Okonkwo-Reyes."]
    alone = [tagger.probabilities(text) for text in texts]
    together = list(tagger.words(texts))
    shuffled = list(tagger.words([FILLER, *reversed(texts), "Mary"]))[1:-1][::-1]
    assert sum(len(words.found) for words in alone) > 500
    for one, other, third in zip(alone, together, shuffled, strict=True):
        assert_array_equal(one.found, other.found, strict=True)
        assert_array_equal(one.found, third.found, strict=True)
        assert_array_equal(one.types, third.types, strict=True)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_texts_result_is_the_same_to_the_bit_on_any_number_of_threads(precision: str, tagger: Tagger) -> None:
    tagger = tagger if precision == "fp32" else Tagger("en", precision="bf16")
    before = torch.get_num_threads()
    said = []
    try:
        for threads in (1, 2, 3, 5):
            torch.set_num_threads(threads)
            said.append(tagger.probabilities(FILLER * 8 + NOTE))
            assert torch.get_num_threads() == threads, "the process has as many threads as before"
    finally:
        torch.set_num_threads(before)
    for other in said[1:]:
        assert_array_equal(said[0].found, other.found, strict=True)
        assert_array_equal(said[0].types, other.types, strict=True)


def test_names_places_and_dates_of_a_note_are_found_with_exact_places(tagger: Tagger) -> None:
    assert {"Rosalind Thackeray", "03/12/1957", "March 3, 2019", "Milo Abernathy"} <= set(found(tagger, NOTE))
    by_text = {NOTE[span.start : span.end]: span.entity_type for span in tagger.tag([NOTE])[0]}
    assert by_text["Rosalind Thackeray"] == "PERSON"
    assert by_text["03/12/1957"] == "DATE_TIME"


def test_spans_are_in_order_without_overlap_and_inside_the_text(tagger: Tagger) -> None:
    spans = tagger.tag([NOTE * 20])[0]
    assert len(spans) > 80
    for before, after in itertools.pairwise(spans):
        assert 0 <= before.start < before.end <= after.start
    assert spans[-1].end <= len(NOTE) * 20
    assert all(tagger.threshold <= span.score <= 1 for span in spans)


@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_a_text_without_its_case_keeps_its_findings(change: object, tagger: Tagger) -> None:
    text = change("I spoke with Rosalind Thackeray from Duluth, Minnesota on March 3.")  # type: ignore[operator]
    assert change("Rosalind Thackeray") in " ".join(found(tagger, text))  # type: ignore[operator]
    assert change("Duluth") in " ".join(found(tagger, text))  # type: ignore[operator]


def test_a_name_is_found_wherever_a_window_ends(tagger: Tagger) -> None:
    name = "Rosalind Thackeray"
    before = (FILLER * 20).split()
    ends = range(WINDOW - 40, WINDOW + 6, 4)  # a word of the filler is about one piece
    texts = [f"{' '.join(before[:end])}. Seen by Dr. {name} today. {FILLER}" for end in ends]
    for text, spans in zip(texts, tagger.tag(texts), strict=True):
        place = text.index(name)
        assert any(s.start <= place and s.end >= place + len(name) for s in spans), place


def test_a_long_text_says_the_same_of_a_passage_that_lies_elsewhere_in_its_windows(tagger: Tagger) -> None:
    passage = "\n\n" + NOTE + "\n\n"
    here, there = FILLER * 20 + passage + FILLER * 20, FILLER * 33 + passage + FILLER * 20
    first = [text for text in found(tagger, here) if text in NOTE]
    assert len(first) >= 5
    assert first == [text for text in found(tagger, there) if text in NOTE]


@pytest.mark.parametrize(
    "text",
    [
        "", " \n\t", "\x00" * 40, "\ud800" * 30, "\u0301" * 300, "\U0001f600" * 300, "\u200b" * 100, "a" * 50_000,
        "9" * 50_000, "\u202e" + NOTE, NOTE.replace(" ", "\u00a0"), NOTE.replace("a", "a\u200b"),
        NOTE.replace("e", "e\u0301"), "患者は田中さん",
    ],
)  # fmt: skip
def test_hostile_text_is_read_without_error_and_spans_stay_inside(text: str, tagger: Tagger) -> None:
    spans = tagger.tag([text])[0]
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


def test_accents_and_marks_of_no_width_stay_within_the_span_of_their_word(tagger: Tagger) -> None:
    for name in ("Jose\u0301 Marti\u0301ne\u0301z", "Jo\u200bhn Thack\u200deray", "Ren\u00e9e Fa\ud800lk"):
        assert any(name in piece for piece in found(tagger, f"Patient: {name}\nSeen by Dr. {name} today.")), ascii(name)


def test_without_the_case_of_words_names_are_lost(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [
        f"{name} was here, and {name} said so." for name in ("Brook Field", "Rich Banks", "Art Hall", "Faith Rivers")
    ]
    whole = sum(float(words.found.mean()) for words in tagger.words(texts))
    monkeypatch.setattr(reading, "_case", lambda word: reading.CASES.index("lower"))
    assert sum(float(words.found.mean()) for words in tagger.words(texts)) < whole


def test_bf16_and_fp32_agree(tagger: Tagger) -> None:
    other = Tagger("en", precision="bf16")
    one, two = tagger.probabilities(NOTE * 4), other.probabilities(NOTE * 4)
    differ = (one.found >= tagger.threshold) != (two.found >= tagger.threshold)
    assert differ.mean() < 0.02
    assert np.abs(one.found - two.found).max() > 0, "both ran in one precision"


def test_auto_takes_bf16_only_where_the_processor_multiplies_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for able, expected in (({}, "fp32"), ({"avx512_bf16": True}, "bf16"), ({"amx_bf16": True}, "bf16")):
        monkeypatch.setattr("torch.cpu.get_capabilities", lambda able=able: able, raising=False)
        assert chosen("auto") == expected
    assert chosen("fp32") == "fp32"


def test_loading_leaves_torchs_threads_and_random_numbers_alone() -> None:
    before = torch.get_num_threads(), torch.get_rng_state()
    Tagger("en", precision="fp32").tag([NOTE])
    assert torch.get_num_threads() == before[0]
    assert torch.equal(torch.get_rng_state(), before[1])


def test_a_language_without_weights_is_refused() -> None:
    with pytest.raises(ConfigError, match="no tagger for this language"):
        Tagger("fi")


@pytest.mark.parametrize("threshold", [0.0, 1.0, -1.0, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigError, match="threshold is not between 0 and 1"):
        Tagger("en", threshold=threshold)


@pytest.mark.parametrize("damage", ["cut", "swapped", "missing"])
def test_damaged_weights_are_refused(damage: str, tmp_path: Path) -> None:
    for path in SHIPPED.glob("en.*"):
        shutil.copy(path, tmp_path)
    weights = tmp_path / "en.safetensors"
    if damage == "cut":
        weights.write_bytes(weights.read_bytes()[:-1000])
    elif damage == "swapped":
        card = load_card("en")
        (tmp_path / "en.json").write_text(card.model_copy(update={"labels": ("PERSON",)}).model_dump_json())
    else:
        weights.unlink()
    with pytest.raises(ConfigError, match="missing or damaged"):
        Tagger("en", folder=tmp_path)


def test_a_card_that_cannot_be_read_is_refused_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "en.json").write_text('{"language": "en", "secret": 1}')
    with pytest.raises(ConfigError, match="description cannot be read") as caught:
        Tagger("en", folder=tmp_path)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("language", ["en", "es"])
def test_an_adapter_that_ships_takes_at_most_3_mb(language: str) -> None:
    sizes = [path.stat().st_size for path in SHIPPED.glob(f"{language}.*")]
    assert len(sizes) == 2
    assert sum(sizes) <= 3_000_000


def test_presidio_sees_the_types_that_it_asks_for(tagger: Tagger) -> None:
    recogniser = NeuralRecogniser(tagger)
    everything = recogniser.analyze(NOTE, [])
    people = recogniser.analyze(NOTE, ["PERSON"])
    assert {result.entity_type for result in people} == {"PERSON"}
    assert len(everything) > len(people) > 1
    assert set(recogniser.supported_entities) == set(tagger.card.labels)


def test_the_spanish_tagger_finds_what_a_report_says_of_its_patient() -> None:
    text = "Nombre: Eulalia.\nApellidos: Quiroga Barrientos.\nEdad: 63 años Sexo: M.\nMédico: Telmo Iriarte Zubiri."
    tagger = Tagger("es", precision="fp32")
    spans = {text[span.start : span.end]: span.entity_type for span in tagger.tag([text])[0]}
    assert spans["Quiroga Barrientos"] == "PERSON"
    assert spans["63 años"] == "AGE"
    assert any("Telmo" in found for found in spans)
    assert tagger.threshold < tagger.card.balanced < 1
