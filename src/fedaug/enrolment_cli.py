"""``fedaug enrolment``: a consortium's office keeps the list of its members' keys, and its members accept it."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from fedaug.console import commands, one_line
from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.enrolment.roles import Reason, Role

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from fedaug.privacy.enrolment import Enrolment

app = typer.Typer(
    no_args_is_help=True, help="A consortium's list of keys: who may take part, who may no longer. Keep it, accept it."
)

_DAY_S: Final = 86_400
_LIST: Final = "enrolment.json"
_SITE_FILE: Final = "site.toml"

Office = Annotated[Path, typer.Argument(metavar="FOLDER", help="The authority's; fedaug keys --new makes its keys.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The list: enrolment.json.")]
Name = Annotated[str, typer.Argument(help="The member's name.")]
Key = Annotated[
    str,
    typer.Argument(
        metavar="PUBLIC_KEY", help="As fedaug keys prints it; or a file with what fedaug keys --json prints."
    ),
]
As = Annotated[Role, typer.Option("--role", help="What the key may be used for.")]
Days = Annotated[int, typer.Option("--days", min=1, max=400, help="How long the list is accepted.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")]


@app.command()
def new(
    folder: Office,
    *,
    consortium: Annotated[str, typer.Option(metavar="NAME", help="The consortium's name.")],
    days: Days = 90,
    as_json: AsJson = False,
) -> None:
    """Begin a list, without members, in FOLDER/enrolment.json.

    Example: fedaug enrolment new office --consortium lakeside
    """
    with commands():
        from fedaug.privacy.enrolment.office import begin  # noqa: PLC0415 - --help shall not wait for it

        made = begin(folder / _LIST, _signer(folder), consortium, _now(), days * _DAY_S)
        typer.echo(_written(made, folder, as_json=as_json))


@app.command()
def add(
    folder: Office, name: Name, key: Key, *, role: As = Role.SITE, days: Days = 90, as_json: AsJson = False
) -> None:
    """Enrol a member. Compare the key's id with it by telephone first: whoever holds the key is the member.

    Example: fedaug enrolment add office st-mary 3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29
    """
    with commands():
        from fedaug.privacy.enrolment import changes  # noqa: PLC0415 - as above

        public = _hex(key)
        made = _changed(folder, days, lambda old: {"members": changes.with_key(old, name, role, public)})
        typer.echo(_written(made, folder, as_json=as_json))


@app.command()
def rotate(
    folder: Office,
    name: Name,
    key: Key,
    *,
    role: As = Role.SITE,
    overlap: Annotated[int, typer.Option(min=0, max=100, help="For so many lists the old key is accepted too.")] = 1,
    days: Days = 90,
    as_json: AsJson = False,
) -> None:
    """Enrol a member's new key in place of its old one, after fedaug keys --rotate.

    If the old key is stolen or lost, revoke it and add the new one.

    Example: fedaug enrolment rotate office st-mary 82d7f7fe35a8ccb2a0f1c3b1b2e1a2d5a4ac1a90f7d94bb0f7a5a6f4cbb0a1f6
    """
    with commands():
        from fedaug.privacy.enrolment import changes  # noqa: PLC0415 - as above

        public = _hex(key)
        made = _changed(
            folder, days, lambda old: {"members": changes.with_replaced_key(old, name, role, public, overlap)}
        )
        typer.echo(_written(made, folder, as_json=as_json))


@app.command()
def revoke(
    folder: Office,
    who: Annotated[str, typer.Argument(help="A member's name, or a key's id.")],
    *,
    reason: Annotated[Reason, typer.Option(help="Why.")],
    days: Days = 90,
    as_json: AsJson = False,
) -> None:
    """Revoke a member's keys, or one key, for good. What was signed with it and arrives later is refused.

    Send the new list to every member at once: until a member has it, it accepts the key.

    Example: fedaug enrolment revoke office st-mary --reason stolen
    """
    with commands():
        from fedaug.privacy.enrolment import changes  # noqa: PLC0415 - as above

        def without(old: Enrolment) -> dict[str, Any]:
            members, revoked = changes.without_key(old, who, reason)
            return {"members": members, "revoked": revoked}

        typer.echo(_written(_changed(folder, days, without), folder, as_json=as_json))


@app.command()
def renew(
    folder: Office,
    *,
    next_authority: Annotated[
        str | None, typer.Option(metavar="PUBLIC_KEY", help="Who may sign the next list in this authority's place.")
    ] = None,
    days: Days = 90,
    as_json: AsJson = False,
) -> None:
    """Sign the list anew before it expires, with the same members.

    To hand over to other keys, name them with --next-authority, and send the list to every member. Then copy the list
    to the new authority's folder, and renew it there.

    Example: fedaug enrolment renew office --days 90
    """
    with commands():
        named = None if next_authority is None else _hex(next_authority)
        made = _changed(folder, days, lambda _: {"next_authority": named})
        typer.echo(_written(made, folder, as_json=as_json))


@app.command()
def show(file: File, *, as_json: AsJson = False) -> None:
    """Print a list. Only its form is checked, and that the authority that it names has signed it, whoever that is.

    Example: fedaug enrolment show office/enrolment.json
    """
    with commands():
        from fedaug.privacy.enrolment import claimed_authority, signed_list  # noqa: PLC0415 - as above

        data = _read(file)
        found = signed_list(data, claimed_authority(data))
        if _now() >= found.expires and not as_json:
            typer.echo(f"EXPIRED on {_day(found.expires)}")
        typer.echo(_shown(found, as_json=as_json))


@app.command()
def verify(
    file: File,
    *,
    authority: Annotated[str, typer.Option(metavar="PUBLIC_KEY", help="Who has to have signed the list.")],
    as_json: AsJson = False,
) -> None:
    """Check that a list is signed by an authority, keeps the rules, and is valid now.

    Example: fedaug enrolment verify enrolment.json --authority
    d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a
    """
    with commands():
        from fedaug.privacy.enrolment import read_list  # noqa: PLC0415 - as above
        from fedaug.privacy.public_key import public_key_of  # noqa: PLC0415 - as above

        found = read_list(_read(file), public_key_of(_hex(authority)), _now())
        if as_json:
            typer.echo(_shown(found, as_json=True))
        else:
            typer.echo(f"signed by that authority, keeps the rules, valid now\n{_shown(found, as_json=False)}")


@app.command()
def accept(
    folder: Annotated[Path, typer.Argument(help="A site's or coordinator's folder.")],
    file: File,
    *,
    authority: Annotated[
        str | None,
        typer.Option(
            metavar="PUBLIC_KEY", help="Who has to have signed it; needed for the first list if site.toml names nobody."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a list as verify does, and keep it for the site or coordinator. One that is older than its own is refused.

    A site goes on answering anybody until site.toml names the authority.

    Example: fedaug enrolment accept st-mary enrolment.json --authority
    d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a
    """
    with commands():
        from fedaug.privacy.enrolment import EnrolmentStore  # noqa: PLC0415 - as above
        from fedaug.privacy.public_key import public_key_of  # noqa: PLC0415 - as above

        if not folder.is_dir():
            raise ConfigError("there is no such folder", "name a site's or coordinator's folder")
        member = _member_of(folder)
        key = None if authority is None else _hex(authority)
        if None not in (key, member.authority) and key != member.authority:
            raise ConfigError(
                "site.toml names another authority than --authority",
                f"leave --authority out, or correct consortium.authority in {folder / _SITE_FILE}",
            )
        key = key or member.authority
        store = EnrolmentStore(folder / "enrolment", None if key is None else public_key_of(key))
        anew = store.begins_anew()
        found = store.accept(_read(file), _now())
        if as_json:
            told = {"accepted_for": member.name, "begun_anew": anew, "answers_anybody": member.answers_anybody}
            typer.echo(json.dumps(_values(found) | told))
        else:
            open_to = store.authority if member.answers_anybody else None
            typer.echo("\n".join(map(one_line, _accepted(found, member.name, folder, anew=anew, open_to=open_to))))


@dataclass(frozen=True)
class _Holder:
    """Whose folder it is that a list is kept in.

    Attributes:
        name: The site's, by its settings; else the folder's.
        authority: Whom the site's settings name, a public key in hexadecimal.
        answers_anybody: Whether it is a site whose settings name nobody.
    """

    name: str
    authority: str | None = None
    answers_anybody: bool = False


def _member_of(folder: Path) -> _Holder:
    """The folder's holder. Of site.toml only what is needed is read: the site itself checks all of it."""
    try:
        with (folder / _SITE_FILE).open("rb") as file:
            values = tomllib.load(file)
    except FileNotFoundError:
        return _Holder(folder.resolve().name)
    except (OSError, ValueError):  # no TOML, or no UTF-8
        raise ConfigError(f"{folder / _SITE_FILE} cannot be read", "correct it: fedaug policy explain") from None
    consortium = values.get("consortium", {})
    named = consortium.get("authority") if isinstance(consortium, dict) else consortium
    name = values.get("name")
    if named is not None and not _is_key(named):
        raise ConfigError(
            f"consortium.authority in {folder / _SITE_FILE} is no public key", "write the 64 digits of fedaug keys"
        )
    return _Holder(name if isinstance(name, str) else folder.resolve().name, named, answers_anybody=named is None)


def _is_key(text: object) -> bool:
    from fedaug.privacy.public_key import public_key_of  # noqa: PLC0415 - as above

    try:
        public_key_of(text)
    except ProtocolError:
        return False
    return True


def _accepted(found: Enrolment, name: str, folder: Path, *, anew: bool, open_to: str | None) -> Iterator[str]:
    yield f"accepted for {name}"
    if anew:
        yield "begun anew with another authority: the list and revocations remembered before no longer count"
    yield from _lines(found)
    if open_to is not None:
        where = f"under [consortium] in {folder / _SITE_FILE}"
        yield f'this site still answers anybody: set authority = "{open_to}" {where}'


def _now() -> int:
    return int(time.time())


def _hex(key: str) -> str:
    """A public key's digits, themselves or from a file."""
    from fedaug.privacy.public_key import given_keys  # noqa: PLC0415 - as above

    return given_keys(key)[0].public_bytes_raw().hex()


def _signer(folder: Path) -> Ed25519PrivateKey:
    from fedaug.privacy.keys import KeyRing, find_passphrase  # noqa: PLC0415 - as above

    return KeyRing.open(folder, find_passphrase(folder)).signer


def _changed(folder: Path, days: int, changes: Callable[[Enrolment], dict[str, Any]]) -> Enrolment:
    """The next list, written in place of the folder's newest."""
    from fedaug.privacy.enrolment.changes import next_list  # noqa: PLC0415 - as above
    from fedaug.privacy.enrolment.office import change, read_file  # noqa: PLC0415 - as above

    def following(old: Enrolment, authority: str) -> Enrolment:
        return next_list(old, authority, _now(), days * _DAY_S, **changes(old))

    try:
        (folder / _LIST).stat()
    except FileNotFoundError:
        raise ConfigError(f"{folder} keeps no list", "begin one with fedaug enrolment new") from None
    except OSError:
        pass  # the next line says what is the matter
    read_file(folder / _LIST)  # without a list, nobody shall have to look for a passphrase first
    return change(folder / _LIST, _signer(folder), following)


def _read(file: Path) -> bytes:
    from fedaug.privacy.enrolment.office import read_file  # noqa: PLC0415 - as above

    return read_file(file)


def _written(made: Enrolment, folder: Path, *, as_json: bool) -> str:
    shown = _shown(made, as_json=as_json)
    return shown if as_json else f"{shown}\nwritten to {folder / _LIST}; send it to every member"


def _shown(found: Enrolment, *, as_json: bool) -> str:
    return json.dumps(_values(found)) if as_json else "\n".join(_lines(found))


def _values(found: Enrolment) -> dict[str, Any]:
    """The list's content, with the id beside every key."""
    values = found.model_dump(mode="json")
    values["authority_id"] = _id(found.authority)
    for member, shown in zip(found.members, values["members"], strict=True):
        shown["key_id"] = member.key_id
    return values


def _lines(found: Enrolment) -> Iterator[str]:
    yield f"consortium {found.consortium}, list {found.epoch}: from {_day(found.issued)} to {_day(found.expires)}"
    yield f"authority: key id {_id(found.authority)}"
    if found.next_authority is not None:
        yield f"handing over to: key id {_id(found.next_authority)}"
    for member in found.members:
        until = "" if member.not_after_epoch is None else f" (replaced; accepted through list {member.not_after_epoch})"
        yield f"  {member.role} {member.name}: key id {member.key_id}{until}"
    for entry in found.revoked:
        yield f"  revoked in list {entry.epoch} ({entry.reason}): key id {entry.key_id}"


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _id(key: str) -> str:
    from fedaug.privacy.envelope import key_id  # noqa: PLC0415 - as above
    from fedaug.privacy.public_key import public_key_of  # noqa: PLC0415 - as above

    return key_id(public_key_of(key))
