"""The file with the secrets that surrogates, shifts and encryption draw on: for the site's own eyes, mode 0600."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.deid.surrogates.key import KEY_BYTES, SurrogateKey
from fedaug.privacy.files import read_at_most, whole_file
from fedaug.privacy.noise import NoiseSource

_FORMAT: Final = "fedaug-deid-key/1"
_MOST_BYTES: Final = 4_096


@dataclass(frozen=True)
class Keys:
    """What a key file holds.

    Attributes:
        surrogate: What surrogates, shifts and hashes are drawn with.
        encryption: What values are encrypted with.
    """

    surrogate: SurrogateKey = field(repr=False)
    encryption: bytes = field(repr=False)

    @property
    def mark(self) -> str:
        """Tells two keys apart and nothing of either: a keyed hash of a constant."""
        return self.surrogate.digest(b"mark").hex()[:16]


def make_key_file(path: Path, noise: NoiseSource) -> None:
    """Make a key file that its owner alone can read.

    Raises:
        ConfigError: There is a file of that name, or it cannot be written. A key that is lost is lost for good.
    """
    values = {
        "format": _FORMAT,
        "surrogate": SurrogateKey.generate(noise).to_bytes().hex(),
        "encryption": noise.token(KEY_BYTES).hex(),
    }
    try:
        with whole_file(path, overwrite=False) as file:
            file.write(json.dumps(values, indent=1).encode() + b"\n")
    except FileExistsError:
        raise ConfigError("the key file is there already", "use it, or choose another name") from None
    except OSError:
        raise ConfigError("the key file cannot be written", "check its folder's path and permissions") from None


def read_key_file(path: Path) -> Keys:
    """The secrets of a key file.

    Raises:
        MissingFile: It cannot be read.
        ConfigError: Others than its owner may read it, or it is not such a file.
    """
    data = read_at_most(path, _MOST_BYTES)
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError("others than its owner may read the key file", "run: chmod 600 on it")
    damaged = ConfigError("the key file is damaged, or is none", "make one with fedaug deid key")
    try:
        found = parse_json(data)
        if len(data) > _MOST_BYTES or found["format"] != _FORMAT:
            raise ValueError
        encryption = bytes.fromhex(found["encryption"])
        if len(encryption) != KEY_BYTES:
            raise ValueError
        return Keys(SurrogateKey(bytes.fromhex(found["surrogate"])), encryption)
    except (ProtocolError, ConfigError, KeyError, TypeError, ValueError):
        raise damaged from None
