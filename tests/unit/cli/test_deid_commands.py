"""``fedaug deid``: files, scores, canaries and the labelling page; and never a record's text on the terminal."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from fedaug.cli import run
from fedaug.privacy.limits import LIMITS

SECRET = "212-555-5555"
TEXT = f"Seen on 06/21/07, call {SECRET}, mail q.feather@example.com."


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "notes.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "patient", "text"])
        writer.writerows(
            [number, "Ann Quillfeather", f"{number}. Quillfeather was here. {TEXT}"] for number in range(4)
        )
    return path


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    path = tmp_path / "labelled.jsonl"
    start = TEXT.index(SECRET)
    record = {"text": TEXT, "spans": [{"start": start, "end": start + len(SECRET), "type": "PHONE_NUMBER"}]}
    path.write_text(json.dumps(record) + "\n", "utf-8")
    return path


def output(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What a command prints; nothing of it may be a record's."""
    assert run(["deid", *arguments]) == status
    out, err = capsys.readouterr()
    assert "uillfeather" not in out + err
    assert SECRET not in out + err
    return err if status else out


def test_a_file_is_de_identified_with_its_columns(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    columns = ("--column", "patient=PERSON", "--column", "id=keep")
    told = json.loads(output(capsys, "apply", "notes.csv", "clean.csv", *columns, "--json"))
    assert (told["records"], told["written"], told["set_aside"], told["columns_left_out"]) == (4, 4, 0, 0)
    assert told["found"]["PHONE_NUMBER"] == 4
    with Path("clean.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ["0", "1", "2", "3"]
    for row in rows:
        assert row["patient"] == "[PERSON]"
        assert "uillfeather" not in row["text"]
        assert SECRET not in row["text"]
        assert "2007" in row["text"]  # of a date the policy leaves the year


def test_what_nobody_named_is_left_out_and_told(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = output(capsys, "apply", "notes.csv", "clean.csv")
    assert "4 of 4 records written" in told
    assert "left out: 2 columns that nobody named" in told
    assert Path("clean.csv").read_text("utf-8").startswith("text\n")


def test_records_that_are_set_aside_are_told_and_the_status_is_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in ("fine", "a" * (LIMITS.record_chars + 1))))
    told = output(capsys, "apply", str(source), str(tmp_path / "out.jsonl"))
    assert "1 of 2 records written; 0 findings" in told
    assert "set aside, and not in the output: 1 record that could not be de-identified" in told
    assert "  1: a record's text is over the size limit\n  in the source they begin on line 2\n" in told
    told = json.loads(output(capsys, "apply", str(source), str(tmp_path / "out.jsonl"), "--overwrite", "--json"))
    assert (told["set_aside_lines"], told["set_aside_reasons"]) == ([2], {"a record's text is over the size limit": 1})
    assert (tmp_path / "out.jsonl").read_text() == '{"text": "fine"}\n'
    source.write_text(source.read_text().splitlines()[1] + "\n")
    (tmp_path / "out.jsonl").unlink()
    assert output(capsys, "apply", str(source), str(tmp_path / "out.jsonl"), status=2).count("FA601: ") == 1
    assert not (tmp_path / "out.jsonl").exists()


def test_surrogates_need_a_key_file_and_agree_between_cell_and_text(
    notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("apply", "notes.csv", "out.csv", "--policy", "gdpr-pseudonymise", "--column", "patient=PERSON")
    assert "fedaug deid key FILE" in output(capsys, *arguments, status=2)
    assert not Path("out.csv").exists()
    assert output(capsys, "key", "deid.key") == ""
    assert Path("deid.key").stat().st_mode & 0o777 == 0o600
    assert "there already" in output(capsys, "key", "deid.key", status=2)
    for name in ("out.csv", "again.csv"):
        output(capsys, *arguments[:2], name, *arguments[3:], "--key-file", "deid.key")
    assert Path("again.csv").read_bytes() == Path("out.csv").read_bytes()
    with Path("out.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert "uillfeather" not in row["patient"] + row["text"]
            assert row["patient"].split()[-1] in row["text"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("apply", "none.csv", "out.csv"), "FA201"),
        (("apply", "notes.csv", "out.jsonl"), "FA101"),
        (("apply", "notes.csv", "notes.csv"), "FA101"),
        (("apply", "notes.csv", "out.csv", "--text-column", "note"), "FA203"),
        (("apply", "notes.csv", "out.csv", "--column", "patient"), "FA101"),
        (("apply", "notes.csv", "out.csv", "--column", "patient=PRESON"), "FA101"),
        (("apply", "notes.csv", "out.csv", "--column", "patient=person"), "FA101"),
        (("apply", "notes.csv", "out.csv", "--policy", "hippa"), "FA101"),
        (("apply", "notes.csv", "out.csv", "--key-file", "notes.csv"), "FA101"),
        (("score", "notes.csv"), "FA210"),
        (("score", "none.jsonl"), "FA201"),
        (("canary", "none.csv"), "FA201"),
        (("apply", "notes.csv", "no-folder/out.csv"), "FA101"),
        (("apply", "notes.csv", "out.csv", "--delimiter", "ab"), "FA101"),
        (("label", "notes.csv", "page.txt"), "FA101"),
        (("label", "notes.csv", "no-folder/page.html"), "FA101"),
        (("key", "no-folder/deid.key"), "FA101"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_leaves_nothing(
    arguments: tuple[str, ...], code: str, notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = output(capsys, *arguments, status=2)
    assert [line[:5] for line in told.splitlines() if line.startswith("FA")] == [code]
    assert sorted(path.name for path in notes.parent.iterdir()) == ["notes.csv"]


def test_an_output_that_is_there_is_overwritten_only_where_that_is_said(
    notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for out, arguments in (("clean.csv", ("apply",)), ("page.html", ("label", "--count", "1"))):
        Path(out).write_text("kept")
        command = (arguments[0], "notes.csv", out, *arguments[1:])
        assert "FA101: the output is there already; choose another name, or give --overwrite" in output(
            capsys, *command, status=2
        )
        assert Path(out).read_text() == "kept"
        output(capsys, *command, "--overwrite")
        assert Path(out).read_text() != "kept"


def test_an_output_is_refused_before_anything_is_read(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes.write_bytes(b"\xff")
    assert "the output's folder is not there" in output(capsys, "apply", "notes.csv", "none/out.csv", status=2)


def test_resuming_says_so_where_there_is_nothing_to_resume(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deid", "apply", "notes.csv", "clean.csv", "--resume"]) == 0
    assert "nothing to resume: it begins at the first record\n" in capsys.readouterr().err
    assert "is there already" in output(capsys, "apply", "notes.csv", "clean.csv", "--resume", status=2)


def test_what_an_earlier_run_has_done_is_not_thrown_away_silently(
    notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(".clean.csv.progress").write_text("{}")
    told = output(capsys, "apply", "notes.csv", "clean.csv", status=2)
    assert "an earlier run was cut off; go on with --resume, or begin anew with --overwrite" in told
    output(capsys, "apply", "notes.csv", "clean.csv", "--overwrite")
    assert not Path(".clean.csv.progress").exists()


def test_a_source_with_semicolons_is_read_by_its_delimiter(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notes.write_text(f"id;text\n7;{TEXT}\n", "utf-8")
    assert "give --delimiter ';'" in output(capsys, "apply", "notes.csv", "clean.csv", status=2)
    told = output(capsys, "apply", "notes.csv", "clean.csv", "--delimiter", ";", "--column", "id=keep")
    assert "1 of 1 record written" in told
    assert Path("clean.csv").read_text("utf-8").startswith("id;text\n7;Seen on 2007, call [")


def test_a_language_column_counts_and_one_that_nobody_reads_is_the_reason(
    notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notes.write_text("lang,text\nES,Visto el 3 de abril.\nes-ES,Visto el 3 de abril.\nfr,x\n", "utf-8")
    told = output(capsys, "apply", "notes.csv", "clean.csv", "--language-column", "lang")
    assert "1: a record's language has no recognisers\n  in the source they begin on line 4\n" in told
    assert "abril" not in Path("clean.csv").read_text("utf-8")


def test_a_score_is_json_with_recall_precision_f2_and_speed(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(output(capsys, "score", str(labelled), "--json"))
    assert found["types"]["PHONE_NUMBER"]["overlap"]["recall"] == 1
    assert 0 < found["overall"]["overlap"]["precision"] < 1  # date and mail are not labelled
    assert {"recall", "precision", "f2", "recall_interval"} <= set(found["overall"]["characters"])
    assert found["documents"]["without_leak"] == 1
    assert found["records_per_s"] > 0
    assert found["settings"]["policy"] == "hipaa-safe-harbor"


def test_a_score_is_a_table_for_people_also_by_a_policy_that_needs_a_key(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = output(capsys, "score", str(labelled), "--policy", "gdpr-pseudonymise")
    assert "PHONE_NUMBER" in shown
    assert "1 of 1 that hold identifiers" in shown


def test_canaries_are_counted_by_type_and_no_text_is_shown(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(output(capsys, "canary", "notes.csv", "--count", "1", "--json"))
    assert found["types"]["EMAIL_ADDRESS"]["planted"] == 1
    assert found["types"]["EMAIL_ADDRESS"]["missed"] == 0
    assert found["overall"]["planted"] > 30
    assert "@" not in json.dumps(found)


def test_the_labelling_page_holds_so_many_records_by_the_seed(notes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output(capsys, "label", "notes.csv", "page.html", "--count", "3")
    page = Path("page.html")
    assert page.stat().st_mode & 0o777 == 0o600
    data = json.loads(page.read_text("utf-8").split('id="data">')[1].split("</script>")[0])
    assert len(data["records"]) == 3
    assert not any(record["spans"] for record in data["records"])
    assert not data["prefilled"]
    output(capsys, "label", "notes.csv", "page.html", "--count", "3", "--prefill", "--overwrite")
    data = json.loads(page.read_text("utf-8").split('id="data">')[1].split("</script>")[0])
    assert all(record["spans"] for record in data["records"])


def test_what_a_site_adds_finds_what_only_it_knows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, own = tmp_path / "in.txt", tmp_path / "own.toml"
    source.write_text("Sent over by zumpelfix with B-123456.", "utf-8")
    (tmp_path / "staff.txt").write_text("zumpelfix\n", "utf-8")
    own.write_text(
        'lists = [{ path = "staff.txt", entity_type = "PERSON" }]\n'
        'patterns = [{ name = "badge", pattern = "B-[0-9]{6}", entity_type = "ID" }]\n'
    )
    output(capsys, "apply", str(source), str(tmp_path / "out.txt"), "--additions", str(own))
    assert (tmp_path / "out.txt").read_text("utf-8") == "Sent over by [PERSON] with [ID]."
    own.write_text('lists = [{ path = "none.txt", entity_type = "PERSON" }]\n')
    arguments = ("canary", str(source), "--additions", str(own))
    assert "a file in deid.lists cannot be read" in output(capsys, *arguments, status=2)
    own.write_text(f'pattern = "{SECRET}"\n')
    told = output(capsys, "apply", str(source), str(tmp_path / "new.txt"), "--additions", str(own), status=2)
    assert told.startswith("FA101: the additions file: pattern is not a setting")


def test_types_are_listed_with_their_letter(capsys: pytest.CaptureFixture[str]) -> None:
    assert "MEDICAL_RECORD_NUMBER" in output(capsys, "types")
    assert json.loads(output(capsys, "types", "--json"))["US_SSN"] == {"kind": "number", "safe_harbor": "G"}


INTERRUPTED_WHILE_DELETING = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin deaf to it
from fedaug import cli, console
class Thing:
    def __del__(self):
        raise KeyboardInterrupt
def work(arguments):
    try:
        Thing()
        time.sleep(30)
    except KeyboardInterrupt:
        return 130
cli.run = work
sys.argv = ["fedaug"]
cli.main()
"""


def test_ctrl_c_while_an_object_is_deleted_is_neither_lost_nor_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_DELETING], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")
