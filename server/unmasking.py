"""Taking the masks off a sum: secrets joined from survivors' shares, checked, expanded and subtracted."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Final

from fedaug.errors import ProtocolError
from fedaug.privacy.masking import shamir
from fedaug.privacy.masking.agreement import KeyPair, commitment, mask_seed, own_mask_seed
from fedaug.privacy.masking.masks import Words, add_mask
from fedaug.strategies.secure_sum.messages import SumUnmasking
from fedaug.strategies.secure_sum.statements import SiteKeys, Survivors

_REMEDY: Final = "start another round; one of the survivors lied about a share"


def check_shares(message: SumUnmasking, statement: Survivors) -> None:
    """Check that a site gives a seed's share of every survivor and a key's share of every other.

    Raises:
        ProtocolError: It does not.
    """
    survivors = set(statement.survivors)
    if set(message.seeds) != survivors or set(message.mask_keys) != set(statement.shared) - survivors:
        raise ProtocolError("a site gives shares of other sites than it was asked for", "leave the site out")


def without_masks(
    total: Words,
    statement: Survivors,
    joins: Mapping[str, SumUnmasking],
    roster: Sequence[SiteKeys],
    commitments: Mapping[str, str],
    threshold: int,
) -> None:
    """Take all masks off the sum of survivors' masked values, in place, modulo 2^64.

    Args:
        total: Uint64 [d].
        statement: Who masked against whom, and whose values are in the sum.
        joins: Shares by the site that gave them; each was checked by :func:`check_shares`.
        roster: In order: a site's place in it, from 1, is where its shares lie on the polynomials.
        commitments: To survivors' seeds, hexadecimal.
        threshold: How many shares join a secret.

    Raises:
        ProtocolError: A joined secret is not the one that its site committed to.
    """
    keys = {one.site: one for one in roster}
    places = {one.site: place for place, one in enumerate(roster, start=1)}
    salt = bytes.fromhex(statement.roster)
    for site in statement.survivors:
        shares = {places[giver]: bytes.fromhex(join.seeds[site]) for giver, join in joins.items()}
        seed = shamir.join(shares, threshold)
        if not hmac.compare_digest(commitment(seed, salt).hex(), commitments[site]):
            raise ProtocolError("shares of a masked sum's seed do not give what was committed to", _REMEDY)
        add_mask(total, own_mask_seed(seed, salt), -1)
    for site in sorted(set(statement.shared) - set(statement.survivors)):
        shares = {places[giver]: bytes.fromhex(join.mask_keys[site]) for giver, join in joins.items()}
        pair = KeyPair(shamir.join(shares, threshold))
        if pair.public.hex() != keys[site].mask_key:
            raise ProtocolError("shares of a masked sum's key do not give the key that was shown", _REMEDY)
        for survivor in statement.survivors:
            # The survivor added the mask if its name comes first, else it took it away: the opposite is done here.
            sign = -1 if survivor < site else 1
            add_mask(total, mask_seed(pair, bytes.fromhex(keys[survivor].mask_key), salt), sign)
