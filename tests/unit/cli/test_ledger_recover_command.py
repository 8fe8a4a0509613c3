"""``fedaug ledger recover``: only what the site itself signed, and the coordinator countersigned, comes back."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.kept_ledgers import (
    HUB,
    KEY,
    LEDGER_FILES,
    LIST,
    MALLORY,
    SITE,
    countersigned,
    enrol,
    files,
    go_to_copy,
    hexed,
    hub_member,
    journal,
    ledger,
    lose_ledger,
    make_spending_site,
    own_head,
    own_key,
    recover,
    site_member,
    write_kept,
)
from tests.small import PASSPHRASE, make_plan

from fedaug.client.settings import SiteSettings
from fedaug.privacy.enrolment import Reason, Revocation
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.ledger.journal import Books
from fedaug.privacy.transparency.heads import SignedHead, encode_head


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that reserved a campaign of four releases, and made one."""
    return make_spending_site(tmp_path_factory.mktemp("made"))


@pytest.fixture(autouse=True)
def _here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_to_copy(made, tmp_path, monkeypatch)


# What comes back


def test_a_lost_ledger_comes_back_with_every_charge_and_releases_nothing_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    entries = journal()
    spent = json.loads(ledger(capsys, "show", "st-mary", "--json")[1])["epsilon"]
    write_kept(entries)
    lose_ledger()
    Path("st-mary/lineage").unlink()
    status, out, err = recover(capsys)
    assert (status, err) == (0, "")
    assert out.startswith("3 entries are recovered; ε 3.")
    assert json.loads(ledger(capsys, "show", "st-mary", "--json")[1])["epsilon"] == spent
    assert journal()[:3] == entries
    found = json.loads(ledger(capsys, "verify", "st-mary", "--json")[1])
    assert "the first 3 entries are those that the coordinator has countersigned" in found["checked"]
    books = Books()
    books.extend(journal())
    assert books.plans["autumn"].lost


def test_both_keys_are_taken_from_the_enrolment_list_without_a_passphrase(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_kept(journal())
    members = hub_member(), site_member("st-mary", own_key())
    lose_ledger()
    (SITE / "keys" / "keyring.json").unlink()
    monkeypatch.delenv("FEDAUG_PASSPHRASE_FILE")
    assert recover(capsys, *LIST)[2].startswith("FA101: there is no enrolment list yet")
    enrol(*members)
    status, out, err = recover(capsys, *LIST, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["recovered"] == 3


def test_the_sites_key_ring_needs_its_passphrase(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_kept(journal())
    lose_ledger()
    before = files()
    monkeypatch.delenv("FEDAUG_PASSPHRASE_FILE")
    status, _, err = recover(capsys)
    assert status == 2
    assert err.startswith("FA101: there is no passphrase")
    assert files() == before


def test_the_coordinators_key_may_be_a_file_that_also_names_retired_ones(capsys: pytest.CaptureFixture[str]) -> None:
    newer = hexed(MALLORY)
    retired = [{"public_key": KEY, "retired": "2026-01-01"}]
    Path("hub.json").write_text(json.dumps({"key_id": "", "public_key": newer, "retired": retired}))
    write_kept(journal())
    lose_ledger()
    assert recover(capsys, "--coordinator-key", newer)[2].startswith("FA402: a head was signed with another key")
    assert recover(capsys, "--coordinator-key", "hub.json")[0] == 0


def test_a_damaged_ledger_is_moved_aside_and_not_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    write_kept(journal())
    (SITE / "ledger.sqlite").write_bytes(b"not a database")
    assert recover(capsys)[0] == 0
    assert [path.read_bytes() for path in SITE.glob("ledger.sqlite.replaced-1")] == [b"not a database"]


def test_an_older_copy_is_replaced_and_what_only_it_knows_is_charged_on_top(capsys: pytest.CaptureFixture[str]) -> None:
    """The copy was taken before the release that the coordinator saw, and another was made from it since."""
    entries = journal()
    lose_ledger()
    lineage, plan, privacy = (
        (SITE / "lineage").read_text().strip(),
        make_plan(campaign="winter"),
        SiteSettings.load(SITE).privacy,
    )
    path = SITE / "ledger.sqlite"
    with Ledger.open(path, lineage=lineage, unit=privacy.unit, cap=privacy.budget) as copy:
        copy.reserve(plan.campaign, plan.digest, plan.mechanisms)
    write_kept(entries)
    status, out, err = recover(capsys, "--coordinator-key", KEY, "--json")
    assert (status, err) == (0, "")
    shown = json.loads(ledger(capsys, "show", "st-mary", "--json")[1])
    assert [campaign["campaign"] for campaign in shown["campaigns"]] == ["autumn", "winter"]
    assert json.loads(out)["epsilon"] == shown["epsilon"] > 5


@pytest.mark.parametrize("also_newer", [False, True])
def test_what_was_signed_with_a_key_that_was_replaced_since_comes_back(
    also_newer: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    entries, older = journal(), own_key()
    newer = KeyRing.rotate(SITE, PASSPHRASE, date(2026, 1, 1)).signer
    write_kept(entries, *sorted([own_head(entries, key) for key in [older, newer][: 1 + also_newer]], key=order))
    lose_ledger()
    assert recover(capsys)[0] == 0
    lose_ledger()
    enrol(hub_member(), site_member("st-mary", older, not_after_epoch=3), site_member("st-mary", newer))
    assert recover(capsys, *LIST)[0] == 0
    assert journal()[:3] == entries


def order(head: SignedHead) -> str:
    return head.signature


@pytest.mark.parametrize("revoked", [False, True])
def test_a_replaced_key_that_the_list_no_longer_accepts_counts_by_the_ring_only(
    revoked: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    entries, older = journal(), own_key()
    newer = KeyRing.rotate(SITE, PASSPHRASE, date(2026, 1, 1)).signer
    head = own_head(entries, older)
    write_kept(entries, head)
    lose_ledger()
    gone = (Revocation(key_id=head.key_id, epoch=1, reason=Reason.LOST),) if revoked else ()
    enrol(hub_member(), site_member("st-mary", newer), revoked=gone)
    before = files()
    status, _, err = recover(capsys, *LIST)
    assert status == 2
    assert err.startswith("FA404: the log in the bundle is not signed with an enrolled key of this site: a key ")
    assert ("a key was revoked" in err) is revoked
    assert "use --coordinator-key, which goes by the site's key ring" in err
    assert files() == before
    assert recover(capsys)[0] == 0


# What else is refused


def forged(entries: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Another data set's journal, which the coordinator has signed as this site's."""
    opened = json.loads(entries[0]) | {"lineage": "another"}
    return (json.dumps(opened, sort_keys=True, separators=(",", ":")).encode(), *entries[1:])


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ({"signer": MALLORY}, "FA402: a head was signed with another key"),
        ({"countersign": False}, "FA401: the bundle holds no countersignature"),
        ({"covered": 2}, "FA401: 1 entries of the site's log are not countersigned"),
        ({"origin": "st-jude"}, "FA401: the bundle holds no log of this site"),
        ({"another": True}, "FA502: the entries belong to another data set"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_recovery_is_refused_and_nothing_touched_when(
    kept: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    entries = forged(journal()) if kept.pop("another", False) else journal()
    write_kept(entries, **kept)
    (SITE / "ledger.sqlite").write_bytes(b"not a database")
    before = files()
    status, out, err = recover(capsys)
    assert (status, out) == (2, "")
    assert err.startswith(said)
    assert err.count("\n") == 1
    assert {path: data for path, data in files().items() if ".sqlite." not in path or path in before} == before


def test_a_bundle_older_than_what_the_site_received_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    entries = journal()
    Path("st-mary/heads").mkdir()
    Path("st-mary/heads/countersignature.json").write_bytes(encode_head(countersigned(entries)))
    write_kept(entries[:2])
    lose_ledger()
    status, _, err = recover(capsys)
    assert status == 2
    assert err.startswith("FA502: the site has received a countersignature over more entries")
    assert list(SITE.glob(LEDGER_FILES)) == []


def test_a_whole_ledger_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    entries = journal()
    write_kept(entries)
    status, _, err = recover(capsys)
    assert status == 2
    assert "the ledger is whole" in err
    assert journal() == entries


def test_a_key_that_is_enrolled_as_a_sites_does_not_count_as_the_coordinators(
    capsys: pytest.CaptureFixture[str],
) -> None:
    enrol(site_member("hub", HUB), site_member("st-mary", own_key()))
    write_kept(journal())
    lose_ledger()
    assert recover(capsys, *LIST)[2].startswith("FA404: a countersignature is by a key that is no coord")


@pytest.mark.parametrize(
    "arguments", [["--enrolment", "--coordinator-key", KEY], ["--json"], ["--coordinator-key", "12"]], ids=str
)
def test_whose_signature_counts_has_to_be_said_once(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    write_kept(journal())
    lose_ledger()
    status, _, err = recover(capsys, *arguments)
    assert status == 2
    assert err.count("\n") == 1
    assert list(SITE.glob(LEDGER_FILES)) == []
