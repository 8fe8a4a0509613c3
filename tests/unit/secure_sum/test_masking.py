"""What a masked sum is made of: shared secrets, agreed keys, masks, and room in a modulus."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.masked_sums import event
from tests.seeded_noise import SeededNoise

from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.masking import shamir
from fedaug.privacy.masking.agreement import (
    SEALED_BYTES,
    KeyPair,
    commitment,
    mask_seed,
    open_from,
    own_mask_seed,
    seal_for,
)
from fedaug.privacy.masking.fixed_point import check_room, most_of_a_sum, saturated, with_least_modulus
from fedaug.privacy.masking.masks import add_mask
from fedaug.privacy.mechanisms import distributed_sum

SECRETS = st.one_of(
    st.sampled_from([bytes(32), bytes(31) + b"\x01", b"\xff" * 32]), st.binary(min_size=32, max_size=32)
)
ROSTER = b"\x5a" * 32


# Shared secrets


def test_the_field_is_that_of_the_least_prime_above_all_secrets() -> None:
    """Miller-Rabin to 40 bases: a composite passes with a chance of 4^-40."""
    assert shamir.PRIME > 2 ** (8 * shamir.SECRET_BYTES)
    assert [k for k in range(1, 298) if _is_prime(2**256 + k)] == [297]
    assert shamir.PRIME.bit_length() <= 8 * shamir.SHARE_BYTES


def _is_prime(number: int) -> bool:
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in range(2, 42):
        power = pow(base, odd, number)
        if power not in {1, number - 1} and all((power := power**2 % number) != number - 1 for _ in range(twos - 1)):
            return False
    return True


@settings(max_examples=60, deadline=None)
@given(secret=SECRETS, holders=st.integers(1, 12), data=st.data())
def test_any_shares_up_to_the_threshold_give_the_secret(secret: bytes, holders: int, data: st.DataObject) -> None:
    threshold = data.draw(st.integers(1, holders))
    shares = shamir.split(secret, threshold, holders, SeededNoise(data.draw(st.integers(0, 1_000))))
    assert {len(share) for share in shares} == {shamir.SHARE_BYTES}
    kept = data.draw(st.sets(st.integers(1, holders), min_size=threshold))
    assert shamir.join({holder: shares[holder - 1] for holder in kept}, threshold) == secret


def test_one_share_less_fits_every_secret_equally() -> None:
    """With threshold - 1 shares, for each secret there is exactly one polynomial through them: none is less likely."""
    threshold, holders = 4, 7
    shares = shamir.split(b"\x07" * 32, threshold, holders, SeededNoise(1))
    known = {holder: shares[holder - 1] for holder in (1, 2, 3)}
    other = b"\x63" * 32
    # The value at 4 that makes the secret another one, by Lagrange's weights of the four places.
    weights = shamir._weights_at_zero((1, 2, 3, 4))
    values = [int.from_bytes(share) for share in known.values()]
    rest = int.from_bytes(other) - sum(weight * value for weight, value in zip(weights, values, strict=False))
    fourth = rest * pow(weights[3], -1, shamir.PRIME) % shamir.PRIME
    assert shamir.join(known | {4: fourth.to_bytes(shamir.SHARE_BYTES)}, threshold) == other
    with pytest.raises(ProtocolError, match="too few shares"):
        shamir.join(known, threshold)


def test_shares_of_one_secret_twice_are_not_the_same() -> None:
    first, again = (shamir.split(bytes(32), 3, 5, SeededNoise(seed)) for seed in (1, 2))
    assert not set(first) & set(again)
    assert len(set(first)) == 5


def test_a_threshold_of_one_is_the_secret_itself() -> None:
    assert shamir.split(b"\x01" * 32, 1, 3, SeededNoise(1)) == [b"\x00" + b"\x01" * 32] * 3


@pytest.mark.parametrize(
    ("secret", "threshold", "holders"),
    [(bytes(31), 2, 3), (bytes(33), 2, 3), (bytes(32), 0, 3), (bytes(32), 4, 3), (bytes(32), 2, 1_001)],
)
def test_what_cannot_be_shared_is_refused(secret: bytes, threshold: int, holders: int) -> None:
    with pytest.raises(ConfigError, match="cannot be shared"):
        shamir.split(secret, threshold, holders, SeededNoise(1))


@pytest.mark.parametrize("bad", [b"", bytes(32), bytes(34), b"\xff" * 33, shamir.PRIME.to_bytes(33)])
def test_a_malformed_share_is_refused(bad: bytes) -> None:
    shares = dict(enumerate(shamir.split(bytes(32), 3, 5, SeededNoise(1)), start=1))
    with pytest.raises(ProtocolError, match="malformed"):
        shamir.join(shares | {2: bad}, 3)


def test_shares_that_belong_to_no_secret_of_32_bytes_are_refused() -> None:
    """A polynomial whose value at 0 is 2^256."""
    polynomial = [2**256, 5, 7]
    shares = {place: shamir._value_at(polynomial, place).to_bytes(33) for place in (1, 2, 3)}
    with pytest.raises(ProtocolError, match="not of one secret"):
        shamir.join(shares, 3)


# Keys


def pairs(count: int) -> list[KeyPair]:
    return [KeyPair(bytes([number + 1]) * 32) for number in range(count)]


def test_both_sites_agree_on_one_mask_and_no_other_pair_or_round_has_it() -> None:
    one, two, three = pairs(3)
    found = {
        mask_seed(one, two.public, ROSTER),
        mask_seed(one, three.public, ROSTER),
        mask_seed(two, three.public, ROSTER),
        mask_seed(one, two.public, bytes(32)),
        own_mask_seed(one.private, ROSTER),
        own_mask_seed(one.private, bytes(32)),
        commitment(one.private, ROSTER),
        one.private,
        one.agree(two.public),
    }
    assert mask_seed(two, one.public, ROSTER) == mask_seed(one, two.public, ROSTER)
    assert len(found) == 9


def test_what_is_sealed_opens_for_its_receiver_from_its_sender_in_its_round_only() -> None:
    one, two, three = pairs(3)
    text = b"s" * 66
    sealed = seal_for(one, two.public, ROSTER, text, SeededNoise(1))
    assert len(sealed) == len(text) + SEALED_BYTES
    assert open_from(two, one.public, ROSTER, sealed) == text
    for reader, sender, roster in (
        (three, one, ROSTER),
        (two, three, ROSTER),
        (one, two, ROSTER),  # sent back to who sealed it
        (two, one, bytes(32)),
    ):
        with pytest.raises(ProtocolError, match="does not open"):
            open_from(reader, sender.public, roster, sealed)


@pytest.mark.parametrize("cut", [0, 5, 12, 20, 93])
def test_what_was_cut_does_not_open(cut: int) -> None:
    one, two, _ = pairs(3)
    sealed = seal_for(one, two.public, ROSTER, b"s" * 66, SeededNoise(1))
    with pytest.raises(ProtocolError, match="does not open"):
        open_from(two, one.public, ROSTER, sealed[:cut])


@pytest.mark.parametrize("weak", [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18])
def test_points_of_small_order_are_refused(weak: int) -> None:
    with pytest.raises(ProtocolError, match="cannot be used"):
        pairs(1)[0].agree(weak.to_bytes(32, "little"))


# Masks


@settings(max_examples=30, deadline=None)
@given(size=st.sampled_from([0, 1, 2, 2**15 - 1, 2**15, 2**15 + 1, 2**16 + 3]), seed=SECRETS)
def test_a_mask_is_the_key_stream_of_its_seed_and_goes_away_again(size: int, seed: bytes) -> None:
    values = np.arange(size, dtype=np.uint64) * np.uint64(2**63 + 11)
    added = values.copy()
    add_mask(added, seed, 1)
    stream = Cipher(algorithms.AES256(seed), modes.CTR(bytes(16))).encryptor().update(bytes(8 * size))
    assert np.array_equal(added - values, np.frombuffer(stream, "<u8"))
    add_mask(added, seed, -1)
    assert np.array_equal(added, values)


# Room

BOUNDS = st.sampled_from([1, 2, 2**20, 2**40 - 1, 2**40, 2**40 + 1])


@settings(max_examples=200, deadline=None)
@given(bound=BOUNDS, sites=st.sampled_from([2, 3, 5, 63, 64, 65, 1_000]), noise=st.booleans())
def test_the_least_modulus_holds_the_largest_sum_and_half_of_it_does_not(bound: int, sites: int, noise: bool) -> None:
    planned = event(sites, sites)
    planned = with_least_modulus(planned if noise else planned.scaled(0.0), bound)
    check_room(planned, bound)
    most = most_of_a_sum(planned, bound)
    assert most == sites * (bound + (10 * 2**24 if noise else 0))
    for total in (most, -most):
        assert int(distributed_sum([np.array([total % planned.modulus])], planned)[0]) == total
    if planned.modulus > 2:
        with pytest.raises(ProtocolError, match="may wrap round"):
            check_room(replace(planned, modulus=planned.modulus // 2), bound)


def test_a_sum_that_wraps_round_is_what_is_prevented() -> None:
    """One more than there is room for comes out with the other sign."""
    planned = replace(event().scaled(0.0), modulus=2**8)
    assert [int(distributed_sum([np.array([v % 256])], planned)[0]) for v in (127, 128, -128)] == [127, -128, -128]


def test_sums_beyond_the_largest_modulus_are_refused() -> None:
    assert with_least_modulus(event(), LIMITS.modulus // 16).modulus == LIMITS.modulus
    with pytest.raises(ConfigError, match="largest modulus"):
        with_least_modulus(event(), LIMITS.modulus // 8)


@settings(max_examples=100, deadline=None)
@given(
    first=st.lists(st.integers(-30, 30), min_size=4, max_size=4),
    second=st.lists(st.integers(-30, 30), min_size=4, max_size=4),
    bound=st.integers(1, 20),
)
def test_to_cut_a_sum_off_brings_no_two_data_sets_further_apart(
    first: list[int], second: list[int], bound: int
) -> None:
    one, other = np.array(first, np.int64), np.array(second, np.int64)
    before, after = one - other, saturated(one, bound) - saturated(other, bound)
    assert np.linalg.norm(after) <= np.linalg.norm(before)
    assert np.abs(saturated(one, bound)).max() <= bound


def test_what_is_within_the_bound_is_not_changed() -> None:
    values = np.array(list(itertools.product([-5, 0, 5], repeat=3)), np.int64)
    assert np.array_equal(saturated(values, 5), values)
