"""``fedaug ledger``: shown, verified and exported without a key."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.kept_ledgers import (
    HUB,
    SITE,
    countersigned,
    enrol,
    files,
    go_to_copy,
    journal,
    ledger,
    lose_ledger,
    make_spending_site,
)
from tests.small import events, make_plan, open_site

from fedaug.cli import run
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.events import event_from_dict
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.transparency.heads import encode_head
from fedaug.privacy.transparency.verify import verify_bundle


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that reserved a campaign of four releases, and made one."""
    return make_spending_site(tmp_path_factory.mktemp("made"))


@pytest.fixture(autouse=True)
def _here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_to_copy(made, tmp_path, monkeypatch)
    monkeypatch.delenv("FEDAUG_PASSPHRASE_FILE")  # but where a test says so, no key is needed


# show


def test_show_names_campaigns_releases_and_mechanisms_without_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ledger(capsys, "show", "st-mary", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    [campaign] = found["campaigns"]
    states = {release["key"]: release["state"] for release in campaign["releases"]}
    assert states == {"counts": "committed", "statistics": "reserved", "votes/0": "reserved", "metric": "reserved"}
    assert campaign["releases"][0]["mechanism"]["mechanism"] == "discrete_gaussian"
    assert 3.8 < found["epsilon"] == campaign["epsilon"] <= 4.0
    assert found["left"] == pytest.approx(4.0 - found["epsilon"])
    status, out, _ = ledger(capsys, "show", "st-mary")
    assert status == 0
    assert out.startswith("site st-mary: ε 3.")
    assert "  committed  counts  NoisyCounts  discrete_gaussian: sensitivity 1, noise_std " in out


def test_show_says_that_a_site_without_a_ledger_spent_nothing_and_makes_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lose_ledger()
    (SITE / "lineage").unlink()  # with any of these, as the next tests show, the ledger was lost
    for folder in ("store", "plans"):
        shutil.rmtree(SITE / folder)
    before = files()
    assert ledger(capsys, "show", "st-mary")[1].startswith("site st-mary: ε 0 of 4 is spent, 4 left")
    assert files() == before
    assert ledger(capsys, "verify", "st-mary")[0] == 2


def test_a_ledger_that_was_lost_is_not_taken_for_one_that_spent_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    lose_ledger()
    before = files()
    for command in ("show", "verify"):
        status, out, err = ledger(capsys, command, "st-mary")
        assert (status, out) == (2, "")
        assert err.startswith("FA502: the site's ledger is gone")
    assert files() == before


def test_beside_sealed_records_no_command_takes_a_lost_ledger_for_a_new_one(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDAUG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    lose_ledger()
    (SITE / "lineage").unlink()
    before = files()
    for command in (["ledger", "show"], ["policy", "explain"], ["site", "status"], ["site", "prepare"]):
        assert run([*command, "st-mary"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("FA502: the site's ledger is gone; recover it (docs/how-to/recover-a-ledger.md)")
    assert files() == before


def test_show_says_first_that_the_ledger_is_an_older_copy(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(ledger(capsys, "show", "st-mary", "--json")[1])["rolled_back"] is False
    Path("st-mary/heads").mkdir()
    Path("st-mary/heads/countersignature.json").write_bytes(encode_head(countersigned((*journal(), b"more"))))
    assert json.loads(ledger(capsys, "show", "st-mary", "--json")[1])["rolled_back"] is True
    first, second = ledger(capsys, "show", "st-mary")[1].splitlines()[:2]
    assert first.startswith("THIS LEDGER IS AN OLDER COPY: ")
    assert second.startswith("site st-mary: ε 3.")


def test_a_ledger_without_its_lineage_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("st-mary/lineage").unlink()
    status, _, err = ledger(capsys, "show", "st-mary")
    assert status == 2
    assert err.startswith("FA502: the site's lineage file is gone")
    assert not Path("st-mary/lineage").exists()


# verify


def test_verify_says_what_was_checked_and_what_was_not(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ledger(capsys, "verify", "st-mary", "--json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["entries"] == len(journal()) == 3
    assert any("chained without a gap" in line for line in found["checked"])
    assert found["unchecked"] == [
        "the coordinator has countersigned nothing yet, so an older copy is not noticed",
        "the coordinator's signature: the site has received none",
    ]
    text = ledger(capsys, "verify", "st-mary")[1]
    assert "ok         the journal ends where the head beside the ledger says\n" in text
    assert "unchecked  the coordinator has countersigned nothing yet" in text


def test_verify_checks_the_countersignature_that_the_site_keeps(capsys: pytest.CaptureFixture[str]) -> None:
    Path("st-mary/heads").mkdir()
    kept = Path("st-mary/heads/countersignature.json")
    kept.write_bytes(encode_head(countersigned(journal()[:2])))
    found = json.loads(ledger(capsys, "verify", "st-mary", "--json")[1])
    assert "over the first 2 entries of this journal" in found["checked"][-1]
    assert found["unchecked"] == ["whose signature that is: there is no enrolment list yet"]
    enrol()
    found = json.loads(ledger(capsys, "verify", "st-mary", "--json")[1])
    assert found["unchecked"] == []
    assert found["checked"][-1] == "that signature is by a coordinator on the site's enrolment list"
    for other in ((b"another",), (*journal(), b"more")):
        kept.write_bytes(encode_head(countersigned(other)))
        status, out, err = ledger(capsys, "verify", "st-mary")
        assert (status, out) == (2, "")
        assert "not the one that the coordinator has countersigned" in err


def test_verify_finds_a_changed_byte(capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("st-mary/ledger.sqlite")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    status, out, err = ledger(capsys, "verify", "st-mary")
    assert (status, out) == (2, "")
    assert err.startswith("FA502")


# export


def test_export_holds_all_that_epsilon_is_worked_out_from(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = ledger(capsys, "export", "st-mary", "out.json")
    assert (status, err, out) == (0, "", "3 entries are in out.json\n")
    found = json.loads(Path("out.json").read_bytes())
    assert found["format"] == "fedaug-ledger/1"
    assert found["lineage"] == Path("st-mary/lineage").read_text().strip()
    assert (found["unit"], found["adjacency"], found["cap"]) == ("subject", "add_or_remove_one", 4.0)
    assert [entry.encode() for entry in found["journal"]] == list(journal())
    events = [event_from_dict(event) for event in found["events"]]
    assert [event.key for event in events] == ["counts", "statistics", "votes/0", "metric"]
    assert epsilon(events, found["delta"]) == found["epsilon"] > 3.8
    [campaign] = found["campaigns"]
    assert campaign["events"] == [0, 1, 2, 3]


def test_voided_releases_are_in_the_journal_and_not_among_what_is_charged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = open_site(SITE)
    site.join(make_plan(campaign="winter", events=events(2_000.0)))  # of which nothing was asked for
    site._ledger.void("winter", "metric")
    site.close()
    ledger(capsys, "export", "st-mary", "out.json", "--json")
    found = json.loads(Path("out.json").read_bytes())
    autumn = ["counts", "statistics", "votes/0", "metric"]
    assert [event["key"] for event in found["events"]] == [*autumn, "counts", "statistics", "votes/0"]
    assert len(found["journal"]) == 5
    assert "  void       metric" in ledger(capsys, "show", "st-mary")[1]


def test_a_bundle_passes_the_offline_check(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEDAUG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    Path("st-mary/heads").mkdir()
    Path("st-mary/heads/countersignature.json").write_bytes(encode_head(countersigned(journal())))
    status, _, err = ledger(capsys, "export", "st-mary", "bundle.json", "--bundle")
    assert (status, err) == (0, "")
    ring = KeyRing.open(Path("st-mary"), b"a passphrase for tests")
    keys = {"st-mary": (ring.signer.public_key(),), "hub": (HUB.public_key(),)}
    findings = verify_bundle(Path("bundle.json").read_bytes(), keys, coordinator="hub")
    assert findings.passed
    assert {"signature", "root", "plan", "countersignature"} <= {check.name for check in findings.checks}
    assert findings.spending[0].epsilon == pytest.approx(3.9, rel=1e-2)


def test_export_into_a_folder_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = ledger(capsys, "export", "st-mary", "no/out.json")
    assert status == 2
    assert err.startswith("FA101: no/out.json cannot be written")
