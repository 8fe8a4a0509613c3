"""Asking many sites at once: the one way in which the coordinator's code meets a transport."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from flwr.app import Message
from flwr.serverapp import Grid

from fedaug.errors import ProtocolError, QuorumLost
from fedaug.strategies.carrier import MESSAGE_TYPE, pack, unpack


class Exchange(Protocol):
    """Requests out, replies in. A node that failed, was late or sent something malformed is simply missing."""

    def nodes(self, minimum: int) -> list[int]:
        """Ids of the nodes that are connected, ascending, once there are at least ``minimum``.

        Raises:
            QuorumLost: There were not enough in time.
        """
        ...

    def ask(self, requests: Mapping[int, bytes], *, timeout: float) -> dict[int, bytes]:
        """Send each node its request, and wait at most ``timeout`` seconds for the replies.

        Returns:
            Node id to reply bytes, in the order of ``requests``.

        Raises:
            ProtocolError: A request is over the size limit; nothing was sent.
        """
        ...


class FlowerExchange:
    """An exchange over a Flower grid.

    Args:
        grid: Flower's connection to the nodes.
        wait: Seconds that :meth:`nodes` waits for enough of them.
        poll: Seconds between two looks.
        clock: A monotonic clock, in seconds.
        sleep: Waits for so many seconds.
    """

    def __init__(
        self,
        grid: Grid,
        *,
        wait: float = 300.0,
        poll: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._grid = grid
        self._wait = wait
        self._poll = poll
        self._clock = clock
        self._sleep = sleep
        self._round = 0

    def nodes(self, minimum: int) -> list[int]:
        """See :meth:`Exchange.nodes`."""
        deadline = self._clock() + self._wait
        while True:
            found = sorted(self._grid.get_node_ids())
            if len(found) >= minimum:
                return found
            if not self._clock() < deadline:
                raise QuorumLost(
                    f"{len(found)} of at least {minimum} sites connected within {self._wait:g} s",
                    "start the missing sites, or lower the campaign's minimum",
                )
            self._sleep(self._poll)

    def ask(self, requests: Mapping[int, bytes], *, timeout: float) -> dict[int, bytes]:
        """See :meth:`Exchange.ask`."""
        if not timeout > 0:
            raise ProtocolError("a round has no time to answer in", "give a timeout above zero seconds")
        contents = {node: pack(request) for node, request in requests.items()}
        self._round += 1
        # The time to live is the round's: a site that comes back later must not work, and charge, for a closed round.
        sent = [
            Message(content, node, MESSAGE_TYPE, ttl=timeout, group_id=str(self._round))
            for node, content in contents.items()
        ]
        replies = list(self._grid.send_and_receive(sent, timeout=timeout)) if sent else []
        # By message and not by sender: when a node dies, Flower answers for it under its own id.
        asked = {message.metadata.message_id: message.metadata.dst_node_id for message in sent}
        answers: dict[int, bytes] = {}
        for reply in replies:
            node = asked.get(reply.metadata.reply_to_message_id)
            if node is None or node in answers:
                continue  # an answer to another round, or a second one
            data = _content_of(reply, node)
            if data is not None:
                answers[node] = data
        return {node: answers[node] for node in requests if node in answers}


def _content_of(reply: Message, node: int) -> bytes | None:
    """The bytes a node replied with; None for an error, a stranger's reply or a malformed one."""
    if reply.has_error() or not reply.has_content() or reply.metadata.src_node_id != node:
        return None
    try:
        return unpack(reply.content)
    except ProtocolError:
        return None
