"""``fedaug deid decrypt``: what ``apply`` encrypted comes back, and anything else is told by its line alone."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fedaug.cli import run

SECRET = "212-555-5555"
POLICY = """
name = "enc"
description = "Encrypts whatever is found."
default = "encrypt"
"""
ROWS = [
    ["1", "p1", "Ann Quillfeather", f"Call {SECRET}; Quillfeather, 93 y/o."],
    ["2", "p1", "Ann Quillfeather", "Nothing."],
    ["3", "p2", "Bo Quillfeather", f"On 03/14/2019\nmail q@example.com or {SECRET}."],
]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("enc.toml").write_text(POLICY)
    with Path("in.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([["id", "patient", "name", "text"], *ROWS])
    for name in ("a.key", "b.key"):
        fedaug(capsys, "key", name)


def fedaug(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert run(["deid", *arguments]) == status
    out, err = capsys.readouterr()
    assert "uillfeather" not in out + err
    assert SECRET not in out + err
    return err if status else out


def encrypt(
    capsys: pytest.CaptureFixture[str], *options: str, source: str = "in.csv", out: str = "enc.csv", status: int = 0
) -> str:
    kept = (part for name in ("id=keep", "patient=keep", "name=PERSON") for part in ("--column", name))
    basic = ("apply", source, out, "--policy", "enc.toml", "--key-file", "a.key")
    return fedaug(capsys, *basic, *(kept if status == 0 else ()), *options, status=status)


def decrypt(
    capsys: pytest.CaptureFixture[str], *options: str, key: str = "a.key", out: str = "back.csv", status: int = 0
) -> str:
    source = Path(out).with_stem("enc").name
    return fedaug(capsys, "decrypt", source, "--out", out, "--key-file", key, *options, status=status)


@pytest.mark.parametrize("subject", [(), ("--subject-column", "patient")], ids=["no subject", "subject"])
def test_what_apply_encrypted_comes_back_byte_for_byte(
    subject: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    encrypt(capsys, *subject)
    hidden = Path("enc.csv").read_text("utf-8")
    assert "uillfeather" not in hidden
    assert SECRET not in hidden
    told = decrypt(capsys, *subject)
    assert re.match(r"\d+ values decrypted in 3 records; back.csv holds them in clear\n", told)
    assert Path("back.csv").read_bytes() == Path("in.csv").read_bytes()
    assert Path("back.csv").stat().st_mode & 0o777 == 0o600


def test_json_lines_come_back_too(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"id": 1, "patient": None, "name": "Ann Quillfeather", "text": f"Call {SECRET}."}
    Path("in.jsonl").write_text(json.dumps(row) + "\n")
    encrypt(capsys, "--subject-column", "patient", source="in.jsonl", out="enc.jsonl")
    told = json.loads(decrypt(capsys, "--subject-column", "patient", "--json", out="back.jsonl"))
    assert told == {"records": 1, "decrypted": 2}
    assert json.loads(Path("back.jsonl").read_text()) == row


def _changed(text: str) -> str:
    """Another letter in the middle of the last token."""
    at = text.rindex("]") - 30
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


REFUSED: dict[str, tuple[tuple[str, ...], Callable[[str], str], dict[str, str], tuple[str, ...], str]] = {
    "tampered": ((), _changed, {}, (), "line 4 of the source: a token in the text was changed"),
    "cut short": (
        (),
        lambda text: text.replace("]", "", 1),
        {},
        (),
        "line 2 of the source: a token in the text is",
    ),
    "wrong key": ((), str, {"key": "b.key"}, (), "line 2 of the source: a token in the text was made with another key"),
    "subject not given": (("--subject-column", "patient"), str, {}, (), "line 2 .*give the --subject-column"),
    "another subject column": (
        ("--subject-column", "patient"),
        str,
        {},
        ("--subject-column", "id"),
        "line 2 .*give the --subject-column",
    ),
    "subject too much": ((), str, {}, ("--subject-column", "id"), "line 2 .*made without a subject"),
    "no such column": ((), str, {}, ("--subject-column", "subject"), "no column subject; .*id, patient, name, text"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_turned_back_is_told_by_its_line_and_there_is_no_output(
    kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options, change, key, given, reason = REFUSED[kind]
    encrypt(capsys, *options)
    Path("enc.csv").write_text(change(Path("enc.csv").read_text("utf-8")), "utf-8")
    before = sorted(path.name for path in Path().iterdir())
    assert re.search(reason, decrypt(capsys, *given, **key, status=2))  # type: ignore[arg-type]  # only a key's name
    assert sorted(path.name for path in Path().iterdir()) == before


def test_an_output_that_could_not_be_turned_back_is_not_made(capsys: pytest.CaptureFixture[str]) -> None:
    told = encrypt(capsys, "--subject-column", "patient", status=2)
    assert "bound to its subject" in told
    assert not Path("enc.csv").exists()


def test_a_file_without_tokens_is_told_and_one_that_is_there_is_not_overwritten(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("enc.csv").write_bytes(Path("in.csv").read_bytes())
    assert decrypt(capsys) == "nothing in it was encrypted\n"
    assert "--overwrite" in decrypt(capsys, status=2)
    decrypt(capsys, "--overwrite")


def test_only_the_named_columns_are_turned_back(capsys: pytest.CaptureFixture[str]) -> None:
    encrypt(capsys)
    decrypt(capsys, "--text-column", "text")
    with Path("back.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == [row[3] for row in ROWS]
    assert all(row["name"].startswith("[PERSON:enc:") for row in rows)
