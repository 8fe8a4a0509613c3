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

from fedaug.errors import OutdatedEnrolment, ProtocolError, QuorumLost, RefusedError
from fedaug.privacy.noise import NoiseSource, SystemNoise
from fedaug.server.combine import Combine, plain_sum
from fedaug.server.enrolment import Consortium, OpenConsortium
from fedaug.server.exchange import Exchange
from fedaug.server.log_exchange import LogExchange
from fedaug.server.offered_batches import OfferedBatches
from fedaug.server.pool import Pool
from fedaug.server.pool_records import Receipt
from fedaug.server.verify import (
    Accepted,
    AcceptedBatch,
    KnownSite,
    accept,
    accept_batch,
    introduce,
    open_log,
    open_status,
)
from fedaug.strategies.messages import (
    AskSamples,
    CampaignPlan,
    Describe,
    Join,
    Outcome,
    ReleaseRequest,
    Tensors,
    encode,
)

_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)
_CHALLENGE_BYTES = 32
_ATTEMPTS = 2  # a reply that was lost on the way is sealed at the site: asking again costs time and no budget


@dataclass(frozen=True)
class Total:
    """What the sites' releases add up to.

    Attributes:
        values: Float64, the sum of the noised values, or what a robust rule gives in its place.
        noise_std: Standard deviation of the noise in it, per coordinate.
        releases: What it was made of: all that were verified, but for those of sites that were set aside.
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
        consortium: Signs requests, and says whose answers count; anybody's, when not given.
        secrets: Where random bytes come from; tests alone pass another than the default.
        combine: Puts verified releases together; adds them up, when not given.
    """

    def __init__(
        self,
        plan: CampaignPlan,
        exchange: Exchange,
        pool: Pool,
        minimum_sites: int,
        timeout_s: float,
        consortium: Consortium | None = None,
        secrets: NoiseSource | None = None,
        combine: Combine = plain_sum,
    ) -> None:
        self.plan = plan
        self.sites: tuple[KnownSite, ...] = ()
        self.releases: list[Accepted] = []
        self._exchange = exchange
        self._pool = pool
        self._minimum = minimum_sites
        self._timeout = timeout_s
        self._consortium = consortium or OpenConsortium()
        self._secrets = secrets or SystemNoise()
        self._offered = OfferedBatches(plan)
        self._combine = combine

    def gather(self) -> tuple[KnownSite, ...]:
        """Find the sites and have them reserve the plan.

        Raises:
            QuorumLost: Too few sites answered, or agreed.
            ConfigError: The pool's logs are another coordinator's, or the coordinator has no enrolment list.
            OutdatedEnrolment: Its list is expired.
            PoolError: The pool fails.
        """
        self._pool.logs.claim(self._consortium.coordinator)
        hello = encode(Describe(challenge=self._secrets.token(_CHALLENGE_BYTES).hex()))
        nodes = self._exchange.nodes(self._minimum)
        answers = self._ask(dict.fromkeys(nodes, hello))
        known = self._checked(answers, lambda node, data: self._introduced(data, hello, node))
        logs = self._log_exchange()
        known = self._in_order(logs, self._of_one_name_each(known), silent=False)
        joins = {node: encode(Join(plan=self.plan, log=logs.shown(site))) for node, site in known.items()}
        answers = self._ask(joins, known)
        agreed = self._checked(answers, lambda node, data: open_status(data, joins[node], known[node]))
        self.sites = tuple(
            sorted((known[node] for node, reply in agreed.items() if reply.status is Outcome.OK), key=lambda s: s.name)
        )
        self._require(len(self.sites), "agreed to the plan")
        self.exchange_logs()
        return self.sites

    def exchange_logs(self) -> None:
        """Read what the sites' logs have gained; a site that shows an older or another log is left out from here on."""
        kept = self._in_order(self._log_exchange(), {site.node: site for site in self.sites}, silent=True)
        self.sites = tuple(site for site in self.sites if site.node in kept)

    def total(self, request: ReleaseRequest, shape: tuple[int, ...], tensors: Tensors | None = None) -> Total:
        """Ask every site for one release of the plan, and put the answers together.

        Args:
            request: Which release.
            shape: The shape its values must have.
            tensors: The request's public inputs.

        Raises:
            QuorumLost: Too few sites answered with what was planned, or are left once some are set aside.
        """
        data = encode(request, tensors)
        kept = self._pool.load_checkpoint(self.plan.campaign, _phase(request.key))
        if kept is None:
            releases = self._collect(request.key, data, shape)
        else:
            releases = self._read_again(safetensors.load(kept), request.key, data, shape)
        self._require(len(releases), f"answered {request.key}")
        if kept is None:
            self.exchange_logs()
        accepted = tuple(releases[name] for name in sorted(releases))
        self.releases.extend(accepted)
        counted, combined = self._combine(request, accepted, tensors)
        return Total(combined.values, combined.noise_std, counted)

    def offers(self, request: AskSamples) -> tuple[AcceptedBatch, ...]:
        """Ask every site for its batch of texts; a site that offers none is left in peace.

        A batch counts once its site has shown a log that lists it as it came; a log that lists it otherwise leaves the
        site out.

        Args:
            request: Which batch of the plan.

        Raises:
            PoolError: The pool fails.
        """
        data = encode(request)
        kept = self._pool.load_checkpoint(self.plan.campaign, _phase(request.key))
        by_node = {site.node: site for site in self.sites}
        if kept is None:
            answers = self._ask(dict.fromkeys(by_node, data), by_node)
        else:
            arrays = safetensors.load(kept)
            answers = {node: arrays[site.name].tobytes() for node, site in by_node.items() if site.name in arrays}
        found = self._checked(answers, lambda node, reply: self._batch(reply, data, by_node[node], request.key))
        batches = {batch.site: batch for batch in found.values() if batch is not None}
        for batch in batches.values():
            self._offered.note(batch)
        if kept is None:
            self.exchange_logs()
        batches = {name: batch for name, batch in batches.items() if self._listed(batch)}
        if kept is None:
            envelopes = {name: np.frombuffer(batch.envelope, np.uint8) for name, batch in batches.items()}
            self._pool.save_checkpoint(self.plan.campaign, _phase(request.key), safetensors.save(envelopes))
        return tuple(batches[name] for name in sorted(batches))

    def _listed(self, batch: AcceptedBatch) -> bool:
        listed = self._offered.is_listed(batch, self._pool.logs.entries(batch.site))
        if not listed:
            _LOG.warning("%s: a batch of %s is not counted: its log does not list it", ProtocolError.code, batch.site)
        return listed

    def _batch(self, reply: bytes, request: bytes, site: KnownSite, key: str) -> AcceptedBatch | None:
        self._enrolled(site)
        return accept_batch(reply, request, site, self.plan, key)

    def _collect(self, key: str, data: bytes, shape: tuple[int, ...]) -> dict[str, Accepted]:
        by_node = {site.node: site for site in self.sites}
        answers = self._ask(dict.fromkeys(by_node, data), by_node)
        checked = self._checked(
            answers, lambda node, reply: self._noted(self._accepted(reply, data, by_node[node], key, shape))
        )
        releases = {release.site: release for release in checked.values()}
        if len(releases) >= self._minimum:
            envelopes = {name: np.frombuffer(release.envelope, np.uint8) for name, release in releases.items()}
            self._pool.save_checkpoint(self.plan.campaign, _phase(key), safetensors.save(envelopes))
        return releases

    def _read_again(self, kept: Tensors, key: str, data: bytes, shape: tuple[int, ...]) -> dict[str, Accepted]:
        """A finished round's releases. A site whose key was revoked or replaced since then is left out."""
        by_node = {site.node: site for site in self.sites}
        envelopes = {node: kept[site.name].tobytes() for node, site in by_node.items() if site.name in kept}
        checked = self._checked(
            envelopes, lambda node, envelope: self._accepted(envelope, data, by_node[node], key, shape)
        )
        return {release.site: release for release in checked.values()}

    def _accepted(self, reply: bytes, request: bytes, site: KnownSite, key: str, shape: tuple[int, ...]) -> Accepted:
        self._enrolled(site)
        return accept(reply, request, site, self.plan, key, shape)

    def _introduced(self, answer: bytes, hello: bytes, node: int) -> KnownSite:
        site = introduce(answer, hello, node)
        if site.name.lower() == self._consortium.coordinator.lower():  # their logs would become one
            raise ProtocolError("a site has the coordinator's name", "give the site a name of its own")
        return self._enrolled(site)

    def _enrolled(self, site: KnownSite) -> KnownSite:
        self._consortium.require_site(site.name, site.key)
        return site

    def _noted(self, release: Accepted) -> Accepted:
        self._pool.accept_release(
            Receipt(
                self.plan.campaign,
                release.site,
                release.event,
                release.header.request_digest,
                release.header.nonce,
                release.envelope,
                self._consortium.coordinator,
            )
        )
        return release

    def _log_exchange(self) -> LogExchange:
        return LogExchange(self._pool.logs, self._consortium, self._secrets, self._offered)

    def _in_order(self, logs: LogExchange, known: Mapping[int, KnownSite], *, silent: bool) -> dict[int, KnownSite]:
        """The sites whose logs continue what they showed before.

        One that does not answer, or says that it is unavailable, stays only if ``silent`` allows it. Before a plan is
        put to a site nothing does: an older copy of a ledger would reserve it beside charges that it has forgotten.
        """
        good, asking = set(known), set(known)
        while asking:
            pages = self._next_pages(logs, asking, known, silent=silent)
            good -= asking - pages.keys()
            asking = {node for node, goes_on in pages.items() if goes_on}
        return {node: site for node, site in known.items() if node in good}

    def _next_pages(
        self, logs: LogExchange, nodes: set[int], known: Mapping[int, KnownSite], *, silent: bool
    ) -> dict[int, bool]:
        """Read one page of each log; whether the log goes on, by node, without those that are left out."""
        requests = {node: encode(logs.request(known[node])) for node in sorted(nodes)}
        answers = self._ask(requests, known)

        def taken(node: int, answer: bytes) -> bool:
            fact = open_log(answer, requests[node], self._enrolled(known[node]))
            if fact is not None:
                return logs.take(fact, known[node])
            if not silent:
                raise ProtocolError("it does not show its log", "look into the site's own log")
            return False

        pages = self._checked(answers, taken, "campaign")
        for node in sorted(nodes - answers.keys()):
            if silent:
                pages[node] = False
            else:
                _LOG.warning("%s: node %d is left out: it does not show its log", ProtocolError.code, node)
        return pages

    def _of_one_name_each(self, known: Mapping[int, KnownSite]) -> dict[int, KnownSite]:
        """Without the nodes that answer under one name: which of them is the site cannot be told."""
        count = Counter(site.name for site in known.values())
        for node, site in known.items():
            if count[site.name] > 1:
                _LOG.warning("%s: node %d is left out: another has its site's name", ProtocolError.code, node)
        return {node: site for node, site in known.items() if count[site.name] == 1}

    def _ask(self, requests: Mapping[int, bytes], known: Mapping[int, KnownSite] | None = None) -> dict[int, bytes]:
        names = {node: site.name for node, site in (known or {}).items()}
        answers: dict[int, bytes] = {}
        for _ in range(_ATTEMPTS):
            missing = {
                node: self._consortium.seal(data, self.plan.campaign, names.get(node, ""))
                for node, data in requests.items()
                if node not in answers
            }
            if missing:
                found = self._exchange.ask(missing, timeout=self._timeout)
                answers.update((node, reply) for node, reply in found.items() if node in missing)
        return answers

    def _checked(
        self, answers: Mapping[int, bytes], check: Callable[[int, bytes], _T], what: str = "round"
    ) -> dict[int, _T]:
        """The answers that pass; one that does not leaves its site out, with a code in the log.

        What fails at the coordinator (its pool, its own enrolment list) is no site's fault and ends the run, which can
        be taken up again: a round that was kept without the sites would stay so.
        """
        passed: dict[int, _T] = {}
        for node, data in answers.items():
            try:
                passed[node] = check(node, data)
            except OutdatedEnrolment:  # the coordinator's list: sites send none
                raise
            except (ProtocolError, RefusedError) as error:
                _LOG.warning("%s: node %d is left out of the %s (%s)", error.code, node, what, error.what)
        return passed

    def _require(self, count: int, what: str) -> None:
        if not count >= self._minimum:
            raise QuorumLost(
                f"{count} sites {what}, and {self._minimum} are needed",
                "look into the missing sites' own logs, then rerun with --resume",
            )


def _phase(key: str) -> str:
    return f"envelopes/{key}"
