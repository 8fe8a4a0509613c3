"""Masked sums against a coordinator, a site or a stranger that does not keep to the protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests import enrolment_lists as lists
from tests.masked_sums import STEPS, World, clean_values, event, key_book, names, signer, terms
from tests.seeded_noise import SeededNoise

from fedaug.client.secure_sum import SumSite
from fedaug.client.secure_sum_state import Phase, SumState
from fedaug.errors import BadSignature, ConfigError, NotEnrolled, ProtocolError, QuorumLost, SealError
from fedaug.privacy.enrolment import read_list
from fedaug.privacy.masking import shamir
from fedaug.privacy.masking.agreement import KeyPair, mask_seed, own_mask_seed
from fedaug.privacy.masking.masks import add_mask
from fedaug.server.secure_sum import run_sum
from fedaug.strategies.secure_sum.messages import (
    AskMaskedShare,
    AskSumKeys,
    AskSumShares,
    AskSurvivors,
    AskUnmasking,
    MaskedShare,
    SumShares,
    SumSurvivors,
    SumUnmasking,
    decode_sum_reply,
    decode_sum_request,
)
from fedaug.strategies.secure_sum.statements import SiteKeys, Survivors, SurvivorSignature, sign_keys, sign_survivors
from fedaug.strategies.secure_sum.terms import SumTerms, keys_of
from fedaug.strategies.wire import encode

ALICE, BOB, CAROL, DAVE, ERIN = names(5)


def world(step: str, **changes: Any) -> World:
    """Five sites that have been brought up to a step."""
    return World(changes.pop("terms", terms()), clean_values(), **changes).until(step)


def request_to(found: World, site: str) -> Any:
    return decode_sum_request(found.coordinator.requests()[site])


def said_by(found: World, step: str, site: str) -> Any:
    return decode_sum_reply(found.said[STEPS.index(step)][site])[0]


def put(found: World, site: str, request: Any) -> Any:
    return decode_sum_reply(found.sites[site].answer(encode(request)))[0]


def refused(found: World, site: str, request: Any, error: type[ProtocolError], why: str) -> None:
    """The site refuses, and takes no further part in the round: the right request comes too late."""
    right = found.coordinator.requests()[site]
    with pytest.raises(error, match=why) as caught:
        put(found, site, request)
    assert type(caught.value) is error
    assert found.sites[site].state.phase is Phase.OVER
    assert set(found.sites[site].state.seed) == {"0"}
    with pytest.raises(ProtocolError, match="out of order, or was answered already"):
        found.sites[site].answer(right)


# Keys


def changed_roster(found: World, change: Callable[[list[SiteKeys]], list[SiteKeys]]) -> AskSumShares:
    asked = request_to(found, ALICE)
    return AskSumShares(round=asked.round, sites=tuple(change(list(asked.sites))))


def replaced(site: str, **changes: str) -> Callable[[list[SiteKeys]], list[SiteKeys]]:
    return lambda sites: [one.model_copy(update=changes) if one.site == site else one for one in sites]


def other_keys(number: int) -> dict[str, str]:
    return {name: KeyPair(bytes([number + i]) * 32).public.hex() for i, name in enumerate(("mask_key", "share_key"))}


def test_a_swapped_key_is_refused() -> None:
    """The coordinator in the middle: its own keys under a site's name and signature."""
    found = world("shares")
    refused(found, ALICE, changed_roster(found, replaced(BOB, **other_keys(40))), BadSignature, "does not match")


@pytest.mark.parametrize("key", ["mask_key", "share_key"])
def test_one_swapped_key_of_two_is_refused(key: str) -> None:
    found = world("shares")
    change = replaced(BOB, **{key: other_keys(40)[key]})
    refused(found, ALICE, changed_roster(found, change), BadSignature, "does not match")


def test_keys_of_two_sites_exchanged_are_refused() -> None:
    found = world("shares")

    def exchange(sites: list[SiteKeys]) -> list[SiteKeys]:
        bob, carol = sites[1], sites[2]
        return [
            sites[0],
            carol.model_copy(update={"site": BOB}),
            bob.model_copy(update={"site": CAROL}),
            *sites[3:],
        ]

    refused(found, ALICE, changed_roster(found, exchange), NotEnrolled, "another member")


def test_a_replayed_key_of_another_round_is_refused() -> None:
    earlier = world("shares", terms=terms(challenge="77" * 16), seed=3)
    replay = next(keys for keys in request_to(earlier, ALICE).sites if keys.site == BOB)
    found = world("shares")
    change = changed_roster(found, lambda sites: [replay if one.site == BOB else one for one in sites])
    refused(found, ALICE, change, BadSignature, "does not match")


@pytest.mark.parametrize("signature", ["00" * 64, "ff" * 64])
def test_an_unsigned_key_is_refused(signature: str) -> None:
    found = world("shares")
    refused(found, ALICE, changed_roster(found, replaced(BOB, signature=signature)), BadSignature, "does not match")


def test_a_key_signed_by_a_stranger_is_refused() -> None:
    found = world("shares")
    pairs = [KeyPair(bytes([60 + i]) * 32).public for i in range(2)]
    strange = sign_keys(found.terms, BOB, *pairs, lists.MALLORY)
    change = changed_roster(found, lambda sites: [strange if one.site == BOB else one for one in sites])
    refused(found, ALICE, change, NotEnrolled, "not on the enrolment list")


def test_a_key_signed_by_another_enrolled_site_is_refused() -> None:
    """A colluding site signs keys of the coordinator's in another's name."""
    found = world("shares")
    pairs = [KeyPair(bytes([60 + i]) * 32).public for i in range(2)]
    forged = sign_keys(found.terms, BOB, *pairs, signer(2))
    change = changed_roster(found, lambda sites: [forged if one.site == BOB else one for one in sites])
    refused(found, ALICE, change, NotEnrolled, "another member")


def test_a_key_of_a_revoked_identity_is_refused() -> None:
    found = world("shares")
    members = [lists.member(name, signer(number)) for number, name in enumerate(names(5)) if name != BOB]
    revoked = [{"key_id": lists.id_of(signer(1)), "epoch": 3, "reason": "stolen"}]
    data = lists.forged(lists.body(members=members, revoked=revoked))
    found.sites[ALICE]._key_of = keys_of(read_list(data, lists.AUTHORITY.public_key(), lists.NOW))
    refused(found, ALICE, request_to(found, ALICE), NotEnrolled, "was revoked")


def test_own_keys_that_were_replaced_are_refused() -> None:
    """The same site's keys of an attempt with the same terms: well signed, and not those whose private half is here."""
    other = world("shares", seed=5)
    found = world("shares")
    mine = next(keys for keys in request_to(other, ALICE).sites if keys.site == ALICE)
    change = changed_roster(found, lambda sites: [mine, *sites[1:]])
    refused(found, ALICE, change, ProtocolError, "holds other keys of it")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda sites: sites[:2], "fewer or more"),
        (lambda sites: sites[1:], "lacks this site"),
        (lambda sites: sites[::-1], "not in order"),
        (lambda sites: [*sites[:4], sites[3]], "not in order, or one is there twice"),
        (lambda sites: [*sites, sites[4]], "fewer or more"),
    ],
)
def test_a_roster_of_another_form_is_refused(change: Callable[[list[SiteKeys]], list[SiteKeys]], why: str) -> None:
    found = world("shares")
    refused(found, ALICE, changed_roster(found, change), ProtocolError, why)


def test_one_key_under_two_names_is_refused() -> None:
    """A colluding site shows another's public key as its own: their masks would be known by symmetry."""
    found = world("shares")
    bob = next(keys for keys in request_to(found, ALICE).sites if keys.site == BOB)
    copied = sign_keys(found.terms, CAROL, bytes.fromhex(bob.mask_key), bytes.fromhex(bob.share_key), signer(2))
    change = changed_roster(found, lambda sites: [copied if one.site == CAROL else one for one in sites])
    refused(found, ALICE, change, ProtocolError, "the same")


def test_a_key_whose_secret_anybody_knows_is_refused() -> None:
    """A point of small order, signed by a colluding site."""
    found = world("shares")
    weak = sign_keys(found.terms, BOB, KeyPair(bytes([9]) * 32).public, bytes(32), signer(1))
    change = changed_roster(found, lambda sites: [weak if one.site == BOB else one for one in sites])
    refused(found, ALICE, change, ProtocolError, "cannot be used")


def test_the_coordinator_leaves_out_whose_key_is_not_theirs() -> None:
    """A thief on the line replays, swaps or strips a site's keys; three that are left still have their sum."""
    found = world("keys")
    replies = found.ask(found.coordinator.requests())
    other = world("shares", terms=terms(challenge="77" * 16), seed=3)
    carol = said_by(other, "keys", CAROL)
    dave = decode_sum_reply(replies[DAVE])[0]
    replies[CAROL] = encode(carol)  # replayed
    replies[DAVE] = encode(dave.model_copy(update={"keys": dave.keys.model_copy(update=other_keys(50))}))
    found.coordinator.receive(replies)
    assert found.coordinator.faults == {CAROL: "FA402", DAVE: "FA402"}
    total = run_sum(found.coordinator, found.ask)
    assert found.coordinator.survivors == (ALICE, BOB, ERIN)
    assert np.array_equal(total, found.plain((ALICE, BOB, ERIN)))


def test_the_coordinator_leaves_out_who_speaks_in_anothers_name() -> None:
    found = world("keys")
    replies = found.ask(found.coordinator.requests())
    replies[BOB] = replies[CAROL]
    found.coordinator.receive(replies)
    assert found.coordinator.faults == {BOB: "FA401"}


def test_without_enough_keys_the_coordinator_aborts() -> None:
    found = world("keys")
    replies = found.ask(found.coordinator.requests())
    with pytest.raises(QuorumLost, match="2 sites are left of a masked sum that needs 3"):
        found.coordinator.receive({**dict.fromkeys(replies, b""), ALICE: replies[ALICE], BOB: replies[BOB]})
    assert set(found.coordinator.faults.values()) == {"FA401"}


# Shares


def test_shares_that_were_changed_are_refused() -> None:
    found = world("values")
    asked = request_to(found, ALICE)
    text = asked.sealed[BOB]
    changed = text[:-2] + ("00" if text[-2:] != "00" else "01")
    refused(
        found,
        ALICE,
        AskMaskedShare(round=asked.round, sealed=asked.sealed | {BOB: changed}),
        ProtocolError,
        "does not open with its sender's key",
    )


def test_shares_sealed_for_another_site_or_by_another_are_refused() -> None:
    found = world("values")
    asked, other = request_to(found, ALICE), request_to(found, BOB)
    mixed = [
        asked.sealed | {CAROL: other.sealed[CAROL]},
        asked.sealed | {CAROL: asked.sealed[DAVE], DAVE: asked.sealed[CAROL]},
    ]
    for sealed in mixed:
        again = world("values")
        bad = AskMaskedShare(round=asked.round, sealed=sealed)
        refused(again, ALICE, bad, ProtocolError, "does not open with its sender's key")


def test_a_site_masks_nothing_while_too_few_have_shared() -> None:
    """The contribution is not even asked for, so no record is read."""
    found = world("values")
    found.sites[ALICE]._contribution = lambda: pytest.fail("records were read")
    asked = request_to(found, ALICE)
    few = AskMaskedShare(round=asked.round, sealed={BOB: asked.sealed[BOB]})
    refused(found, ALICE, few, ProtocolError, "fewer sites left than its minimum")


def test_shares_of_strangers_or_of_the_site_itself_are_refused() -> None:
    for stranger in ("site-900", ALICE):
        found = world("values")
        asked = request_to(found, ALICE)
        more = AskMaskedShare(round=asked.round, sealed=asked.sealed | {stranger: asked.sealed[BOB]})
        refused(found, ALICE, more, ProtocolError, "not on its roster")


def test_a_site_that_lies_about_a_share_spoils_the_sum_and_is_noticed() -> None:
    for part in ("seeds", "mask_keys"):
        found = world("unmasking", gone={ERIN: STEPS.index("values")})
        replies = found.ask(found.coordinator.requests())
        honest = decode_sum_reply(replies[ALICE])[0]
        shares = dict.fromkeys(getattr(honest, part), (5).to_bytes(shamir.SHARE_BYTES).hex())
        replies[ALICE] = encode(honest.model_copy(update={part: shares}))
        with pytest.raises(ProtocolError, match=r"do not give|not of one secret"):
            found.coordinator.receive(replies)
        assert not found.coordinator.done


# Survivors


def statement(found: World) -> Survivors:
    asked = request_to(found, ALICE)
    assert isinstance(asked, AskSurvivors)
    return asked.statement


def test_a_second_set_of_survivors_is_refused() -> None:
    """It would let a coordinator ask for both shares of a site: in one set it survived, in the other it did not."""
    found = world("survivors")
    first = statement(found)
    put(found, ALICE, AskSurvivors(statement=first))
    second = first.model_copy(update={"survivors": (ALICE, BOB, CAROL)})
    with pytest.raises(ProtocolError, match="out of order, or was answered already"):
        put(found, ALICE, AskSurvivors(statement=second))
    assert found.sites[ALICE].state.phase is Phase.OVER


@pytest.mark.parametrize("first", [0, 1])
def test_shares_are_given_for_one_set_of_survivors_only(first: int) -> None:
    """Two sets, both signed by as many as there are: a site gives shares for the one that it signed, and once."""
    found = world("survivors")
    whole = statement(found)
    sets = [whole, whole.model_copy(update={"survivors": (ALICE, BOB, CAROL)})]
    put(found, ALICE, AskSurvivors(statement=sets[first]))

    def signed(survivors: Survivors) -> AskUnmasking:
        signatures = tuple(sign_survivors(survivors, name, signer(i)) for i, name in enumerate(names(3)))
        return AskUnmasking(round=whole.round, signatures=signatures)

    if first:
        with pytest.raises(BadSignature, match="does not match"):
            put(found, ALICE, signed(sets[0]))
    else:
        given = put(found, ALICE, signed(sets[0]))
        assert isinstance(given, SumUnmasking)
        assert (set(given.seeds), given.mask_keys) == (set(names(5)), {})
    with pytest.raises(ProtocolError, match="out of order, or was answered already"):
        put(found, ALICE, signed(sets[1]))


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_no_site_gives_both_shares_of_another(lost: int) -> None:
    found = world("unmasking", gone=dict.fromkeys(names(5)[5 - lost :], STEPS.index("values")))
    replies = found.ask(found.coordinator.requests())
    assert len(replies) == 5 - lost
    for data in replies.values():
        given = decode_sum_reply(data)[0]
        assert isinstance(given, SumUnmasking)
        assert set(given.seeds).isdisjoint(given.mask_keys)
        assert (len(given.seeds), len(given.mask_keys)) == (5 - lost, lost)


class GivesBoth(SumSite):
    """A seeded defect: forgets that it has signed, and answers for any set of survivors."""

    def answer(self, request: bytes) -> bytes:
        before = self.state
        try:
            return super().answer(request)
        finally:
            if before.phase in {Phase.SURVIVORS, Phase.UNMASKING}:
                forgot = {"phase": Phase.SURVIVORS if before.phase is Phase.UNMASKING else Phase.UNMASKING}
                self.state = before.model_copy(update=forgot | {"survivors": self.state.survivors})


def clear_share(found: World, victim: str) -> np.ndarray:
    """What a coordinator that gets both shares of a site does: it takes all masks off that site's values alone."""
    whole = statement(found)
    without = whole.model_copy(update={"survivors": tuple(name for name in whole.survivors if name != victim)})
    given: dict[str, dict[str, SumUnmasking]] = {}
    for survivors in (without, whole):
        helpers = without.survivors
        signatures = tuple(put(found, name, AskSurvivors(statement=survivors)).signed for name in helpers)
        asked = AskUnmasking(round=whole.round, signatures=signatures)
        given[survivors.model_dump_json()] = {name: put(found, name, asked) for name in helpers}
    roster = request_to(world("shares"), ALICE).sites
    places = {keys.site: place for place, keys in enumerate(roster, start=1)}
    joined = {}
    for part, survivors in (("mask_keys", without), ("seeds", whole)):
        shares = given[survivors.model_dump_json()]
        joined[part] = shamir.join(
            {places[name]: bytes.fromhex(getattr(one, part)[victim]) for name, one in shares.items()},
            found.terms.threshold,
        )
    salt = bytes.fromhex(whole.roster)
    values = decode_sum_reply(found.said[STEPS.index("values")][victim])[1]["values"].view(np.uint64).copy()
    add_mask(values, own_mask_seed(joined["seeds"], salt), -1)
    for keys in roster:
        if keys.site != victim:
            seed = mask_seed(KeyPair(joined["mask_keys"]), bytes.fromhex(keys.mask_key), salt)
            add_mask(values, seed, -1 if victim < keys.site else 1)
    return (values & np.uint64(found.terms.mechanism.modulus - 1)).view(np.int64)


def test_a_site_that_gave_both_shares_would_show_anothers_values() -> None:
    """The attack that one set of survivors prevents works where a site forgets what it has signed, and only there."""
    found = world("survivors", make=GivesBoth)
    (noise,) = found.noises[BOB].drawn  # type: ignore[attr-defined]  # the world's noise remembers
    clear = np.mod(found.clean[BOB] + noise, found.terms.mechanism.modulus)
    assert np.array_equal(clear_share(found, BOB), clear)
    with pytest.raises(ProtocolError, match="out of order, or was answered already"):
        clear_share(world("survivors"), BOB)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"survivors": (BOB, CAROL, DAVE)}, "lacks this site"),
        ({"survivors": (ALICE, BOB)}, "fewer sites left"),
        ({"survivors": (ALICE, CAROL, BOB)}, "not in order"),
        ({"survivors": (ALICE, BOB, BOB)}, "one is there twice"),
        ({"survivors": (ALICE, BOB, "site-900")}, "did not take part"),
        ({"shared": (ALICE, BOB, CAROL)}, "of another round"),
        ({"roster": "00" * 32}, "of another round"),
        ({"round": "00" * 32}, "of another round"),
    ],
)
def test_a_set_of_survivors_that_cannot_be_is_not_signed(change: dict[str, Any], why: str) -> None:
    found = world("survivors")
    refused(found, ALICE, AskSurvivors(statement=statement(found).model_copy(update=change)), ProtocolError, why)


def test_two_sites_that_were_handed_different_shares_do_not_sign_one_statement() -> None:
    """A coordinator that hides from one site that another took part has nothing unmasked."""
    found = world("values")
    asked = request_to(found, ALICE)
    less = {site: text for site, text in asked.sealed.items() if site != ERIN}
    replies = found.ask(found.coordinator.requests() | {ALICE: encode(asked.model_copy(update={"sealed": less}))})
    found.coordinator.receive(replies)
    with pytest.raises(ProtocolError, match="of another round"):
        found.sites[ALICE].answer(found.coordinator.requests()[ALICE])


def test_signatures_under_the_set_of_another_round_or_by_too_few_are_refused() -> None:
    right = world("survivors")
    whole = statement(right)

    def signatures(survivors: Survivors, *who: int, by: int = 0) -> tuple[SurvivorSignature, ...]:
        return tuple(sign_survivors(survivors, names(5)[i], signer(i + by)) for i in who)

    other = whole.model_copy(update={"roster": "00" * 32})
    cases: list[tuple[tuple[SurvivorSignature, ...], type[ProtocolError], str]] = [
        (signatures(whole, 0, 1), ProtocolError, "by too few"),
        (signatures(whole, 0, 1, 1), ProtocolError, "one is there twice"),
        (signatures(whole, 2, 1, 0), ProtocolError, "not in order"),
        (signatures(other, 0, 1, 2), BadSignature, "does not match"),
        (signatures(whole, 0, 1, 2, by=1), BadSignature, "does not match"),
    ]
    for given, error, why in cases:
        found = world("unmasking")
        refused(found, ALICE, AskUnmasking(round=whole.round, signatures=given), error, why)


def test_a_signature_of_a_site_that_dropped_out_is_refused() -> None:
    found = world("unmasking", gone={ERIN: STEPS.index("values")})
    asked = request_to(found, ALICE)
    said = found.sites[ALICE].state.survivors
    assert said is not None
    more = (*asked.signatures, sign_survivors(said, ERIN, signer(4)))
    late = AskUnmasking(round=asked.round, signatures=more)
    refused(found, ALICE, late, ProtocolError, "not one of them")


def test_nothing_is_unmasked_before_survivors_have_signed() -> None:
    found = world("survivors")
    asked = AskUnmasking(round=found.terms.digest, signatures=())
    refused(found, ALICE, asked, ProtocolError, "out of order")


# Order, state, replies


@pytest.mark.parametrize("step", STEPS)
def test_every_request_is_answered_once(step: str) -> None:
    found = world(step)
    data = found.coordinator.requests()[ALICE]
    found.sites[ALICE].answer(data)
    with pytest.raises(ProtocolError, match="out of order, or was answered already"):
        found.sites[ALICE].answer(data)
    assert found.sites[ALICE].state.phase is Phase.OVER


def test_a_step_cannot_be_left_out() -> None:
    for asked_at, done in ((2, "keys"), (3, "shares"), (4, "values"), (1, "values"), (0, "survivors")):
        later = world(STEPS[asked_at])
        found = world(done)
        with pytest.raises(ProtocolError, match="out of order"):
            found.sites[ALICE].answer(later.coordinator.requests()[ALICE])


@pytest.mark.parametrize("step", ["shares", "values", "unmasking"])
def test_a_request_of_another_round_is_refused(step: str) -> None:
    found = world(step)
    request = request_to(found, ALICE).model_copy(update={"round": "00" * 32})
    refused(found, ALICE, request, ProtocolError, "of another round")


def test_other_terms_than_the_accepted_ones_are_refused() -> None:
    found = world("keys")
    refused(found, ALICE, AskSumKeys(terms=terms(challenge="77" * 16)), ProtocolError, "not those that were accepted")


def test_bytes_that_are_no_request_change_nothing() -> None:
    found = world("shares")
    before = found.sites[ALICE].state
    for data in (b"", b"x" * 100, found.said[0][BOB], encode(SumUnmasking(roster="00" * 32, seeds={}, mask_keys={}))):
        with pytest.raises(ProtocolError):
            found.sites[ALICE].answer(data)
    assert found.sites[ALICE].state is before
    assert run_sum(found.coordinator, found.ask) is not None


def test_a_site_that_is_restarted_between_requests_goes_on() -> None:
    """Each request by another process, as Flower starts them, from the stored state alone."""
    found = world("keys")

    def restarted(requests: Any) -> dict[str, bytes]:
        for number, name in enumerate(found.sites):
            found.sites[name] = SumSite(
                found.terms,
                site=name,
                signer=signer(number),
                key_of=key_book(5),
                contribution=lambda name=name: found.clean[name],
                noise=found.noises[name],
                state=SumState.decode(found.sites[name].state.encode()),
            )
        return found.ask(requests)

    assert np.array_equal(run_sum(found.coordinator, restarted), found.plain(names(5)))
    assert {site.state.phase for site in found.sites.values()} == {Phase.OVER}


def test_a_state_that_is_none_or_of_another_round_is_refused() -> None:
    with pytest.raises(SealError):
        SumState.decode(b'{"phase": 1}')
    with pytest.raises(ConfigError, match="another masked sum"):
        SumSite(
            terms(challenge="77" * 16),
            site=ALICE,
            signer=signer(0),
            key_of=key_book(5),
            contribution=lambda: np.zeros(6, np.int64),
            noise=SeededNoise(0),
            state=world("keys").sites[ALICE].state,
        )


def test_secrets_are_in_no_repr() -> None:
    found = world("unmasking")
    state = found.sites[ALICE].state
    shown = repr(state) + str(state)
    secrets = [state.seed, state.mask_key, state.share_key]
    secrets += [part for shares in state.held.values() for part in (shares.seed, shares.mask_key)]
    assert len(secrets) == 13
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize("values", [np.zeros(5, np.int64), np.zeros(6), np.zeros((6, 1), np.int64)])
def test_a_contribution_of_another_shape_ends_the_round(values: np.ndarray) -> None:
    found = world("values")
    found.sites[ALICE]._contribution = lambda: values
    with pytest.raises(ConfigError, match="another shape or type"):
        found.sites[ALICE].answer(found.coordinator.requests()[ALICE])
    assert found.sites[ALICE].state.phase is Phase.OVER


def test_a_contribution_that_fails_is_not_asked_for_again() -> None:
    """A second try would draw noise a second time, and a coordinator could compare."""
    found = world("values")
    asked = 0

    def fails() -> np.ndarray:
        nonlocal asked
        asked += 1
        raise OSError("the disk is gone")

    found.sites[ALICE]._contribution = fails
    data = found.coordinator.requests()[ALICE]
    with pytest.raises(OSError, match="disk"):
        found.sites[ALICE].answer(data)
    with pytest.raises(ProtocolError, match="answered already"):
        found.sites[ALICE].answer(data)
    assert asked == 1


@pytest.mark.parametrize(
    "values",
    [
        np.zeros(5, np.int64),
        np.zeros(6),
        np.zeros(6, np.int32),
        np.full(6, -1, np.int64),
        np.full(6, 2**62, np.int64),
    ],
)
def test_masked_values_of_another_shape_or_beyond_the_modulus_leave_the_site_out(values: np.ndarray) -> None:
    found = world("values")
    replies = found.ask(found.coordinator.requests())
    share = decode_sum_reply(replies[BOB])[0]
    replies[BOB] = encode(share, {"values": values})
    found.coordinator.receive(replies)
    assert found.coordinator.faults == {BOB: "FA401"}
    total = run_sum(found.coordinator, found.ask)
    assert np.array_equal(total, found.plain((ALICE, CAROL, DAVE, ERIN)))


def test_replies_to_another_step_leave_the_site_out() -> None:
    for step in STEPS:
        found = world(step)
        replies = found.ask(found.coordinator.requests())
        wrong = SumSurvivors(signed=SurvivorSignature(site=CAROL, signature="00" * 64))
        replies[ALICE] = found.said[0][ALICE] if step != "keys" else encode(wrong)
        replies[BOB] = encode(MaskedShare(roster="00" * 32), {"values": np.zeros(6, np.int64)})
        found.coordinator.receive(replies)
        assert found.coordinator.faults == {ALICE: "FA401", BOB: "FA401"}


def test_a_site_that_shares_with_only_some_is_left_out() -> None:
    found = world("shares")
    replies = found.ask(found.coordinator.requests())
    shares = decode_sum_reply(replies[BOB])[0]
    assert isinstance(shares, SumShares)
    some = {site: text for site, text in shares.sealed.items() if site != ERIN}
    replies[BOB] = encode(shares.model_copy(update={"sealed": some}))
    found.coordinator.receive(replies)
    assert found.coordinator.faults == {BOB: "FA401"}


# Terms


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"threshold": 2}, "two survivor sets signed"),
        ({"threshold": 4}, "above its minimum of survivors"),
        ({"bound": 2**41}, "may wrap round"),
        ({"event": event().as_dict() | {"modulus": 2**50 - 1}}, "not a power of two"),
        ({"event": event(dimensions=9_000_000).as_dict()}, "do not fit into one message"),
        ({"event": event().own_share().as_dict()}, "of another mechanism"),
        ({"event": event().as_dict() | {"sites": 1_001}}, "more than the limit"),
        ({"event": event(1, 1).as_dict(), "threshold": 1}, "fewer than two"),
        ({"event": event(5, 3, 2).as_dict(), "threshold": 3}, "two survivor sets signed"),
        ({"event": {}}, "event"),
    ],
)
def test_terms_that_promise_too_little_are_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        terms(**changes)


def test_terms_are_refused_by_a_site_before_it_answers() -> None:
    good = encode(AskSumKeys(terms=terms()))
    assert isinstance(decode_sum_request(good), AskSumKeys)
    weak = good.replace(b'\\"threshold\\":3', b'\\"threshold\\":2')
    assert weak != good
    with pytest.raises(ProtocolError, match="two survivor sets signed"):
        decode_sum_request(weak)


def test_every_change_of_the_terms_is_another_round() -> None:
    rounds: list[SumTerms] = [
        terms(),
        terms(campaign="winter"),
        terms(plan="cd" * 32),
        terms(bound=2**39),
        terms(challenge="77" * 16),
        terms(event(5, 4)),
        terms(event(5, 4), threshold=4),
        terms(event(noise_std=2.0)),
    ]
    assert len({one.digest for one in rounds}) == len(rounds)
