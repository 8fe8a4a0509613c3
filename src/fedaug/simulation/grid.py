"""A Flower grid that runs the ClientApp of every node in this process: no Ray, no sockets, one node after the other.

The apps cannot tell it from a deployment by what they are given: messages are copied both ways, each node keeps a
context of its own over the rounds, and an exception becomes an error reply that carries its text, as it does in Flower.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from copy import deepcopy
from types import TracebackType
from typing import Final, Self

from flwr.app import Context, Error, Message, RecordDict, UserConfig
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid, ServerApp

from fedaug.simulation.flower_private import CLIENT_APP_RAISED, SUPERLINK, NodeInfo, Run, acting_as, empty_run, stamp

#: What arrives in place of one reply: none (dropped), several (replayed), others (altered, or kept back from earlier).
Interference = Callable[[Message, Message], Sequence[Message]]

_FIRST_NODE: Final = 1_000  # node ids are not partition ids, so that code which mixes them up fails


class InProcessGrid(Grid):
    """Virtual nodes in this process.

    Use it as a context manager: within it this process is the coordinator of the run, so that messages can be made.
    Replies are there as soon as messages are pushed, and a node that gives none is not waited for, so timeouts play no
    part and a run does not depend on the speed of the machine.

    Args:
        app: The ClientApp that every node runs.
        sites: Number of nodes, at least 1; node i has ``partition-id`` i in its config.
        run_config: What the apps find in ``context.run_config``.
        run_id: Names the run in messages.
        interfere: Called with every request and its reply; what it returns arrives instead. For tests.
    """

    def __init__(
        self,
        app: ClientApp,
        sites: int,
        *,
        run_config: UserConfig | None = None,
        run_id: int = 1,
        interfere: Interference | None = None,
    ) -> None:
        self._app = app
        self._run = empty_run(run_id)
        self._interfere = interfere
        self._contexts = {
            _FIRST_NODE + site: Context(
                run_id=run_id,
                node_id=_FIRST_NODE + site,
                node_config={"partition-id": site, "num-partitions": sites},
                state=RecordDict(),
                run_config=dict(run_config or {}),
            )
            for site in range(sites)
        }
        self._made = 0
        self._waiting: list[Message] = []
        self._identity: AbstractContextManager[None] | None = None

    def __enter__(self) -> Self:
        self._identity = acting_as(self._run.run_id, SUPERLINK)
        self._identity.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._identity is not None:
            self._identity.__exit__(kind, error, traceback)
            self._identity = None

    @property
    def run(self) -> Run:
        """The run that this grid belongs to."""
        return self._run

    def set_run(self, run: Run) -> None:
        """Belong to another run."""
        self._run = run

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        """A message from the coordinator."""
        with acting_as(self._run.run_id, SUPERLINK):
            return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> list[int]:
        """All nodes' ids, by partition."""
        return list(self._contexts)

    def get_nodes(self) -> list[NodeInfo]:
        """All nodes, by partition."""
        return [NodeInfo(node_id=node_id) for node_id in self._contexts]

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        """Let each addressed node answer at once; the replies wait to be pulled."""
        ids = []
        for message in messages:
            self._stamp(message)
            ids.append(message.metadata.message_id)
            reply = self._reply(message)
            self._waiting.extend([reply] if self._interfere is None else self._interfere(deepcopy(message), reply))
        return ids

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        """The replies to these messages, each of them once."""
        wanted = set(message_ids)
        pulled = [reply for reply in self._waiting if reply.metadata.reply_to_message_id in wanted]
        self._waiting = [reply for reply in self._waiting if reply.metadata.reply_to_message_id not in wanted]
        return pulled

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        """Push and pull; ``timeout`` is not needed."""
        return self.pull_messages(self.push_messages(messages))

    def _stamp(self, message: Message) -> None:
        self._made += 1
        stamp(message, f"{self._run.run_id}-{self._made}")

    def _reply(self, message: Message) -> Message:
        """One node's answer, made from copies: mods and apps change messages and contexts in place."""
        node = message.metadata.dst_node_id
        request, context = deepcopy(message), deepcopy(self._contexts[node])
        with acting_as(self._run.run_id, node):
            try:
                reply = deepcopy(self._app(request, context))
            except Exception as error:  # Flower answers so, text and all; an app that leaks must leak here too
                reason = f"{type(error)}:<'{error}'>"
                reply = Message(Error(CLIENT_APP_RAISED, reason), reply_to=message)
            else:
                self._contexts[node] = context
        self._stamp(reply)
        return reply


def run_in_process(
    server_app: ServerApp,
    client_app: ClientApp,
    sites: int,
    *,
    run_config: UserConfig | None = None,
    interfere: Interference | None = None,
) -> None:
    """Run a whole Flower app in this process, as ``flwr run`` would.

    Raises:
        Exception: Whatever the ServerApp raises.
    """
    with InProcessGrid(client_app, sites, run_config=run_config, interfere=interfere) as grid:
        context = Context(
            run_id=grid.run.run_id,
            node_id=SUPERLINK,
            node_config={},
            state=RecordDict(),
            run_config=dict(run_config or {}),
        )
        server_app(grid, context)
