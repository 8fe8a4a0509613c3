"""``fedaug site refused``: what was kept back is shown to the site's own people, whole and harmless to a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.offering import PLANTED, SECRET, makes, offer_plan, offering_site
from tests.tiny_example import environment

from fedaug.cli import run
from fedaug.strategies.messages import Outcome

COPY = f"they say that {SECRET} once more"
HOSTILE = "\x1b[2J\u202egone\n\x9b31mred"
CLEAN = [f"a text about matter number {word} that nobody holds" for word in ("one", "two", "three", "four")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    site = offering_site(tmp_path / "st-mary", samples__site_gates_block=True, samples__gates=("length", "repetition"))
    makes(monkeypatch, COPY, f"the badge {PLANTED} is here", "no", HOSTILE * 30, *CLEAN)
    assert site.join(offer_plan(outside_dp=True)) is Outcome.OK
    assert len(site.offer("autumn").samples) == 4
    site.close()
    return "st-mary"


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    status = run(("site", "refused", *arguments))
    out, err = capsys.readouterr()
    assert status == 0, err
    return out


def test_every_text_that_was_refused_is_shown_with_gate_and_reason(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    values = json.loads(shown(capsys, folder, "--json"))
    assert {(one["campaign"], one["gate"], one["code"]) for one in values["refused"]} == {
        ("autumn", "length", "too-short"),
        ("autumn", "repetition", "repetitive"),
        ("autumn", "copy", "verbatim-copy"),
        ("autumn", "planted", "planted"),
    }
    by_gate = {one["gate"]: one for one in values["refused"]}
    assert (by_gate["copy"]["text"], by_gate["copy"]["label"]) == (COPY, "fever")
    assert by_gate["repetition"]["text"] == HOSTILE * 30
    out = shown(capsys, folder)
    assert out.startswith("4 texts refused; this list stays at the site\n")
    assert f"  autumn  copy: verbatim-copy  (label fever)  {COPY}\n" in out


def test_one_gate_or_campaign_may_be_asked_for(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, folder, "--gate", "length").splitlines()[1:] == [
        "  autumn  length: too-short  (label rash)  no"
    ]
    assert shown(capsys, folder, "--campaign", "autumn", "--gate", "planted").startswith("1 text refused")
    assert shown(capsys, folder, "--campaign", "spring") == "0 texts refused; this list stays at the site\n"


def test_a_hostile_text_does_nothing_to_the_terminal(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(capsys, folder, "--gate", "repetition")
    assert out.count("\n") == 2
    assert all(sign.isprintable() for sign in out.replace("\n", ""))
    assert r"\x1b[2J\u202egone\n\x9b31mred" in out


def test_without_the_sites_passphrase_nothing_is_shown(
    folder: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.write_text("another passphrase altogether")
    other.chmod(0o600)
    monkeypatch.setenv("FEDAUG_PASSPHRASE_FILE", str(other))
    capsys.readouterr()
    assert run(("site", "refused", folder)) == 2
    out, err = capsys.readouterr()
    assert "FA501" in err
    assert "quillfeather" not in out + err
