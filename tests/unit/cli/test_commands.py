"""Each command does what its help says, and prints what a person or a machine needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tiny_example import PLANNED, SITES, environment, write_example, write_records

from fedaug import __version__
from fedaug.cli import run
from fedaug.console import ConsoleNarrator
from fedaug.privacy.keys import KeyRing
from fedaug.simulation.cli import parsed_settings

ENROLMENT = ("new", "add", "rotate", "revoke", "renew", "show", "verify", "accept")
COMMANDS = (
    "simulate",
    "site init",
    "site check",
    "site prepare",
    "site status",
    "site refused",
    "keys",
    *(f"enrolment {verb}" for verb in ENROLMENT),
    "log verify",
    "bundle export",
    "bundle verify",
    *(f"ledger {verb}" for verb in ("show", "verify", "export", "recover")),
    "policy explain",
    "budget plan",
    "generate",
    "data list",
    "data fetch",
    "deid apply",
    "deid decrypt",
    "deid score",
    "deid label",
    "deid canary",
    "deid key",
    "deid types",
    "deid policy list",
    "deid policy show",
)


@pytest.fixture(autouse=True)
def _variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


def fedaug(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Runs a command that must succeed; returns its standard output."""
    status = run(arguments)
    out, err = capsys.readouterr()
    assert status == 0, err
    return out


def test_a_site_is_made_checked_prepared_and_asked_for_its_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_records(tmp_path / "records.csv")
    columns = ["--source", str(source), "--text", "text", "--label", "label", "--id", "id", "--subject", "id"]
    made = fedaug(capsys, "site", "init", "st-mary", *columns, "--epsilon", "2", "--delta", "1e-6", "--unit", "subject")
    assert "fedaug site check st-mary" in made
    assert fedaug(capsys, "site", "check", "st-mary") == "72 usable rows, 0 bad ones\n"
    assert json.loads(fedaug(capsys, "site", "check", "st-mary", "--json"))["accepted"] == 72
    assert "not prepared" in fedaug(capsys, "site", "status", "st-mary")
    assert "72 records are in the store; 0 could not be" in fedaug(capsys, "site", "prepare", "st-mary")
    shown = fedaug(capsys, "site", "status", "st-mary")
    assert "site st-mary: prepared\nspent: ε 0.00 of 2.00 per subject at δ 1e-06\n" in shown
    values = json.loads(fedaug(capsys, "site", "status", "st-mary", "--json"))
    assert values == {
        "name": "st-mary",
        "prepared": True,
        "unit": "subject",
        "spent": 0.0,
        "budget": 2.0,
        "delta": 1e-6,
        "releases": [],
    }


def test_keys_prints_the_public_key_and_nothing_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ring = KeyRing.create(tmp_path / "site", b"a passphrase for tests", scrypt_n=2)
    values = json.loads(fedaug(capsys, "keys", "site", "--json"))
    assert values["public_key"] == ring.signer.public_key().public_bytes_raw().hex()
    shown = fedaug(capsys, "keys", "site")
    assert values["key_id"] in shown
    assert ring.signer.private_bytes_raw().hex() not in shown + json.dumps(values)


def test_simulate_ends_with_the_headline_and_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example, records = write_example(tmp_path / "tiny"), write_records(tmp_path / "records.csv")
    arguments = ["simulate", str(example), "--train", str(records)]
    figures, privacy, report = fedaug(capsys, *arguments).splitlines()[-3:]
    assert figures.startswith("accuracy on 11 held-out texts: student ")
    assert " · no private data " in figures
    assert " · median site alone " in figures
    assert " · all data, no privacy " in figures
    assert privacy == (
        "privacy: ε 4.00 of 4.00 per record at δ 1e-05 at each of 3 sites, noise added by the site (local)"
    )
    assert report == "report: out/tiny/report.html"
    assert Path("out/tiny/report.html").is_file()

    spent = json.loads(fedaug(capsys, *arguments, "--resume", "--json"))
    assert 3.9 < spent["privacy"]["consortium_epsilon"] <= 4.0
    assert list(spent["privacy"]["sites"]) == [f"site-{number:02d}" for number in range(1, SITES + 1)]
    full = json.loads(Path(spent["report_json"]).read_text("utf-8"))
    assert [release["key"] for release in full["privacy"]["releases"] if release["site"] == "site-01"] == list(PLANNED)


def test_simulate_with_the_noise_off_says_that_epsilon_is_infinite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example, records = write_example(tmp_path / "tiny"), write_records(tmp_path / "records.csv")
    settings = ["--set", "privacy.epsilon=inf", "--set", "simulation.sites.count=2", "--set", "minimum_sites=2"]
    shown = fedaug(capsys, "simulate", str(example), "--train", str(records), *settings).splitlines()
    assert shown[-2] == "privacy: ε infinite (noise off) per record at each of 2 sites"


def test_a_finished_run_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example, records = write_example(tmp_path / "tiny"), write_records(tmp_path / "records.csv")
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text("{}")
    arguments = ["simulate", str(example), "--train", str(records), "--out", str(out)]
    for extra, said in (([], "holds a run already"), (["--resume"], "holds a run with other settings")):
        assert run([*arguments, *extra]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = fedaug(capsys, *command.split(), "--help")
    assert f"Example: fedaug {command} " in " ".join(shown.split()) + " "


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert fedaug(capsys, "--version") == f"fedaug {__version__}\n"


def test_help_loads_neither_torch_nor_flower() -> None:
    code = (
        "import sys; from fedaug.cli import run; status = run(['site', '--help']); "
        "print(status, sorted({'torch', 'transformers', 'flwr', 'spacy', 'dp_accounting'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_settings_are_toml_where_they_parse_and_text_otherwise() -> None:
    pairs = [
        "a=2.5",
        "b=inf",
        "c=true",
        "d=[1, 2]",
        'e="x"',
        "f=dirichlet",
        "g.h=a=b",
        "i=2026-01-01",
        "j=1\nk=2",
        "l=",
    ]
    assert parsed_settings(pairs) == {
        "a": 2.5,
        "b": float("inf"),
        "c": True,
        "d": [1, 2],
        "e": "x",
        "f": "dirichlet",
        "g.h": "a=b",
        "i": "2026-01-01",
        "j": "1\nk=2",
        "l": "",
    }


class Terminal:
    """A stream that remembers, and may say it is a terminal."""

    def __init__(self, terminal: bool) -> None:
        self.encoding = "utf-8"
        self.text = ""
        self._terminal = terminal

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize("terminal", [False, True])
def test_progress_is_plain_lines_without_a_terminal_and_bars_on_one(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    stream = Terminal(terminal)
    with ConsoleNarrator(stream, iter([0.0, 1.0, 2.0, 20.0, 20.0]).__next__) as narrator:  # type: ignore[arg-type]
        if terminal:
            narrator.phase("gather sites")
        narrator.phase("embed records")
        narrator.step(1, 3)
        narrator.step(2, 3)
    assert "embed records" in stream.text
    if terminal:
        assert "\x1b[" in stream.text
        assert "3/3" in stream.text
        assert "1/1" not in stream.text  # a phase without steps
    else:
        assert stream.text == "   1.0 s  embed records\n  20.0 s  2 of 3\n"


def test_the_installed_command_prints_no_colour_codes_into_a_pipe() -> None:
    command = [str(Path(sys.executable).parent / "fedaug"), "--help"]
    kept = {name: value for name, value in os.environ.items() if name not in {"FORCE_COLOR", "GITHUB_ACTIONS"}}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=kept)
    assert "simulate" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
