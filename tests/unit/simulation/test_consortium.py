"""Virtual sites are enrolled again and again until it is done, whatever cut the last time off."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.small import SmallEncoder
from tests.tiny_example import write_example, write_records

from fedaug.privacy.enrolment import EnrolmentStore, Role, signed_list
from fedaug.privacy.files import private_folder
from fedaug.simulation.consortium import VirtualConsortium
from fedaug.simulation.example import Example, read_rows
from fedaug.simulation.sites import VirtualSites, deal

NAME = "site-01"


class Cut(BaseException):
    """Where a process dies."""


@pytest.fixture
def consortium(tmp_path: Path) -> VirtualConsortium:
    return begun(tmp_path)


def begun(folder: Path) -> VirtualConsortium:
    return VirtualConsortium(folder / "consortium", b"a passphrase for tests")


def member(folder: Path, consortium: VirtualConsortium, name: str = NAME) -> EnrolmentStore:
    return EnrolmentStore(folder / name / "enrolment", consortium.authority)


def test_enrolling_again_changes_nothing(tmp_path: Path, consortium: VirtualConsortium) -> None:
    key, store = Ed25519PrivateKey.generate().public_key(), member(tmp_path, consortium)
    private_folder(tmp_path / NAME / "enrolment")  # what a run leaves that was killed as the list was accepted
    consortium.enrol(NAME, key, store)
    first = store.current(time.time())
    begun(tmp_path).enrol(NAME, key, store)
    assert store.current(time.time()) == first
    assert first.key_of(NAME, Role.SITE) == key


def test_a_site_that_was_founded_anew_takes_the_place_of_the_first(
    tmp_path: Path, consortium: VirtualConsortium
) -> None:
    old, new = Ed25519PrivateKey.generate().public_key(), Ed25519PrivateKey.generate().public_key()
    store = member(tmp_path, consortium)
    for key in (old, new):
        consortium.enrol(NAME, key, store)
        assert store.current(time.time()).key_of(NAME, Role.SITE) == key
    assert len(store.current(time.time()).members) == 2, "it and the coordinator"
    told = (tmp_path / "consortium" / "enrolment.json").read_bytes()
    assert signed_list(told, consortium.authority) == store.current(time.time())


@pytest.mark.parametrize("step", ["_tell_list", "accept of the member"])
def test_a_list_that_was_cut_off_contradicts_no_later_one(
    tmp_path: Path, consortium: VirtualConsortium, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (Ed25519PrivateKey.generate().public_key() for _ in range(2))
    stores = member(tmp_path, consortium), member(tmp_path, consortium, "site-02")

    def cut(*_: object) -> None:
        raise Cut

    with monkeypatch.context() as cutting:
        if step == "_tell_list":
            cutting.setattr(VirtualConsortium, step, cut)
        else:
            cutting.setattr(stores[0], "accept", cut)
        with pytest.raises(Cut):
            consortium.enrol(NAME, first, stores[0])
    again = begun(tmp_path)
    again.enrol("site-02", second, stores[1])
    again.enrol(NAME, first, stores[0])
    assert stores[0].current(time.time()) == stores[1].current(time.time())
    told = (tmp_path / "consortium" / "enrolment.json").read_bytes()
    assert signed_list(told, again.authority) == stores[0].current(time.time())


def test_a_run_that_was_killed_while_a_site_was_enrolled_goes_on(tmp_path: Path) -> None:
    example = Example.load(write_example(tmp_path / "tiny"))
    rows = deal(example, read_rows(example, tmp_path, train=write_records(tmp_path / "records.csv")).train)[0]
    sites = VirtualSites(example, tmp_path / "sites", SmallEncoder)
    sites.prepare(0, lambda: rows)
    sites.close()
    folder = tmp_path / "sites" / NAME
    (folder / "enrolment" / "accepted.json").unlink()
    again = VirtualSites(example, tmp_path / "sites", SmallEncoder)
    again.prepare(0, lambda: rows)
    again.close()
    assert (folder / "enrolment" / "accepted.json").exists()
    shutil.rmtree(folder)  # killed before its keys were there, in a run that enrolled it before
    third = VirtualSites(example, tmp_path / "sites", SmallEncoder)
    site = third.prepare(0, lambda: rows)
    listed = EnrolmentStore(folder / "enrolment", third.consortium.authority).current(time.time())
    assert listed.key_of(NAME, Role.SITE) == site._keys.signer.public_key()
    third.close()
