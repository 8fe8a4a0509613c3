"""``fedaug keys`` and ``fedaug enrolment``: from new keys to a list that members accept, and what is refused."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fedaug.cli import run
from fedaug.client.callers import list_standing
from fedaug.client.settings import SiteSettings
from fedaug.privacy.enrolment import EnrolmentStore, Role
from fedaug.privacy.keys import KeyRing

PASSPHRASE = b"a passphrase for tests"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "passphrase").write_bytes(PASSPHRASE)
    monkeypatch.setenv("FEDAUG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    monkeypatch.delenv("FEDAUG_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)


class Shell:
    """Runs commands and remembers what they printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> str:
        status = run(arguments)
        out, err = self._capsys.readouterr()
        assert status == 0, err
        return out

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))

    def refused(self, *arguments: str) -> str:
        status = run(arguments)
        out, err = self._capsys.readouterr()
        assert status == 2, (out, err)
        assert out == ""
        assert len(err.splitlines()) == 1
        return err


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def keys(folder: str) -> str:
    """Cheap keys in a folder; returns the public one."""
    ring = KeyRing.create(Path(folder), PASSPHRASE, scrypt_n=2)
    return ring.signer.public_key().public_bytes_raw().hex()


@pytest.fixture
def authority(shell: Shell) -> str:
    """An office with the first list; returns its public key."""
    public = keys("office")
    shell("enrolment", "new", "office", "--consortium", "lakeside")
    return public


def test_new_keys_are_made_once_and_shown_without_the_secret(shell: Shell) -> None:
    made = shell.json("keys", "hub", "--new")
    assert made == shell.json("keys", "hub")
    assert made["retired"] == []
    secret = KeyRing.open(Path("hub"), PASSPHRASE).signer.private_bytes_raw().hex()
    assert secret not in shell("keys", "hub")
    assert "FA101: the folder has keys already" in shell.refused("keys", "hub", "--new")


def test_rotated_keys_show_what_they_replaced(shell: Shell) -> None:
    before = keys("hub")
    after = shell.json("keys", "hub", "--rotate")
    assert after["public_key"] != before
    assert [key["public_key"] for key in after["retired"]] == [before]
    assert f": {before}" in shell("keys", "hub").splitlines()[2]
    assert after == shell.json("keys", "hub")


def test_new_and_rotate_exclude_each_other(shell: Shell) -> None:
    assert "FA101: --new and --rotate exclude each other" in shell.refused("keys", "hub", "--new", "--rotate")
    assert not Path("hub").exists()
    assert "FA101: the folder has no keys" in shell.refused("keys", "hub", "--rotate")


def test_a_consortium_is_enrolled_accepted_rotated_and_revoked(shell: Shell, authority: str) -> None:
    hub, county = keys("hub"), keys("county")
    shell("enrolment", "add", "office", "hub", hub, "--role", "coordinator")
    listed = shell.json("enrolment", "add", "office", "county", county)
    assert [(member["name"], member["role"]) for member in listed["members"]] == [
        ("hub", "coordinator"),
        ("county", "site"),
    ]
    shell("enrolment", "accept", "county", "office/enrolment.json", "--authority", authority)

    new = shell.json("keys", "county", "--rotate")["public_key"]
    rotated = shell.json("enrolment", "rotate", "office", "county", new)
    assert [member["not_after_epoch"] for member in rotated["members"]] == [None, 4, None]
    shell("enrolment", "accept", "county", "office/enrolment.json")

    gone = shell.json("enrolment", "revoke", "office", "county", "--reason", "stolen")
    assert [member["name"] for member in gone["members"]] == ["hub"]
    assert [entry["reason"] for entry in gone["revoked"]] == ["stolen", "stolen"]
    accepted = shell.json("enrolment", "accept", "county", "office/enrolment.json")
    told = {"accepted_for": "county", "begun_anew": False, "answers_anybody": False}
    assert accepted == gone | told
    assert gone == shell.json("enrolment", "verify", "office/enrolment.json", "--authority", authority)
    kept = EnrolmentStore(Path("county/enrolment")).current(gone["issued"])
    assert kept.epoch == 5
    assert kept.key_of("hub", Role.COORDINATOR).public_bytes_raw().hex() == hub


def test_a_public_key_may_be_given_as_the_file_that_keys_wrote(shell: Shell, authority: str) -> None:
    county = keys("county")
    Path("county.json").write_text(shell("keys", "county", "--json"))
    Path("office.json").write_text(shell("keys", "office", "--json"))
    made = shell.json("enrolment", "add", "office", "county", "county.json")
    assert made["members"][0]["public_key"] == county
    assert shell.json("enrolment", "verify", "office/enrolment.json", "--authority", "office.json") == made
    Path("other.json").write_text('{"key_id": "00"}')
    assert "FA401: a public key is not 64 hexadecimal digits" in shell.refused(
        "enrolment", "add", "office", "b", "other.json"
    )


def test_an_authoritys_keys_are_handed_over_and_not_rotated(shell: Shell, authority: str) -> None:
    assert "FA101: these keys sign an enrolment list" in shell.refused("keys", "office", "--rotate")
    assert shell.json("keys", "office")["public_key"] == authority


def test_what_is_shown_says_who_may_take_part_until_when(shell: Shell, authority: str) -> None:
    made = shell("enrolment", "add", "office", "county", keys("county"), "--days", "30")
    assert "written to office/enrolment.json; send it to every member" in made.splitlines()[-1]
    lines = shell("enrolment", "show", "office/enrolment.json").splitlines()
    assert lines[0].startswith("consortium lakeside, list 2: from 20")
    assert lines[1] == f"authority: key id {shell.json('keys', 'office')['key_id']}"
    assert lines[2] == f"  site county: key id {shell.json('keys', 'county')['key_id']}"
    values = shell.json("enrolment", "show", "office/enrolment.json")
    assert values["expires"] - values["issued"] == 30 * 86_400
    verified = shell("enrolment", "verify", "office/enrolment.json", "--authority", authority)
    assert verified.splitlines()[0] == "signed by that authority, keeps the rules, valid now"


def test_an_office_hands_over_to_another(shell: Shell, authority: str) -> None:
    county, second = keys("county"), keys("second")
    shell("enrolment", "renew", "office", "--next-authority", second)
    assert "handing over to: key id " in shell("enrolment", "show", "office/enrolment.json")
    shell("enrolment", "accept", "county", "office/enrolment.json", "--authority", authority)
    shutil.copy("office/enrolment.json", "second/enrolment.json")
    assert shell.json("enrolment", "renew", "second")["authority"] == second
    shell("enrolment", "add", "second", "county", county)
    assert shell.json("enrolment", "accept", "county", "second/enrolment.json")["epoch"] == 4
    shell("enrolment", "renew", "office")
    shell("enrolment", "renew", "office")
    shell("enrolment", "renew", "office")
    assert "FA402" in shell.refused("enrolment", "accept", "county", "office/enrolment.json")


def test_a_list_of_another_authority_or_an_older_one_is_refused(shell: Shell, authority: str) -> None:
    county = keys("county")
    shutil.copy("office/enrolment.json", "first.json")
    shell("enrolment", "add", "office", "county", county)
    accept = ("enrolment", "accept", "county")
    assert "FA101: no authority was named" in shell.refused(*accept, "first.json")
    assert "FA402: an enrolment list is from another authority" in shell.refused(
        *accept, "first.json", "--authority", county
    )
    shell(*accept, "office/enrolment.json", "--authority", authority)
    assert "FA405: an enrolment list is older than one seen before" in shell.refused(*accept, "first.json")
    assert "FA402" in shell.refused("enrolment", "verify", "first.json", "--authority", county)


def settle(folder: str, authority: str | None) -> None:
    """A site's settings, as far as they say whom it listens to."""
    named = "" if authority is None else f'authority = "{authority}"'
    Path(folder, "site.toml").write_text(f'name = "St-Mary.1"\n[consortium]\n{named}\n')


def test_a_site_that_still_answers_anybody_is_told_so_until_its_settings_name_the_authority(
    shell: Shell, authority: str
) -> None:
    keys("county")
    settle("county", None)
    accept = ("enrolment", "accept", "county", "office/enrolment.json")
    assert "FA101: no authority was named" in shell.refused(*accept)
    warning = f'this site still answers anybody: set authority = "{authority}" under [consortium] in county/site.toml'
    for arguments in ((*accept, "--authority", authority), accept):
        lines = shell(*arguments).splitlines()
        assert (lines[0], lines[-1]) == ("accepted for St-Mary.1", warning)
    assert shell.json(*accept)["answers_anybody"] is True
    settle("county", authority)
    assert "answers anybody" not in shell(*accept)
    assert shell.json(*accept)["answers_anybody"] is False


def test_whom_a_sites_settings_name_need_not_be_named_again(shell: Shell, authority: str) -> None:
    keys("county")
    settle("county", authority)
    assert shell("enrolment", "accept", "county", "office/enrolment.json").startswith("accepted for St-Mary.1\n")
    assert EnrolmentStore(Path("county/enrolment")).authority == authority


def test_another_authority_than_the_sites_settings_name_is_refused_before_anything_is_kept(
    shell: Shell, authority: str
) -> None:
    other = keys("county")
    settle("county", other)
    accept = ("enrolment", "accept", "county", "office/enrolment.json")
    assert "FA101: site.toml names another authority than --authority" in shell.refused(
        *accept, "--authority", authority
    )
    assert "FA402" in shell.refused(*accept)
    assert not Path("county/enrolment/accepted.json").exists()
    for text, said in (
        ("[consortium", "FA101: county/site.toml cannot be read"),
        ("consortium = 7", "FA101: consortium.authority in county/site.toml is no public key"),
        ('[consortium]\nauthority = "77"', "FA101: consortium.authority in county/site.toml is no public key"),
    ):
        Path("county/site.toml").write_text(text)
        assert said in shell.refused(*accept, "--authority", authority), text
        assert not Path("county/enrolment/accepted.json").exists()


def test_policy_explain_says_how_the_list_stands(shell: Shell, authority: str) -> None:
    Path("notes.csv").write_text("note\nthe cough is worse\n")
    site = SiteSettings.create(
        Path("county"),
        name="county",
        source__path="notes.csv",
        source__columns__text="note",
        consortium__authority=authority,
    )
    key = f"its key id is {shell.json('keys', 'office')['key_id']}; "
    assert f"{key}no list accepted yet: nobody; checked with each message" in shell("policy", "explain", "county")
    expires = shell.json("enrolment", "accept", "county", "office/enrolment.json")["expires"]
    day = f"{datetime.fromtimestamp(expires, UTC):%Y-%m-%d %H:%M} UTC"
    assert list_standing(Path("county"), site, expires - 1) == f"{key}list 1, valid to {day}"
    assert list_standing(Path("county"), site, expires) == f"{key}expired {day}: nobody"
    Path("county/enrolment/accepted.json").write_bytes(b"{}")
    assert list_standing(Path("county"), site, 0) == f"{key}the list that was accepted is damaged: nobody"


def test_beginning_anew_with_another_authority_is_told(shell: Shell, authority: str) -> None:
    keys("hub")
    other = keys("second")
    shell("enrolment", "new", "second", "--consortium", "seaside")
    first = shell("enrolment", "accept", "hub", "office/enrolment.json", "--authority", authority).splitlines()
    assert first[0] == "accepted for hub"
    assert not any("anew" in line or "anybody" in line for line in first)
    accept = ("enrolment", "accept", "hub", "second/enrolment.json", "--authority", other)
    kept = Path("hub/enrolment/accepted.json").read_bytes()
    assert shell(*accept).splitlines()[:2] == [
        "accepted for hub",
        "begun anew with another authority: the list and revocations remembered before no longer count",
    ]
    assert shell.json(*accept)["begun_anew"] is False
    Path("hub/enrolment/accepted.json").write_bytes(kept)
    assert shell.json(*accept)["begun_anew"] is True


def test_an_expired_list_is_refused(shell: Shell, authority: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expires = shell.json("enrolment", "show", "office/enrolment.json")["expires"]
    monkeypatch.setattr("fedaug.enrolment_cli._now", lambda: expires)
    verify = ("enrolment", "verify", "office/enrolment.json", "--authority", authority)
    assert "FA405: the enrolment list is expired" in shell.refused(*verify)
    first = shell("enrolment", "show", "office/enrolment.json").splitlines()[0]
    assert first == f"EXPIRED on {datetime.fromtimestamp(expires, UTC):%Y-%m-%d %H:%M} UTC"
    assert shell.json("enrolment", "renew", "office")["epoch"] == 2
    assert shell.json(*verify)["epoch"] == 2


def test_slips_of_the_hand_change_nothing(shell: Shell, authority: str) -> None:
    county = keys("county")
    shell("enrolment", "add", "office", "county", county)
    before = Path("office/enrolment.json").read_bytes()
    Path("cut.json").write_bytes(before[:-9])
    for arguments, said in (
        (("new", "office", "--consortium", "lakeside"), "FA101: there is an enrolment list already"),
        (("new", "elsewhere", "--consortium", "lakeside"), "FA101: the folder has no keys"),
        (("add", "office", "county", keys("a")), "FA101: a member of that name is enrolled already"),
        (("add", "office", "again", county), "FA101: that key is enrolled already, as county; "),
        (("add", "office", "two words", keys("b")), "FA101: a name or key is malformed"),
        (("add", "office", "short", "00"), "FA401: a public key is not 64"),
        (("add", "office", "weak", "00" * 32), "FA401: a public key is one that cannot be used"),
        (("rotate", "office", "nobody", keys("c")), "FA404: no site of that name"),
        (("revoke", "office", "nobody", "--reason", "lost"), "FA404: no key of that id"),
        (("add", "county", "county", county), "FA101: county keeps no list; begin one with fedaug enrolment new"),
        (("renew", "elsewhere"), "FA101: elsewhere keeps no list; begin one"),
        (("show", "missing.json"), "FA101: the enrolment list cannot be read"),
        (("show", "passphrase"), "FA401: the enrolment list is cut off or damaged"),
        (("show", "cut.json"), "FA401: the enrolment list is cut off or damaged"),
        (("accept", "missing", "office/enrolment.json"), "FA101: there is no such folder"),
        (("verify", "office/enrolment.json", "--authority", "zz"), "FA401: a public key is not 64"),
        (
            ("verify", "office/enrolment.json", "--authority", "nosuch.json"),
            "FA401: nosuch.json is not there, and is no public key of 64 digits",
        ),
        (("add", "office", "b", "./office"), "FA401: ./office is no file, and is no public key of 64 digits"),
    ):
        assert said in shell.refused("enrolment", *arguments), arguments
    assert Path("office/enrolment.json").read_bytes() == before


def test_only_the_authoritys_keys_change_its_list(shell: Shell, authority: str) -> None:
    keys("thief")
    shutil.copy("office/enrolment.json", "thief/enrolment.json")
    assert "FA101: these are not the keys of the list's authority" in shell.refused("enrolment", "renew", "thief")


def test_an_unknown_reason_or_role_is_a_usage_error(shell: Shell, authority: str) -> None:
    for arguments in (
        ("revoke", "office", "a", "--reason", "because"),
        ("add", "office", "a", "b", "--role", "auditor"),
    ):
        assert run(("enrolment", *arguments)) == 2
