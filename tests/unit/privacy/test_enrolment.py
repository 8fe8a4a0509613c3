"""Enrolment: which keys a list accepts, when a list is accepted, and what a member remembers of it."""

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
    body,
    forged,
    hexed,
    id_of,
    listed,
    member,
    private,
)

from fedaug.errors import BadSignature, ConfigError, NotEnrolled, OutdatedEnrolment, ProtocolError
from fedaug.privacy.enrolment import Enrolment, EnrolmentStore, Role, claimed_authority, read_list, sign_list
from fedaug.privacy.enrolment.lists import CLOCK_SKEW_S

PUBLIC = AUTHORITY.public_key()


def enrolment(**changes: Any) -> Enrolment:
    return read_list(listed(**changes), PUBLIC, NOW)


def test_a_list_is_read_as_it_was_signed() -> None:
    found = enrolment()
    assert found.model_dump(mode="json") == body()
    assert sign_list(found, AUTHORITY) == listed() == forged(body())
    assert claimed_authority(listed()).public_bytes_raw() == PUBLIC.public_bytes_raw()


def test_current_keys_are_found_by_name_and_role() -> None:
    found = enrolment()
    assert id_of(COUNTY) == found.member(id_of(COUNTY)).key_id
    for name, role, signer in (
        ("county", Role.SITE, COUNTY),
        ("st-mary", Role.SITE, ST_MARY),
        ("hub", Role.COORDINATOR, COORDINATOR),
    ):
        assert found.key_of(name, role).public_bytes_raw().hex() == hexed(signer)
        assert found.key_of(name, role, id_of(signer)).public_bytes_raw().hex() == hexed(signer)


def test_a_replaced_key_is_accepted_through_its_last_epoch() -> None:
    found = enrolment()
    assert found.accepts(id_of(COUNTY_BEFORE), Role.SITE)
    assert found.key_of("county", Role.SITE, id_of(COUNTY_BEFORE)).public_bytes_raw().hex() == hexed(COUNTY_BEFORE)
    with pytest.raises(ProtocolError, match="FA401: an enrolment list holds a key that has run out"):
        listed(epoch=4)


def test_a_revoked_key_is_refused_and_told_from_an_unknown_one() -> None:
    found = enrolment()
    assert not found.accepts(id_of(STOLEN), Role.SITE)
    with pytest.raises(NotEnrolled, match="FA404: a key was revoked; refuse the message"):
        found.member(id_of(STOLEN))
    with pytest.raises(NotEnrolled, match="FA404: a key is not on the enrolment list"):
        found.member(id_of(MALLORY))


@pytest.mark.parametrize("name", ["County", "county ", "cоunty", "elsewhere", ""])  # the third one's o is Cyrillic
def test_another_spelling_of_a_name_is_not_enrolled(name: str) -> None:
    with pytest.raises(NotEnrolled, match="FA404: no site of that name is on the enrolment list"):
        enrolment().key_of(name, Role.SITE)
    with pytest.raises(NotEnrolled, match="FA404: a key is enrolled for another member or role"):
        enrolment().key_of(name, Role.SITE, id_of(COUNTY))


def test_a_list_is_valid_from_its_issue_until_before_its_end() -> None:
    data = listed(issued=NOW, expires=NOW + DAY)
    for now in (NOW - CLOCK_SKEW_S, NOW, NOW + DAY - 1):
        assert read_list(data, PUBLIC, now).epoch == 3
    for now in (NOW + DAY, NOW + 10 * DAY, float("inf"), float("nan")):
        with pytest.raises(OutdatedEnrolment, match="FA405: the enrolment list is expired"):
            read_list(data, PUBLIC, now)
    for now in (NOW - CLOCK_SKEW_S - 1, 0):
        with pytest.raises(OutdatedEnrolment, match="FA405: the enrolment list is not valid yet"):
            read_list(data, PUBLIC, now)


def test_an_epoch_below_the_minimum_is_refused() -> None:
    assert read_list(listed(), PUBLIC, NOW, 3).epoch == 3
    with pytest.raises(OutdatedEnrolment, match="FA405: an enrolment list is older than one seen before"):
        read_list(listed(), PUBLIC, NOW, 4)


def test_only_the_authority_that_a_list_names_can_sign_it() -> None:
    with pytest.raises(ProtocolError, match="names another authority than its signer"):
        sign_list(enrolment(), MALLORY)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"expires": NOW - DAY}, "is valid for no time at all"),
        ({"expires": NOW + 401 * DAY}, "is valid for no time at all, or for over 400 days"),
        ({"next_authority": hexed(AUTHORITY)}, "holds a key twice"),
        ({"members": [member("a", COUNTY), member("b", COUNTY)]}, "holds a key twice"),
        ({"members": [member("a", COUNTY), member("a", COUNTY, role="coordinator")]}, "holds a key twice"),
        ({"members": [member("a", AUTHORITY)]}, "holds a key twice"),
        ({"members": [member("a", COUNTY), member("a", ST_MARY)]}, "holds two keys of one member"),
        ({"members": [member("a", COUNTY), member("A", ST_MARY)]}, "holds two members of one name"),
        ({"members": [member("a", COUNTY), member("A", ST_MARY, role="coordinator")]}, "holds two members of one name"),
        ({"members": [member("a", COUNTY, not_after_epoch=9)]}, "holds a replaced key without a new one"),
        (
            {"members": [member("a", COUNTY, not_after_epoch=9), member("a", ST_MARY, role="coordinator")]},
            "holds a replaced key without a new one",
        ),
        ({"members": [member("a", COUNTY), member("a", ST_MARY, not_after_epoch=2)]}, "holds a key that has run out"),
        ({"members": [member("a", STOLEN)]}, "holds a key that it also revokes"),
        ({"next_authority": hexed(STOLEN)}, "holds a key that it also revokes"),
        ({"revoked": body()["revoked"] * 2}, "revokes a key twice"),
        ({"revoked": [body()["revoked"][0] | {"epoch": 4}]}, "revokes a key in a later epoch"),
        ({"members": [member("a", COUNTY, public_key="00" * 32)]}, "holds a public key that cannot be used"),
        ({"next_authority": "01" + "00" * 31}, "holds a public key that cannot be used"),
    ],
)
def test_a_list_that_contradicts_itself_is_refused_by_writer_and_reader(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ProtocolError, match=f"FA401: an enrolment list {said}"):
        listed(**changes)
    with pytest.raises(ProtocolError, match=f"FA401: an enrolment list {said}"):
        read_list(forged(body(**changes)), PUBLIC, NOW)


def store(folder: Path) -> EnrolmentStore:
    return EnrolmentStore(folder / "enrolment", PUBLIC)


def test_the_newest_list_survives_a_restart(tmp_path: Path) -> None:
    store(tmp_path).accept(listed(), NOW)
    found = store(tmp_path).current(NOW + DAY)
    assert found == enrolment()
    assert (tmp_path / "enrolment" / "accepted.json").stat().st_mode & 0o777 == 0o600
    assert EnrolmentStore(tmp_path / "enrolment").current(NOW) == found, "the authority is remembered too"


def test_an_older_list_is_refused_after_a_restart(tmp_path: Path) -> None:
    store(tmp_path).accept(listed(epoch=3), NOW)
    with pytest.raises(OutdatedEnrolment, match="FA405: an enrolment list is older than one seen before"):
        store(tmp_path).accept(listed(epoch=2), NOW)
    assert store(tmp_path).current(NOW).epoch == 3


def test_two_lists_of_one_epoch_are_noticed_and_the_first_stays(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.accept(listed(), NOW)
    kept.accept(listed(), NOW)
    with pytest.raises(OutdatedEnrolment, match="FA405: there are two enrolment lists of one epoch"):
        kept.accept(listed(expires=NOW + 31 * DAY), NOW)
    assert kept.current(NOW).expires == NOW + 30 * DAY


def test_a_list_that_forgets_a_revocation_or_belongs_elsewhere_is_refused(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.accept(listed(), NOW)
    later = {"epoch": 4, "members": []}
    for changes, said in (
        ({"revoked": []}, "forgets a key that was revoked"),
        ({"revoked": [], "members": [member("back", STOLEN)]}, "forgets a key that was revoked"),
        ({"consortium": "seaside"}, "is another consortium's"),
    ):
        with pytest.raises(ProtocolError, match=f"FA401: an enrolment list {said}"):
            kept.accept(listed(**{**later, **changes}), NOW)
    assert kept.current(NOW).epoch == 3
    assert kept.accept(listed(**later), NOW).epoch == 4


def test_a_list_that_expires_in_the_store_is_used_no_more(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.accept(listed(), NOW)
    assert kept.current(NOW + 29 * DAY).epoch == 3
    with pytest.raises(OutdatedEnrolment, match="FA405: the enrolment list is expired"):
        kept.current(NOW + 30 * DAY)


def test_a_list_accepted_by_another_process_counts_at_once(tmp_path: Path) -> None:
    watching, other = store(tmp_path), store(tmp_path)
    other.accept(listed(), NOW)
    assert watching.current(NOW).epoch == 3
    other.accept(listed(epoch=4, members=[]), NOW)
    assert watching.current(NOW).members == ()


def test_an_authority_hands_over_to_the_one_that_it_named(tmp_path: Path) -> None:
    kept = store(tmp_path)
    after = listed(SUCCESSOR, epoch=4, members=[])
    kept.accept(listed(), NOW)
    with pytest.raises(BadSignature, match="FA402: an enrolment list is from another authority"):
        kept.accept(after, NOW)
    kept.accept(listed(epoch=4, members=[], next_authority=hexed(SUCCESSOR)), NOW)
    with pytest.raises(OutdatedEnrolment):
        kept.accept(after, NOW)  # of the same epoch
    assert kept.accept(listed(SUCCESSOR, epoch=5, members=[]), NOW).authority == hexed(SUCCESSOR)
    assert store(tmp_path).current(NOW).epoch == 5
    handed = EnrolmentStore(tmp_path / "enrolment", SUCCESSOR.public_key())
    assert handed.current(NOW).epoch == 5
    assert (handed.begins_anew(), handed.authority) == (False, hexed(AUTHORITY))
    with pytest.raises(BadSignature):
        store(tmp_path).accept(listed(epoch=6, members=[]), NOW)  # the old one has handed over


def test_a_list_cannot_name_the_successor_that_signs_it(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.accept(listed(), NOW)
    with pytest.raises(BadSignature):
        kept.accept(listed(MALLORY, epoch=4, members=[], next_authority=hexed(SUCCESSOR)), NOW)


def test_a_hand_over_that_was_taken_back_is_void(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.accept(listed(next_authority=hexed(SUCCESSOR)), NOW)
    kept.accept(listed(epoch=4, members=[]), NOW)
    with pytest.raises(BadSignature):
        kept.accept(listed(SUCCESSOR, epoch=5, members=[]), NOW)


def test_naming_a_third_authority_begins_anew(tmp_path: Path) -> None:
    store(tmp_path).accept(listed(epoch=3), NOW)
    anew = EnrolmentStore(tmp_path / "enrolment", MALLORY.public_key())
    with pytest.raises(ConfigError, match="FA101: there is no enrolment list yet"):
        anew.current(NOW)
    assert anew.begins_anew()
    assert anew.accept(listed(MALLORY, epoch=1, members=[], revoked=[]), NOW).epoch == 1
    assert not anew.begins_anew()
    assert store(tmp_path).begins_anew()


def test_without_a_list_or_an_authority_nothing_is_enrolled(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FA101: there is no enrolment list yet"):
        store(tmp_path).current(NOW)
    assert not store(tmp_path).begins_anew()
    assert not (tmp_path / "enrolment").exists()
    with pytest.raises(ConfigError, match="FA101: no authority was named"):
        EnrolmentStore(tmp_path / "enrolment").accept(listed(), NOW)


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff", b"[]", b'{"format":1}'])
def test_a_damaged_store_is_told_and_never_taken_for_an_empty_one(tmp_path: Path, damage: bytes) -> None:
    kept = store(tmp_path)
    kept.accept(listed(), NOW)
    path = tmp_path / "enrolment" / "accepted.json"
    good = path.read_bytes()
    for data in (damage, good[:-1], good.replace(b"st-mary", b"st-mark"), good.replace(b"lakeside", b"seasides")):
        path.write_bytes(data)
        for use in (lambda: kept.current(NOW), lambda: kept.accept(listed(epoch=2), NOW)):
            with pytest.raises(ConfigError, match="FA101: the enrolment list that was accepted cannot be read"):
                use()
    path.write_bytes(good)
    assert kept.current(NOW).epoch == 3


def test_a_full_disk_leaves_the_list_that_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = store(tmp_path)
    kept.accept(listed(), NOW)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("fedaug.privacy.files.os.fsync", full)
        with pytest.raises(ConfigError, match="FA101: the enrolment list cannot be kept"):
            kept.accept(listed(epoch=4, members=[]), NOW)
    assert store(tmp_path).current(NOW).epoch == 3


def test_of_lists_that_arrive_at_once_the_newest_stays(tmp_path: Path) -> None:
    lists = {epoch: listed(epoch=epoch, members=[]) for epoch in range(3, 23)}
    refused: list[int] = []

    def accept(epoch: int) -> None:
        try:
            store(tmp_path).accept(lists[epoch], NOW)
        except OutdatedEnrolment:
            refused.append(epoch)

    threads = [threading.Thread(target=accept, args=(epoch,)) for epoch in (*range(22, 2, -2), *range(3, 22, 2))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(threads) == 20
    assert store(tmp_path).current(NOW).epoch == 22
    assert 22 not in refused


def test_the_largest_list_that_is_allowed_can_be_sent_and_kept(tmp_path: Path) -> None:
    names = (f"hospital-of-a-usual-name-{number}" for number in range(2_000))
    members = [
        member(name, private(9), public_key=Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex())
        for name in names
    ]
    revoked = [{"key_id": f"{number:064x}", "epoch": 1, "reason": "stolen"} for number in range(4_000)]
    store(tmp_path).accept(listed(members=members, revoked=revoked), NOW)
    assert len(store(tmp_path).current(NOW).members) == 2_000
