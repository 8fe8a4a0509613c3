"""A site that lies is left out of the round, with a code in the log; the others go on, or the campaign stops."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.simulator import (
    Misbehaviour,
    Simulator,
    answer_of,
    bytes_changed,
    drop,
    make_sites,
    on_releases,
    replay,
    signed_anew,
    spoken,
    under_the_name_of,
    unsigned_release,
)
from tests.small import candidates, events, make_plan

from fedaug.client.site import Site
from fedaug.errors import QuorumLost
from fedaug.privacy.limits import LIMITS
from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.strategies.messages import AskCounts, AskStatistics, AskVotes, Outcome, Status, encode

COUNTS = AskCounts(campaign="autumn", key="counts")
BAD = 1  # the node that misbehaves, of three


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sites(tmp_path_factory.mktemp("prepared"), 3)


@pytest.fixture
def simulator(prepared: Path, tmp_path: Path) -> Iterator[Simulator]:
    made = Simulator.open(shutil.copytree(prepared, tmp_path / "sites"))
    yield made
    made.close()


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    with Pool.open(tmp_path / "pool.sqlite") as made:
        made.start_campaign("autumn", make_plan().digest, {})
        yield made


def rounds(simulator: Simulator, pool: Pool, minimum: int) -> Rounds:
    return Rounds(make_plan(), simulator, pool, minimum, timeout_s=5.0)


def fields_of(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"event": event | changes}


def one_bit(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def lying(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Site], Misbehaviour]:
    return lambda site: signed_anew(site, message=lambda release: {"event": change(dict(release.event))})


def of_values(change: Callable[[Any], Any], name: str = "values") -> Callable[[Site], Misbehaviour]:
    return lambda site: signed_anew(site, tensors=lambda tensors: {name: change(tensors["values"])})


LIES: dict[str, tuple[str, Callable[[Site], Misbehaviour]]] = {
    "says nothing": ("", lambda _: drop),
    "sends no bytes": ("FA401", lambda _: bytes_changed(lambda _: b"")),
    "sends noise": ("FA401", lambda _: bytes_changed(lambda _: b"\x80" * 500)),
    "cuts its reply short": ("FA401", lambda _: bytes_changed(lambda data: data[:-9])),
    "sends its reply twice in one": ("FA401", lambda _: bytes_changed(lambda data: data * 2)),
    "sends far too much": ("FA401", lambda _: bytes_changed(lambda data: data + bytes(2 * LIMITS.message_bytes))),
    "changes a bit of the body": ("FA402", lambda _: bytes_changed(one_bit)),
    "signs with another key": ("FA402", lambda _: unsigned_release([1.0, 2.0, 3.0])),
    "signs with a stolen name": ("FA402", lambda site: signed_anew(site, signer=Ed25519PrivateKey.generate())),
    "states more noise": ("FA401", lying(lambda event: event | {"noise_std": event["noise_std"] * 2})),
    "states less noise": ("FA401", lying(lambda event: event | {"noise_std": event["noise_std"] / 2})),
    "states no noise": ("FA401", lying(lambda event: event | {"noise_std": 0.0})),
    "states another sensitivity": ("FA401", lying(lambda event: event | {"sensitivity": 0.1})),
    "states another key": ("FA401", lying(lambda event: event | {"key": "metric"})),
    "states another kind": ("FA401", lying(lambda event: event | {"release": "NoisyVotes"})),
    "states another mechanism": ("FA401", lying(lambda event: event | {"mechanism": "laplace"})),
    "states nothing": ("FA401", lying(lambda _: {})),
    "names another plan": ("FA401", lambda site: signed_anew(site, message=lambda _: {"plan": "0" * 64})),
    "names another campaign": ("FA401", lambda site: signed_anew(site, message=lambda _: {"campaign": "winter"})),
    "signs for another site": ("FA401", lambda site: signed_anew(site, site="site-0")),
    "signs for another key": ("FA401", lambda site: signed_anew(site, key="metric")),
    "signs for another campaign": ("FA401", lambda site: signed_anew(site, campaign="winter")),
    "signs for another request": ("FA401", lambda site: signed_anew(site, request_digest="0" * 64)),
    "sends NaN": ("FA401", of_values(lambda values: values * np.nan)),
    "sends infinity": ("FA401", of_values(lambda values: values + np.inf)),
    "sends what would overflow the sum": ("FA401", of_values(lambda values: values * 0 + 1.7e308)),
    "sends a value too many": ("FA401", of_values(lambda values: np.append(values, 1.0))),
    "sends a matrix": ("FA401", of_values(lambda values: values.reshape(1, -1))),
    "sends one number": ("FA401", of_values(lambda values: np.array(values.sum()))),
    "sends nothing under the name": ("FA401", of_values(lambda values: values[:0])),
    "sends float32": ("FA401", of_values(lambda values: values.astype(np.float32))),
    "sends whole numbers": ("FA401", of_values(lambda values: values.astype(np.int64))),
    "sends values under another name": ("FA401", of_values(lambda values: values, "clean")),
}


@pytest.mark.parametrize("lie", LIES)
def test_it_is_left_out_with_a_code_and_never_noted_when_a_site(
    simulator: Simulator, pool: Pool, caplog: pytest.LogCaptureFixture, lie: str
) -> None:
    code, misbehave = LIES[lie]
    asking = rounds(simulator, pool, minimum=2)
    assert len(asking.gather()) == 3
    simulator.behaviour[BAD] = on_releases(misbehave(simulator.sites[BAD]))
    with caplog.at_level(logging.WARNING):
        total = asking.total(COUNTS, (3,))
    assert [release.site for release in total.releases] == ["site-0", "site-2"]
    assert total.values == pytest.approx(sum(release.values for release in total.releases))
    assert total.noise_std == pytest.approx(make_plan().event("counts").noise_std * np.sqrt(2))
    assert [release.site for release in pool.releases("autumn")] == ["site-0", "site-2"]
    warnings = [record.getMessage() for record in caplog.records if record.name == "fedaug.server.rounds"]
    if code:
        assert warnings
        assert all(line.startswith(f"{code}: node {BAD} is left out") for line in warnings)
    else:
        assert warnings == []


@pytest.mark.parametrize("lie", ["says nothing", "changes a bit of the body", "states more noise", "sends NaN"])
def test_below_the_minimum_the_campaign_stops_and_no_round_is_kept(simulator: Simulator, pool: Pool, lie: str) -> None:
    asking = rounds(simulator, pool, minimum=3)
    asking.gather()
    simulator.behaviour[BAD] = LIES[lie][1](simulator.sites[BAD])
    with pytest.raises(QuorumLost, match="2 sites answered counts, and 3 are needed"):
        asking.total(COUNTS, (3,))
    assert pool.phases("autumn") == []
    assert asking.releases == []


def test_a_replayed_release_counts_for_no_other_key(simulator: Simulator, pool: Pool) -> None:
    asking = rounds(simulator, pool, minimum=2)
    asking.gather()
    simulator.behaviour[BAD] = on_releases(replay())
    assert len(asking.total(COUNTS, (3,)).releases) == 3
    later = asking.total(AskStatistics(campaign="autumn", key="statistics"), (3, 8))
    assert [release.site for release in later.releases] == ["site-0", "site-2"]


def test_another_sites_answer_does_not_count_twice(simulator: Simulator, pool: Pool) -> None:
    asking = rounds(simulator, pool, minimum=2)
    asking.gather()
    simulator.behaviour[BAD] = answer_of(simulator.sites[0])
    assert [release.site for release in asking.total(COUNTS, (3,)).releases] == ["site-0", "site-2"]


def test_answers_nobody_asked_for_change_nothing(simulator: Simulator, pool: Pool) -> None:
    """A flood: replies from nodes that do not exist, and a second one of a node that has answered."""
    asking = rounds(simulator, pool, minimum=2)
    asking.gather()
    simulator.behaviour[BAD] = drop
    simulator.extra = {7: b"x", -1: b"", 2**63: b"y", 0: b"not what node 0 sent"}
    simulator.behaviour[0] = lambda _, reply: simulator.extra.update({0: reply}) or reply  # type: ignore[func-returns-value]
    assert [release.site for release in asking.total(COUNTS, (3,)).releases] == ["site-0", "site-2"]


def test_a_second_envelope_under_one_key_leaves_the_site_out_and_the_campaign_goes_on(
    simulator: Simulator, pool: Pool
) -> None:
    """The coordinator stopped after it had noted the release and before the round was kept."""
    asking = rounds(simulator, pool, minimum=3)
    asking.gather()
    simulator.behaviour[0] = drop
    with pytest.raises(QuorumLost):
        asking.total(COUNTS, (3,))
    noted = {release.site: release.envelope_digest for release in pool.releases("autumn")}
    assert set(noted) == {"site-1", "site-2"}
    simulator.behaviour = {BAD: on_releases(signed_anew(simulator.sites[BAD]))}
    again = rounds(simulator, pool, minimum=2)
    again.gather()
    assert [release.site for release in again.total(COUNTS, (3,)).releases] == ["site-0", "site-2"]
    later = {release.site: release.envelope_digest for release in pool.releases("autumn")}
    assert later["site-1"] == noted["site-1"]


@pytest.mark.parametrize("copies", [1, 2])
def test_nodes_under_one_name_are_left_out_and_the_others_go_on(
    simulator: Simulator, pool: Pool, caplog: pytest.LogCaptureFixture, copies: int
) -> None:
    for node in range(1, 1 + copies):
        simulator.behaviour[node] = under_the_name_of("site-0", simulator.sites[node])
    asking = rounds(simulator, pool, minimum=1)
    with caplog.at_level(logging.WARNING):
        if copies == 1:
            assert [site.name for site in asking.gather()] == ["site-2"]
        else:
            with pytest.raises(QuorumLost, match="0 sites agreed"):
                asking.gather()
    assert "FA401: node 0 is left out" in caplog.text


@pytest.mark.parametrize(
    "change",
    [
        {"public_key": "0" * 63},
        {"public_key": Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()},
        {"site": "../x"},
        {"protocol": 1},
    ],
)
def test_a_site_that_misstates_who_it_is_takes_no_part(
    simulator: Simulator, pool: Pool, change: dict[str, Any]
) -> None:
    site = simulator.sites[BAD]

    def introduce(request: bytes, _: bytes) -> bytes:
        fact = site._door._fact.model_copy(update=change)
        return spoken(site, encode(fact), request, name=fact.site)

    simulator.behaviour[BAD] = introduce
    assert [known.name for known in rounds(simulator, pool, minimum=2).gather()] == ["site-0", "site-2"]
    assert (BAD, "join") not in simulator.asked, "it was taken for a site"


def test_a_site_that_says_ok_in_answer_to_another_plan_takes_no_part(simulator: Simulator, pool: Pool) -> None:
    kept: list[bytes] = []
    other = Rounds(make_plan(campaign="winter", events=events(50.0)), simulator, pool, 3, 5.0)
    simulator.behaviour[BAD] = lambda _, reply: kept.append(reply) or reply  # type: ignore[func-returns-value]
    other.gather()
    simulator.behaviour[BAD] = bytes_changed(lambda reply: kept[1] if len(kept) > 1 and len(reply) < 1_000 else reply)
    found = rounds(simulator, pool, minimum=2).gather()
    assert [known.name for known in found] == ["site-0", "site-2"]


def test_a_site_whose_budget_is_spent_is_left_out(simulator: Simulator, pool: Pool) -> None:
    big = make_plan(campaign="before")
    assert simulator.sites[BAD].join(big) is Outcome.OK
    found = rounds(simulator, pool, minimum=2).gather()
    assert [known.name for known in found] == ["site-0", "site-2"]
    with pytest.raises(QuorumLost, match="2 sites agreed to the plan, and 3 are needed"):
        rounds(simulator, pool, minimum=3).gather()


def test_a_reply_that_was_lost_is_asked_for_again_at_no_charge(simulator: Simulator, pool: Pool) -> None:
    asking = rounds(simulator, pool, minimum=3)
    asking.gather()
    spent = simulator.sites[BAD].status().spent
    lost: list[bytes] = []

    def lose_the_first(_: bytes, reply: bytes) -> bytes | None:
        lost.append(reply)
        return None if len(lost) == 1 else reply

    simulator.behaviour[BAD] = lose_the_first
    assert len(asking.total(COUNTS, (3,)).releases) == 3
    assert lost[0] == lost[1]
    assert simulator.sites[BAD].status().spent == spent


def test_a_finished_round_is_not_asked_for_again(simulator: Simulator, pool: Pool) -> None:
    first = rounds(simulator, pool, minimum=3)
    first.gather()
    before = first.total(COUNTS, (3,))
    votes = first.total(AskVotes(campaign="autumn", key="votes/0"), (6,), candidates())
    simulator.asked.clear()
    second = rounds(simulator, pool, minimum=3)
    second.gather()
    assert (second.total(COUNTS, (3,)).values == before.values).all()
    again = second.total(AskVotes(campaign="autumn", key="votes/0"), (6,), candidates())
    assert (again.values == votes.values).all()
    assert {name for _, name in simulator.asked} == {"describe", "heads", "join"}
    second.total(AskStatistics(campaign="autumn", key="statistics"), (3, 8))
    assert [name for _, name in simulator.asked][-6:] == ["statistics"] * 3 + ["heads"] * 3


def test_a_status_in_place_of_a_release_leaves_a_site_out(simulator: Simulator, pool: Pool) -> None:
    asking = rounds(simulator, pool, minimum=2)
    asking.gather()
    site, body = simulator.sites[BAD], encode(Status(status=Outcome.OK))
    simulator.behaviour[BAD] = lambda request, _: spoken(
        site, body, request, name="site-1", campaign="autumn", key="counts"
    )
    assert len(asking.total(COUNTS, (3,)).releases) == 2
