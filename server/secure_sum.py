"""The coordinator's half of a masked sum: a round of requests out, the replies in, five times; then the sum.

Bonawitz et al. 2017, figure 4. No transport and no clock: who did not reply in time is missing from the replies, and
so is, from then on, who replied something that breaks the protocol. Values are added as they come in, so that memory
does not grow with the number of sites.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from fedaug.errors import ConfigError, FedaugError, ProtocolError, QuorumLost
from fedaug.privacy.masking.masks import Words
from fedaug.privacy.mechanisms import Integers, distributed_sum
from fedaug.server.unmasking import check_shares, without_masks
from fedaug.strategies.base import Message
from fedaug.strategies.secure_sum.messages import (
    AskMaskedShare,
    AskSumKeys,
    AskSumShares,
    AskSurvivors,
    AskUnmasking,
    MaskedShare,
    SumKeys,
    SumShares,
    SumSurvivors,
    SumUnmasking,
    decode_sum_reply,
    masked_values,
)
from fedaug.strategies.secure_sum.statements import (
    SiteKeys,
    Survivors,
    SurvivorSignature,
    check_keys,
    check_survivors,
    roster_digest,
)
from fedaug.strategies.secure_sum.terms import KeyOf, SumTerms
from fedaug.strategies.wire import encode

_REMEDY: Final = "leave the site out"

#: Requests by site out, replies by site in; a site that did not answer is missing.
Ask = Callable[[Mapping[str, bytes]], Mapping[str, bytes]]


class SumCoordinator:
    """One masked sum.

    Args:
        terms: Of the round.
        sites: Who is asked: at most as many as the event says.
        key_of: The sites' identity keys, by the enrolment list.

    Attributes:
        faults: What sites that were left out did wrong, as an error's code.
    """

    def __init__(self, terms: SumTerms, sites: Sequence[str], key_of: KeyOf) -> None:
        self._event = terms.mechanism
        if not self._event.survivors <= len(set(sites)) == len(sites) <= self._event.sites:
            raise ConfigError("a masked sum is asked of fewer or more sites than its terms say", "name each site once")
        self._terms, self._key_of = terms, key_of
        self._asked = tuple(sorted(sites))
        self._steps = (self._take_keys, self._take_shares, self._take_values, self._take_signature, self._take_joins)
        self._least = (*(3 * [self._event.survivors]), terms.threshold, terms.threshold)
        self._step = 0
        self._left = self._asked
        self._roster: dict[str, SiteKeys] = {}
        self._shares: dict[str, SumShares] = {}
        self._survivors: tuple[str, ...] = ()
        self._signatures: dict[str, SurvivorSignature] = {}
        self._joins: dict[str, SumUnmasking] = {}
        self._total: Words = np.zeros(self._event.dimensions, np.uint64)
        self._sum: Integers | None = None
        self.faults: dict[str, str] = {}

    @property
    def done(self) -> bool:
        """Whether there is a sum."""
        return self._sum is not None

    @property
    def survivors(self) -> tuple[str, ...]:
        """Whose values are in the sum."""
        return self._survivors

    @property
    def total(self) -> Integers:
        """The sum of the survivors' noisy values: int64 [d], in grid steps.

        Raises:
            ConfigError: The round is not done.
        """
        if self._sum is None:
            raise ConfigError("a masked sum was read before it was there", "run the round to its end")
        return self._sum

    def requests(self) -> dict[str, bytes]:
        """What each site that is left is to be asked now."""
        same = self._same_for_all()
        if same is not None:
            data = encode(same)
            return dict.fromkeys(self._left, data)
        return {site: encode(self._delivery(site)) for site in self._left}

    def receive(self, replies: Mapping[str, bytes]) -> None:
        """Take in what came back, and go on with those sites.

        Raises:
            QuorumLost: They are fewer than the terms ask for: there is no sum, and what was charged stands.
            ProtocolError: Shares do not give the secrets that they should be of: a survivor lied about them.
        """
        if self.done:
            raise ConfigError("a masked sum was given replies after its end", "start another round")
        took = [site for site in self._left if site in replies and self._took(site, replies[site])]
        least = self._least[self._step]
        if not len(took) >= least:
            raise QuorumLost(
                f"{len(took)} sites are left of a masked sum that needs {least}",
                "its charge stands; plan another sum, or wait for more sites",
            )
        self._left = tuple(took)
        if self._step == 2:  # signatures may come from fewer: whose values are in the sum is settled here
            self._survivors = self._left
        self._step += 1
        if self._step == len(self._steps):
            self._finish()

    def _same_for_all(self) -> Message | None:
        """The request of this step, if all sites get the same."""
        match self._step:
            case 0:
                return AskSumKeys(terms=self._terms)
            case 1:
                return AskSumShares(round=self._terms.digest, sites=tuple(self._roster.values()))
            case 3:
                return AskSurvivors(statement=self._statement())
            case 4:
                signatures = tuple(self._signatures[site] for site in self._left)
                return AskUnmasking(round=self._terms.digest, signatures=signatures)
            case _:
                return None

    def _delivery(self, receiver: str) -> AskMaskedShare:
        sealed = {site: self._shares[site].sealed[receiver] for site in self._left if site != receiver}
        return AskMaskedShare(round=self._terms.digest, sealed=sealed)

    def _statement(self) -> Survivors:
        return Survivors(
            round=self._terms.digest,
            roster=self._roster_digest(),
            shared=tuple(self._shares),
            survivors=self._survivors,
        )

    def _roster_digest(self) -> str:
        return roster_digest(self._terms, tuple(self._roster.values()))

    def _took(self, site: str, reply: bytes) -> bool:
        """Whether a reply could be used; what could not is noted, and has changed nothing."""
        try:
            self._steps[self._step](site, reply)
        except FedaugError as error:
            self.faults[site] = error.code
            return False
        return True

    def _take_keys(self, site: str, reply: bytes) -> None:
        message, _ = decode_sum_reply(reply)
        if not isinstance(message, SumKeys) or message.keys.site != site:
            raise _unexpected()
        check_keys(self._terms, message.keys, self._key_of)
        shown = {key for keys in self._roster.values() for key in (keys.mask_key, keys.share_key)}
        new = {message.keys.mask_key, message.keys.share_key}
        if len(new) < 2 or new & shown:
            raise ProtocolError("a site shows a key that is in use", _REMEDY)
        self._roster[site] = message.keys

    def _take_shares(self, site: str, reply: bytes) -> None:
        message, _ = decode_sum_reply(reply)
        if not isinstance(message, SumShares) or message.roster != self._roster_digest():
            raise _unexpected()
        if set(message.sealed) != set(self._roster) - {site}:
            raise ProtocolError("a site has not shared its secrets with all others", _REMEDY)
        self._shares[site] = message

    def _take_values(self, site: str, reply: bytes) -> None:
        message, tensors = decode_sum_reply(reply)
        if not isinstance(message, MaskedShare) or message.roster != self._roster_digest():
            raise _unexpected()
        self._total += masked_values(self._terms, tensors).view(np.uint64)

    def _take_signature(self, site: str, reply: bytes) -> None:
        message, _ = decode_sum_reply(reply)
        if not isinstance(message, SumSurvivors) or message.signed.site != site:
            raise _unexpected()
        check_survivors(self._statement(), message.signed, self._roster, self._key_of)
        self._signatures[site] = message.signed

    def _take_joins(self, site: str, reply: bytes) -> None:
        message, _ = decode_sum_reply(reply)
        if not isinstance(message, SumUnmasking) or message.roster != self._roster_digest():
            raise _unexpected()
        check_shares(message, self._statement())
        self._joins[site] = message

    def _finish(self) -> None:
        commitments = {site: shares.commitment for site, shares in self._shares.items()}
        roster = tuple(self._roster.values())
        without_masks(self._total, self._statement(), self._joins, roster, commitments, self._terms.threshold)
        self._total &= np.uint64(self._event.modulus - 1)
        self._sum = distributed_sum([self._total.view(np.int64)], self._event)


def run_sum(coordinator: SumCoordinator, ask: Ask) -> Integers:
    """Run a round to its end over any exchange.

    Args:
        coordinator: At its beginning.
        ask: Sends each site its request and gives the replies that came in time.

    Returns:
        See :attr:`SumCoordinator.total`.

    Raises:
        QuorumLost, ProtocolError: As for :meth:`SumCoordinator.receive`.
    """
    while not coordinator.done:
        coordinator.receive(ask(coordinator.requests()))
    return coordinator.total


def _unexpected() -> ProtocolError:
    return ProtocolError("a reply to a masked sum's request is another one than was asked for", _REMEDY)
