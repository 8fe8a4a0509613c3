"""``fedaug keys``: a member's public key; making it, and replacing it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedaug.console import ask_twice, commands
from fedaug.errors import ConfigError

if TYPE_CHECKING:
    from fedaug.privacy.keys import KeyRing


def keys(
    folder: Annotated[Path, typer.Argument(help="The folder of a site, a coordinator or a consortium's authority.")],
    *,
    new: Annotated[bool, typer.Option("--new", help="Make keys for a coordinator or an authority.")] = False,
    rotate: Annotated[bool, typer.Option("--rotate", help="Replace the signing key by a new one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")] = False,
) -> None:
    """Print a member's public key and its id, to compare with what is enrolled. Nothing secret is printed.

    The passphrase is read from the file that FEDAUG_PASSPHRASE_FILE names, else from the systemd credential
    fedaug-passphrase, else asked for on the terminal. `fedaug site init` makes a site's keys.

    After --rotate have the new key enrolled, and start what runs with the old one anew.

    Example: fedaug keys st-mary
    """
    with commands():
        if new and rotate:
            raise ConfigError("--new and --rotate exclude each other", "give one of them")
        ring = _made(folder) if new else _rotated(folder) if rotate else _opened(folder)
        typer.echo(_shown(ring, as_json=as_json))


def _made(folder: Path) -> KeyRing:
    from fedaug.privacy.keys import KeyRing, find_passphrase  # noqa: PLC0415 - --help shall not wait for it

    return KeyRing.create(folder, find_passphrase(folder, ask=ask_twice))


def _rotated(folder: Path) -> KeyRing:
    from fedaug.privacy.keys import KeyRing, find_passphrase  # noqa: PLC0415 - as above

    if (folder / "enrolment.json").exists():
        raise ConfigError(
            "these keys sign an enrolment list, and new ones could not go on with it",
            "make keys in another folder and hand over to them: fedaug enrolment renew --next-authority",
        )
    return KeyRing.rotate(folder, find_passphrase(folder), datetime.now(UTC).date())


def _opened(folder: Path) -> KeyRing:
    from fedaug.privacy.keys import KeyRing, find_passphrase  # noqa: PLC0415 - as above

    return KeyRing.open(folder, find_passphrase(folder))


def _shown(ring: KeyRing, *, as_json: bool) -> str:
    from fedaug.privacy.envelope import key_id  # noqa: PLC0415 - as above

    public = ring.signer.public_key()
    values = {"key_id": key_id(public), "public_key": public.public_bytes_raw().hex()}
    if as_json:
        return json.dumps({**values, "retired": [asdict(key) for key in ring.retired]})
    lines = [f"key id: {values['key_id']}", f"public key (Ed25519): {values['public_key']}"]
    return "\n".join([*lines, *(f"retired on {key.retired}: {key.public_key}" for key in ring.retired)])
