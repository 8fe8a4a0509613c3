"""Replies are taken from the nodes that were asked, once, and only when they are whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Error, Message, RecordDict
from tests.federation import misbehaviour
from tests.federation.misbehaviour import Interference, only_node

from fedaug.client.app import make_client_app
from fedaug.errors import ProtocolError, QuorumLost
from fedaug.privacy.limits import LIMITS
from fedaug.server.exchange import Exchange, FlowerExchange
from fedaug.simulation.grid import InProcessGrid
from fedaug.strategies import carrier
from fedaug.strategies.carrier import pack, unpack


class Door:
    def __init__(self, context: Context) -> None:
        self._site = context.node_config["partition-id"]

    def handle(self, request: bytes) -> bytes:
        return b"%d: %s" % (self._site, request)


FIRST, SECOND, THIRD = InProcessGrid(make_client_app(Door), 3).get_node_ids()


def rounds(interfere: Interference | None, *requests: bytes) -> list[dict[int, bytes]]:
    with InProcessGrid(make_client_app(Door), 3, interfere=interfere) as grid:
        exchange: Exchange = FlowerExchange(grid)
        nodes = exchange.nodes(3)
        return [exchange.ask(dict.fromkeys(nodes, request), timeout=60) for request in requests]


def instead(content: RecordDict) -> Interference:
    def interfere(request: Message, reply: Message) -> list[Message]:
        reply.content = content
        return [reply]

    return interfere


def test_every_node_gets_its_own_request_and_answers_under_its_own_id() -> None:
    with InProcessGrid(make_client_app(Door), 3) as grid:
        replies = FlowerExchange(grid).ask({THIRD: b"c", FIRST: b"a"}, timeout=60)
    assert list(replies.items()) == [(THIRD, b"2: c"), (FIRST, b"0: a")]


def test_rounds_are_grouped_by_number_and_live_no_longer_than_their_timeout() -> None:
    seen: list[tuple[str, float]] = []

    def watch(request: Message, reply: Message) -> list[Message]:
        seen.append((request.metadata.group_id, request.metadata.ttl))
        return [reply]

    rounds(watch, b"one", b"two")
    assert seen == [("1", 60)] * 3 + [("2", 60)] * 3


@pytest.mark.parametrize(
    ("attack", "second_round"),
    [
        (misbehaviour.drop, None),
        (misbehaviour.repeat, b"1: two"),
        (misbehaviour.delay_by_one(), None),
        (misbehaviour.alter(lambda data: data.upper()), b"1: TWO"),
        (misbehaviour.replay_first_content(), b"1: one"),
    ],
    ids=["drop", "repeat", "delay", "alter", "replay"],
)
def test_a_node_that_misbehaves_changes_its_own_reply_at_most(attack: Interference, second_round: bytes | None) -> None:
    _, second = rounds(only_node(SECOND, attack), b"one", b"two")
    expected = {FIRST: b"0: two", SECOND: second_round, THIRD: b"2: two"}
    assert second == {node: reply for node, reply in expected.items() if reply is not None}


def test_an_error_in_the_name_of_flower_itself_makes_only_its_own_node_missing() -> None:
    def killed(request: Message, reply: Message) -> list[Message]:
        error = Message(Error(5, "node unavailable"), reply_to=request)
        error.metadata.__dict__["_src_node_id"] = 1  # so Flower answers for a SuperNode that was killed
        return [error]

    assert list(rounds(only_node(SECOND, killed), b"x")[0]) == [FIRST, THIRD]


def test_a_node_cannot_answer_for_another() -> None:
    def usurp(request: Message, reply: Message) -> list[Message]:
        forged = Message(pack(b"forged"), reply_to=request)
        forged.metadata.__dict__["_src_node_id"] = THIRD
        return [forged]

    assert rounds(only_node(SECOND, usurp), b"x")[0] == {FIRST: b"0: x", THIRD: b"2: x"}


def array(
    dtype: str = "uint8", shape: tuple[int, ...] = (3,), stype: str = "fedaug.bytes", data: bytes = b"abc"
) -> Array:
    return Array(dtype=dtype, shape=shape, stype=stype, data=data)


def holding(*arrays: Array) -> RecordDict:
    return RecordDict({"fedaug": ArrayRecord(dict(zip(("bytes", "more"), arrays, strict=False)))})


MALFORMED = {
    "nothing": RecordDict(),
    "another record": RecordDict({"other": ArrayRecord({"bytes": array()})}),
    "one record too many": RecordDict({"fedaug": ArrayRecord({"bytes": array()}), "more": ArrayRecord()}),
    "no array": RecordDict({"fedaug": ArrayRecord()}),
    "one array too many": holding(array(), array()),
    "not an array": RecordDict({"fedaug": ConfigRecord({"bytes": b"abc"})}),
    "another type": holding(array(dtype="float64")),
    "a size that is not there": holding(array(shape=(2**62,))),
    "two dimensions": holding(array(shape=(1, 3))),
    "a NumPy file": holding(array(stype="numpy.ndarray")),
}


def test_the_well_formed_counterpart_is_accepted() -> None:
    assert rounds(only_node(SECOND, instead(holding(array()))), b"x")[0][SECOND] == b"abc"


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_reply_is_missing_and_refused(content: RecordDict) -> None:
    with pytest.raises(ProtocolError, match="FA401"):
        unpack(content)
    assert list(rounds(only_node(SECOND, instead(content)), b"x")[0]) == [FIRST, THIRD]


@pytest.mark.parametrize(("size", "arrives"), [(0, True), (999, True), (1_000, True), (1_001, False)])
def test_a_reply_over_the_size_limit_is_missing(size: int, arrives: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    content = pack(b"x" * size)
    monkeypatch.setattr(carrier, "LIMITS", replace(LIMITS, message_bytes=1_000))
    assert (SECOND in rounds(only_node(SECOND, instead(content)), b"x")[0]) is arrives


def test_a_request_over_the_size_limit_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(carrier, "LIMITS", replace(LIMITS, message_bytes=1_000))
    sent: list[Message] = []
    with InProcessGrid(make_client_app(Door), 3, interfere=lambda request, reply: sent.append(request) or []) as grid:
        with pytest.raises(ProtocolError, match=r"FA401: a message is over the size limit"):
            FlowerExchange(grid).ask({FIRST: b"x", SECOND: b"x" * 1_001}, timeout=60)
        assert sent == []


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
def test_a_round_without_time_is_refused(timeout: float) -> None:
    with (
        InProcessGrid(make_client_app(Door), 1) as grid,
        pytest.raises(ProtocolError, match="FA401: a round has no time"),
    ):
        FlowerExchange(grid).ask({FIRST: b"x"}, timeout=timeout)


class Arriving(InProcessGrid):
    """Nodes that connect one by one, seen at each look."""

    def __init__(self, sites: int) -> None:
        super().__init__(make_client_app(Door), sites)
        self._looks: Iterator[int] = iter(range(1, sites + 1))
        self._sites = sites

    def get_node_ids(self) -> list[int]:
        return super().get_node_ids()[: next(self._looks, self._sites)]


def test_enough_nodes_are_waited_for() -> None:
    slept: list[float] = []
    exchange = FlowerExchange(Arriving(5), poll=2.0, clock=lambda: sum(slept), sleep=slept.append)
    assert len(exchange.nodes(3)) == 3
    assert slept == [2.0, 2.0]


def test_too_few_nodes_end_the_wait_with_an_error() -> None:
    slept: list[float] = []
    exchange = FlowerExchange(Arriving(2), wait=10.0, poll=2.0, clock=lambda: sum(slept), sleep=slept.append)
    with pytest.raises(QuorumLost, match="FA403: 2 of at least 3 sites connected within 10 s"):
        exchange.nodes(3)
    assert sum(slept) == 10.0
