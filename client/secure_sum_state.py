"""What a site remembers of a masked sum between two requests, as one value that can be sealed and stored."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

from pydantic import Field, ValidationError

from fedaug.errors import SealError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.noise import NoiseSource
from fedaug.strategies.base import Message
from fedaug.strategies.secure_sum.messages import ShareText
from fedaug.strategies.secure_sum.statements import SiteKeys, Survivors
from fedaug.strategies.secure_sum.terms import SiteName, SumTerms

_Secret = Annotated[str, Field(pattern="^[0-9a-f]{64}$", repr=False)]


class Phase(IntEnum):
    """What a site will answer next; it never goes back."""

    KEYS = 0
    SHARES = 1
    VALUES = 2
    SURVIVORS = 3
    UNMASKING = 4
    OVER = 5


class HeldShares(Message):
    """What one site dealt to this one."""

    seed: ShareText = Field(repr=False)
    mask_key: ShareText = Field(repr=False)


class SumState(Message):
    """A site's side of one round.

    It holds secrets: store it sealed only, and never go back to an older one, which would sign a second set of
    survivors.

    Attributes:
        terms: Of the round.
        phase: What comes next.
        mask_key: X25519, private: pairwise masks.
        share_key: X25519, private: sealed shares.
        seed: Of the site's own mask.
        sites: The roster, once it is known.
        held: By the site that dealt them, this one included.
        survivors: The one set that the site has signed.
    """

    terms: SumTerms
    phase: Phase = Phase.KEYS
    mask_key: _Secret
    share_key: _Secret
    seed: _Secret
    sites: tuple[SiteKeys, ...] = ()
    held: dict[SiteName, HeldShares] = Field(default_factory=dict, repr=False)
    survivors: Survivors | None = None

    @classmethod
    def begin(cls, terms: SumTerms, noise: NoiseSource) -> SumState:
        """A round of which nothing was asked yet, with fresh secrets."""
        mask_key, share_key, seed = (noise.token(32).hex() for _ in range(3))
        return cls(terms=terms, mask_key=mask_key, share_key=share_key, seed=seed)

    def over(self) -> SumState:
        """The end of the round, its secrets forgotten."""
        return SumState(terms=self.terms, phase=Phase.OVER, mask_key="0" * 64, share_key="0" * 64, seed="0" * 64)

    def encode(self) -> bytes:
        """As bytes, secrets in the clear: to be sealed."""
        return canonical_json(self.model_dump(mode="json"))

    @classmethod
    def decode(cls, data: bytes) -> SumState:
        """What :meth:`encode` wrote, out of its seal.

        Raises:
            SealError: It is something else.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError:
            raise SealError("the stored state of a masked sum is malformed", "take no further part in it") from None
