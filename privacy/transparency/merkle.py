"""An append-only Merkle log (RFC 6962, section 2.1): roots, proofs and their checks, as pure functions.

A log is a sequence of entries (byte strings). Its root binds every entry and their order; an inclusion proof shows that
an entry stands at an index below a root, and a consistency proof that the log below one root is the beginning of the
log below another, in ⌈log2 n⌉ hashes or one more. Everything takes the entries themselves and hashes them as leaves,
never leaf hashes, so that a node cannot be passed off as an entry.

The ``verify_`` functions take proofs of untrusted origin: whatever does not prove the claim, malformed proofs and
impossible sizes included, gives False.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fedaug.errors import ProtocolError

#: Length of every root and of every node in a proof, in bytes.
HASH_BYTES: Final = hashlib.sha256().digest_size
#: Root of the log that holds nothing.
EMPTY_ROOT: Final = hashlib.sha256().digest()

# Leaves and nodes are hashed apart, else a node's 64 bytes could be presented as an entry (RFC 6962, section 2.1).
_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry), 32 bytes: MTH of a log of one entry (RFC 6962, section 2.1)."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), 32 bytes (RFC 6962, section 2.1)."""
    return hashlib.sha256(_NODE + left + right).digest()


@dataclass(frozen=True)
class Frontier:
    """What a log's next root depends on: the roots of its perfect subtrees, so entries can be appended one by one.

    Attributes:
        size: Number of entries.
        peaks: One 32-byte root for each bit that is set in ``size``, largest subtree first.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, entry: bytes) -> Frontier:
        """The frontier of the log with one entry more."""
        node, peaks, carried = leaf_hash(entry), list(self.peaks), self.size
        while carried & 1:
            node = node_hash(peaks.pop(), node)
            carried >>= 1
        return Frontier(self.size + 1, (*peaks, node))

    def extend(self, entries: Iterable[bytes]) -> Frontier:
        """The frontier of the log with several entries more."""
        grown = self
        for entry in entries:
            grown = grown.append(entry)
        return grown

    @property
    def root(self) -> bytes:
        """The log's root, 32 bytes."""
        if not self.peaks:
            return EMPTY_ROOT
        *larger, root = self.peaks
        for peak in reversed(larger):
            root = node_hash(peak, root)
        return root


def merkle_root(entries: Sequence[bytes]) -> bytes:
    """The root of a log, 32 bytes: MTH(D[n]) of RFC 6962, section 2.1."""
    return _root([leaf_hash(entry) for entry in entries])


def roots_of_beginnings(entries: Sequence[bytes], sizes: Iterable[int]) -> dict[int, bytes]:
    """The roots that a log had at earlier sizes, in one pass.

    Args:
        entries: The whole log.
        sizes: Those that are wanted; one that the log has not reached is left out.

    Returns:
        Size -> root, 32 bytes.
    """
    wanted = set(sizes)
    frontier = Frontier()
    roots = {0: frontier.root} if 0 in wanted else {}
    for entry in entries:
        frontier = frontier.append(entry)
        if frontier.size in wanted:
            roots[frontier.size] = frontier.root
    return roots


def inclusion_proof(entries: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The nodes beside the way from an entry up to the root: PATH(m, D[n]) of RFC 6962, section 2.1.1.

    Args:
        entries: The whole log.
        index: Of the entry, from 0.

    Raises:
        ProtocolError: The log has no such entry.
    """
    if not 0 <= index < len(entries):
        raise ProtocolError("a proof was asked for an entry that the log does not have", "ask for one that it has")
    level, proof = [leaf_hash(entry) for entry in entries], []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            proof.append(level[sibling])
        level, index = _parents(level), index >> 1
    return tuple(proof)


def consistency_proof(entries: Sequence[bytes], size: int) -> tuple[bytes, ...]:
    """The nodes that show a log's beginning unchanged: PROOF(m, D[n]) of RFC 6962, section 2.1.2.

    Args:
        entries: The whole log.
        size: Of the beginning, from 0 to the log's size; both ends need no node.

    Raises:
        ProtocolError: The log is shorter than that.
    """
    if not 0 <= size <= len(entries):
        raise ProtocolError("a proof was asked for a beginning that the log does not have", "ask for a shorter one")
    if size == 0:
        return ()
    leaves, proof = [leaf_hash(entry) for entry in entries], []
    whole = True  # whether what is left of the beginning is all of it, whose root the verifier holds
    while size < len(leaves):
        split = 1 << (len(leaves) - 1).bit_length() - 1
        if size <= split:
            proof.append(_root(leaves[split:]))
            leaves = leaves[:split]
        else:
            proof.append(_root(leaves[:split]))
            leaves, size, whole = leaves[split:], size - split, False
    if not whole:
        proof.append(_root(leaves))
    return tuple(reversed(proof))


def verify_inclusion(entry: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that an entry stands at an index of the log below a root (RFC 9162, section 2.1.3.2).

    Args:
        entry: The entry's bytes.
        index: Where it is said to stand, from 0.
        size: Of the log below the root.
        proof: As made by :func:`inclusion_proof`.
        root: Of the log, from a signed head.
    """
    if not 0 <= index < size or not _well_formed(proof, root):
        return False
    first, last, node = index, size - 1, leaf_hash(entry)
    for sibling in proof:
        if last == 0:
            return False
        if first & 1 or first == last:
            node = node_hash(sibling, node)
            first, last = _to_left_turn(first, last)
        else:
            node = node_hash(node, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and hmac.compare_digest(node, root)


def verify_consistency(first_size: int, first_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows that one log is the beginning of another (RFC 9162, section 2.1.4.2).

    The empty log is the beginning of every log, and a log of itself; both take an empty proof.

    Args:
        first_size: Of the shorter log.
        first_root: Of the shorter log, from a signed head.
        size: Of the longer log.
        root: Of the longer log, from a signed head.
        proof: As made by :func:`consistency_proof`.
    """
    if not 0 <= first_size <= size or not _well_formed((*proof, first_root), root):
        return False
    if first_size in (0, size):
        expected = root if first_size == size else EMPTY_ROOT
        return not proof and hmac.compare_digest(first_root, expected)
    # A beginning that is one perfect subtree is itself the node to start from, and left out of the proof.
    nodes = [first_root, *proof] if first_size & (first_size - 1) == 0 else list(proof)
    if not nodes:
        return False
    first, last = first_size - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    shorter = longer = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            shorter, longer = node_hash(node, shorter), node_hash(node, longer)
            first, last = _to_left_turn(first, last)
        else:
            longer = node_hash(longer, node)
        first, last = first >> 1, last >> 1
    return last == 0 and hmac.compare_digest(shorter, first_root) and hmac.compare_digest(longer, root)


def _root(level: list[bytes]) -> bytes:
    """Root over leaf hashes. Pairing each level and moving an odd last node up gives RFC 6962's left-full tree."""
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def _parents(level: list[bytes]) -> list[bytes]:
    above = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return [*above, level[-1]] if len(level) & 1 else above


def _to_left_turn(first: int, last: int) -> tuple[int, int]:
    """Skip the levels at which a node on the right edge has no sibling and moves up as it is."""
    while not first & 1 and first:
        first, last = first >> 1, last >> 1
    return first, last


def _well_formed(proof: Sequence[bytes], root: bytes) -> bool:
    return all(isinstance(node, bytes) and len(node) == HASH_BYTES for node in (*proof, root))
