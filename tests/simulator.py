"""An in-memory federation that can misbehave: real sites behind an exchange, and what a bad one does to a reply."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.small import make_site, open_site, some_rows

from fedaug.client.site import Site
from fedaug.errors import QuorumLost
from fedaug.privacy.canonical import digest
from fedaug.privacy.envelope import open_envelope, seal_envelope
from fedaug.strategies.messages import (
    NoisyRelease,
    ReleaseRequest,
    SiteFact,
    Tensors,
    decode_reply,
    decode_request,
    encode,
)

#: What arrives in place of a site's reply; None if nothing does.
Misbehaviour = Callable[[bytes, bytes], bytes | None]


def honest(_: bytes, reply: bytes) -> bytes | None:
    """As the site sent it."""
    return reply


@dataclass
class Simulator:
    """An exchange over sites in memory; node k is site k, and misbehaves as it is told to.

    Attributes:
        sites: The real sites.
        behaviour: What a node does to its site's replies.
        asked: Every request that reached a site: (node, request's name).
        extra: Replies that arrive although nobody was asked for them, by node.
    """

    sites: list[Site]
    behaviour: dict[int, Misbehaviour] = field(default_factory=dict)
    asked: list[tuple[int, str]] = field(default_factory=list)
    extra: dict[int, bytes] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path) -> Simulator:
        """The sites that :func:`make_sites` left in a folder, or in one that it was copied from."""
        return cls([open_site(path) for path in sorted(folder.iterdir())])

    def nodes(self, minimum: int) -> list[int]:
        if len(self.sites) < minimum:
            raise QuorumLost("too few nodes", "start more")
        return list(range(len(self.sites)))

    def ask(self, requests: Mapping[int, bytes], *, timeout: float) -> dict[int, bytes]:
        assert timeout > 0
        answers: dict[int, bytes] = {}
        for node, request in requests.items():
            message, _ = decode_request(request)
            self.asked.append((node, message.request))
            reply = self.behaviour.get(node, honest)(request, self.sites[node].handle(request))
            if reply is not None:
                answers[node] = reply
        return answers | self.extra

    def close(self) -> None:
        for site in self.sites:
            site.close()


def make_sites(folder: Path, count: int) -> Path:
    """Prepared sites, named site-0 and so on."""
    for k in range(count):
        make_site(folder / f"site-{k}", some_rows(6 + k)).close()
    return folder


def is_release(request: bytes) -> bool:
    return isinstance(decode_request(request)[0], ReleaseRequest)


def on_releases(misbehaviour: Misbehaviour) -> Misbehaviour:
    """Honest until a release is asked for."""
    return lambda request, reply: misbehaviour(request, reply) if is_release(request) else reply


def drop(_: bytes, __: bytes) -> None:
    """Nothing arrives."""


def bytes_changed(change: Callable[[bytes], bytes]) -> Misbehaviour:
    """The reply's bytes are changed on the way."""
    return lambda _, reply: change(reply)


def replay() -> Misbehaviour:
    """Every release after the first is answered with the first."""
    first: list[bytes] = []

    def misbehave(_: bytes, reply: bytes) -> bytes:
        first.append(reply)
        return first[0]

    return misbehave


def answer_of(other: Site) -> Misbehaviour:
    """Another site's answer, passed off as one's own."""
    return lambda request, _: other.handle(request)


def spoken(site: Site, body: bytes, request: bytes, *, name: str, campaign: str = "", key: str = "") -> bytes:
    """Anything that a site cares to say, in answer to a request, signed with its own key."""
    return seal_envelope(
        body,
        campaign=campaign,
        key=key,
        site=name,
        request_digest=digest(request),
        nonce=bytes(16),
        signer=site._keys.signer,
    )


def signed_anew(
    site: Site,
    /,
    message: Callable[[NoisyRelease], dict[str, Any]] = lambda _: {},
    tensors: Callable[[Tensors], Tensors] = lambda values: values,
    signer: Ed25519PrivateKey | None = None,
    **header: str,
) -> Misbehaviour:
    """The site itself lies: it changes what it says, and signs that with its own key.

    Args:
        site: Whose key signs, unless ``signer`` does.
        message: Changes to the release's fields.
        tensors: Changes to its values.
        signer: Signs instead.
        **header: Changes to the envelope's header.
    """

    def misbehave(request: bytes, reply: bytes) -> bytes:
        head, body = open_envelope(reply, None)
        release, values = decode_reply(body)
        assert isinstance(release, NoisyRelease)
        lie = release.model_copy(update=message(release))
        fields = {"campaign": head.campaign, "key": head.key, "site": head.site, "request_digest": digest(request)}
        return seal_envelope(
            encode(lie, tensors(values)),
            **(fields | header),  # type: ignore[arg-type]  # all of them are text
            nonce=bytes(16),
            signer=signer or site._keys.signer,
        )

    return misbehave


def unsigned_release(values: Any) -> Misbehaviour:
    """Right in form, and signed with a key that the site never showed."""
    return lambda request, reply: _resealed(request, reply, Ed25519PrivateKey.generate(), values)


def _resealed(request: bytes, reply: bytes, signer: Ed25519PrivateKey, values: Any) -> bytes:
    head, body = open_envelope(reply, None)
    release, _ = decode_reply(body)
    return seal_envelope(
        encode(release, {"values": np.asarray(values, np.float64)}),
        campaign=head.campaign,
        key=head.key,
        site=head.site,
        request_digest=digest(request),
        nonce=bytes(16),
        signer=signer,
    )


def under_the_name_of(name: str, site: Site) -> Misbehaviour:
    """Introduces itself as somebody else, and signs with its own key."""

    def misbehave(request: bytes, reply: bytes) -> bytes:
        if is_release(request):
            return reply
        _, body = open_envelope(reply, None)
        fact, _ = decode_reply(body)
        body = encode(fact.model_copy(update={"site": name}) if isinstance(fact, SiteFact) else fact)
        return spoken(site, body, request, name=name)

    return misbehave
