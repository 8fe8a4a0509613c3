"""A small enrolled consortium: an office that signs lists, a coordinator with keys, and sites that heed the list."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.enrolment_lists import hexed
from tests.simulator import Simulator, honest
from tests.small import PASSPHRASE, make_site, open_site, some_rows

from fedaug.client.site import Site
from fedaug.privacy.enrolment import Enrolment, EnrolmentStore, Member, Reason, Revocation, Role, sign_list
from fedaug.privacy.enrolment.changes import first_list, next_list, with_key, with_replaced_key, without_key
from fedaug.privacy.envelope import open_envelope, seal_request
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.noise import NoiseSource, SystemNoise
from fedaug.server.enrolment import EnrolledConsortium
from fedaug.strategies.messages import Status, decode_reply, decode_request

HUB = "hub"
DAY = 86_400
#: The authority's key is the same in every test, so that sites can be made once and copied.
AUTHORITY = Ed25519PrivateKey.from_private_bytes(b"an authority's key, for tests..."[:32])


def make_enrolled_sites(folder: Path, count: int) -> Path:
    """Prepared sites that listen to the authority's consortium; nobody is enrolled yet."""
    authority = hexed(AUTHORITY)
    for k in range(count):
        make_site(folder / f"site-{k}", some_rows(6 + k), consortium__authority=authority).close()
    return folder


@dataclass
class Office:
    """The authority: every change is a list of its own, given to the coordinator and to all members at once.

    Attributes:
        folder: Of the coordinator's store.
        members: Stores to which lists go.
        newest: The newest list.
        withheld: While it is set, lists go nowhere.
    """

    folder: Path
    hub: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    members: list[EnrolmentStore] = field(default_factory=list)
    newest: Enrolment = field(init=False)
    withheld: bool = False

    def __post_init__(self) -> None:
        self.store = EnrolmentStore(self.folder / "enrolment", AUTHORITY.public_key())
        self.members.append(self.store)
        self.newest = first_list("lakeside", hexed(AUTHORITY), int(time.time()), 30 * DAY)
        self.change(with_key(self.newest, HUB, Role.COORDINATOR, hexed(self.hub)))

    def change(
        self, members: Iterable[Member] | None = None, revoked: Iterable[Revocation] = (), *, valid_s: int = 30 * DAY
    ) -> bytes:
        """Sign the next list and hand it out."""
        self.newest = next_list(
            self.newest, hexed(AUTHORITY), int(time.time()), valid_s, members=members, revoked=revoked
        )
        data = sign_list(self.newest, AUTHORITY)
        for store in [] if self.withheld else self.members:
            store.accept(data, time.time())
        return data

    def enrol(self, name: str, public_key: str, role: Role = Role.SITE) -> None:
        self.change(with_key(self.newest, name, role, public_key))

    def replace_key(self, name: str, public_key: str, overlap: int, role: Role = Role.SITE) -> None:
        self.change(with_replaced_key(self.newest, name, role, public_key, overlap))

    def revoke(self, who: str) -> None:
        self.change(*without_key(self.newest, who, Reason.STOLEN))

    def coordinator(
        self, signer: Ed25519PrivateKey | None = None, clock: Callable[[], float] = time.time
    ) -> EnrolledConsortium:
        return EnrolledConsortium(HUB, signer or self.hub, self.store, SystemNoise(), clock)

    def asks(self, body: bytes, receiver: str, *, signer: Ed25519PrivateKey | None = None, sender: str = HUB) -> bytes:
        """A request as the coordinator sends it, or as somebody else would like to."""
        return seal_request(
            body,
            campaign="autumn",
            sender=sender,
            receiver=receiver,
            nonce=SystemNoise().token(16),
            signer=signer or self.hub,
        )


@dataclass
class EnrolledSimulator(Simulator):
    """A simulator whose requests are signed; misbehaviours are given what is in their envelopes.

    Attributes:
        wires: Every envelope that reached a site: (node, bytes).
    """

    wires: list[tuple[int, bytes]] = field(default_factory=list)

    @classmethod
    def enrolled(cls, folder: Path, office: Office, noise: NoiseSource | None = None) -> EnrolledSimulator:
        """The sites that :func:`make_enrolled_sites` left, put on the office's list."""
        made = cls([open_site(path, noise=noise) for path in sorted(folder.iterdir())])
        for site in made.sites:
            office.members.append(store_of(site.folder))
        for site in made.sites:
            office.enrol(site.settings.name, public_key(site))
        return made

    def ask(self, requests: Mapping[int, bytes], *, timeout: float) -> dict[int, bytes]:
        assert timeout > 0
        answers: dict[int, bytes] = {}
        for node, wire in requests.items():
            _, request = open_envelope(wire, None)
            self.wires.append((node, wire))
            self.asked.append((node, decode_request(request)[0].request))
            reply = self.behaviour.get(node, honest)(request, self.sites[node].handle(wire))
            if reply is not None:
                answers[node] = reply
        return answers | self.extra

    def reopen(self, node: int) -> Site:
        """Stop a site's program and start it anew."""
        folder = self.sites[node].folder
        self.sites[node].close()
        self.sites[node] = open_site(folder)
        return self.sites[node]


def store_of(folder: Path) -> EnrolmentStore:
    return EnrolmentStore(folder / "enrolment", AUTHORITY.public_key())


def public_key(site: Site) -> str:
    return hexed(site._keys.signer)


def new_key(folder: Path) -> str:
    """Rotate a site's signing key; its program goes on with the old one until it is started anew."""
    return hexed(KeyRing.rotate(folder, PASSPHRASE, datetime.now(UTC).date()).signer)


def outcome(reply: bytes) -> str:
    """What a reply says: a status, or the kind of release."""
    message, _ = decode_reply(open_envelope(reply, None)[1])
    return str(message.status) if isinstance(message, Status) else str(message.kind)


class Reads:
    """Counts how often a site's records are read, from here on."""

    def __init__(self, site: Site) -> None:
        self.count = 0
        real = site._rows.contributions

        def counted(plan):  # type: ignore[no-untyped-def]  # as the method that it stands for
            self.count += 1
            return real(plan)

        site._rows.contributions = counted  # type: ignore[method-assign]
