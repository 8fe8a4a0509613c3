"""The corpus that the recogniser is trained from: exact, reproducible, and blind to what measures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
import tools.ner_corpus as corpus
from benchmarks.deid import notes
from tools.ner_corpus import background, corpora, excluded, generated, presidio, spanish
from tools.ner_corpus.case import SLOTS
from tools.ner_corpus.example import ENGLISH_LABELS, SPANISH_LABELS, joined, names_nobody_of, pieces_of
from tools.ner_corpus.grammar import Grammar
from tools.ner_corpus.noise import noisy

MEASURES = (
    "dev.jsonl",
    "test.jsonl",
    "wnut17",
    "wikigold",
    "mts_dialog",
    "ncbi",
    "evi_identity",
    "aci_bench",
    "f.conll",
)
REPORT = "Datos del paciente.\nNombre: Ana.\nApellidos: Gil Ros.\nNHC: 123.\nEdad: 38 años Sexo: M.\nCP: 28011 Madrid."


def _spans(text: str, *found: tuple[str, str]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for value, label in found:
        start = text.index(value)
        rows.append({"label": label, "start": start, "end": start + len(value), "text": value})
    return rows


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a few rows of each source, and rows that must never be read."""
    folder = tmp_path_factory.mktemp("data")
    rows = [
        {
            "masked": f"{'training' if presidio.is_trained_on(number) else 'MEASURING'} {number} {{{{PERSON}}}}",
            "template_id": number,
        }
        for number in range(1, 60)
    ]
    trained, measuring = (
        next(number for number in range(1, 60) if presidio.is_trained_on(number) == wanted) for wanted in (True, False)
    )
    rows += [
        {"masked": "TWICE in {{PERSON}}", "template_id": trained},
        {"masked": "Twice  in {{PERSON}}", "template_id": measuring},
    ]
    _write(folder / "presidio_synth" / "synth_dataset_v2.json", json.dumps(rows))
    labels = (
        ("Ana", "NOMBRE_SUJETO_ASISTENCIA"),
        ("Gil Ros", "NOMBRE_SUJETO_ASISTENCIA"),
        ("123", "ID_SUJETO_ASISTENCIA"),
        ("38 años", "EDAD_SUJETO_ASISTENCIA"),
        ("28011", "TERRITORIO"),
        ("Madrid", "TERRITORIO"),
    )
    lines = [json.dumps({"id": f"r{number}", "text": REPORT, "spans": _spans(REPORT, *labels)}) for number in range(40)]
    _write(folder / "meddocan_es" / "train.jsonl", "\n".join(lines))
    _write(folder / "meddocan_es" / "dev.jsonl", "not to be read")
    slots = {"person_name": {"text": "bob", "span": [11, 14]}, "date": {"text": "on 3/14", "span": [20, 27]}}
    said = {"text": "move it to bob@home on 3/14", "slots": slots}
    _write(folder / "nlupp_banking" / "banking" / "fold0.json", json.dumps([said]))
    _write(
        folder / "sec_filings_ner" / "train_FIN5.txt",
        "Borrower NNP - I-PER\nJane NNP - I-PER\nDoe NNP - I-PER\n95054 CD - O\n",
    )
    _write(
        folder / "medquad" / "medquad_answers.jsonl",
        json.dumps({"answer": "The liver makes bile, which helps to digest fat in food."}),
    )
    return folder


@pytest.fixture(scope="module")
def extra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as of the extra corpora, part f of the tweets among them."""
    folder = tmp_path_factory.mktemp("corpora")
    _write(folder / "broad_twitter_corpus" / "a.conll", "Hi\tO\n@\tB-PER\nzed_1\tI-PER\nin\tO\nOslo\tB-LOC\n!\tO\n")
    _write(folder / "broad_twitter_corpus" / "f.conll", "Secret\tB-PER\nMeasure\tI-PER\n")
    _write(folder / "litbank" / "coref" / "brat" / "x.txt", "Mr. Bell saw the doctor .")
    _write(
        folder / "litbank" / "coref" / "brat" / "x.ann", "T1\tPROP_PER 0 8\tMr. Bell\nT2\tNOM_PER 13 23\tthe doctor\n"
    )
    return folder


@pytest.mark.parametrize("kind", sorted(generated.KINDS))
def test_every_kind_of_document_has_exact_ordered_spans_of_known_labels(kind: str) -> None:
    rng = Random(11)
    for _ in range(120):
        example = generated.document(rng, kind)
        end = 0
        for start, stop, label in example.spans:
            assert end <= start < stop <= len(example.text)
            assert example.text[start:stop] == example.text[start:stop].strip() != ""
            assert label in ENGLISH_LABELS
            end = stop


def test_what_identifies_nobody_has_no_span() -> None:
    rng = Random(4)
    assert all(generated.document(rng, "nothing").spans == () for _ in range(300))


def test_dense_notes_hold_at_least_twenty_identifiers_mostly() -> None:
    rng = Random(5)
    counts = [len(generated.document(rng, "dense").spans) for _ in range(100)]
    assert sum(count >= 20 for count in counts) >= 90


def test_the_grammar_uses_no_name_that_nobody_fills() -> None:
    assert generated.grammar().slots() <= SLOTS


def test_a_production_with_an_unbalanced_bracket_is_refused() -> None:
    with pytest.raises(ValueError, match="unbalanced"):
        Grammar({"a": ["one [two|three"]})


def test_noise_moves_spans_with_their_text() -> None:
    pieces = [("Seen by ", None), ("Dr", "TITLE"), (" ", None), ("Zoë Quine", "PERSON"), (" today in ward 3.", None)]
    rng, changed = Random(3), 0
    for _ in range(300):
        damaged = noisy(rng, pieces, 3.0)
        example = joined(damaged, ENGLISH_LABELS)
        assert example.text == "".join(text for text, _ in damaged)
        assert [label for *_, label in example.spans] == ["TITLE", "PERSON"]
        surfaces = [example.text[start:end] for start, end, _ in example.spans]
        assert surfaces == [text.strip() for text, label in damaged if label]
        changed += example.text != "Seen by Dr Zoë Quine today in ward 3."
    assert changed > 100


def test_pieces_and_joined_are_inverse_and_overlapping_spans_are_refused() -> None:
    spans = ((0, 3, "PERSON"), (7, 9, "AGE"))
    assert joined(pieces_of("Ann is 40.", spans), ENGLISH_LABELS).spans == spans
    with pytest.raises(ValueError, match="overlap"):
        pieces_of("Ann is 40.", ((0, 3, "PERSON"), (2, 5, "AGE")))


def test_a_stream_is_the_same_for_a_seed_and_another_for_another(data: Path, extra: Path) -> None:
    for language in ("en", "es"):
        first = list(corpus.examples(language, 1, 150, data, extra))
        assert len(first) == 150
        assert first == list(corpus.examples(language, 1, 150, data, extra))
        assert first != list(corpus.examples(language, 2, 150, data, extra))


def test_a_stream_does_not_depend_on_the_order_of_sets() -> None:
    program = (
        "import hashlib; from tools.ner_corpus import examples;"
        "drawn = [(each.text, each.spans) for each in examples('en', 5, 400, None)];"
        "print(hashlib.sha256(repr(drawn).encode()).hexdigest())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_all_sources_are_mixed_in(data: Path, extra: Path) -> None:
    assert set(corpus.sources(data, extra)) == set(corpus.WEIGHTS)
    assert set(corpus.sources(None, None)) == {"generated", "notes"}
    assert set(corpus.sources(data, None, "es")) == set(corpus.SPANISH_WEIGHTS)


def test_a_fair_part_of_the_spanish_examples_is_generated(data: Path) -> None:
    drawn = list(corpus.examples("es", 1, 400, data))
    reports = sum(example.text.startswith("Datos del paciente.\nNombre") for example in drawn)
    assert 100 < sum("NHC: " not in example.text and "Datos" not in example.text for example in drawn) < 300
    assert reports > 50


def test_no_measuring_corpus_is_read(data: Path, extra: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    read, opens = Path.read_text, Path.open

    def reading(path: Path, *args: object, **kwargs: object) -> str:
        opened.append(str(path))
        return read(path, *args, **kwargs)  # type: ignore[arg-type] # passed through

    def opening(path: Path, *args: object, **kwargs: object) -> object:
        opened.append(str(path))
        return opens(path, *args, **kwargs)  # type: ignore[call-overload] # passed through

    monkeypatch.setattr(Path, "read_text", reading)
    monkeypatch.setattr(Path, "open", opening)
    for cached in (presidio.templates, spanish.reports, corpora.filings, corpora.banking, corpora.novels):
        cached.cache_clear()
    for cached in (corpora._twitter, background.passages):
        cached.cache_clear()
    texts = [example.text for example in corpus.examples("en", 3, 300, data, extra)]
    texts += [example.text for example in corpus.examples("es", 3, 20, data)]
    assert any("synth_dataset" in path for path in opened)
    assert any("train.jsonl" in path for path in opened)
    assert not [path for path in opened if any(name in path for name in MEASURES)]
    assert not [text for text in texts if "Secret Measure" in text]


def test_the_validation_half_of_presidio_synth_and_what_thresholds_are_chosen_on_are_not_used(data: Path) -> None:
    found = presidio.templates(data)
    assert found
    assert all(template.startswith("training") for template in found)
    tuning = [number for number in range(1, 60) if not presidio.is_validation(number)]
    assert 0 < len(found) < len(tuning) < 59


def test_the_tuning_part_of_meddocan_is_not_trained_on(data: Path) -> None:
    tuning, training = spanish.tuning_examples(data), spanish.reports(data)
    assert tuning
    assert len(tuning) + len(training) == 40


def test_spanish_swaps_values_and_keeps_labels_and_the_text_between(data: Path) -> None:
    rng, seen = Random(2), set()
    for _ in range(60):
        example = spanish.report(rng, data)
        assert example.known == SPANISH_LABELS
        assert {label for *_, label in example.spans} <= SPANISH_LABELS
        seen |= {example.text[start:end] for start, end, label in example.spans if label == "PERSON"}
    assert len(seen) > 20


def test_a_corpus_claims_only_the_labels_it_annotates(data: Path, extra: Path) -> None:
    assert corpora.twitter(extra)[0].known == {"PERSON", "LOCATION", "ORGANIZATION"}
    assert "DATE_TIME" not in corpora.banking(data)[0].known
    assert "LOCATION" not in corpora.filings(data)[0].known
    assert background.passages(data)[0].known == {"PERSON", "AGE", "ID"}


def test_a_handle_is_an_identifier_and_not_a_persons_name(extra: Path) -> None:
    example = corpora.twitter(extra)[0]
    assert example.text == "Hi @zed_1 in Oslo!"
    assert [(example.text[start:end], label) for start, end, label in example.spans] == [
        ("@zed_1", "ID"),
        ("Oslo", "LOCATION"),
    ]


def test_only_proper_names_of_novels_are_persons_and_titles_stand_apart(extra: Path) -> None:
    example = corpora.novels(extra)[0]
    assert [(example.text[start:end], label) for start, end, label in example.spans] == [
        ("Mr.", "TITLE"),
        ("Bell", "PERSON"),
    ]


def test_a_role_of_a_contract_is_no_person_unless_a_name_stands_beside_it(data: Path) -> None:
    example = corpora.filings(data)[0]
    assert "PERSON" in {label for *_, label in example.spans}
    assert corpora._is_role([("the", "O"), ("Borrower", "I-PER"), ("and", "O")], 1)
    assert not corpora._is_role([("Silicon", "I-ORG"), ("Bank", "I-ORG")], 1)


@pytest.mark.parametrize(
    "text",
    [
        "Ask John about the liver.",
        "The study of Ngozi Zuberi was long.",
        "Call 555-0134 for more.",
        "She was aged forty.",
        "Mail help@clinic.org for advice.",
    ],
)
def test_background_refuses_a_passage_that_may_hold_a_person(text: str) -> None:
    assert not background.without_people(text)


def test_background_keeps_eponyms() -> None:
    assert background.without_people("People with Parkinson disease or Crohn's disease may lose weight.")


def test_no_person_has_a_name_that_an_evaluation_keeps_to_itself(monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    free = list(corpus.examples("en", 9, 200, data))
    people = [example.text[start:end] for example in free for start, end, label in example.spans if label == "PERSON"]
    taken = {token for name in people for token in name.casefold().replace("-", " ").split() if len(token) > 3}
    kept = frozenset(sorted(taken)[::3])
    assert len(kept) > 50
    monkeypatch.setattr(corpus, "excluded_names", lambda: kept)
    assert all(names_nobody_of(example, kept) for example in corpus.examples("en", 9, 200, data))
    assert not all(names_nobody_of(example, kept) for example in free)


def test_names_of_the_evaluation_notes_are_excluded() -> None:
    tokens = {token.casefold() for name in notes.names(fresh=True) for token in str(name).replace("-", " ").split()}
    kept = excluded.excluded_names()
    assert kept <= tokens
    assert len(kept) > 0.9 * len({token for token in tokens if len(token) > 1})
    assert all(names_nobody_of(example, kept) for example in corpus.examples("en", 1, 300, None))


def test_an_unknown_language_and_absent_spanish_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="languages"):
        next(corpus.examples("fr", 1, 1, None))
    with pytest.raises(ValueError, match="meddocan"):
        next(corpus.examples("es", 1, 1, tmp_path))
