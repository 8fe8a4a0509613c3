"""The coordinator's log book: numbers without gaps, one newest head, one owner, whoever else writes."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from tests.postgres import Cluster, postgres_cluster

from fedaug.errors import ConfigError, PoolError
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, sign_head
from fedaug.server import log_book
from fedaug.server.log_book import LogBook
from fedaug.server.pool import Pool

KEY, NEXT_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
WRITERS, EACH = 6, 15
_numbers = itertools.count()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with postgres_cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "pool.sqlite")
    made: str = request.getfixturevalue("cluster").create_database(f"book_{next(_numbers)}")
    return made


@pytest.fixture
def pool(where: str) -> Iterator[Pool]:
    with Pool.open(where) as opened:
        yield opened


def together(where: str, work: Callable[[LogBook, int], object]) -> list[BaseException]:
    """Several coordinators' programs at one pool, at one moment; gives what failed."""
    barrier = threading.Barrier(WRITERS)

    def run(number: int) -> BaseException | None:
        with Pool.open(where) as mine:
            barrier.wait()
            try:
                work(mine.logs, number)
            except PoolError as error:
                return error
        return None

    with ThreadPoolExecutor(WRITERS) as threads:
        return [error for error in threads.map(run, range(WRITERS)) if error is not None]


def append_many(book: LogBook, number: int) -> None:
    for turn in range(EACH):
        with book.writing() as writer:
            writer.append("hub", f"{number}/{turn}".encode())


def test_coordinators_that_append_at_once_give_each_entry_a_number_of_its_own(where: str, pool: Pool) -> None:
    assert together(where, append_many) == []
    entries = pool.logs.entries("hub")
    assert len(entries) == len(set(entries)) == WRITERS * EACH


def test_without_the_lock_two_coordinators_at_one_server_would_collide(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seeded defect; the chance that 90 appends of 6 writers never meet is nil: each takes several round trips."""
    monkeypatch.setattr(log_book, "_lock", lambda *_: None)
    url = cluster.create_database(f"book_{next(_numbers)}")
    Pool.open(url).close()
    assert together(url, append_many) != []


def test_of_coordinators_that_extend_a_log_at_once_one_succeeds(where: str, pool: Pool) -> None:
    def extend(book: LogBook, number: int) -> None:
        with book.writing() as writer:
            writer.extend("north", 0, (f"{number}".encode(), b"next"))

    failed = together(where, extend)
    assert len(failed) == WRITERS - 1
    assert all("FA503: a log in the pool has grown in the meantime" in str(error) for error in failed)
    assert len(pool.logs.entries("north")) == 2


def test_changes_are_made_together_or_not_at_all(pool: Pool) -> None:
    def half() -> None:
        with pool.logs.writing() as writer:
            writer.extend("north", 0, (b"a",))
            writer.keep(signed(1))
            writer.append("hub", b"b")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert pool.logs.origins() == ()
    assert pool.logs.newest("north", HeadRole.SITE) is None


def test_a_log_that_is_full_takes_nothing_more(pool: Pool) -> None:
    with pool.logs.writing() as writer:
        writer.append("hub", b"x")
    with pool._engine.begin() as connection:
        connection.execute(text("UPDATE log_entries SET number = :last"), {"last": LIMITS.log_entries - 1})
    with pytest.raises(PoolError, match="FA503: a log in the pool is full"), pool.logs.writing() as writer:
        writer.append("hub", b"y")


def signed(size: int, key: Ed25519PrivateKey = KEY, role: HeadRole = HeadRole.SITE) -> SignedHead:
    return sign_head(LogHead.of("north", [b"entry"] * size), role, key)


def keep(book: LogBook, head: SignedHead) -> bool:
    with book.writing() as writer:
        return writer.keep(head)


def test_of_each_role_the_newest_head_is_kept(pool: Pool) -> None:
    assert [keep(pool.logs, signed(size)) for size in (2, 1, 2, 3, 0)] == [True, False, False, True, False]
    assert keep(pool.logs, signed(1, role=HeadRole.COUNTERSIGNATURE))
    assert pool.logs.newest("north", HeadRole.SITE) == signed(3)
    assert pool.logs.newest("north", HeadRole.COUNTERSIGNATURE) == signed(1, role=HeadRole.COUNTERSIGNATURE)


def test_a_head_by_the_next_key_takes_the_place_of_the_same_one_by_the_last(pool: Pool) -> None:
    assert keep(pool.logs, signed(2))
    assert not keep(pool.logs, signed(2, NEXT_KEY)), "the log has not grown"
    assert pool.logs.newest("north", HeadRole.SITE) == signed(2, NEXT_KEY)


def test_a_book_has_one_coordinator(where: str, pool: Pool) -> None:
    claimed: list[int] = []
    refused: list[str] = []

    def claim(book: LogBook, number: int) -> None:
        try:
            book.claim(f"hub-{number}")
            claimed.append(number)
        except ConfigError as error:
            refused.append(str(error))

    assert together(where, claim) == []
    assert (len(claimed), len(refused)) == (1, WRITERS - 1)
    assert all("FA101: the pool's logs were begun by a coordinator of another name" in told for told in refused)
    assert all(told.endswith("coordinate under that name, or use a new pool") for told in refused)
    pool.logs.claim(f"hub-{claimed[0]}")
