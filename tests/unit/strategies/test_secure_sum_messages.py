"""Messages of masked sums: as many sites as there may be fit, whatever their names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.masked_sums import brought_to, names

from fedaug.privacy.limits import LIMITS
from fedaug.strategies.base import Message
from fedaug.strategies.secure_sum.messages import (
    AskMaskedShare,
    AskSumShares,
    AskSurvivors,
    AskUnmasking,
    SumShares,
    SumUnmasking,
    decode_sum_reply,
    decode_sum_request,
)
from fedaug.strategies.secure_sum.statements import SiteKeys, Survivors, SurvivorSignature
from fedaug.strategies.wire import encode

HEX = "ab" * 32
SIGNATURE = HEX * 2
SEALED, SHARE = "cd" * (2 * 33 + 28), "cd" * 33
MOST = tuple(f"{number:04}" + "x" * (LIMITS.name_chars - 4) for number in range(LIMITS.masked_sites))


def of_all(sites: tuple[str, ...]) -> list[tuple[Message, Callable[[bytes], object]]]:
    """Every message that grows with the number of sites, and its reader."""
    keys = tuple(SiteKeys(site=site, key_id=HEX, mask_key=HEX, share_key=HEX, signature=SIGNATURE) for site in sites)
    signatures = tuple(SurvivorSignature(site=site, signature=SIGNATURE) for site in sites)
    statement = Survivors(round=HEX, roster=HEX, shared=sites, survivors=sites)
    sealed, shares = dict.fromkeys(sites, SEALED), dict.fromkeys(sites, SHARE)
    return [
        (AskSumShares(round=HEX, sites=keys), decode_sum_request),
        (AskMaskedShare(round=HEX, sealed=sealed), decode_sum_request),
        (AskSurvivors(statement=statement), decode_sum_request),
        (AskUnmasking(round=HEX, signatures=signatures), decode_sum_request),
        (SumShares(roster=HEX, commitment=HEX, sealed=sealed), decode_sum_reply),
        (SumUnmasking(roster=HEX, seeds=shares, mask_keys={}), decode_sum_reply),
    ]


@pytest.mark.parametrize("number", range(6))
def test_a_thousand_sites_of_the_longest_names_fit_into_every_message(number: int) -> None:
    message, read = of_all(MOST)[number]
    found = read(encode(message))
    assert (found[0] if isinstance(found, tuple) else found) == message


def test_more_sites_than_the_limit_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 1000"):
        of_all((*MOST, "y"))


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_every_request_after_the_first_names_its_round(step: int) -> None:
    found = brought_to(("keys", "shares", "values", "survivors", "unmasking")[step])
    text = found.coordinator.requests()[names(5)[0]].decode("latin-1")
    assert found.terms.digest in text
