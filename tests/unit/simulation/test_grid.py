"""The grid in one process behaves to the apps as Flower does."""

import pytest
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.supercore.task_identity import TaskIdentity

from fedaug.client.app import make_client_app
from fedaug.simulation.grid import InProcessGrid
from fedaug.strategies.carrier import MESSAGE_TYPE, pack, unpack


class Echo:
    def handle(self, request: bytes) -> bytes:
        return request


def ask(grid: InProcessGrid, node: int, data: bytes = b"x") -> list[Message]:
    return grid.send_and_receive([Message(pack(data), node, MESSAGE_TYPE)])


def counting_app(*, fail_after: int | None = None) -> ClientApp:
    app = ClientApp()

    @app.query("fedaug")
    def count(message: Message, context: Context) -> Message:
        calls = int(context.state["calls"]["n"]) + 1 if "calls" in context.state else 1
        context.state["calls"] = ConfigRecord({"n": calls})
        if calls == fail_after:
            raise ValueError("a text that Flower would send")
        site = f"{context.node_config['partition-id']}/{context.node_config['num-partitions']}"
        return Message(pack(f"{site} {calls} {context.run_config['key']}".encode()), reply_to=message)

    return app


def test_every_node_keeps_its_own_context_over_the_rounds() -> None:
    with InProcessGrid(counting_app(), 2, run_config={"key": "v"}) as grid:
        first, second = grid.get_node_ids()
        answers = [unpack(ask(grid, node)[0].content) for node in (first, first, second, first)]
    assert answers == [b"0/2 1 v", b"0/2 2 v", b"1/2 1 v", b"0/2 3 v"]


def test_a_context_changed_by_a_call_that_failed_is_not_kept() -> None:
    with InProcessGrid(counting_app(fail_after=2), 1, run_config={"key": "v"}) as grid:
        replies = [ask(grid, node)[0] for node in grid.get_node_ids() * 3]
    assert [reply.has_error() for reply in replies] == [False, True, True]


def test_an_app_without_a_boundary_leaks_its_exception_as_it_does_in_flower() -> None:
    with InProcessGrid(counting_app(fail_after=1), 1, run_config={"key": "v"}) as grid:
        reply = ask(grid, grid.get_node_ids()[0])[0]
    assert reply.error.code == 2
    assert reply.error.reason == "<class 'ValueError'>:<'a text that Flower would send'>"


def test_what_an_app_does_to_a_message_does_not_reach_the_sender() -> None:
    app = ClientApp()

    @app.query("fedaug")
    def scribble(message: Message, context: Context) -> Message:
        message.content["fedaug"] = ArrayRecord()
        return Message(message.content, reply_to=message)

    with InProcessGrid(app, 1) as grid:
        sent = Message(pack(b"mine"), grid.get_node_ids()[0], MESSAGE_TYPE)
        grid.send_and_receive([sent])
        assert unpack(sent.content) == b"mine"


def test_what_the_coordinator_does_to_a_reply_does_not_reach_the_app() -> None:
    kept = RecordDict({"fedaug": ArrayRecord()})
    app = ClientApp()

    @app.query("fedaug")
    def same(message: Message, context: Context) -> Message:
        return Message(kept, reply_to=message)

    with InProcessGrid(app, 1) as grid:
        ask(grid, grid.get_node_ids()[0])[0].content["extra"] = ArrayRecord()
    assert list(kept) == ["fedaug"]


def test_the_identity_of_the_process_is_restored_even_after_a_failure() -> None:
    fields = ("_run_id", "_task_id", "_node_id")
    before = [getattr(TaskIdentity, field) for field in fields]

    def fail_within_a_run() -> None:
        with InProcessGrid(make_client_app(lambda context: Echo()), 1, run_id=7):
            assert (TaskIdentity.run_id, TaskIdentity.node_id) == (7, 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_within_a_run()
    assert [getattr(TaskIdentity, field) for field in fields] == before


def test_an_app_acts_as_its_own_node() -> None:
    app = ClientApp()

    @app.query("fedaug")
    def who(message: Message, context: Context) -> Message:
        return Message(pack(f"{TaskIdentity.node_id} {context.node_id}".encode()), reply_to=message)

    with InProcessGrid(app, 2) as grid:
        nodes = grid.get_node_ids()
        assert [unpack(ask(grid, node)[0].content) for node in nodes] == [f"{n} {n}".encode() for n in nodes]


def test_a_reply_is_pulled_once_and_only_by_its_own_request() -> None:
    with InProcessGrid(make_client_app(lambda context: Echo()), 2) as grid:
        ids = grid.push_messages([Message(pack(b"x"), node, MESSAGE_TYPE) for node in grid.get_node_ids()])
        assert len(set(ids)) == 2
        assert [reply.metadata.reply_to_message_id for reply in grid.pull_messages(ids[1:])] == ids[1:]
        assert grid.pull_messages(ids[1:]) == []
        assert [reply.metadata.reply_to_message_id for reply in grid.pull_messages(ids)] == ids[:1]


def test_nodes_have_the_same_ids_in_every_run() -> None:
    app = make_client_app(lambda context: Echo())
    assert InProcessGrid(app, 3).get_node_ids() == InProcessGrid(app, 3).get_node_ids()
    assert len({node.node_id for node in InProcessGrid(app, 3).get_nodes()}) == 3
