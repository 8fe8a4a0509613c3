"""``fedaug ledger``: shown, verified and exported without a key; recovered only from what was countersigned."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.small import make_plan, make_site, open_site, some_rows
from tests.tiny_example import environment

from fedaug.cli import run
from fedaug.client.ledger_file import existing_ledger
from fedaug.client.settings import SiteSettings
from fedaug.client.site import Site
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.enrolment import Enrolment, EnrolmentStore, Member, Role, sign_list
from fedaug.privacy.events import event_from_dict
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.ledger.journal import Books
from fedaug.privacy.transparency.bundle import BundledLog, LogRole, write_bundle
from fedaug.privacy.transparency.heads import HeadRole, LogHead, encode_head, sign_head
from fedaug.privacy.transparency.verify import verify_bundle

HUB = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MALLORY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
KEY = HUB.public_key().public_bytes_raw().hex()
AUTHORITY = OFFICE.public_key().public_bytes_raw().hex()
LEDGER_FILES = "ledger.sqlite*"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that reserved a campaign of four releases, and made one."""
    folder = tmp_path_factory.mktemp("made") / "st-mary"
    site = make_site(folder, some_rows(), consortium__authority=AUTHORITY)
    site.join(make_plan())
    site.counts("autumn")
    site.close()
    return folder


@pytest.fixture(autouse=True)
def _here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(made, tmp_path / "st-mary")
    for name, value in environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("FEDAUG_DEBUG", raising=False)
    monkeypatch.delenv("FEDAUG_PASSPHRASE_FILE")  # but where a test says so, no key is needed
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def site() -> Iterator[Site]:
    opened = open_site(Path("st-mary"))
    yield opened
    opened.close()


def ledger(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = run(["ledger", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def journal() -> tuple[bytes, ...]:
    opened = existing_ledger(Path("st-mary"), SiteSettings.load(Path("st-mary")))
    assert opened is not None
    with opened:
        return opened.journal()


def countersigned(entries: tuple[bytes, ...], signer: Ed25519PrivateKey = HUB, origin: str = "st-mary") -> Any:
    return sign_head(LogHead.of(origin, entries), HeadRole.COUNTERSIGNATURE, signer)


def write_kept(
    entries: tuple[bytes, ...],
    *,
    covered: int | None = None,
    signer: Ed25519PrivateKey = HUB,
    origin: str = "st-mary",
    signed: bool = True,
) -> None:
    """The coordinator's bundle as ``kept.json``."""
    heads = (countersigned(entries[:covered], signer, origin),) if signed else ()
    Path("kept.json").write_bytes(write_bundle([BundledLog(origin, LogRole.SITE, entries, (), heads)]))


def lose_ledger() -> None:
    for path in Path("st-mary").glob(LEDGER_FILES):
        path.unlink()


def files() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(Path("st-mary").rglob("*")) if path.is_file()}


def enrol(key: str = KEY, role: Role = Role.COORDINATOR) -> None:
    issued = int(time.time())
    member = Member(name="hub", role=role, public_key=key)
    made = Enrolment(
        consortium="lakeside", epoch=1, issued=issued, expires=issued + 86_400, authority=AUTHORITY, members=(member,)
    )
    store = EnrolmentStore(Path("st-mary/enrolment"), OFFICE.public_key())
    store.accept(sign_list(made, OFFICE), time.time())


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
    Path("st-mary/lineage").unlink()  # with it, as the next test shows, the ledger was lost
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
    assert found["unchecked"] == ["the coordinator's signature: the site has received none"]
    assert (
        "ok         the journal ends where the head beside the ledger says\n" in ledger(capsys, "verify", "st-mary")[1]
    )


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
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    site._ledger.void("autumn", "metric")
    site.close()
    ledger(capsys, "export", "st-mary", "out.json", "--json")
    found = json.loads(Path("out.json").read_bytes())
    assert [event["key"] for event in found["events"]] == ["counts", "statistics", "votes/0"]
    assert len(found["journal"]) == 4
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


# recover


def recover(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    given = arguments or ("--coordinator-key", KEY)
    return ledger(capsys, "recover", "st-mary", "--from", "kept.json", *given)


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


def test_the_coordinators_key_is_taken_from_the_enrolment_list(capsys: pytest.CaptureFixture[str]) -> None:
    write_kept(journal())
    lose_ledger()
    assert recover(capsys, "--enrolment")[2].startswith("FA101: there is no enrolment list yet")
    enrol()
    status, out, err = recover(capsys, "--enrolment", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["recovered"] == 3


def test_the_coordinators_key_may_be_a_file_that_also_names_retired_ones(capsys: pytest.CaptureFixture[str]) -> None:
    newer = MALLORY.public_key().public_bytes_raw().hex()
    retired = [{"public_key": KEY, "retired": "2026-01-01"}]
    Path("hub.json").write_text(json.dumps({"key_id": "", "public_key": newer, "retired": retired}))
    write_kept(journal())
    lose_ledger()
    assert recover(capsys, "--coordinator-key", newer)[2].startswith("FA402: a head was signed with another key")
    assert recover(capsys, "--coordinator-key", "hub.json")[0] == 0


def test_a_damaged_ledger_is_moved_aside_and_not_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    write_kept(journal())
    Path("st-mary/ledger.sqlite").write_bytes(b"not a database")
    assert recover(capsys)[0] == 0
    assert [path.read_bytes() for path in Path("st-mary").glob("ledger.sqlite.replaced-1")] == [b"not a database"]


def test_an_older_copy_is_replaced_and_what_only_it_knows_is_charged_on_top(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    """The copy was taken before the release that the coordinator saw, and another was made from it since."""
    entries = journal()
    site.close()
    lose_ledger()
    fresh = open_site(Path("st-mary"))
    fresh.join(make_plan(campaign="winter"))
    fresh.close()
    write_kept(entries)
    status, out, err = recover(capsys, "--coordinator-key", KEY, "--json")
    assert (status, err) == (0, "")
    shown = json.loads(ledger(capsys, "show", "st-mary", "--json")[1])
    assert [campaign["campaign"] for campaign in shown["campaigns"]] == ["autumn", "winter"]
    assert json.loads(out)["epsilon"] == shown["epsilon"] > 5


def forged(entries: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Another data set's journal, which the coordinator has signed as this site's."""
    opened = json.loads(entries[0]) | {"lineage": "another"}
    return (json.dumps(opened, sort_keys=True, separators=(",", ":")).encode(), *entries[1:])


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ({"signer": MALLORY}, "FA402: a head was signed with another key"),
        ({"signed": False}, "FA401: the bundle holds no countersignature"),
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
    Path("st-mary/ledger.sqlite").write_bytes(b"not a database")
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
    assert list(Path("st-mary").glob(LEDGER_FILES)) == []


def test_a_whole_ledger_is_not_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    entries = journal()
    write_kept(entries)
    status, _, err = recover(capsys)
    assert status == 2
    assert "the ledger is whole" in err
    assert journal() == entries


def test_a_key_that_is_enrolled_as_a_sites_does_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    enrol(role=Role.SITE)
    write_kept(journal())
    lose_ledger()
    assert recover(capsys, "--enrolment")[2].startswith("FA404: a countersignature is by a key that is no coord")


@pytest.mark.parametrize(
    "arguments", [["--enrolment", "--coordinator-key", KEY], ["--json"], ["--coordinator-key", "12"]], ids=str
)
def test_whose_signature_counts_has_to_be_said_once(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    write_kept(journal())
    lose_ledger()
    status, _, err = recover(capsys, *arguments)
    assert status == 2
    assert err.count("\n") == 1
    assert list(Path("st-mary").glob(LEDGER_FILES)) == []
