"""The plans that a site has agreed to survive a power cut, and are nobody else's to read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.small import make_plan

from fedaug.client.accepted_plans import AcceptedPlans
from fedaug.errors import AlreadyReleased, LedgerError, NotReserved

PLAN = make_plan()


@pytest.fixture
def plans(tmp_path: Path) -> AcceptedPlans:
    return AcceptedPlans(tmp_path / "plans")


def test_a_plan_is_found_as_it_was_kept_and_kept_once(plans: AcceptedPlans, tmp_path: Path) -> None:
    with pytest.raises(NotReserved, match="FA303"):
        plans.find("autumn")
    plans.keep(PLAN)
    (file,) = (tmp_path / "plans").iterdir()
    written = file.stat().st_ino
    plans.keep(PLAN)
    assert plans.find("autumn") == PLAN
    assert [path.stat().st_ino for path in (tmp_path / "plans").iterdir()] == [written]


def test_another_plan_of_the_same_name_is_refused(plans: AcceptedPlans) -> None:
    plans.keep(PLAN)
    with pytest.raises(AlreadyReleased, match="FA304: the campaign is known with another plan"):
        plans.keep(make_plan(votes_per_record=1))
    assert plans.find("autumn") == PLAN


def test_a_plan_is_on_the_disk_before_it_is_agreed_to_and_readable_by_its_owner_only(
    plans: AcceptedPlans, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    plans.keep(PLAN)
    assert synced == ["file", "folder"]
    assert stat.S_IMODE((tmp_path / "plans").stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "plans").iterdir()] == [0o600]


@pytest.mark.parametrize("left", [b"", b"{", b"{}", b"[1]"])
def test_a_file_that_a_power_cut_emptied_is_written_again(plans: AcceptedPlans, tmp_path: Path, left: bytes) -> None:
    plans.keep(PLAN)
    (file,) = (tmp_path / "plans").iterdir()
    file.write_bytes(left)
    with pytest.raises(LedgerError, match="FA502: a plan that the site keeps is damaged"):
        plans.find("autumn")
    plans.keep(PLAN)
    assert plans.find("autumn") == PLAN
