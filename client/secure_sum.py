"""A site's half of a masked sum: five requests in, five answers out, each once and in this order.

Bonawitz et al. 2017, figure 4, the variant against a coordinator that does not keep to the protocol. What is stricter
here: every key is bound to the whole roster, and survivors sign also among whom masks were agreed, so that a
coordinator that shows two sites two different rounds can have neither unmasked.

No transport, no clock, no disk. Whatever breaks the protocol ends the round at this site, for good.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedaug.client.secure_sum_state import HeldShares, Phase, SumState
from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy import mechanisms
from fedaug.privacy.masking import shamir
from fedaug.privacy.masking.agreement import KeyPair, commitment, mask_seed, open_from, own_mask_seed, seal_for
from fedaug.privacy.masking.fixed_point import saturated
from fedaug.privacy.masking.masks import Words, add_mask
from fedaug.privacy.mechanisms import Integers
from fedaug.privacy.noise import NoiseSource
from fedaug.strategies.base import Message
from fedaug.strategies.secure_sum.messages import (
    VALUES,
    AnySumRequest,
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
    decode_sum_request,
)
from fedaug.strategies.secure_sum.statements import (
    SiteKeys,
    Survivors,
    check_ascending,
    check_roster,
    check_survivors,
    roster_digest,
    sign_keys,
    sign_survivors,
)
from fedaug.strategies.secure_sum.terms import KeyOf, SumTerms
from fedaug.strategies.wire import Tensors, encode

_REMEDY: Final = "end the round"

#: The site's clean sum in grid steps, int64 [d]. Called once, after enough sites have shared their secrets.
Contribution = Callable[[], Integers]


class SumSite:
    """One site in one masked sum.

    Args:
        terms: Of the round. The caller has compared the event with the accepted plan and has its charge reserved.
        site: This site's name.
        signer: Its identity key.
        key_of: The others' identity keys, by the enrolment list.
        contribution: What the site adds.
        noise: Where noise and secrets come from.
        state: Where an earlier process left off; None begins the round.
    """

    def __init__(
        self,
        terms: SumTerms,
        *,
        site: str,
        signer: Ed25519PrivateKey,
        key_of: KeyOf,
        contribution: Contribution,
        noise: NoiseSource,
        state: SumState | None = None,
    ) -> None:
        self.state = state or SumState.begin(terms, noise)
        if self.state.terms != terms:
            raise ConfigError("the state of another masked sum was given", "keep one state for each round")
        self._terms, self._event = terms, terms.mechanism
        self._site, self._signer, self._key_of = site, signer, key_of
        self._contribution, self._noise = contribution, noise

    def answer(self, request: bytes) -> bytes:
        """Answer one request.

        The caller seals and stores the new :attr:`state` before it lets the answer out, and keeps the answer: the same
        request again is answered with the same bytes, by the caller.

        Raises:
            ProtocolError: The bytes are no request; or it is not the next one of this round, or breaks the protocol,
                which ends the round here.
            BadSignature, NotEnrolled: Likewise: a key or a set of survivors is not signed by whom it should be.
            ConfigError, BadNumber: The contribution cannot be used; the round ends here too.
        """
        message = decode_sum_request(request)  # bytes that are none change nothing
        before = self.state
        # Whatever goes wrong from here on, the next request finds the round over.
        self.state = before.over()
        reply, tensors, after = self._step(message, before)
        self.state = after
        return encode(reply, tensors)

    def _step(self, message: AnySumRequest, state: SumState) -> tuple[Message, Tensors, SumState]:
        match message, state.phase:
            case AskSumKeys(), Phase.KEYS:
                return self._show_keys(message, state)
            case AskSumShares(), Phase.SHARES:
                return self._share(message, state)
            case AskMaskedShare(), Phase.VALUES:
                return self._mask(message, state)
            case AskSurvivors(), Phase.SURVIVORS:
                return self._sign(message, state)
            case AskUnmasking(), Phase.UNMASKING:
                return self._unmask(message, state)
            case _:
                raise ProtocolError("a masked sum's request is out of order, or was answered already", _REMEDY)

    def _show_keys(self, message: AskSumKeys, state: SumState) -> tuple[Message, Tensors, SumState]:
        """Round 0 of the paper: fresh public keys, signed."""
        if message.terms != self._terms:
            raise ProtocolError("a masked sum's terms are not those that were accepted", _REMEDY)
        keys = self._own_keys(state)
        return SumKeys(keys=keys), {}, state.model_copy(update={"phase": Phase.SHARES})

    def _share(self, message: AskSumShares, state: SumState) -> tuple[Message, Tensors, SumState]:
        """Round 1: check everybody's keys; deal shares of the seed and of the mask key."""
        self._check_round(message.round)
        check_roster(self._terms, message.sites, self._key_of)
        if self._own_keys(state) not in message.sites:
            raise ProtocolError("a masked sum's roster lacks this site, or holds other keys of it", _REMEDY)
        roster = roster_digest(self._terms, message.sites)
        salt, secrets = bytes.fromhex(roster), (bytes.fromhex(state.seed), bytes.fromhex(state.mask_key))
        dealt = [shamir.split(secret, self._terms.threshold, len(message.sites), self._noise) for secret in secrets]
        own, sealed, held = KeyPair(bytes.fromhex(state.share_key)), dict[str, str](), dict[str, HeldShares]()
        for keys, seed, mask_key in zip(message.sites, *dealt, strict=True):
            if keys.site == self._site:
                held[keys.site] = HeldShares(seed=seed.hex(), mask_key=mask_key.hex())
            else:
                receiver = bytes.fromhex(keys.share_key)
                sealed[keys.site] = seal_for(own, receiver, salt, seed + mask_key, self._noise).hex()
        reply = SumShares(roster=roster, commitment=commitment(secrets[0], salt).hex(), sealed=sealed)
        return reply, {}, state.model_copy(update={"phase": Phase.VALUES, "sites": message.sites, "held": held})

    def _mask(self, message: AskMaskedShare, state: SumState) -> tuple[Message, Tensors, SumState]:
        """Round 2: open what the others dealt; only then read records, add noise, and mask."""
        self._check_round(message.round)
        roster = {keys.site: keys for keys in state.sites}
        if not set(message.sealed) <= set(roster) - {self._site}:
            raise ProtocolError("a masked sum's shares are of sites that are not on its roster", _REMEDY)
        self._check_enough(1 + len(message.sealed))
        salt, own = bytes.fromhex(roster_digest(self._terms, state.sites)), KeyPair(bytes.fromhex(state.share_key))
        held = dict(state.held)
        for site, sealed in message.sealed.items():
            text = open_from(own, bytes.fromhex(roster[site].share_key), salt, bytes.fromhex(sealed))
            seed, mask_key = text[: shamir.SHARE_BYTES], text[shamir.SHARE_BYTES :]
            held[site] = HeldShares(seed=seed.hex(), mask_key=mask_key.hex())
        others = [roster[site] for site in sorted(message.sealed)]
        values = self._noisy_share()
        self._add_masks(values, others, state, salt)
        values &= np.uint64(self._event.modulus - 1)
        reply = MaskedShare(roster=salt.hex())
        after = state.model_copy(update={"phase": Phase.SURVIVORS, "held": held})
        return reply, {VALUES: values.view(np.int64)}, after

    def _sign(self, message: AskSurvivors, state: SumState) -> tuple[Message, Tensors, SumState]:
        """Round 3, the consistency check: agree to one set of survivors, and to no other ever after."""
        said = message.statement
        expected = Survivors(
            round=self._terms.digest,
            roster=roster_digest(self._terms, state.sites),
            shared=tuple(sorted(state.held)),
            survivors=said.survivors,
        )
        if said != expected:
            raise ProtocolError("a set of survivors is of another round than this site's", _REMEDY)
        check_ascending(said.survivors)
        if not {self._site} <= set(said.survivors) <= set(said.shared):
            raise ProtocolError("a set of survivors lacks this site, or holds one that did not take part", _REMEDY)
        self._check_enough(len(said.survivors))
        signed = sign_survivors(said, self._site, self._signer)
        return SumSurvivors(signed=signed), {}, state.model_copy(update={"phase": Phase.UNMASKING, "survivors": said})

    def _unmask(self, message: AskUnmasking, state: SumState) -> tuple[Message, Tensors, SumState]:
        """Round 4: of every other site one of two shares, by whether it is in the set that was signed."""
        self._check_round(message.round)
        said = state.survivors
        if said is None or not len(message.signatures) >= self._terms.threshold:
            raise ProtocolError("a set of survivors is signed by too few of them", _REMEDY)
        check_ascending([signed.site for signed in message.signatures])
        roster = {keys.site: keys for keys in state.sites}
        for signed in message.signatures:
            check_survivors(said, signed, roster, self._key_of)
        survivors = set(said.survivors)
        reply = SumUnmasking(
            roster=said.roster,
            seeds={site: shares.seed for site, shares in state.held.items() if site in survivors},
            mask_keys={site: shares.mask_key for site, shares in state.held.items() if site not in survivors},
        )
        return reply, {}, state.over()

    def _own_keys(self, state: SumState) -> SiteKeys:
        """Equal state gives equal keys and, Ed25519 being deterministic, an equal signature."""
        mask_key, share_key = (KeyPair(bytes.fromhex(key)).public for key in (state.mask_key, state.share_key))
        return sign_keys(self._terms, self._site, mask_key, share_key, self._signer)

    def _noisy_share(self) -> Words:
        """The clean sum within its bound, with this site's share of the noise, modulo the event's modulus."""
        clean = self._contribution()
        if not isinstance(clean, np.ndarray) or clean.shape != (self._event.dimensions,) or clean.dtype != np.int64:
            raise ConfigError("a contribution to a masked sum is of another shape or type", "give int64, one for each")
        share = mechanisms.distributed_share(saturated(clean, self._terms.bound), self._event, self._noise)
        return share.astype(np.uint64)

    def _add_masks(self, values: Words, others: list[SiteKeys], state: SumState, salt: bytes) -> None:
        """The site's own mask, and one with each other site that this one adds and the other takes away."""
        add_mask(values, own_mask_seed(bytes.fromhex(state.seed), salt), 1)
        own = KeyPair(bytes.fromhex(state.mask_key))
        for other in others:
            seed = mask_seed(own, bytes.fromhex(other.mask_key), salt)
            add_mask(values, seed, 1 if self._site < other.site else -1)

    def _check_round(self, round_digest: str) -> None:
        if round_digest != self._terms.digest:
            raise ProtocolError("a masked sum's request is of another round", _REMEDY)

    def _check_enough(self, sites: int) -> None:
        if not sites >= self._event.survivors:
            raise ProtocolError("a masked sum has fewer sites left than its minimum of survivors", _REMEDY)
