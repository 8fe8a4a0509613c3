"""The few things that Flower gives its own runtimes and no one else, as of flwr 1.41, to which fedaug is pinned.

- A ``Message`` can only be made inside a task, whose identity is process-wide state: :func:`acting_as` sets it.
- A message gets its id from the transport, and the id has no public setter: :func:`stamp`.
- A grid must name the run it belongs to, and ``Run`` and ``NodeInfo`` have no public home.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flwr.app import Message
from flwr.proto.node_pb2 import NodeInfo
from flwr.supercore.run import Run
from flwr.supercore.task_identity import TaskIdentity

__all__ = ["CLIENT_APP_RAISED", "SUPERLINK", "NodeInfo", "Run", "acting_as", "empty_run", "stamp"]

#: The node id under which a ServerApp sends, and Flower answers for nodes that died.
SUPERLINK: Final = 1
#: The error code of a ClientApp that raised.
CLIENT_APP_RAISED: Final = 2

_FIELDS: Final = ("_run_id", "_task_id", "_node_id")


@contextmanager
def acting_as(run_id: int, node_id: int) -> Iterator[None]:
    """Be a task of a run at a node, for as long as the context lasts; then be again what one was, if anything.

    The identity belongs to the process, so two threads must not do this at once.
    """
    before = {field: getattr(TaskIdentity, field) for field in _FIELDS}
    TaskIdentity.run_id = run_id
    TaskIdentity.task_id = node_id  # a task per node: nothing reads it but the metadata of messages
    TaskIdentity.node_id = node_id
    try:
        yield
    finally:
        for field, value in before.items():
            setattr(TaskIdentity, field, value)


def stamp(message: Message, message_id: str) -> None:
    """Give a message its id."""
    message.metadata.__dict__["_message_id"] = message_id


def empty_run(run_id: int) -> Run:
    """A run with an id and nothing else."""
    return Run.create_empty(run_id)
