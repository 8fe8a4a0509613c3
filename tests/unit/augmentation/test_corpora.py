import gzip
import json
from pathlib import Path

import pytest

from fedaug.augmentation.corpora import Fit, PublicText, normalise, read_corpus, read_file
from fedaug.errors import ConfigError, DataNotFound, MalformedSource, MissingColumn, MissingFile, NotUtf8, UnknownFormat


def _folder(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir()
    return folder


def test_clinc_gives_train_and_validation_and_never_the_test_split(tmp_path: Path) -> None:
    splits = {
        "train": [["how do I freeze my account", "freeze_account"]],
        "val": [["what is my balance today", "balance"]],
        "oos_train": [["who won the last game", "oos"]],
        "oos_val": [["is there life on mars", "oos"]],
        "test": [["a test text of theirs", "balance"]],
        "oos_test": [["another test text here", "oos"]],
    }
    (_folder(tmp_path, "clinc150") / "data_full.json").write_text(json.dumps(splits), "utf-8")
    read = list(read_corpus("clinc150", [tmp_path]))
    assert PublicText("how do I freeze my account", "freeze_account") in read
    assert PublicText("is there life on mars", None) in read
    assert len(read) == 4


def test_clinc_in_another_shape_is_told(tmp_path: Path) -> None:
    (_folder(tmp_path, "clinc150") / "data_full.json").write_text('{"train": 3}', "utf-8")
    with pytest.raises(MalformedSource, match="not laid out as published"):
        list(read_corpus("clinc150", [tmp_path]))


def test_bitext_gives_utterances_once(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "bitext_customer_service")
    for name in ("train.csv", "dev.csv", "test.csv"):
        (folder / name).write_text('utterance,intent\n"cancel my  order, please",cancel_order\n', "utf-8")
    assert list(read_corpus("bitext_customer_service", [tmp_path])) == [
        PublicText("cancel my order, please", "cancel_order")
    ]


def test_notes_are_cut_into_sections_and_speech_is_left_out(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "aci_bench")
    note = "CHIEF COMPLAINT\n\nKnee pain for days.\n\nPLAN\n\n• Rest the knee.\n• Ice it often."
    for name in ("train.csv", "valid.csv"):
        (folder / name).write_text(f'dialogue,note\n"[doctor] hi there you","{note}"\n', "utf-8")
    read = list(read_corpus("aci_bench", [tmp_path]))
    assert read == [
        PublicText("Knee pain for days.", "CHIEF COMPLAINT"),
        PublicText("Rest the knee. Ice it often.", "PLAN"),
        PublicText("Rest the knee.", "PLAN"),
        PublicText("Ice it often.", "PLAN"),
    ]


def test_long_prose_is_cut_at_sentences(tmp_path: Path) -> None:
    sentences = [f"This is sentence number {number} of a long answer." for number in range(30)]
    row = {"answer": " ".join(sentences), "qtype": "causes"}
    (_folder(tmp_path, "medquad") / "medquad_answers.jsonl").write_text(json.dumps(row), "utf-8")
    read = list(read_corpus("medquad", [tmp_path], Fit(max_characters=200)))
    assert " ".join(text for text, _ in read) == " ".join(sentences)
    assert all(len(text) <= 200 and label == "causes" for text, label in read)


def test_gzipped_text_is_read(tmp_path: Path) -> None:
    with gzip.open(_folder(tmp_path, "lm_text") / "a.jsonl.gz", "wt", encoding="utf-8") as stream:
        stream.write(json.dumps({"text": "One paragraph of text.\nAnother paragraph of text."}) + "\n")
    assert [text for text, _ in read_corpus("lm_text", [tmp_path])] == [
        "One paragraph of text.",
        "Another paragraph of text.",
    ]


@pytest.mark.parametrize("name", ["banking77", "mts_dialog"])
def test_private_sets_are_never_read_for_candidates(name: str, tmp_path: Path) -> None:
    folder = _folder(tmp_path, name)
    (folder / "train.csv").write_text("text\nsome text of a record\n", "utf-8")
    with pytest.raises(ConfigError, match="stands for private records"):
        read_corpus(name, [tmp_path])
    with pytest.raises(ConfigError, match="stands for private records"):
        read_corpus(str(folder / "train.csv"), [tmp_path])


def test_an_unknown_name_lists_the_corpora(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no public corpus is called 'wikipedia'.*clinc150"):
        read_corpus("wikipedia", [tmp_path])
    with pytest.raises(DataNotFound, match="fedaug data fetch clinc150"):
        list(read_corpus("clinc150", [tmp_path]))


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("words,kind\nmy own text here,k\ntoo short,k\n", "utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "my own text here"}\n\n{"text": "MY OWN text here"}\n', "utf-8")
    (tmp_path / "c.txt").write_text("my own text here\nmy own other text\n", "utf-8")
    assert list(read_file(tmp_path / "a.csv", column="words", label_column="kind")) == [
        PublicText("my own text here", "k")
    ]
    assert list(read_corpus(str(tmp_path / "b.jsonl"), [])) == [PublicText("my own text here", None)]
    assert len(list(read_file(tmp_path / "c.txt"))) == 2


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.parquet", b"x", UnknownFormat),
        ("a.csv", b"words\nx\n", MissingColumn),
        ("a.jsonl", b"{}\n", MissingColumn),
        ("a.jsonl", b"[1]\n", MissingColumn),
        ("a.jsonl", b"not json\n", MalformedSource),
        ("a.txt", b"\xff\xfe a text\n", NotUtf8),
        ("a.txt.gz", b"not gzip", MalformedSource),
        ("a.txt", None, MissingFile),
    ],
)
def test_a_file_that_cannot_be_read_gives_one_clear_error(
    tmp_path: Path, name: str, content: bytes | None, error: type[Exception]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error):
        list(read_file(tmp_path / name))


def test_normalised_text_has_no_odd_blanks_or_controls() -> None:
    assert normalise(" a\u00a0b\t\nc\x00\u200b ﬁne ") == "a b c fine"
