"""A labelled file is read strictly: a bad line is one error with its number, and never holds a word of the text."""

import json
from pathlib import Path

import pytest

from fedaug.errors import EmptySource, InputError, MalformedRow, MissingFile, NotUtf8
from fedaug.privacy.deid.scoring import LabelledText, read_labelled
from fedaug.privacy.deid.spans import Span
from fedaug.privacy.limits import LIMITS

SECRET = "Quillfeather"
GOOD = {"text": f"Seen by {SECRET}", "spans": [{"start": 8, "end": 20, "type": "PERSON"}]}


def written(folder: Path, *lines: object) -> Path:
    path = folder / "labelled.jsonl"
    data = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"\n".join(data) + b"\n")
    return path


def span(start: object = 8, end: object = 20, kind: object = "PERSON") -> dict[str, object]:
    return {"text": f"Seen by {SECRET}", "spans": [{"start": start, "end": end, "type": kind}]}


def test_records_come_in_order_with_offsets_in_characters(tmp_path: Path) -> None:
    wide = {"id": 7, "text": f"🏥 {SECRET}", "spans": [{"start": 2, "end": 14, "type": "PERSON", "note": "x"}]}
    path = written(tmp_path, b"\xef\xbb\xbf" + json.dumps(GOOD).encode(), b"  ", wide)
    first, second = read_labelled(path)
    assert first == LabelledText(f"Seen by {SECRET}", (Span(8, 20, "PERSON", 1.0),))
    assert second.text[second.spans[0].start : second.spans[0].end] == SECRET
    assert SECRET not in repr(first)


HOSTILE = {
    "cut off": (json.dumps(GOOD).encode()[:-3], MalformedRow),
    "not an object": ([SECRET], MalformedRow),
    "no spans": ({"text": SECRET}, MalformedRow),
    "no text": ({"spans": []}, MalformedRow),
    "text is no text": ({"text": 7, "spans": []}, MalformedRow),
    "spans are no list": ({"text": SECRET, "spans": {}}, MalformedRow),
    "span is no object": ({"text": SECRET, "spans": [[0, 4, "PERSON"]]}, MalformedRow),
    "negative": (span(start=-1), MalformedRow),
    "past the end": (span(end=21), MalformedRow),
    "empty span": (span(end=8), MalformedRow),
    "turned round": (span(start=20, end=8), MalformedRow),
    "a truth value": (span(start=True), MalformedRow),
    "a fraction": (span(start=8.0), MalformedRow),
    "a huge number": (span(end=10**400), MalformedRow),
    "type is missing": ({"text": SECRET, "spans": [{"start": 0, "end": 4}]}, MalformedRow),
    "type holds the text": (span(kind=f"Mr {SECRET}"), MalformedRow),
    "type is endless": (span(kind="A" * 65), MalformedRow),
    "only punctuation": ({"text": "a -- b", "spans": [{"start": 2, "end": 4, "type": "ID"}]}, MalformedRow),
    "span given twice": ({**GOOD, "spans": GOOD["spans"] * 2}, MalformedRow),  # type: ignore[operator]  # a list
    "key given twice": (f'{{"text": "{SECRET}", "text": "x", "spans": []}}'.encode(), MalformedRow),
    "NaN": (f'{{"text": "{SECRET}", "spans": [], "x": NaN}}'.encode(), MalformedRow),
    "half a surrogate pair": ({"text": SECRET + "\ud800", "spans": []}, MalformedRow),
    "deeply nested": (b"[" * 100_000, MalformedRow),
    "Latin-1": (f"{SECRET} é".encode("latin-1"), NotUtf8),
    "UTF-16": (json.dumps(GOOD).encode("utf-16-le"), MalformedRow),
    "text too long": ({"text": "a" * (LIMITS.record_chars + 1), "spans": []}, MalformedRow),
    "line too long": (b" " * LIMITS.labelled_line_bytes + b"x", MalformedRow),
    "too many spans": ({"text": SECRET, "spans": [{}] * (LIMITS.labelled_spans + 1)}, MalformedRow),
    "overlapping too often": (
        {"text": "a" * 99, "spans": [{"start": 0, "end": end, "type": "ID"} for end in range(70, 90)]},
        MalformedRow,
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_bad_line_is_one_error_with_its_number_and_none_of_its_text(kind: str, tmp_path: Path) -> None:
    line, error = HOSTILE[kind]
    records = read_labelled(written(tmp_path, GOOD, line))
    next(records)  # what comes before a bad line is read
    with pytest.raises(InputError) as caught:
        list(records)
    assert type(caught.value) is error
    assert "line 2 " in caught.value.what
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(caught.value.__cause__)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_file_without_a_record_or_without_a_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(EmptySource, match="FA204"):
        list(read_labelled(written(tmp_path, b" ", b"")))
    for missing in (tmp_path / "none.jsonl", tmp_path):
        with pytest.raises(MissingFile, match="FA201"):
            list(read_labelled(missing))


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    """The last line is bad, and yet the first record has come by then."""
    path = written(tmp_path, *[GOOD] * 3, b"{")
    assert sum(1 for _ in zip(range(3), read_labelled(path), strict=False)) == 3
