"""Masked sums against requests out of order, other terms, malformed values, and crashes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.masked_sums import (
    STEPS,
    brought_to,
    event,
    key_book,
    names,
    refused,
    request_to,
    signer,
    terms,
)
from tests.seeded_noise import SeededNoise

from fedaug.client.secure_sum import SumSite
from fedaug.client.secure_sum_state import Phase, SumState
from fedaug.errors import ConfigError, ProtocolError, SealError
from fedaug.server.secure_sum import run_sum
from fedaug.strategies.secure_sum.messages import (
    AskSumKeys,
    MaskedShare,
    SumShares,
    SumSurvivors,
    SumUnmasking,
    decode_sum_reply,
    decode_sum_request,
)
from fedaug.strategies.secure_sum.statements import SurvivorSignature
from fedaug.strategies.secure_sum.terms import SumTerms
from fedaug.strategies.wire import encode

ALICE, BOB, CAROL, DAVE, ERIN = names(5)


@pytest.mark.parametrize("step", STEPS)
def test_every_request_is_answered_once(step: str) -> None:
    found = brought_to(step)
    data = found.coordinator.requests()[ALICE]
    found.sites[ALICE].answer(data)
    with pytest.raises(ProtocolError, match="out of order, or was answered already"):
        found.sites[ALICE].answer(data)
    assert found.sites[ALICE].state.phase is Phase.OVER


def test_a_step_cannot_be_left_out() -> None:
    for asked_at, done in ((2, "keys"), (3, "shares"), (4, "values"), (1, "values"), (0, "survivors")):
        later = brought_to(STEPS[asked_at])
        found = brought_to(done)
        with pytest.raises(ProtocolError, match="out of order"):
            found.sites[ALICE].answer(later.coordinator.requests()[ALICE])


@pytest.mark.parametrize("step", ["shares", "values", "unmasking"])
def test_a_request_of_another_round_is_refused(step: str) -> None:
    found = brought_to(step)
    request = request_to(found, ALICE).model_copy(update={"round": "00" * 32})
    refused(found, ALICE, request, ProtocolError, "of another round")


def test_other_terms_than_the_accepted_ones_are_refused() -> None:
    found = brought_to("keys")
    refused(found, ALICE, AskSumKeys(terms=terms(challenge="77" * 16)), ProtocolError, "not those that were accepted")


def test_bytes_that_are_no_request_change_nothing() -> None:
    found = brought_to("shares")
    before = found.sites[ALICE].state
    for data in (b"", b"x" * 100, found.said[0][BOB], encode(SumUnmasking(roster="00" * 32, seeds={}, mask_keys={}))):
        with pytest.raises(ProtocolError):
            found.sites[ALICE].answer(data)
    assert found.sites[ALICE].state is before
    assert run_sum(found.coordinator, found.ask) is not None


def test_a_site_that_is_restarted_between_requests_goes_on() -> None:
    """Each request by another process, as Flower starts them, from the stored state alone."""
    found = brought_to("keys")

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
            state=brought_to("keys").sites[ALICE].state,
        )


def test_secrets_are_in_no_repr() -> None:
    found = brought_to("unmasking")
    state = found.sites[ALICE].state
    shown = repr(state) + str(state)
    secrets = [state.seed, state.mask_key, state.share_key]
    secrets += [part for shares in state.held.values() for part in (shares.seed, shares.mask_key)]
    assert len(secrets) == 13
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize("values", [np.zeros(5, np.int64), np.zeros(6), np.zeros((6, 1), np.int64)])
def test_a_contribution_of_another_shape_ends_the_round(values: np.ndarray) -> None:
    found = brought_to("values")
    found.sites[ALICE]._contribution = lambda: values
    with pytest.raises(ConfigError, match="another shape or type"):
        found.sites[ALICE].answer(found.coordinator.requests()[ALICE])
    assert found.sites[ALICE].state.phase is Phase.OVER


def test_a_contribution_that_fails_is_not_asked_for_again() -> None:
    """A second try would draw noise a second time, and a coordinator could compare."""
    found = brought_to("values")
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
    found = brought_to("values")
    replies = found.ask(found.coordinator.requests())
    share = decode_sum_reply(replies[BOB])[0]
    replies[BOB] = encode(share, {"values": values})
    found.coordinator.receive(replies)
    assert found.coordinator.faults == {BOB: "FA401"}
    total = run_sum(found.coordinator, found.ask)
    assert np.array_equal(total, found.plain((ALICE, CAROL, DAVE, ERIN)))


def test_replies_to_another_step_leave_the_site_out() -> None:
    for step in STEPS:
        found = brought_to(step)
        replies = found.ask(found.coordinator.requests())
        wrong = SumSurvivors(signed=SurvivorSignature(site=CAROL, signature="00" * 64))
        replies[ALICE] = found.said[0][ALICE] if step != "keys" else encode(wrong)
        replies[BOB] = encode(MaskedShare(roster="00" * 32), {"values": np.zeros(6, np.int64)})
        found.coordinator.receive(replies)
        assert found.coordinator.faults == {ALICE: "FA401", BOB: "FA401"}


def test_a_site_that_shares_with_only_some_is_left_out() -> None:
    found = brought_to("shares")
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
