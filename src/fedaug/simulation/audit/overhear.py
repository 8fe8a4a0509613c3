"""What stands between a campaign's sites and the world during an audit: public requests, and what left in answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.envelope import is_envelope, open_envelope
from fedaug.privacy.events import ReleaseKind
from fedaug.server.exchange import Exchange
from fedaug.server.verify import Accepted
from fedaug.simulation.audit.attack import Block, Floats, Leak
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.messages import CampaignPlan, ReleaseRequest, Tensors, decode_request
from fedaug.strategies.voting import vote_totals

#: The grid on which the auditor works out votes, far finer than any noise.
_GRID: Final = 2.0**-30


class Overheard:
    """An exchange that remembers what was asked: the public tensors of every release's request.

    Args:
        exchange: Carries the messages.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.asked: dict[str, Tensors] = {}
        self._exchange = exchange

    def nodes(self, minimum: int) -> list[int]:
        """See :meth:`~fedaug.server.exchange.Exchange.nodes`."""
        return self._exchange.nodes(minimum)

    def ask(self, requests: Mapping[int, bytes], *, timeout: float) -> dict[int, bytes]:
        """See :meth:`~fedaug.server.exchange.Exchange.ask`."""
        for data in requests.values():
            message, tensors = decode_request(open_envelope(data, None)[1] if is_envelope(data) else data)
            if isinstance(message, ReleaseRequest):
                self.asked[message.key] = tensors
        return self._exchange.ask(requests, timeout=timeout)


class Planted:
    """The canaries in the public space, label by label.

    Args:
        vectors: Their embeddings, float32 [m, d].
        labels: Their labels' positions, int [m].
    """

    def __init__(self, vectors: NDArray[np.float32], labels: NDArray[np.int64]) -> None:
        self._vectors = vectors
        self._members = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels)}

    def __len__(self) -> int:
        return len(self._vectors)

    def leaks(self, releases: Iterable[Accepted], asked: Mapping[str, Tensors], plan: CampaignPlan) -> list[Leak]:
        """A site's releases as the auditor sees them.

        How often a student is right is left out: two numbers, on which every canary of every label lies.

        Args:
            releases: As they were accepted.
            asked: What was asked for, by key.
            plan: Says with how much noise.
        """
        found = []
        for release in releases:
            values, kind = release.values, release.event.release
            if kind is ReleaseKind.NOISY_VOTES:
                blocks = self._votes(values, asked[release.event.key], plan.votes_per_record)
            elif kind is ReleaseKind.NOISY_STATISTICS:
                blocks = self._blocks(values, self._vectors.astype(np.float64))
            elif kind is ReleaseKind.NOISY_COUNTS:
                blocks = self._blocks(values[:, None], np.ones((len(self), 1)))
            else:
                continue
            noise = 0.0 if release.event.noise_off else release.event.noise_std
            found.append(Leak(release.event.key, noise, blocks))
        return found

    def _blocks(self, values: Floats, shares: Floats) -> tuple[Block, ...]:
        return tuple(Block(label, rows, values[label], _clipped(shares[rows])) for label, rows in self._members.items())

    def _votes(self, values: Floats, asked: Tensors, votes_per_record: int) -> tuple[Block, ...]:
        blocks = []
        for label, rows in self._members.items():
            where = np.flatnonzero(asked["labels"] == label)
            if not len(where):
                continue
            candidates, one = np.ascontiguousarray(asked["candidates"][where]), np.zeros(1, np.int64)
            stands_for = np.zeros(len(where), np.int32)
            shares = np.stack(
                [
                    vote_totals(
                        Contributions(self._vectors[[row]], one, one), candidates, stands_for, votes_per_record, _GRID
                    )
                    for row in rows
                ]
            )
            blocks.append(Block(label, rows, values[where], _clipped(shares * np.float64(_GRID))))
        return tuple(blocks)


def _clipped(shares: Floats) -> Floats:
    """To an L2 norm of 1, by the auditor's own hand: whether the site clips is what is looked into."""
    return np.asarray(shares / np.maximum(np.linalg.norm(shares, axis=1, keepdims=True), 1.0))
