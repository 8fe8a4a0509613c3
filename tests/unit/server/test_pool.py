from __future__ import annotations

import dataclasses
import itertools
import json
import pickle  # noqa: TID251 (to show that one is refused)
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from safetensors import numpy as safetensors
from sqlalchemy import text
from tests.postgres import PASSWORD, postgres_cluster

from fedaug.augmentation.candidates import Dependence
from fedaug.errors import (
    BadNumber,
    ConfigError,
    MalformedRow,
    MissingExtra,
    MissingFile,
    PoolError,
    PrivateOutput,
    ProtocolError,
)
from fedaug.privacy.canonical import digest
from fedaug.privacy.events import GaussianEvent, ReleaseKind
from fedaug.privacy.transparency.entries import read_coordinator_entry
from fedaug.server import database
from fedaug.server.pool import CampaignState, Pool, PoolSample, Receipt, SampleStatus
from fedaug.server.pool_schema import VERSION_TABLE, Base

PLAN = "a" * 64
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENT = GaussianEvent("votes/0", ReleaseKind.NOISY_VOTES, 1.0, 2.5)
_numbers = itertools.count()


@pytest.fixture(scope="module")
def cluster():
    with postgres_cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request, tmp_path):
    """An empty database of each kind that a pool may live in."""
    if request.param == "sqlite":
        return tmp_path / "pool 100%.sqlite"  # a space and a per cent sign, which Alembic's settings would interpret
    return request.getfixturevalue("cluster").create_database(f"pool_{next(_numbers)}")


@pytest.fixture
def pool(where):
    with Pool.open(where, clock=lambda: NOW) as opened:
        opened.start_campaign("spring", PLAN, {"rounds": 3})
        yield opened


def receipt(envelope=b"sealed", site="north", key="votes/0", campaign="spring", nonce=None):
    event = dataclasses.replace(EVENT, key=key)
    return Receipt(campaign, site, event, "f" * 64, nonce or digest(key.encode()), envelope, "coordinator")


def accept(pool, **fields):
    return pool.accept_release(receipt(**fields))


def together(work, count=8):
    """Run the same work in threads that start at one moment; gives what each returned."""
    barrier = threading.Barrier(count)

    def run(_):
        barrier.wait()
        return work()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


# what every database must do


def test_a_sample_comes_back_as_it_went_in(pool):
    sample = PoolSample(
        "Où est ma carte ? 卡\U0001f600",
        "card_arrival",
        weight=0.25,
        accepted_round=2,
        origin="public-corpus",
        source="clinc150",
        dependence=Dependence.DP,
        parents=("b" * 64,),
        scores={"votes": 3.5},
    )
    assert pool.add_samples("spring", [sample]) == 1
    assert pool.samples("spring") == [sample]


def test_adding_a_sample_again_changes_nothing(pool):
    assert pool.add_samples("spring", [PoolSample("one", "x", weight=1), PoolSample("two", "x")]) == 2
    assert pool.add_samples("spring", [PoolSample("one", "x", weight=9), PoolSample("three", "x")]) == 1
    assert [(sample.text, sample.weight) for sample in pool.samples("spring")] == [("one", 1), ("two", 1), ("three", 1)]


def test_a_sample_twice_in_one_batch_is_pooled_once(pool):
    assert pool.add_samples("spring", [PoolSample("one", "x"), PoolSample("one", "x")]) == 1
    assert len(pool.samples("spring")) == 1


def test_one_text_may_carry_two_labels_and_belong_to_two_campaigns(pool):
    pool.start_campaign("autumn", PLAN, {})
    assert pool.add_samples("spring", [PoolSample("one", "x"), PoolSample("one", "y")]) == 2
    assert pool.add_samples("autumn", [PoolSample("one", "x")]) == 1
    assert [sample.label for sample in pool.samples("spring", "y")] == ["y"]
    assert len(pool.samples("autumn")) == 1


def test_samples_keep_their_order_beyond_one_statement(pool):
    texts = [f"text {index}" for index in range(2_345)]
    assert pool.add_samples("spring", (PoolSample(t, "x") for t in texts)) == 2_345
    assert [sample.text for sample in pool.samples("spring")] == texts


def test_a_batch_that_fails_half_way_adds_nothing(pool):
    def samples():
        yield from (PoolSample(f"text {index}", "x") for index in range(1_500))
        raise KeyError

    with pytest.raises(KeyError):
        pool.add_samples("spring", samples())
    assert pool.samples("spring") == []


def test_writers_at_the_same_moment_pool_each_sample_once(pool):
    batch = [PoolSample(f"text {index}", "x") for index in range(50)]
    added = together(lambda: pool.add_samples("spring", batch))
    assert sum(added) == 50
    assert len(pool.samples("spring")) == 50


def test_a_withdrawn_sample_is_kept_but_not_given_to_students(pool):
    bad = PoolSample("bad", "x")
    pool.add_samples("spring", [bad, PoolSample("bad", "y"), PoolSample("good", "x")])
    assert pool.set_status("spring", [bad.sample_id], SampleStatus.WITHDRAWN) == 2
    assert pool.set_status("spring", [bad.sample_id], SampleStatus.WITHDRAWN) == 0
    assert [sample.text for sample in pool.samples("spring")] == ["good"]
    assert [sample.text for sample in pool.samples("spring", status=None)] == ["bad", "bad", "good"]


def test_a_withdrawn_sample_does_not_come_back_by_being_added_again(pool):
    bad = PoolSample("bad", "x")
    pool.add_samples("spring", [bad])
    pool.set_status("spring", [bad.sample_id], SampleStatus.WITHDRAWN)
    assert pool.add_samples("spring", [bad]) == 0
    assert pool.samples("spring") == []


def test_a_release_is_accepted_once(pool):
    assert accept(pool) is True
    assert accept(pool) is False
    [release] = pool.releases("spring")
    assert (release.site, release.key, release.kind) == ("north", "votes/0", ReleaseKind.NOISY_VOTES)
    assert (release.event, release.accepted_at) == (EVENT, NOW)
    assert len(release.envelope_digest) == 64


def test_a_second_envelope_for_one_release_is_refused(pool):
    accept(pool)
    with pytest.raises(ProtocolError, match="two different envelopes for one release"):
        accept(pool, envelope=b"other")
    assert len(pool.releases("spring")) == 1


def test_a_release_that_arrives_many_times_at_one_moment_is_accepted_once(pool):
    assert sorted(together(lambda: accept(pool))) == [False] * 7 + [True]
    assert len(pool.releases("spring")) == 1


def test_a_nonce_that_a_site_used_before_is_refused_and_nothing_noted(pool):
    accept(pool, nonce="ab" * 16)
    with pytest.raises(ProtocolError, match="FA401: a site used a nonce twice"):
        accept(pool, nonce="ab" * 16, key="votes/1", envelope=b"other")
    assert [release.key for release in pool.releases("spring")] == ["votes/0"]
    assert len(pool.logs.entries("coordinator")) == 1
    assert accept(pool, nonce="ab" * 16, site="south")


def test_what_was_accepted_is_in_the_coordinators_log_once(pool):
    assert [accept(pool), accept(pool), accept(pool, key="votes/1")] == [True, False, True]
    entries = [read_coordinator_entry(entry) for entry in pool.logs.entries("coordinator")]
    assert [(entry.site, entry.key, entry.artefact) for entry in entries] == [
        ("north", "votes/0", digest(b"sealed")),
        ("north", "votes/1", digest(b"sealed")),
    ]


def test_releases_of_other_sites_and_keys_stand_beside_each_other(pool):
    assert all([accept(pool), accept(pool, site="south"), accept(pool, key="votes/1")])
    assert [(r.site, r.key) for r in pool.releases("spring")] == [
        ("north", "votes/0"),
        ("south", "votes/0"),
        ("north", "votes/1"),
    ]


def test_a_restarted_coordinator_finds_its_campaign_and_last_checkpoint(where):
    tensors = safetensors.save({"sums": np.arange(6, dtype=np.float32)})
    with Pool.open(where) as pool:
        assert pool.start_campaign("spring", PLAN, {"rounds": 3}) is True
        pool.save_checkpoint("spring", "counts", b'{"n":1}')
        pool.save_checkpoint("spring", "votes/0", tensors)
    with Pool.open(where) as pool:
        assert pool.start_campaign("spring", PLAN, {"rounds": 3}) is False
        assert pool.campaign("spring").config == {"rounds": 3}
        assert pool.phases("spring") == ["counts", "votes/0"]
        assert pool.load_checkpoint("spring", "votes/0") == tensors
        assert pool.load_checkpoint("spring", "votes/1") is None


def test_a_phase_saved_again_is_replaced_and_becomes_the_last(pool):
    for phase, data in (("a", b"{}"), ("b", b"{}"), ("a", b"[1]")):
        pool.save_checkpoint("spring", phase, data)
    assert pool.phases("spring") == ["b", "a"]
    assert pool.load_checkpoint("spring", "a") == b"[1]"


@pytest.mark.parametrize("data", [pickle.dumps({"a": 1}), b"", b"hello", b"PK\x03\x04zip archive"])
def test_a_checkpoint_that_could_carry_code_is_refused(pool, data):
    with pytest.raises(PoolError, match="FA503: a checkpoint is neither JSON nor safetensors"):
        pool.save_checkpoint("spring", "counts", data)
    assert pool.phases("spring") == []


def test_a_campaign_of_the_same_name_with_another_plan_is_refused(pool):
    with pytest.raises(ConfigError, match="campaign of that name with another plan"):
        pool.start_campaign("spring", "b" * 64, {})
    assert pool.campaign("spring").plan_digest == PLAN


def test_a_campaign_s_state_is_kept(pool):
    assert pool.campaign("spring").state is CampaignState.RUNNING
    pool.set_state("spring", CampaignState.FINISHED)
    assert pool.campaign("spring").state is CampaignState.FINISHED
    assert pool.campaign("summer") is None


@pytest.mark.parametrize(
    "write",
    [
        lambda pool: pool.add_samples("summer", [PoolSample("one", "x")]),
        lambda pool: pool.set_state("summer", CampaignState.ABORTED),
        lambda pool: pool.set_status("summer", [], SampleStatus.WITHDRAWN),
        lambda pool: pool.save_checkpoint("summer", "counts", b"{}"),
        lambda pool: accept(pool, campaign="summer"),
    ],
)
def test_writing_to_a_campaign_that_was_never_started_is_refused(pool, write):
    with pytest.raises(ConfigError, match="knows no campaign of that name"):
        write(pool)


def test_a_changed_text_is_noticed_when_it_is_read(pool):
    pool.add_samples("spring", [PoolSample("where is my card", "x")])
    with pool._engine.begin() as connection:
        connection.execute(text("UPDATE samples SET text = 'where is my cord'"))
    with pytest.raises(PoolError, match="no longer matches its id") as caught:
        pool.samples("spring")
    assert "cord" not in str(caught.value)


def test_a_changed_checkpoint_is_noticed_when_it_is_read(pool):
    pool.save_checkpoint("spring", "counts", b'{"n":1}')
    with pool._engine.begin() as connection:
        connection.execute(text("UPDATE checkpoints SET data = :data"), {"data": b'{"n":2}'})
    with pytest.raises(PoolError, match="a checkpoint is damaged"):
        pool.load_checkpoint("spring", "counts")


def test_the_migrations_make_exactly_the_tables_that_the_code_reads(pool):
    with pool._engine.begin() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_comparison_of_migrations_and_tables_notices_a_missing_column(pool):
    with pool._engine.begin() as connection:
        connection.execute(text("ALTER TABLE samples DROP COLUMN scores"))
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert [change[0] for change in compare_metadata(context, Base.metadata)] == ["add_column"]


def test_opening_a_pool_many_times_at_one_moment_makes_its_schema_once(where):
    pools = together(lambda: Pool.open(where), count=4)
    assert pools[0].start_campaign("spring", PLAN, {})
    assert pools[3].campaign("spring") is not None
    for pool in pools:
        pool.close()


def test_a_pool_written_by_a_newer_version_is_refused(pool, where):
    with pool._engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(PoolError, match="was written by a newer fedaug; update fedaug"):
        Pool.open(where)


def test_a_database_error_quotes_neither_statement_nor_values(pool):
    with pool._engine.begin() as connection:
        connection.execute(text("DROP TABLE samples"))
    with pytest.raises(
        PoolError, match=r"^FA503: the pool's .* failed \((Operational|Programming)Error\); check"
    ) as caught:
        pool.add_samples("spring", [PoolSample("CANARY-TEXT", "x")])
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_export_holds_every_sample_with_its_provenance(pool, tmp_path):
    pool.add_samples("spring", [PoolSample("naïve\nline", "x", parents=("b" * 64,)), PoolSample("two", "y")])
    path = tmp_path / "samples.jsonl"
    assert pool.export_jsonl(path) == 2
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    assert [row["text"] for row in rows] == ["naïve\nline", "two"]
    assert rows[0]["parents"] == ["b" * 64]
    assert set(rows[0]) == {column.name for column in Base.metadata.tables["samples"].columns} - {"id"}


def test_an_export_of_the_same_pool_is_the_same_file(pool, tmp_path):
    pool.add_samples("spring", [PoolSample(f"text {index}", "x", scores={"b": 1, "a": 2}) for index in range(20)])
    pool.export_jsonl(tmp_path / "1", "spring")
    pool.export_jsonl(tmp_path / "2")
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes() != b""


def test_an_export_that_fails_leaves_the_old_file(pool, tmp_path):
    path = tmp_path / "samples.jsonl"
    path.write_text("old")
    pool.add_samples("spring", [PoolSample("one", "x")])
    with pool._engine.begin() as connection:
        connection.execute(text("UPDATE samples SET text = 'changed'"))
    with pytest.raises(PoolError):
        pool.export_jsonl(path)
    assert [(entry.name, entry.read_text()) for entry in tmp_path.glob("samples*")] == [("samples.jsonl", "old")]


def test_an_export_into_a_missing_folder_is_one_clear_error(pool, tmp_path):
    with pytest.raises(MissingFile, match="export's folder is missing"):
        pool.export_jsonl(tmp_path / "nowhere" / "samples.jsonl")


# what cannot become a sample


@pytest.mark.parametrize("dependence", [Dependence.PRIVATE, 2])
def test_a_sample_that_depends_on_records_without_dp_is_refused(dependence):
    with pytest.raises(PrivateOutput, match="FA305"):
        PoolSample("one", "x", dependence=dependence)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -0.1])
def test_a_weight_that_is_not_a_finite_number_of_at_least_zero_is_refused(weight):
    with pytest.raises(BadNumber, match="weight is negative or not finite"):
        PoolSample("one", "x", weight=weight)


def test_a_score_that_is_not_finite_is_refused():
    with pytest.raises(BadNumber, match="score is not finite"):
        PoolSample("one", "x", scores={"votes": float("nan")})


@pytest.mark.parametrize("bad", ["", "a\0b", "half \ud83d", "x" * 1_000_001])
def test_a_text_that_a_database_could_not_hold_is_refused_without_being_quoted(bad):
    with pytest.raises(MalformedRow, match="sample's text") as caught:
        PoolSample(bad, "x")
    assert len(str(caught.value)) < 200


def test_a_sample_without_a_label_is_refused():
    with pytest.raises(MalformedRow, match="sample's label is empty"):
        PoolSample("one", "")


def test_a_sample_s_repr_does_not_show_its_text():
    assert "CANARY" not in repr(PoolSample("CANARY", "x"))


# what a place can get wrong


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:hunter2@host/pool",
        "postgresql+asyncpg://user:hunter2@host/pool",
        "postgresql://user:hunter2@host:notaport/pool",
        "sqlite://",
        "://hunter2",
    ],
)
def test_a_url_that_is_malformed_or_unsupported_is_refused_without_its_password(url):
    with pytest.raises(ConfigError, match="FA101: the pool's URL") as caught:
        Pool.open(url)
    assert "hunter2" not in str(caught.value)


def test_a_missing_driver_names_the_extra(monkeypatch):
    monkeypatch.setattr(database, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"pip install 'fedaug\[postgres\]'"):
        Pool.open("postgresql://user@host/pool")


def test_an_unreachable_server_is_one_error_without_the_password():
    with pytest.raises(PoolError, match=r"PostgreSQL database at 127\.0\.0\.1 failed \(OperationalError\)") as caught:
        Pool.open("postgresql://user:hunter2@127.0.0.1:1/pool?sslpassword=hunter2")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_wrong_password_is_one_error_without_it(cluster):
    with pytest.raises(PoolError, match="FA503") as caught:
        Pool.open(cluster.url("postgres", password="hunter2"))
    assert "hunter2" not in str(caught.value)


def test_a_pool_s_repr_shows_no_password(cluster):
    with Pool.open(cluster.create_database("shown")) as pool:
        assert PASSWORD not in repr(pool)
        assert repr(pool).startswith("<Pool: the pool's PostgreSQL database")


def test_a_file_in_a_missing_folder_is_one_clear_error(tmp_path):
    with pytest.raises(PoolError, match=r"the pool's file pool\.sqlite failed"):
        Pool.open(tmp_path / "nowhere" / "pool.sqlite")


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "pool.sqlite"
    path.write_bytes(b"this is not a database\n" * 100)
    with pytest.raises(PoolError, match="FA503"):
        Pool.open(path)
    assert path.read_bytes() == b"this is not a database\n" * 100


def test_another_program_s_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other.sqlite"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE samples (mine TEXT)")
    other.commit()
    with pytest.raises(PoolError, match="holds another program's database"):
        Pool.open(path)
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("samples",)]
    other.close()


def test_a_truncated_file_is_never_opened_as_a_smaller_pool(tmp_path):
    whole = tmp_path / "whole.sqlite"
    with Pool.open(whole) as pool:
        pool.start_campaign("spring", PLAN, {})
        pool.add_samples("spring", [PoolSample(f"text {index} " * 20, "x") for index in range(200)])
    data = whole.read_bytes()
    pages = len(data) // 4096
    assert pages > 20
    for kept in range(1, pages):
        path = tmp_path / f"{kept}.sqlite"
        path.write_bytes(data[: kept * 4096])
        with pytest.raises(PoolError, match="FA503"):
            Pool.open(path)
