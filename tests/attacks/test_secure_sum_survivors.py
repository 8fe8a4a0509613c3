"""Masked sums against a coordinator that wants two sets of survivors, or both shares of one site."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.masked_sums import (
    STEPS,
    World,
    brought_to,
    names,
    put,
    refused,
    request_to,
    signer,
)

from fedaug.client.secure_sum import SumSite
from fedaug.client.secure_sum_state import Phase
from fedaug.errors import BadSignature, ProtocolError
from fedaug.privacy.masking import shamir
from fedaug.privacy.masking.agreement import KeyPair, mask_seed, own_mask_seed
from fedaug.privacy.masking.masks import add_mask
from fedaug.server.secure_sum import run_sum
from fedaug.strategies.secure_sum.messages import (
    AskSurvivors,
    AskUnmasking,
    SumSurvivors,
    SumUnmasking,
    decode_sum_reply,
)
from fedaug.strategies.secure_sum.statements import Survivors, SurvivorSignature, sign_survivors
from fedaug.strategies.wire import encode

ALICE, BOB, CAROL, DAVE, ERIN = names(5)


def statement(found: World) -> Survivors:
    asked = request_to(found, ALICE)
    assert isinstance(asked, AskSurvivors)
    return asked.statement


def test_a_second_set_of_survivors_is_refused() -> None:
    """It would let a coordinator ask for both shares of a site: in one set it survived, in the other it did not."""
    found = brought_to("survivors")
    first = statement(found)
    put(found, ALICE, AskSurvivors(statement=first))
    second = first.model_copy(update={"survivors": (ALICE, BOB, CAROL)})
    with pytest.raises(ProtocolError, match="out of order, or was answered already"):
        put(found, ALICE, AskSurvivors(statement=second))
    assert found.sites[ALICE].state.phase is Phase.OVER


@pytest.mark.parametrize("first", [0, 1])
def test_shares_are_given_for_one_set_of_survivors_only(first: int) -> None:
    """Two sets, both signed by as many as there are: a site gives shares for the one that it signed, and once."""
    found = brought_to("survivors")
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
    found = brought_to("unmasking", gone=dict.fromkeys(names(5)[5 - lost :], STEPS.index("values")))
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
    roster = request_to(brought_to("shares"), ALICE).sites
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
    found = brought_to("survivors", make=GivesBoth)
    (noise,) = found.noises[BOB].drawn  # type: ignore[attr-defined]  # the world's noise remembers
    clear = np.mod(found.clean[BOB] + noise, found.terms.mechanism.modulus)
    assert np.array_equal(clear_share(found, BOB), clear)
    with pytest.raises(ProtocolError, match="out of order, or was answered already"):
        clear_share(brought_to("survivors"), BOB)


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
    found = brought_to("survivors")
    refused(found, ALICE, AskSurvivors(statement=statement(found).model_copy(update=change)), ProtocolError, why)


def test_two_sites_that_were_handed_different_shares_do_not_sign_one_statement() -> None:
    """A coordinator that hides from one site that another took part has nothing unmasked."""
    found = brought_to("values")
    asked = request_to(found, ALICE)
    less = {site: text for site, text in asked.sealed.items() if site != ERIN}
    replies = found.ask(found.coordinator.requests() | {ALICE: encode(asked.model_copy(update={"sealed": less}))})
    found.coordinator.receive(replies)
    with pytest.raises(ProtocolError, match="of another round"):
        found.sites[ALICE].answer(found.coordinator.requests()[ALICE])


def test_signatures_under_the_set_of_another_round_or_by_too_few_are_refused() -> None:
    right = brought_to("survivors")
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
        found = brought_to("unmasking")
        refused(found, ALICE, AskUnmasking(round=whole.round, signatures=given), error, why)


def test_a_signature_of_a_site_that_dropped_out_is_refused() -> None:
    found = brought_to("unmasking", gone={ERIN: STEPS.index("values")})
    asked = request_to(found, ALICE)
    said = found.sites[ALICE].state.survivors
    assert said is not None
    more = (*asked.signatures, sign_survivors(said, ERIN, signer(4)))
    late = AskUnmasking(round=asked.round, signatures=more)
    refused(found, ALICE, late, ProtocolError, "not one of them")


def test_the_coordinator_leaves_out_who_signs_another_set() -> None:
    """Else every site would refuse to unmask what is handed on to it."""
    found = brought_to("survivors")
    replies = found.ask(found.coordinator.requests())
    other = statement(found).model_copy(update={"survivors": (ALICE, BOB, CAROL)})
    replies[BOB] = encode(SumSurvivors(signed=sign_survivors(other, BOB, signer(1))))
    replies[CAROL] = replies[DAVE]
    found.coordinator.receive(replies)
    assert found.coordinator.faults == {BOB: "FA402", CAROL: "FA401"}
    assert np.array_equal(run_sum(found.coordinator, found.ask), found.plain(names(5)))


@pytest.mark.parametrize("part", ["seeds", "mask_keys"])
def test_the_coordinator_leaves_out_who_gives_shares_of_others_than_it_was_asked_for(part: str) -> None:
    found = brought_to("unmasking", gone={ERIN: STEPS.index("values")})
    replies = found.ask(found.coordinator.requests())
    given = decode_sum_reply(replies[BOB])[0]
    less = dict(list(getattr(given, part).items())[1:])
    replies[BOB] = encode(given.model_copy(update={part: less}))
    found.coordinator.receive(replies)
    assert found.coordinator.faults == {BOB: "FA401"}
    assert np.array_equal(found.coordinator.total, found.plain((ALICE, BOB, CAROL, DAVE)))


def test_nothing_is_unmasked_before_survivors_have_signed() -> None:
    found = brought_to("survivors")
    asked = AskUnmasking(round=found.terms.digest, signatures=())
    refused(found, ALICE, asked, ProtocolError, "out of order")
