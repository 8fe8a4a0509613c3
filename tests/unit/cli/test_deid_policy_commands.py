"""``fedaug deid policy``: policies and the checklist, for people and machines, without loading what finds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fedaug.cli import run

SECRET = "Mrs Quimby"


def test_the_policies_are_listed_with_what_they_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deid", "policy", "list"]) == 0
    out = capsys.readouterr().out
    assert out.count("It is NOT") >= 3
    assert "hipaa-safe-harbor (the default): " in out
    assert run(["deid", "policy", "list", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["default"] == "hipaa-safe-harbor"
    assert [each["name"] for each in values["policies"]] == ["hipaa-safe-harbor", "gdpr-pseudonymise", "pci"]


def test_a_policy_is_shown_with_the_checklist(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deid", "policy", "show", "hipaa-safe-harbor"]) == 0
    out = capsys.readouterr().out
    assert "DATE_TIME: year, oldest_year 1940" in out
    assert "every other type: redact" in out
    assert all(f"  ({letter}) " in out for letter in "ABCDEFGHIJKLMNOPQR")
    assert "actual knowledge" in out
    assert run(["deid", "policy", "show", "pci", "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["policy"]["entities"]["CREDIT_CARD"]["keep_last"] == 4
    assert values["safe_harbor"]["removes_what_is_found"] is False
    assert len(values["safe_harbor"]["identifiers"]) == 18


def test_a_file_of_ones_own_is_shown_or_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "own.toml"
    path.write_text('name = "own"\nextends = "pci"\n[entities]\nPERSON = "surrogate"\n')
    assert run(["deid", "policy", "show", str(path)]) == 0
    assert "PERSON: surrogate" in capsys.readouterr().out
    path.write_text(f'name = "own"\nextends = "pci"\n[entities]\nPERSON = "{SECRET}"\n')
    assert run(["deid", "policy", "show", str(path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("FA101: the policy file: entities.PERSON.operator")
    assert err.count("\n") == 1
    assert SECRET not in err


def test_a_policy_that_is_none_is_told_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["deid", "policy", "show", "hippa"]) == 2
    assert "FA101: no policy has that name; use hipaa-safe-harbor" in capsys.readouterr().err


def test_showing_a_policy_loads_neither_presidio_nor_torch() -> None:
    code = (
        "import sys; from fedaug.cli import run; status = run(['deid', 'policy', 'show', 'pci']); "
        "print(status, sorted({'presidio_analyzer', 'spacy', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
