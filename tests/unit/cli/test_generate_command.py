"""``fedaug generate``: texts to read or to keep, without the network, and one line where it cannot."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.tiny_language_models import save_tiny

from fedaug.cli import run

#: A shell's background jobs begin deaf to Ctrl-C.
FEDAUG = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from fedaug.cli import main; main()"
TINY = ("--temperature", "1.5", "--seed", "3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("models") / "tiny-gpt2", "gpt2", talkative=False)


def _fedaug(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = run(arguments)
    return status, *capsys.readouterr()


def test_it_prints_different_texts_one_a_line_with_the_network_off(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    asked = ("generate", "--label", "lost card", "-n", "4", "--model", str(folder), *TINY)
    status, out, err = _fedaug(capsys, *asked)
    assert status == 0, err
    texts = out.splitlines()
    assert len(texts) == len(set(texts)) == 4
    assert "4 texts of" in err
    assert _fedaug(capsys, *asked)[1] == out


def test_json_has_every_label_s_texts_and_how_they_came_about(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = ("--label", "lost card", "--label", "fee")
    status, out, err = _fedaug(capsys, "generate", *labels, "-n", "2", "--model", str(folder), *TINY, "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert {label: len(texts) for label, texts in found["texts"].items()} == {"lost card": 2, "fee": 2}
    assert (found["model"], found["dependence"], found["seed"], found["temperature"]) == ("tiny-gpt2", "public", 3, 1.5)
    assert found["drawn"] >= 4
    assert found["seconds"] > 0


def test_texts_are_kept_in_a_file_and_no_list_of_banned_words_is_passed_over(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, banned = tmp_path / "texts.jsonl", tmp_path / "banned.txt"
    banned.write_text("card\nphone\n", "utf-8")
    asked = ("generate", "--label", "lost card", "-n", "6", "--model", str(folder), *TINY, "--out", str(out))
    assert _fedaug(capsys, *asked, "--banned", str(banned))[0] == 0
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [set(row) for row in rows] == [{"label", "text"}] * 6
    assert not [row for row in rows if {"card", "phone"} & set(row["text"].split())]
    assert not list(tmp_path.glob("*.partial"))


def test_an_interrupted_command_goes_on_and_comes_to_the_same_texts(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, whole = tmp_path / "texts.jsonl", tmp_path / "whole.jsonl"
    asked = ["generate", "--label", "lost card", "-n", "150", "--model", str(folder), *TINY, "--out"]
    partial = tmp_path / "texts.jsonl.partial"
    with subprocess.Popen(
        [sys.executable, "-c", FEDAUG, *asked, str(out)],
        stderr=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as process:  # fmt: skip
        until = time.monotonic() + 90
        while not (partial.exists() and partial.read_text("utf-8").count("\n") > 5):
            assert process.poll() is None, "it ended before it could be interrupted"
            assert time.monotonic() < until
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        told = process.stderr.read().decode()
    assert process.returncode == 130
    assert "what was written is kept" in told
    begun = partial.read_text("utf-8").splitlines()
    assert not out.exists()
    assert _fedaug(capsys, *asked, str(out))[0] == 0
    assert 5 < len(begun) < 150
    assert _fedaug(capsys, *asked, str(whole))[0] == 0
    assert out.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (("--model", "nowhere"), 2, "FA201: there is no folder nowhere"),
        (("--temperature", "9"), 2, "FA101: sampling's temperature is out of range; give 0, or 0.05 to 5"),
        (("--label", " "), 2, "FA101: a label is empty"),
        (("--out", "."), 2, "FA101: . is a folder"),
        (("--banned", "nowhere.txt"), 2, "FA201: the list nowhere.txt cannot be read"),
    ],
)
def test_what_cannot_be_used_is_one_line(
    arguments: tuple[str, ...], status: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found, out, err = _fedaug(capsys, "generate", "--label", "lost card", "--json", *arguments)
    assert (found, out) == (status, "")
    assert err.startswith(line)
    assert err.count("\n") == 1


def test_a_label_that_comes_twice_or_is_too_long_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for labels, line in ((["fee", "fee"], "a label has two quotas"), (["x" * 90], "tokens, and the model takes")):
        named = [part for label in labels for part in ("--label", label)]
        status, out, err = _fedaug(capsys, "generate", *named, "--model", str(folder), "--json")
        assert (status, out) == (2, "")
        assert line in err


def test_a_model_that_repeats_itself_gives_what_it_has_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("generate", "--label", "lost card", "-n", "3", "--model", str(folder), "--temperature", "0")
    status, out, err = _fedaug(capsys, *asked)
    assert (status, len(out.splitlines())) in {(0, 1), (2, 0)}
    assert "1 of 3 texts; the model repeats itself" in err or "wrote no text that is of use" in err
