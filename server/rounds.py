"""Asking every site for one planned release: sent, verified, noted once, and kept for a coordinator that restarts.

A round that has finished is kept whole in the pool, so that a rerun with the same settings makes the same requests,
finds the answers there and asks no site again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import numpy as safetensors

from fedaug.errors import FedaugError, ProtocolError, QuorumLost
from fedaug.server.exchange import Exchange
from fedaug.server.pool import Pool
from fedaug.server.verify import Accepted, KnownSite, accept, introduce, open_status
from fedaug.strategies.class_statistics import add_up
from fedaug.strategies.messages import CampaignPlan, Describe, Join, Outcome, ReleaseRequest, Tensors, encode

_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)
_ATTEMPTS = 2  # a reply that was lost on the way is sealed at the site: asking again costs time and no budget


@dataclass(frozen=True)
class Total:
    """What the sites' releases add up to.

    Attributes:
        values: Float64, the sum of the noised values.
        noise_std: Standard deviation of the noise in the sum, per coordinate.
        releases: What it is the sum of.
    """

    values: NDArray[np.float64]
    noise_std: float
    releases: tuple[Accepted, ...]


class Rounds:
    """The sites of one campaign, and what they were asked.

    Args:
        plan: What every site is to agree to.
        exchange: The transport.
        pool: Where releases and finished rounds are noted.
        minimum_sites: Fewer answers than this end the campaign.
        timeout_s: Seconds for one answer.
    """

    def __init__(
        self, plan: CampaignPlan, exchange: Exchange, pool: Pool, minimum_sites: int, timeout_s: float
    ) -> None:
        self.plan = plan
        self.sites: tuple[KnownSite, ...] = ()
        self.releases: list[Accepted] = []
        self._exchange = exchange
        self._pool = pool
        self._minimum = minimum_sites
        self._timeout = timeout_s

    def gather(self) -> tuple[KnownSite, ...]:
        """Find the sites and have them reserve the plan.

        Raises:
            QuorumLost: Too few sites answered, or agreed.
        """
        hello = encode(Describe())
        nodes = self._exchange.nodes(self._minimum)
        answers = self._ask(dict.fromkeys(nodes, hello))
        known = self._checked(answers, lambda node, data: introduce(data, hello, node))
        known = self._of_one_name_each(known)
        join = encode(Join(plan=self.plan))
        answers = self._ask(dict.fromkeys(known, join))
        agreed = self._checked(answers, lambda node, data: open_status(data, join, known[node]))
        self.sites = tuple(
            sorted((known[node] for node, reply in agreed.items() if reply.status is Outcome.OK), key=lambda s: s.name)
        )
        self._require(len(self.sites), "agreed to the plan")
        return self.sites

    def total(self, request: ReleaseRequest, shape: tuple[int, ...], tensors: Tensors | None = None) -> Total:
        """Ask every site for one release of the plan, and add the answers up.

        Args:
            request: Which release.
            shape: The shape its values must have.
            tensors: The request's public inputs.

        Raises:
            QuorumLost: Too few sites answered with what was planned.
        """
        data = encode(request, tensors)
        kept = self._pool.load_checkpoint(self.plan.campaign, _phase(request.key))
        if kept is None:
            releases = self._collect(request.key, data, shape)
        else:
            by_name = {site.name: site for site in self.sites}
            releases = {
                name: accept(envelope.tobytes(), data, by_name[name], self.plan, request.key, shape)
                for name, envelope in safetensors.load(kept).items()
                if name in by_name
            }
        self._require(len(releases), f"answered {request.key}")
        accepted = tuple(releases[name] for name in sorted(releases))
        self.releases.extend(accepted)
        spread = float(np.sqrt(sum(release.event.noise_std**2 for release in accepted)))
        return Total(add_up([release.values for release in accepted]), spread, accepted)

    def _collect(self, key: str, data: bytes, shape: tuple[int, ...]) -> dict[str, Accepted]:
        by_node = {site.node: site for site in self.sites}
        answers = self._ask(dict.fromkeys(by_node, data))
        checked = self._checked(
            answers, lambda node, reply: self._noted(accept(reply, data, by_node[node], self.plan, key, shape))
        )
        releases = {release.site: release for release in checked.values()}
        if len(releases) >= self._minimum:
            envelopes = {name: np.frombuffer(release.envelope, np.uint8) for name, release in releases.items()}
            self._pool.save_checkpoint(self.plan.campaign, _phase(key), safetensors.save(envelopes))
        return releases

    def _noted(self, release: Accepted) -> Accepted:
        self._pool.accept_release(
            self.plan.campaign,
            release.site,
            key=release.event.key,
            kind=release.event.release,
            event=release.event,
            envelope=release.envelope,
        )
        return release

    def _of_one_name_each(self, known: Mapping[int, KnownSite]) -> dict[int, KnownSite]:
        """Without the nodes that answer under one name: which of them is the site cannot be told."""
        count = Counter(site.name for site in known.values())
        for node, site in known.items():
            if count[site.name] > 1:
                _LOG.warning("%s: node %d is left out: another has its site's name", ProtocolError.code, node)
        return {node: site for node, site in known.items() if count[site.name] == 1}

    def _ask(self, requests: Mapping[int, bytes]) -> dict[int, bytes]:
        answers: dict[int, bytes] = {}
        for _ in range(_ATTEMPTS):
            missing = {node: data for node, data in requests.items() if node not in answers}
            if missing:
                found = self._exchange.ask(missing, timeout=self._timeout)
                answers.update((node, reply) for node, reply in found.items() if node in missing)
        return answers

    def _checked(self, answers: Mapping[int, bytes], check: Callable[[int, bytes], _T]) -> dict[int, _T]:
        """The answers that pass; one that does not leaves its site out of the round, with a code in the log."""
        passed: dict[int, _T] = {}
        for node, data in answers.items():
            try:
                passed[node] = check(node, data)
            except FedaugError as error:
                _LOG.warning("%s: node %d is left out of the round (%s)", error.code, node, error.what)
        return passed

    def _require(self, count: int, what: str) -> None:
        if not count >= self._minimum:
            raise QuorumLost(
                f"{count} sites {what}, and {self._minimum} are needed",
                "look into the missing sites' own logs, then rerun with --resume",
            )


def _phase(key: str) -> str:
    return f"envelopes/{key}"
