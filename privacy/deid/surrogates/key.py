"""The site's secret that surrogates are derived from, and the one derivation: HMAC-SHA-256."""

from __future__ import annotations

import hmac
from typing import Final

from fedaug.errors import ConfigError
from fedaug.privacy.noise import NoiseSource

KEY_BYTES: Final = 32
_DOMAIN: Final = b"fedaug surrogates 1"


class SurrogateKey:
    """32 random bytes that never leave the site. Who holds them can test guesses at what a surrogate stands for.

    Args:
        secret: The bytes, as :meth:`to_bytes` gave them.

    Raises:
        ConfigError: They are not 32 bytes.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if not isinstance(secret, bytes) or len(secret) != KEY_BYTES:
            raise ConfigError("a surrogate key is not 32 bytes", "generate it with SurrogateKey.generate")
        self._secret = secret

    @classmethod
    def generate(cls, noise: NoiseSource) -> SurrogateKey:
        """A fresh key from a source of secret randomness."""
        return cls(noise.token(KEY_BYTES))

    def to_bytes(self) -> bytes:
        """The secret, to be stored sealed."""
        return self._secret

    def digest(self, *parts: bytes) -> bytes:
        """HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists of parts are one message."""
        message = [len(part).to_bytes(4, "big") + part for part in (_DOMAIN, *parts)]
        return hmac.digest(self._secret, b"".join(message), "sha256")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SurrogateKey) and hmac.compare_digest(self._secret, other._secret)

    def __hash__(self) -> int:
        return hash(self.digest(b"hash"))

    def __repr__(self) -> str:
        return "SurrogateKey(...)"

    def __reduce__(self) -> tuple[type[SurrogateKey], tuple[bytes]]:
        # Worker processes of one site are sent the key; nothing else writes it anywhere.
        return SurrogateKey, (self._secret,)
