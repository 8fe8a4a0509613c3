"""Masked sums against swapped, replayed, unsigned and borrowed keys, and changed shares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests import enrolment_lists as lists
from tests.masked_sums import (
    STEPS,
    World,
    brought_to,
    names,
    refused,
    request_to,
    said_by,
    signer,
    terms,
)

from fedaug.errors import BadSignature, NotEnrolled, ProtocolError, QuorumLost
from fedaug.privacy.enrolment import read_list
from fedaug.privacy.masking import shamir
from fedaug.privacy.masking.agreement import KeyPair
from fedaug.server.secure_sum import run_sum
from fedaug.strategies.secure_sum.messages import (
    AskMaskedShare,
    AskSumShares,
    SumKeys,
    decode_sum_reply,
)
from fedaug.strategies.secure_sum.statements import SiteKeys, sign_keys
from fedaug.strategies.secure_sum.terms import keys_of
from fedaug.strategies.wire import encode

ALICE, BOB, CAROL, DAVE, ERIN = names(5)


def changed_roster(found: World, change: Callable[[list[SiteKeys]], list[SiteKeys]]) -> AskSumShares:
    asked = request_to(found, ALICE)
    return AskSumShares(round=asked.round, sites=tuple(change(list(asked.sites))))


def replaced(site: str, **changes: str) -> Callable[[list[SiteKeys]], list[SiteKeys]]:
    return lambda sites: [one.model_copy(update=changes) if one.site == site else one for one in sites]


def other_keys(number: int) -> dict[str, str]:
    return {name: KeyPair(bytes([number + i]) * 32).public.hex() for i, name in enumerate(("mask_key", "share_key"))}


def test_a_swapped_key_is_refused() -> None:
    """The coordinator in the middle: its own keys under a site's name and signature."""
    found = brought_to("shares")
    refused(found, ALICE, changed_roster(found, replaced(BOB, **other_keys(40))), BadSignature, "does not match")


@pytest.mark.parametrize("key", ["mask_key", "share_key"])
def test_one_swapped_key_of_two_is_refused(key: str) -> None:
    found = brought_to("shares")
    change = replaced(BOB, **{key: other_keys(40)[key]})
    refused(found, ALICE, changed_roster(found, change), BadSignature, "does not match")


def test_keys_of_two_sites_exchanged_are_refused() -> None:
    found = brought_to("shares")

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
    earlier = brought_to("shares", terms=terms(challenge="77" * 16), seed=3)
    replay = next(keys for keys in request_to(earlier, ALICE).sites if keys.site == BOB)
    found = brought_to("shares")
    change = changed_roster(found, lambda sites: [replay if one.site == BOB else one for one in sites])
    refused(found, ALICE, change, BadSignature, "does not match")


@pytest.mark.parametrize("signature", ["00" * 64, "ff" * 64])
def test_an_unsigned_key_is_refused(signature: str) -> None:
    found = brought_to("shares")
    refused(found, ALICE, changed_roster(found, replaced(BOB, signature=signature)), BadSignature, "does not match")


def test_a_key_signed_by_a_stranger_is_refused() -> None:
    found = brought_to("shares")
    pairs = [KeyPair(bytes([60 + i]) * 32).public for i in range(2)]
    strange = sign_keys(found.terms, BOB, *pairs, lists.MALLORY)
    change = changed_roster(found, lambda sites: [strange if one.site == BOB else one for one in sites])
    refused(found, ALICE, change, NotEnrolled, "not on the enrolment list")


def test_a_key_signed_by_another_enrolled_site_is_refused() -> None:
    """A colluding site signs keys of the coordinator's in another's name."""
    found = brought_to("shares")
    pairs = [KeyPair(bytes([60 + i]) * 32).public for i in range(2)]
    forged = sign_keys(found.terms, BOB, *pairs, signer(2))
    change = changed_roster(found, lambda sites: [forged if one.site == BOB else one for one in sites])
    refused(found, ALICE, change, NotEnrolled, "another member")


def test_a_key_of_a_revoked_identity_is_refused() -> None:
    found = brought_to("shares")
    members = [lists.member(name, signer(number)) for number, name in enumerate(names(5)) if name != BOB]
    revoked = [{"key_id": lists.id_of(signer(1)), "epoch": 3, "reason": "stolen"}]
    data = lists.forged(lists.body(members=members, revoked=revoked))
    found.sites[ALICE]._key_of = keys_of(read_list(data, lists.AUTHORITY.public_key(), lists.NOW))
    refused(found, ALICE, request_to(found, ALICE), NotEnrolled, "was revoked")


def test_own_keys_that_were_replaced_are_refused() -> None:
    """The same site's keys of an attempt with the same terms: well signed, and not those whose private half is here."""
    other = brought_to("shares", seed=5)
    found = brought_to("shares")
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
    found = brought_to("shares")
    refused(found, ALICE, changed_roster(found, change), ProtocolError, why)


def test_one_key_under_two_names_is_refused() -> None:
    """A colluding site shows another's public key as its own: their masks would be known by symmetry."""
    found = brought_to("shares")
    bob = next(keys for keys in request_to(found, ALICE).sites if keys.site == BOB)
    copied = sign_keys(found.terms, CAROL, bytes.fromhex(bob.mask_key), bytes.fromhex(bob.share_key), signer(2))
    change = changed_roster(found, lambda sites: [copied if one.site == CAROL else one for one in sites])
    refused(found, ALICE, change, ProtocolError, "the same")


def test_a_key_whose_secret_anybody_knows_is_refused() -> None:
    """A point of small order, signed by a colluding site."""
    found = brought_to("shares")
    weak = sign_keys(found.terms, BOB, KeyPair(bytes([9]) * 32).public, bytes(32), signer(1))
    change = changed_roster(found, lambda sites: [weak if one.site == BOB else one for one in sites])
    refused(found, ALICE, change, ProtocolError, "cannot be used")


def test_the_coordinator_leaves_out_whose_key_is_not_theirs() -> None:
    """A thief on the line replays, swaps or strips a site's keys; three that are left still have their sum."""
    found = brought_to("keys")
    replies = found.ask(found.coordinator.requests())
    other = brought_to("shares", terms=terms(challenge="77" * 16), seed=3)
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
    found = brought_to("keys")
    replies = found.ask(found.coordinator.requests())
    replies[BOB] = replies[CAROL]
    found.coordinator.receive(replies)
    assert found.coordinator.faults == {BOB: "FA401"}


def test_the_coordinator_leaves_out_who_shows_a_key_that_is_in_use() -> None:
    """Another's keys under its own name, or one key for both purposes: sites would end the round for all."""
    found = brought_to("keys")
    replies = found.ask(found.coordinator.requests())
    alice = decode_sum_reply(replies[ALICE])[0].keys
    one = KeyPair(bytes([70]) * 32).public
    shown = {
        BOB: (bytes.fromhex(alice.mask_key), bytes.fromhex(alice.share_key)),
        CAROL: (one, one),
    }
    for name, pair in shown.items():
        keys = sign_keys(found.terms, name, *pair, signer(names(5).index(name)))
        replies[name] = encode(SumKeys(keys=keys))
    found.coordinator.receive(replies)
    assert found.coordinator.faults == {BOB: "FA401", CAROL: "FA401"}
    assert np.array_equal(run_sum(found.coordinator, found.ask), found.plain((ALICE, DAVE, ERIN)))


def test_a_list_that_gives_another_key_than_was_named_is_refused() -> None:
    """A caller's own lookup that knows sites by name only; the key that signed is then not the one that is named."""
    found = brought_to("shares")
    found.sites[ALICE]._key_of = lambda name, key_id: signer(names(5).index(name)).public_key()
    bob = next(keys for keys in request_to(found, ALICE).sites if keys.site == BOB)
    pair = (bytes.fromhex(bob.mask_key), bytes.fromhex(bob.share_key))
    strange = sign_keys(found.terms, BOB, *pair, lists.MALLORY)
    change = changed_roster(found, lambda sites: [strange if one.site == BOB else one for one in sites])
    refused(found, ALICE, change, BadSignature, "another key than the site's")


def test_without_enough_keys_the_coordinator_aborts() -> None:
    found = brought_to("keys")
    replies = found.ask(found.coordinator.requests())
    with pytest.raises(QuorumLost, match="2 sites are left of a masked sum that needs 3"):
        found.coordinator.receive({**dict.fromkeys(replies, b""), ALICE: replies[ALICE], BOB: replies[BOB]})
    assert set(found.coordinator.faults.values()) == {"FA401"}


# Shares


def test_shares_that_were_changed_are_refused() -> None:
    found = brought_to("values")
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
    found = brought_to("values")
    asked, other = request_to(found, ALICE), request_to(found, BOB)
    mixed = [
        asked.sealed | {CAROL: other.sealed[CAROL]},
        asked.sealed | {CAROL: asked.sealed[DAVE], DAVE: asked.sealed[CAROL]},
    ]
    for sealed in mixed:
        again = brought_to("values")
        bad = AskMaskedShare(round=asked.round, sealed=sealed)
        refused(again, ALICE, bad, ProtocolError, "does not open with its sender's key")


def test_a_site_masks_nothing_while_too_few_have_shared() -> None:
    """The contribution is not even asked for, so no record is read."""
    found = brought_to("values")
    found.sites[ALICE]._contribution = lambda: pytest.fail("records were read")
    asked = request_to(found, ALICE)
    few = AskMaskedShare(round=asked.round, sealed={BOB: asked.sealed[BOB]})
    refused(found, ALICE, few, ProtocolError, "fewer sites left than its minimum")


def test_shares_of_strangers_or_of_the_site_itself_are_refused() -> None:
    for stranger in ("site-900", ALICE):
        found = brought_to("values")
        asked = request_to(found, ALICE)
        more = AskMaskedShare(round=asked.round, sealed=asked.sealed | {stranger: asked.sealed[BOB]})
        refused(found, ALICE, more, ProtocolError, "not on its roster")


def test_a_site_that_lies_about_a_share_spoils_the_sum_and_is_noticed() -> None:
    for part in ("seeds", "mask_keys"):
        found = brought_to("unmasking", gone={ERIN: STEPS.index("values")})
        replies = found.ask(found.coordinator.requests())
        honest = decode_sum_reply(replies[ALICE])[0]
        shares = dict.fromkeys(getattr(honest, part), (5).to_bytes(shamir.SHARE_BYTES).hex())
        replies[ALICE] = encode(honest.model_copy(update={part: shares}))
        with pytest.raises(ProtocolError, match=r"do not give|not of one secret"):
            found.coordinator.receive(replies)
        assert not found.coordinator.done
