"""What a consortium's office can do to its list, and that its file never holds two lists of one epoch."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.enrolment_lists import (
    AUTHORITY,
    COORDINATOR,
    COUNTY,
    COUNTY_BEFORE,
    DAY,
    MALLORY,
    NOW,
    ST_MARY,
    STOLEN,
    SUCCESSOR,
    hexed,
    id_of,
    listed,
    private,
)

from fedaug.errors import BadSignature, ConfigError, NotEnrolled, ProtocolError
from fedaug.privacy.enrolment import Enrolment, Reason, Role, read_list, sign_list
from fedaug.privacy.enrolment.changes import first_list, next_list, with_key, with_replaced_key, without_key
from fedaug.privacy.enrolment.lists import check_successor
from fedaug.privacy.enrolment.office import begin, change

OLD = read_list(listed(), AUTHORITY.public_key(), NOW)


def following(old: Enrolment = OLD, signer: Ed25519PrivateKey = AUTHORITY, **changes: Any) -> Enrolment:
    made = next_list(old, hexed(signer), NOW + DAY, 30 * DAY, **changes)
    check_successor(old, made)
    return made


def names(found: Enrolment) -> list[tuple[str, int | None]]:
    return [(member.name, member.not_after_epoch) for member in found.members]


def test_the_next_list_is_one_epoch_on_and_drops_keys_that_have_run_out() -> None:
    made = following()
    assert (made.epoch, made.issued, made.expires) == (4, NOW + DAY, NOW + 31 * DAY)
    assert (made.consortium, made.revoked) == (OLD.consortium, OLD.revoked)
    assert names(made) == [("hub", None), ("county", None), ("st-mary", None)]


def test_a_member_is_added_once() -> None:
    made = following(members=with_key(OLD, "lake.clinic_2", Role.SITE, hexed(private(20))))
    assert made.accepts(id_of(private(20)), Role.SITE)
    for name, role in (("county", Role.SITE), ("COUNTY", Role.SITE), ("County", Role.COORDINATOR), ("hub", Role.SITE)):
        with pytest.raises(ConfigError, match="FA101: a member of that name is enrolled already"):
            with_key(OLD, name, role, hexed(private(20)))


@pytest.mark.parametrize("name", ["", "two words", "-a", "a/b", "a\n", "a\x00", "cоunty", "é", "x" * 101])
def test_a_malformed_name_is_refused_before_anything_is_written(name: str) -> None:
    with pytest.raises(ConfigError, match="FA101: a name or key is malformed"):
        with_key(OLD, name, Role.SITE, hexed(private(20)))
    with pytest.raises(ConfigError, match="FA101: a name or key is malformed"):
        first_list(name, hexed(AUTHORITY), NOW, DAY)


@pytest.mark.parametrize("key", ["", "00", "zz" * 32, hexed(MALLORY).upper(), hexed(MALLORY) + "\n"])
def test_a_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="FA101: a name or key is malformed"):
        with_key(OLD, "new", Role.SITE, key)


@pytest.mark.parametrize("signer", [STOLEN, AUTHORITY])
def test_a_key_that_is_revoked_or_the_authoritys_is_not_enrolled(signer: Ed25519PrivateKey) -> None:
    with pytest.raises(ConfigError, match="FA101: the change cannot be made: an enrolment list holds a key"):
        following(members=with_key(OLD, "new", Role.SITE, hexed(signer)))


def test_whose_a_key_is_that_is_enrolled_already_is_told() -> None:
    said = "FA101: that key is enrolled already, as county; "
    with pytest.raises(ConfigError, match=said):
        with_key(OLD, "new", Role.SITE, hexed(COUNTY))
    for name in ("county", "st-mary"):
        with pytest.raises(ConfigError, match=said):
            with_replaced_key(OLD, name, Role.SITE, hexed(COUNTY), 1)


@pytest.mark.parametrize("overlap", [0, 1, 2])
def test_a_replaced_key_is_accepted_for_as_many_lists_as_was_said(overlap: int) -> None:
    made = following(members=with_replaced_key(OLD, "st-mary", Role.SITE, hexed(private(20)), overlap))
    lists = [made, following(made), following(following(made))]
    assert [found.accepts(id_of(ST_MARY), Role.SITE) for found in lists] == [number < overlap for number in range(3)]
    assert all(found.accepts(id_of(private(20)), Role.SITE) for found in lists)


def test_an_overlap_that_no_reader_would_accept_is_refused_by_the_writer() -> None:
    with pytest.raises(ConfigError, match="FA101: a name or key is malformed, or there are too many"):
        with_replaced_key(OLD, "st-mary", Role.SITE, hexed(private(20)), 2**40)
    unchecked = OLD.model_copy(update={"epoch": 2**40})
    with pytest.raises(ProtocolError, match="FA401: an enrolment list is malformed"):
        sign_list(unchecked, AUTHORITY)


def test_only_a_member_can_have_its_key_replaced() -> None:
    for name, role in (("elsewhere", Role.SITE), ("st-mary", Role.COORDINATOR)):
        with pytest.raises(NotEnrolled, match="FA404"):
            with_replaced_key(OLD, name, role, hexed(private(20)), 1)


@pytest.mark.parametrize("who", ["county", id_of(COUNTY)])
def test_with_a_members_newest_key_all_its_keys_are_revoked(who: str) -> None:
    members, revoked = without_key(OLD, who, Reason.STOLEN)
    made = following(members=members, revoked=revoked)
    assert names(made) == [("hub", None), ("st-mary", None)]
    for signer in (COUNTY, COUNTY_BEFORE, STOLEN):
        with pytest.raises(NotEnrolled, match="FA404: a key was revoked"):
            made.member(id_of(signer))
    assert {entry.epoch for entry in revoked} == {4}


def test_a_replaced_key_can_be_revoked_by_itself() -> None:
    members, revoked = without_key(OLD, id_of(COUNTY_BEFORE), Reason.LOST)
    made = following(members=members, revoked=revoked)
    assert made.accepts(id_of(COUNTY), Role.SITE)
    assert not made.accepts(id_of(COUNTY_BEFORE), Role.SITE)


def test_a_member_whose_key_was_stolen_comes_back_with_another() -> None:
    members, revoked = without_key(OLD, "st-mary", Reason.STOLEN)
    without = following(members=members, revoked=revoked)
    back = following(without, members=with_key(without, "st-mary", Role.SITE, hexed(private(20))))
    assert back.key_of("st-mary", Role.SITE, id_of(private(20)))
    with pytest.raises(ConfigError, match="holds a key that it also revokes"):
        following(without, members=with_key(without, "st-mary", Role.SITE, hexed(ST_MARY)))


def test_whom_to_revoke_has_to_be_clear() -> None:
    with pytest.raises(NotEnrolled, match="FA404: no key of that id, and no member of that name"):
        without_key(OLD, "elsewhere", Reason.LEFT)
    assert len(without_key(OLD, id_of(ST_MARY), Reason.LEFT)[0]) == len(OLD.members) - 1


def test_only_the_authority_and_the_one_it_hands_over_to_sign_the_next_list() -> None:
    with pytest.raises(ConfigError, match="FA101: these are not the keys of the list's authority"):
        following(signer=SUCCESSOR)
    naming = following(next_authority=hexed(SUCCESSOR))
    assert following(naming).next_authority == hexed(SUCCESSOR), "the old one may go on for a while"
    after = following(naming, SUCCESSOR)
    assert (after.authority, after.next_authority) == (hexed(SUCCESSOR), None)
    with pytest.raises(ConfigError, match="FA101: these are not the keys"):
        following(after, AUTHORITY)


def test_the_offices_file_is_begun_once_and_changed_by_its_authority_only(tmp_path: Path) -> None:
    path = tmp_path / "enrolment.json"
    begin(path, AUTHORITY, "lakeside", NOW, DAY)
    with pytest.raises(ConfigError, match="FA101: there is an enrolment list already"):
        begin(path, AUTHORITY, "lakeside", NOW, DAY)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="FA101: these are not the keys"):
        change(path, MALLORY, lambda old, authority: next_list(old, authority, NOW, DAY))
    assert path.read_bytes() == before
    change(path, AUTHORITY, lambda old, authority: next_list(old, authority, NOW, DAY))
    assert read_list(path.read_bytes(), AUTHORITY.public_key(), NOW).epoch == 2
    path.write_bytes(before.replace(b"lakeside", b"seasides"))
    with pytest.raises(BadSignature, match="FA402"):
        change(path, AUTHORITY, lambda old, authority: next_list(old, authority, NOW, DAY))


def test_two_changes_at_once_are_both_in_the_list(tmp_path: Path) -> None:
    path = tmp_path / "enrolment.json"
    begin(path, AUTHORITY, "lakeside", NOW, DAY)
    lists: list[Enrolment] = []

    def enrol(number: int) -> None:
        key = hexed(private(30 + number))

        def following(old: Enrolment, authority: str) -> Enrolment:
            return next_list(old, authority, NOW, DAY, members=with_key(old, f"site-{number}", Role.SITE, key))

        lists.append(change(path, AUTHORITY, following))

    threads = [threading.Thread(target=enrol, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found.epoch for found in lists) == list(range(2, 14))
    assert len(read_list(path.read_bytes(), AUTHORITY.public_key(), NOW).members) == 12


def test_a_coordinator_is_found_in_the_next_list_too() -> None:
    assert following().key_of("hub", Role.COORDINATOR).public_bytes_raw().hex() == hexed(COORDINATOR)
