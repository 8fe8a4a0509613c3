"""The secrets of a site's de-identification: what surrogates are derived from, and what values are encrypted with.

They are made once, with the site, and lie in ``keys/deidentification.sealed`` under the store key, which a rotation of
the signing key leaves as it is. Nothing exports them: who holds the first can test guesses at what a surrogate stands
for, and who holds the second can read what was encrypted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fedaug.client.sealing import seal, unseal
from fedaug.errors import ConfigError, SealError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.deid.surrogates.key import KEY_BYTES, SurrogateKey
from fedaug.privacy.files import exclusive, private_folder, whole_file
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.noise import NoiseSource, SystemNoise

_FILE: Final = "deidentification.sealed"
_CONTEXT: Final = canonical_json({"purpose": "the keys of de-identification", "version": 1})
_ENCRYPTION_BYTES: Final = 32  # AES-256


@dataclass(frozen=True, repr=False)
class DeidKeys:
    """Both secrets, opened.

    Attributes:
        surrogates: What surrogates, shifts of dates and keyed hashes are derived from.
        encryption: The AES-256 key of values that are encrypted, 32 bytes.
    """

    surrogates: SurrogateKey
    encryption: bytes


def deid_keys(folder: Path, ring: KeyRing, noise: NoiseSource | None = None) -> DeidKeys:
    """A site's secrets of de-identification, made if there are none.

    Args:
        folder: The site's.
        ring: Seals them.
        noise: Where secret randomness comes from; tests alone pass another than the default.

    Raises:
        SealError: The file was changed, moved, or sealed with another site's keys.
        ConfigError: It cannot be read or written.
    """
    path = private_folder(folder / "keys") / _FILE
    try:
        if not path.exists():
            with exclusive(path.parent):  # two programs must not each make their own, nor a rotation tidy it away
                if not path.exists():
                    _make(path, ring, noise or SystemNoise())
        return _opened(path, ring)
    except OSError:
        raise ConfigError(
            "the keys of de-identification cannot be read or written", "check the permissions of the folder keys"
        ) from None


def _make(path: Path, ring: KeyRing, noise: NoiseSource) -> None:
    secrets = SurrogateKey.generate(noise).to_bytes() + noise.token(_ENCRYPTION_BYTES)
    with whole_file(path, overwrite=False) as file:
        seal([secrets], file, ring, _CONTEXT)


def _opened(path: Path, ring: KeyRing) -> DeidKeys:
    try:
        with path.open("rb") as file:
            secrets = b"".join(unseal(file, ring, _CONTEXT))
    except SealError:
        secrets = b""
    if len(secrets) != KEY_BYTES + _ENCRYPTION_BYTES:
        raise SealError(
            "the keys of de-identification were changed, cut short or moved",
            "restore keys/deidentification.sealed from a backup; with new ones surrogates would not be the same",
        )
    return DeidKeys(SurrogateKey(secrets[:KEY_BYTES]), secrets[KEY_BYTES:])
