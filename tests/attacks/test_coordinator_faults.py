"""What fails at the coordinator itself ends the run, which can be taken up again; and is no site's fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.consortium import make_enrolled_sites
from tests.showing_logs import BAD, COUNTS, GOOD, STATISTICS, World, grow, left_out, opened_world

from fedaug.errors import ConfigError, OutdatedEnrolment, PoolError
from fedaug.privacy.transparency.heads import HeadRole
from fedaug.server.log_book import LogBook, LogWriter

FAULT = PoolError("the disk is full", "make room")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_enrolled_sites(tmp_path_factory.mktemp("enrolled"), 2)


@pytest.fixture
def world(prepared: Path, tmp_path: Path) -> Iterator[World]:
    with opened_world(prepared, tmp_path) as made:
        yield made


def pool_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    real = world.pool.accept_release

    def failing(receipt):  # type: ignore[no-untyped-def]  # as the method that it stands for
        if receipt.site == BAD:
            raise FAULT
        return real(receipt)

    monkeypatch.setattr(world.pool, "accept_release", failing)
    return PoolError


def log_book_fails(_: World, monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    monkeypatch.setattr(LogWriter, "extend", lambda *_: (_ for _ in ()).throw(FAULT))
    return PoolError


def list_is_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    monkeypatch.setattr(world.office.store, "_folder", world.office.folder / "nowhere")
    return ConfigError


def list_expires(world: World, monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    monkeypatch.setattr(world.office.store, "current", lambda _: world.office.newest.check_time(4e9))
    return OutdatedEnrolment


@pytest.mark.parametrize("fault", [pool_fails, log_book_fails, list_is_gone, list_expires])
def test_a_fault_at_the_coordinator_ends_the_run_and_is_no_sites(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[World, pytest.MonkeyPatch], type[Exception]],
) -> None:
    rounds = world.rounds()
    assert len(rounds.gather()) == 2
    with monkeypatch.context() as broken:
        error = fault(world, broken)
        with pytest.raises(error):
            rounds.total(COUNTS, (3,))
    assert left_out(caplog) == []
    again = world.rounds()
    assert len(again.gather()) == 2
    assert [release.site for release in again.total(COUNTS, (3,)).releases] == [GOOD, BAD]
    assert len(again.total(STATISTICS, (3, 8)).releases) == 2
    assert world.findings().passed


def test_no_round_is_kept_without_a_site_whose_release_could_not_be_noted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = world.rounds()
    rounds.gather()
    pool_fails(world, monkeypatch)
    with pytest.raises(PoolError, match="the disk is full"):
        rounds.total(COUNTS, (3,))
    assert world.pool.phases("autumn") == ["plan"]


STEPS = ("extend", "keep", "keep", "append")


def stop_before(step: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The coordinator stops before one of the four changes that follow a site's log; gives what it made before."""
    made: list[str] = []

    def stopping(name: str):  # type: ignore[no-untyped-def]  # three methods
        real = getattr(LogWriter, name)

        def change(self, *arguments):  # type: ignore[no-untyped-def]
            if name != "keep" or arguments[0].role is not HeadRole.COORDINATOR:
                if len(made) == step:
                    raise KeyboardInterrupt
                made.append(name)
            return real(self, *arguments)

        return change

    for name in set(STEPS):
        monkeypatch.setattr(LogWriter, name, stopping(name))
    return made


@contextmanager
def one_by_one(book: LogBook) -> Iterator[object]:
    """The seeded defect: each change is a transaction of its own."""

    class Loose:
        def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
            def change(*arguments):  # type: ignore[no-untyped-def]
                with book._writers.begin() as session:
                    found = getattr(LogWriter(session), name)(*arguments)
                session.close()
                return found

            return change

    yield Loose()


def stopped_at(world: World, monkeypatch: pytest.MonkeyPatch, step: int) -> tuple[str, ...]:
    """A site's log has grown, and the coordinator stops while it takes that in; gives the changes that it made."""
    rounds = world.rounds()
    rounds.gather()
    grow(world, node=0, by=1)
    with monkeypatch.context() as stopped:
        made = stop_before(step, stopped)
        with pytest.raises(KeyboardInterrupt):
            rounds.exchange_logs()
    return tuple(made)


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_coordinator_that_stops_between_two_changes_leaves_logs_that_pass(
    world: World, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    assert stopped_at(world, monkeypatch, step) == STEPS[:step]
    assert world.findings().passed
    again = world.rounds()
    assert len(again.gather()) == 2
    assert len(again.total(COUNTS, (3,)).releases) == 2
    assert world.findings().passed


def test_a_stop_between_changes_that_were_made_one_by_one_would_spoil_the_log_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as loose:
        loose.setattr(LogBook, "writing", one_by_one)
        stopped_at(world, monkeypatch, STEPS.index("append"))
    world.rounds().gather()
    faults = [check.name for check in world.findings().failed]
    assert faults == ["countersigned"]
