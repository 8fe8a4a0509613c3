"""What a bad network or a bad site does to replies, for ``InProcessGrid(interfere=...)``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy

from flwr.app import Message

from fedaug.strategies.carrier import pack, unpack

Interference = Callable[[Message, Message], Sequence[Message]]


def only_node(node: int, interference: Interference) -> Interference:
    """Misbehave at one node and be honest at the others."""

    def interfere(request: Message, reply: Message) -> Sequence[Message]:
        return interference(request, reply) if request.metadata.dst_node_id == node else [reply]

    return interfere


def drop(request: Message, reply: Message) -> Sequence[Message]:
    """The reply never arrives."""
    return []


def repeat(request: Message, reply: Message) -> Sequence[Message]:
    """The reply arrives twice."""
    return [reply, deepcopy(reply)]


def replay_first_content() -> Interference:
    """Every later request is answered with what the node sent first."""
    first: dict[int, bytes] = {}

    def interfere(request: Message, reply: Message) -> Sequence[Message]:
        node = request.metadata.dst_node_id
        reply.content = pack(first.setdefault(node, unpack(reply.content)))
        return [reply]

    return interfere


def delay_by_one() -> Interference:
    """Each reply arrives only with the next round's, still as the answer to its own request."""
    kept: dict[int, Message] = {}

    def interfere(request: Message, reply: Message) -> Sequence[Message]:
        node = request.metadata.dst_node_id
        late = kept.get(node)
        kept[node] = reply
        return [] if late is None else [late]

    return interfere


def alter(change: Callable[[bytes], bytes]) -> Interference:
    """The reply's bytes are changed on the way."""

    def interfere(request: Message, reply: Message) -> Sequence[Message]:
        reply.content = pack(change(unpack(reply.content)))
        return [reply]

    return interfere
