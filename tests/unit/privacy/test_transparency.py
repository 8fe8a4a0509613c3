"""The Merkle log against a literal reading of RFC 6962, and against the public vectors of its checkers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedaug.errors import ProtocolError
from fedaug.privacy.transparency.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    merkle_root,
    node_hash,
    roots_of_beginnings,
    verify_consistency,
    verify_inclusion,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[2] / "vectors" / "rfc6962.json").read_text(encoding="utf-8")
)
ENTRIES = [bytes.fromhex(entry) for entry in VECTORS["entries"]]
# Sizes around powers of two, where a tree changes its shape, and entries that repeat.
LOGS = st.one_of(
    st.lists(st.binary(max_size=4), max_size=70),
    st.sampled_from([0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65]).map(
        lambda size: [bytes([number]) for number in range(size)]
    ),
)


def split(size: int) -> int:
    """The largest power of two below a size."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def mth(entries: list[bytes]) -> bytes:
    """Section 2.1, word for word."""
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(index: int, entries: list[bytes]) -> list[bytes]:
    """Section 2.1.1, word for word."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*path(index, entries[:k]), mth(entries[k:])]
    return [*path(index - k, entries[k:]), mth(entries[:k])]


def subproof(size: int, entries: list[bytes], whole: bool) -> list[bytes]:
    """Section 2.1.2, word for word."""
    if size == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if size <= k:
        return [*subproof(size, entries[:k], whole), mth(entries[k:])]
    return [*subproof(size - k, entries[k:], False), mth(entries[:k])]


def changed(proof: list[bytes], position: int, bit: int) -> list[bytes]:
    node = bytearray(proof[position])
    node[bit // 8] ^= 1 << bit % 8
    return [*proof[:position], bytes(node), *proof[position + 1 :]]


def test_published_roots() -> None:
    assert len(VECTORS["roots"]) == 9
    for size, root in enumerate(VECTORS["roots"]):
        assert merkle_root(ENTRIES[:size]).hex() == root
        assert Frontier().extend(ENTRIES[:size]).root.hex() == root


def test_published_hashes_of_leaf_and_node() -> None:
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_published_inclusion_proofs() -> None:
    cases = VECTORS["inclusion"]
    assert (len(cases), sum(case["valid"] for case in cases)) == (77, 5)
    for case in cases:
        entry, root = bytes.fromhex(case["entry"]), bytes.fromhex(case["root"])
        proof = [bytes.fromhex(node) for node in case["proof"]]
        assert verify_inclusion(entry, case["index"], case["size"], proof, root) is case["valid"], case["path"]


def test_published_consistency_proofs() -> None:
    cases = VECTORS["consistency"]
    assert (len(cases), sum(case["valid"] for case in cases)) == (98, 6)
    for case in cases:
        first, root = bytes.fromhex(case["first_root"]), bytes.fromhex(case["root"])
        proof = [bytes.fromhex(node) for node in case["proof"]]
        # One published case calls two equal texts consistent that are no roots at all; here roots are 32 bytes.
        expected = case["valid"] and len(root) == 32
        assert verify_consistency(case["first_size"], first, case["size"], root, proof) is expected, case["path"]


@given(LOGS)
def test_roots_are_those_of_the_rfc(entries: list[bytes]) -> None:
    assert merkle_root(entries) == Frontier().extend(entries).root == mth(entries)
    sizes = range(len(entries) + 3)
    assert roots_of_beginnings(entries, sizes) == {size: mth(entries[:size]) for size in range(len(entries) + 1)}


@given(LOGS, st.data())
def test_inclusion_proofs_are_those_of_the_rfc_and_prove_nothing_else(
    entries: list[bytes], data: st.DataObject
) -> None:
    if not entries:
        return
    index = data.draw(st.integers(0, len(entries) - 1))
    proof, root, size = list(inclusion_proof(entries, index)), mth(entries), len(entries)
    assert proof == path(index, entries)
    assert verify_inclusion(entries[index], index, size, proof, root)

    assert not verify_inclusion(entries[index] + b"x", index, size, proof, root)
    assert not verify_inclusion(entries[index], index, size, proof, leaf_hash(root))
    assert not verify_inclusion(entries[index], index, size, [*proof, root], root)
    other = data.draw(st.integers(0, size - 1))
    assert verify_inclusion(entries[index], other, size, proof, root) <= (entries[index] == entries[other])
    if proof:
        position = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        assert not verify_inclusion(entries[index], index, size, changed(proof, position, bit), root)
        assert not verify_inclusion(entries[index], index, size, proof[:-1], root)


@given(LOGS, st.data())
def test_consistency_proofs_are_those_of_the_rfc_and_prove_nothing_else(
    entries: list[bytes], data: st.DataObject
) -> None:
    size, longer = data.draw(st.integers(0, len(entries))), len(entries)
    first, root, proof = mth(entries[:size]), mth(entries), list(consistency_proof(entries, size))
    assert proof == (subproof(size, entries, True) if size else [])
    assert verify_consistency(size, first, longer, root, proof)

    assert not verify_consistency(size, leaf_hash(first), longer, root, proof)
    assert not verify_consistency(size, first, longer, root, [*proof, root])
    assert size == 0 or not verify_consistency(size, first, longer, leaf_hash(root), proof)
    assert longer == 0 or not verify_consistency(longer, root, size, first, proof) or size == longer
    if proof:
        position = data.draw(st.integers(0, len(proof) - 1))
        bit = data.draw(st.integers(0, 255))
        assert not verify_consistency(size, first, longer, root, changed(proof, position, bit))
        assert not verify_consistency(size, first, longer, root, proof[:-1])


@given(LOGS, st.data())
def test_a_rewritten_beginning_is_never_consistent(entries: list[bytes], data: st.DataObject) -> None:
    if not entries:
        return
    size = data.draw(st.integers(1, len(entries)))
    place = data.draw(st.integers(0, size - 1))
    rewritten = [*entries[:place], entries[place] + b"x", *entries[place + 1 :]]
    proof = consistency_proof(rewritten, size)
    assert not verify_consistency(size, mth(entries[:size]), len(entries), mth(rewritten), proof)


@pytest.mark.parametrize("proof", [[b""], [b"short"], [bytes(33)], ["0" * 32], [None], [bytes(32)] * 300])
@pytest.mark.parametrize("numbers", [(0, 1), (3, 8), (-1, 8), (8, 8), (9, 8), (0, 0), (2**80, 2**80 + 1)])
def test_malformed_proofs_are_false_and_never_raise(proof: Any, numbers: tuple[int, int]) -> None:
    root = merkle_root(ENTRIES)
    assert not verify_inclusion(ENTRIES[0], *numbers, proof, root)
    assert not verify_consistency(numbers[0], EMPTY_ROOT, numbers[1], root, proof)
    assert not verify_inclusion(ENTRIES[0], 0, 1, (), "root")  # type: ignore[arg-type]  # an untyped caller's


@pytest.mark.parametrize("place", [-1, 8, 9])
def test_proofs_of_what_a_log_does_not_hold_are_refused(place: int) -> None:
    with pytest.raises(ProtocolError, match="FA401: a proof was asked for an entry"):
        inclusion_proof(ENTRIES, place)
    if place != 8:
        with pytest.raises(ProtocolError, match="FA401: a proof was asked for a beginning"):
            consistency_proof(ENTRIES, place)


def test_an_inner_node_does_not_pass_for_an_entry() -> None:
    """The second-preimage attack that the two prefixes are there against."""
    left, right = leaf_hash(ENTRIES[0]), leaf_hash(ENTRIES[1])
    assert merkle_root([left + right]) != merkle_root(ENTRIES[:2])
    assert not verify_inclusion(left + right, 0, 1, (), merkle_root(ENTRIES[:2]))


def test_frontiers_are_values() -> None:
    begun = Frontier().extend(ENTRIES[:3])
    one, other = begun.append(b"one"), begun.append(b"other")
    assert one.root != other.root
    assert begun.root == merkle_root(ENTRIES[:3])
    assert one == Frontier().extend([*ENTRIES[:3], b"one"])
