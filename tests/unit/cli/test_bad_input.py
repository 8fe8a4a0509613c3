"""Ten kinds of bad input: each is one line with a code on standard error, an exit status, and never a cell's value."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
import typer
from tests.tiny_example import environment, write_example, write_records

from fedaug import cli, errors
from fedaug.cli import run
from fedaug.console import commands, quiet_libraries
from fedaug.simulation import cli as simulation_cli

CELL = "Quillfeather"  # in every cell of every bad file
HEADER = "id,text,label\n"
ROWS = "".join(f"{CELL}-{number},{CELL} called {number},{CELL}\n" for number in range(5))
NAN_ROW = HEADER + f"{CELL}-1,{CELL} called,1.5\n{CELL}-2,{CELL} called,NaN\n"
DUPLICATE = HEADER + ROWS + f"{CELL}-0,{CELL} once more,{CELL}\n"


@pytest.fixture(autouse=True)
def _variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


def refused(capsys: pytest.CaptureFixture[str], code: str, *arguments: str) -> str:
    """Runs a command that must fail with one line; returns that line."""
    status = run(arguments)
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if re.match(r"FA\d", line)]
    assert len(lines) == 1, err
    assert lines[0].startswith(f"{code}: ")
    assert err.splitlines()[-1] == lines[0]
    assert status == (3 if code.startswith("FA3") else 2)
    assert "Traceback" not in out + err
    assert CELL not in out + err
    return lines[0]


def init(source: Path, *more: str) -> int:
    arguments = ["--source", str(source), "--text", "text", "--label", "label", "--id", "id"]
    return run(["site", "init", "site", *arguments, *more])


def number_labels() -> None:
    settings = Path("site/site.toml")
    text = settings.read_text("utf-8")
    assert 'label_type = "class"' in text
    settings.write_text(text.replace('label_type = "class"', 'label_type = "number"'), "utf-8")


def nothing() -> None: ...


KINDS = [
    pytest.param("FA201", "records.csv", None, nothing, id="missing file"),
    pytest.param("FA202", "records.xlsx", HEADER + ROWS, nothing, id="wrong suffix"),
    pytest.param("FA203", "records.csv", (HEADER + ROWS).replace("text,", "note,"), nothing, id="missing column"),
    pytest.param("FA204", "records.csv", "", nothing, id="empty file"),
    pytest.param("FA205", "records.csv", (HEADER + ROWS).replace("called", "café"), nothing, id="not UTF-8"),
    pytest.param("FA207", "records.csv", NAN_ROW, number_labels, id="NaN"),
    pytest.param("FA208", "records.csv", DUPLICATE, nothing, id="duplicate id"),
    pytest.param("FA209", "records.csv", HEADER + ROWS.splitlines()[0] + "\n", nothing, id="one record"),
]


@pytest.mark.parametrize(("code", "name", "content", "change"), KINDS)
def test_a_bad_source_stops_prepare_with_one_line(
    code: str,
    name: str,
    content: str | None,
    change: Callable[[], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = tmp_path / name
    if content is not None:
        source.write_bytes(content.encode("latin-1"))
    assert init(source) == 0
    change()
    capsys.readouterr()
    refused(capsys, code, "site", "prepare", "site")
    assert not Path("site/store/records.sealed").exists()
    refused(capsys, code, "site", "check", "site")


def test_check_counts_all_bad_rows_and_fails_only_where_prepare_would(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "records.csv"
    source.write_text(HEADER + ROWS + f"{CELL}-0,{CELL},{CELL}\n{CELL}-9,,{CELL}\n{CELL}-1,{CELL},{CELL}\n", "utf-8")
    assert init(source) == 0
    capsys.readouterr()
    assert run(["site", "check", "site"]) == 2
    out, err = capsys.readouterr()
    assert out == "5 usable rows, 3 bad ones\n  duplicate_id: 2 (rows 7, 9)\n  empty_text: 1 (row 8)\n"
    assert err.startswith("FA208: row 7 ")
    settings = Path("site/site.toml")
    settings.write_text(settings.read_text("utf-8").replace('on_bad_row = "stop"', 'on_bad_row = "skip"'), "utf-8")
    assert run(["site", "check", "site"]) == 2  # no setting lets one row take out another
    assert "skip" not in capsys.readouterr().err
    source.write_text(HEADER + ROWS + f"{CELL}-9,,{CELL}\n", "utf-8")
    assert run(["site", "check", "site", "--json"]) == 0
    assert '"rejected": 1' in capsys.readouterr().out


def test_one_subjects_rows_never_take_out_anothers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "records.csv"
    source.write_text(HEADER + ROWS + f"{CELL}-0,another text,{CELL}\n", "utf-8")
    assert init(source) == 0
    settings = Path("site/site.toml")
    settings.write_text(settings.read_text("utf-8").replace('on_bad_row = "stop"', 'on_bad_row = "skip"'), "utf-8")
    capsys.readouterr()
    refused(capsys, "FA208", "site", "prepare", "site")
    assert not Path("site/store/records.sealed").exists()


def test_a_label_unknown_to_the_campaign_stops_simulate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example, records = write_example(tmp_path / "tiny"), write_records(tmp_path / "records.csv")
    with records.open("a", encoding="utf-8") as file:
        file.write(f"x,{CELL} called,{CELL}\n")
    refused(capsys, "FA206", "simulate", str(example), "--train", str(records))
    assert not Path("out/tiny/run.json").exists()


@pytest.mark.parametrize("budget", ["0", "nan", "-1"])
def test_a_budget_that_is_no_promise_is_refused(
    budget: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example, records = write_example(tmp_path / "tiny"), write_records(tmp_path / "records.csv")
    line = refused(
        capsys, "FA102", "simulate", str(example), "--train", str(records), "--set", f"privacy.epsilon={budget}"
    )
    assert "privacy.epsilon" in line
    assert not Path("out").exists()
    assert init(records, "--epsilon", budget) == 2
    assert "FA102: privacy.epsilon" in capsys.readouterr().err
    assert not Path("site").exists()


def test_a_file_that_simulate_cannot_read_claims_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = write_example(tmp_path / "tiny")
    refused(capsys, "FA201", "simulate", str(example), "--train", "not-there.csv")
    refused(capsys, "FA214", "simulate", str(example))
    refused(capsys, "FA201", "simulate", str(tmp_path / "no-example"))
    assert not Path("out/tiny/run.json").exists()


def test_settings_that_are_malformed_or_unknown_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = str(write_example(tmp_path / "tiny"))
    refused(capsys, "FA101", "simulate", example, "--set", "privacy.epsilon")
    assert "privacy.epsilom" in refused(capsys, "FA101", "simulate", example, "--set", "privacy.epsilom=3")
    assert "sites.count" in refused(capsys, "FA101", "simulate", example, "--set", "simulation.sites.count=0")


def test_without_a_passphrase_init_leaves_no_folder_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDAUG_PASSPHRASE_FILE", str(tmp_path / "nowhere"))
    source = write_records(tmp_path / "records.csv")
    assert init(source) == 2
    assert "FA101: the passphrase's file cannot be read" in capsys.readouterr().err
    assert not Path("site").exists()


@pytest.mark.parametrize("arguments", [["nonsense"], ["site", "check"], ["simulate", "x", "--nonsense"]])
def test_usage_errors_have_exit_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Usage: fedaug" in capsys.readouterr().err


def raising(error: BaseException) -> typer.Typer:
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def fail() -> NoReturn:
        cell = CELL  # a local variable, which a traceback with locals would print
        with commands():
            raise error from ValueError(cell)

    return app


@pytest.mark.parametrize("debug", ["", "1"])
def test_an_unforeseen_exception_is_told_by_its_type_and_its_text_only_when_debugging(
    debug: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDAUG_DEBUG", debug)
    monkeypatch.setattr(cli, "app", raising(RuntimeError(f"cannot read {CELL}")))
    assert run([]) == 1
    err = capsys.readouterr().err
    assert "FA901: fedaug failed with RuntimeError; " in err
    assert (CELL in err) == ("Traceback" in err) == (debug == "1")


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (errors.BudgetExceeded("no\nbudget", "stop"), 3, "FA301: no budget; stop\n"),
        (errors.DefectError("odd", "report it"), 1, "FA901: odd; report it\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_an_error_is_one_line_and_its_exit_status(
    error: BaseException,
    status: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli, "app", raising(error))
    assert run([]) == status
    assert capsys.readouterr() == ("", line)


def test_a_missing_optional_package_is_told_with_the_extra_that_has_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> NoReturn:
        with simulation_cli.needs("simulation"):
            raise ModuleNotFoundError("No module named 'flwr'", name="flwr")

    monkeypatch.setattr(simulation_cli, "parsed_settings", gone)
    assert "pip install 'fedaug[simulation]'" in refused(capsys, "FA104", "simulate", "example")


def test_own_warnings_are_one_line_and_other_libraries_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    before = {name: list(logging.getLogger(name).handlers) for name in ("", "fedaug")}
    try:
        quiet_libraries()
        try:
            raise ValueError(CELL)
        except ValueError:
            logging.getLogger("fedaug.client.site").warning("%s: asked\nagain", "FA304", exc_info=True)
        logging.getLogger("some.library").error("I was given %s", CELL)
        logging.getLogger("fedaug").info("for nobody")
        assert capsys.readouterr().err == "FA304: asked again\n"
    finally:
        for name, handlers in before.items():
            logging.getLogger(name).handlers[:] = handlers
