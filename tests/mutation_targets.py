"""Everything that fedaug parses for somebody who does not trust it, and what mutations of it do.

Run as a program in a process of its own, whose memory can be measured:

    python -m tests.mutation_targets FOLDER STEPS

prints a JSON object: for each target how many mutations were tried and refused, which were accepted, which let another
error than fedaug's escape, and the slowest; and the process's peak memory.
"""

from __future__ import annotations

import copy
import json
import logging
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests import enrolment_lists as lists
from tests import masked_sums
from tests import release_samples as releases
from tests.consortium import EnrolledSimulator, Office, make_enrolled_sites, outcome
from tests.log_samples import HUB as SAMPLE_HUB
from tests.log_samples import KEYS, PLAN, SIGNERS, honest_bundle, honest_logs, plan
from tests.mutations import Named, of_bytes, of_json
from tests.small import PASSPHRASE, candidates, events, make_plan

from fedaug.client.secure_sum_state import SumState
from fedaug.errors import DefectError, FedaugError, RefusedError
from fedaug.privacy.bundle.container import MANIFEST, SIGNATURE, pack, unpack
from fedaug.privacy.bundle.manifest import SignerFact
from fedaug.privacy.bundle.signature import sign_manifest
from fedaug.privacy.bundle.verify import verify_release
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.enrolment import read_list
from fedaug.privacy.envelope import open_envelope, seal_envelope
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.noise import SystemNoise
from fedaug.privacy.transparency.entries import read_coordinator_entry, read_site_entry
from fedaug.privacy.transparency.heads import HeadRole, decode_head, encode_head, verify_head
from fedaug.privacy.transparency.verify import verify_bundle
from fedaug.privacy.units import Budget, PrivacyUnit
from fedaug.server.log_exchange import LogExchange
from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.server.secure_sum import SumCoordinator
from fedaug.server.verify import KnownSite, accept, introduce, open_log, open_status
from fedaug.strategies.messages import (
    AskCounts,
    AskVotes,
    Describe,
    Join,
    Message,
    Tensors,
    encode,
)

AUTUMN = make_plan(events=events(50.0))
COUNTS = encode(AskCounts(campaign="autumn", key="counts"))
ME, NODE = "site-0", 0
Check = Callable[[bytes], object]
#: What only the maker of a release bundle can know, or need not say.
RIGHT_IF_SIGNED = (
    *(
        f"{name} = {value}"
        for name in (
            "agreement",
            "approver",
            "recipient",
            "code.package",
            "code.version",
            "models.0.file",
            "models.0.name",
        )
        for value in ("a path", "a number as text")
    ),
    "code.files = 2^70",
    *(f"models {change}" for change in ("= an empty list", "without its last", "with its last twice")),
    *(f"policies {change}" for change in ("= an empty map", "without north", "without south")),
)


class Defects(logging.Handler):
    """Counts what a site had no error of its own for."""

    count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += record.getMessage().startswith(DefectError.code)


DEFECTS = Defects()


class NotRight(RefusedError):
    """How a target says that it did not take something in, where it has another way to say so."""


@dataclass
class Tally:
    """What mutations of one target did."""

    tried: int = 0
    refused: int = 0
    harmless: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    escaped: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")


@dataclass(frozen=True)
class Target:
    """One thing that is parsed.

    Attributes:
        good: What is right; its check passes.
        check: Raises if it refuses. What it gives, if anything, tells whether something else was understood.
        mutations: Of what is right.
        may: How the name of one ends whose mutation says something else that is right too.
    """

    good: bytes
    check: Check
    mutations: Callable[[], Named]
    may: tuple[str, ...] = ()


def tally(target: Target) -> Tally:
    """Try every mutation. One that changes nothing is none."""
    found = Tally()
    right = target.check(target.good)
    names = set[str]()
    for name, data in target.mutations():
        if data == target.good or name.endswith(target.may):
            continue
        assert name not in names, name
        names.add(name)
        tried(found, name, data, target.check, right)
    return found


_LONG_S = 0.5


def tried(found: Tally, name: str, data: bytes, check: Check, right: object = None) -> None:
    """Note what one mutation does."""
    found.tried += 1
    began = _seconds()
    try:
        value = check(data)
    except FedaugError:
        found.refused += 1
    except BaseException as error:
        found.escaped.append(f"{name}: {type(error).__name__}")
    else:
        same = value is not None and value == right
        (found.harmless if same else found.accepted).append(name)
    took = _seconds() - began
    for _ in range(2):  # on a core that others share a second look tells what the program itself takes
        if took < _LONG_S:
            break
        began = _seconds()
        with suppress(Exception):
            check(data)
        took = min(took, _seconds() - began)
    found.slowest = max(found.slowest, (took, name))


def _seconds() -> float:
    """Processor time: the wall's would hold other programs' turns."""
    return time.process_time()


# Envelopes and messages


def message_bytes(text: str, tail: bytes = b"") -> bytes:
    """A message around any text; tensors as they were."""
    header, body = (json.loads(tail[8 : 8 + int.from_bytes(tail[:8], "little")]), tail) if tail else ({}, b"")
    size = int.from_bytes(tail[:8], "little") if tail else 0
    header = {"__metadata__": {"fedaug": text}, **{key: part for key, part in header.items() if key != "__metadata__"}}
    made = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    made += b" " * (-len(made) % 8)
    return len(made).to_bytes(8, "little") + made + body[8 + size :]


def of_message(data: bytes) -> Named:
    """What a message says, changed; the tensors beside it as they were, and changed."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    for name, text in of_json(json.loads(header["__metadata__"]["fedaug"])):
        yield name, message_bytes(text, data)
    tensors = {key: part for key, part in header.items() if key != "__metadata__"}
    for name, text in of_json(header) if tensors else ():
        made = text.encode("utf-8", "surrogatepass")
        made += b" " * (-len(made) % 8)
        yield f"header: {name}", len(made).to_bytes(8, "little") + made + data[8 + size :]


def of_header(data: bytes, signer: Ed25519PrivateKey) -> Named:
    """What an envelope's header says, changed; under the signature it had, and signed anew by whoever signed it."""
    header, body = open_envelope(data, None)
    size = int.from_bytes(data[8:12])
    for name, text in of_json(asdict(header)):
        made = text.encode("utf-8", "surrogatepass")
        start, tail = data[:8] + len(made).to_bytes(4) + made, len(body).to_bytes(8) + body
        yield f"header: {name}", start + data[12 + size : 76 + size] + tail
        yield f"header, signed: {name}", start + signer.sign(b"fedaug envelope\x00" + made) + tail


def resealed(data: bytes, body: bytes, signer: Ed25519PrivateKey) -> bytes:
    """Another body in an envelope of the same header, signed anew."""
    header, _ = open_envelope(data, None)
    return seal_envelope(
        body,
        campaign=header.campaign,
        key=header.key,
        site=header.site,
        request_digest=header.request_digest,
        nonce=bytes.fromhex(header.nonce),
        signer=signer,
    )


@dataclass
class World:
    """A site, its coordinator, and what they said to each other."""

    folder: Path
    steps: int

    def __post_init__(self) -> None:
        self.office = Office(self.folder)
        sites = make_enrolled_sites(self.folder / "sites", 1)
        self.simulator = EnrolledSimulator.enrolled(sites, self.office)
        self.site = self.simulator.sites[0]
        self.pool = Pool.open(self.folder / "pool.sqlite")
        self.pool.start_campaign("autumn", AUTUMN.digest, {})
        self.consortium = self.office.coordinator()
        self.rounds = Rounds(AUTUMN, self.simulator, self.pool, 1, 5.0, self.consortium)
        self.rounds.gather()
        self.known = KnownSite(ME, self.site._keys.signer.public_key(), NODE)
        self.plan_file = next((self.site.folder / "plans").glob("*.json"))

    def asks(self, message: Message, tensors: Tensors | None = None, receiver: str = ME) -> bytes:
        return self.office.asks(encode(message, tensors), receiver)

    def heard(self, wire: bytes) -> None:
        """Put a message to the site; whatever it says, it says by a signed status or reply."""
        before, defects = self.site._ledger.head(), DEFECTS.count
        told = outcome(self.site.handle(wire))
        assert DEFECTS.count == defects, "another error than fedaug's came up"
        if told in ("refused", "unavailable"):
            assert self.site._ledger.head() == before, "it refused, and has done something"
            raise NotRight("the site refused", "nothing")


def request_targets(world: World) -> Iterator[tuple[str, Target]]:
    """What a coordinator sends, by its own hand and by another."""
    heads = LogExchange(world.pool.logs, world.consortium, SystemNoise()).request(world.known)
    later = make_plan(campaign="winter", events=events(80.0))
    messages: dict[str, tuple[Message, Any, str]] = {
        "describe": (Describe(challenge="5a" * 32), None, ""),
        "join": (Join(plan=later), None, ME),
        "heads": (heads, None, ME),
        "counts": (AskCounts(campaign="autumn", key="counts"), None, ME),
        "votes": (AskVotes(campaign="autumn", key="votes/0"), candidates(), ME),
    }
    may = {
        "heads": ("countersigned = null", "coordinator = null"),  # it need not show any
        "join": ("plan.campaign = a path", "plan.campaign = a number as text"),  # names are never paths
    }
    for name, (message, tensors, receiver) in messages.items():
        wire = world.asks(message, tensors, receiver)

        def mutated(wire: bytes = wire) -> Named:
            for what, body in of_message(open_envelope(wire, None)[1]):
                yield what, resealed(wire, body, world.office.hub)

        yield f"request: {name}", Target(wire, world.heard, mutated, may.get(name, ()))
    wire, other = world.asks(AskCounts(campaign="autumn", key="counts")), world.asks(heads)

    def enveloped() -> Named:
        yield from of_bytes(wire, other, world.steps)
        yield from of_header(wire, world.office.hub)

    # A campaign and a nonce of its own choice are a coordinator's right.
    may_say = tuple(f"signed: campaign = {value}" for value in ("empty text", "a NUL", "a path", "a number as text"))
    yield "request envelope", Target(wire, world.heard, enveloped, may_say)


def reply_targets(world: World) -> Iterator[tuple[str, Target]]:
    """What a site sends."""
    signer = world.site._keys.signer
    release = world.site.handle(world.office.asks(COUNTS, ME))
    hello, join = encode(Describe(challenge="5a" * 32)), encode(Join(plan=AUTUMN))
    shown = LogExchange(world.pool.logs, world.consortium, SystemNoise()).request(world.known)
    heads = encode(shown)

    def log_is_taken(data: bytes) -> None:
        fact = open_log(data, heads, world.known)
        exchange = LogExchange(world.pool.logs, world.consortium, SystemNoise())
        if fact is None or exchange.take(fact, world.known):
            raise NotRight("it is not the whole log", "nothing")

    replies: dict[str, tuple[bytes, Check]] = {
        "release": (release, lambda data: accept(data, COUNTS, world.known, AUTUMN, "counts", (3,))),
        "site": (world.site.handle(world.office.asks(hello, "")), lambda data: introduced(world, data, hello)),
        "status": (world.site.handle(world.office.asks(join, ME)), lambda data: open_status(data, join, world.known)),
        "log": (world.site.handle(world.office.asks(heads, ME)), log_is_taken),
    }
    for name, (reply, check) in replies.items():

        def mutated(reply: bytes = reply) -> Named:
            for what, body in of_message(open_envelope(reply, None)[1]):
                yield what, resealed(reply, body, signer)

        # After what was right was taken in, nothing new is right too.
        yield f"reply: {name}", Target(reply, check, mutated, ("entries = an empty list",) if name == "log" else ())
    other = replies["log"][0]

    def enveloped() -> Named:
        yield from of_bytes(release, other, world.steps)
        yield from of_header(release, signer)

    yield "release envelope", Target(release, replies["release"][1], enveloped)


def introduced(world: World, data: bytes, request: bytes) -> None:
    site = introduce(data, request, NODE)
    world.consortium.require_site(site.name, site.key)


# Lists, logs, heads, files


def list_target(world: World) -> Target:
    good, other = lists.listed(), lists.listed(expires=lists.NOW + lists.DAY)

    def mutated() -> Named:
        yield from of_bytes(good, other, world.steps)
        whole = json.loads(good)
        for name, text in of_json(whole, literal_steps=5):
            yield name, text.encode("utf-8", "surrogatepass")
        for name, text in of_json(whole["body"], literal_steps=7):
            signature = lists.AUTHORITY.sign(lists.DOMAIN + text.encode("utf-8", "surrogatepass")).hex()
            made = '{"body":' + text + ',"signature":"' + signature + '"}'
            yield f"signed: {name}", made.encode("utf-8", "surrogatepass")

    right = (
        "signed: members = an empty list",
        "signed: revoked = an empty list",
        "signed: revoked without its last",
        "signed: members without its last",
        *(f"signed: {name} = a number as text" for name in ("consortium", "members.0.name", "members.3.name")),
    )
    return Target(good, lambda data: read_list(data, lists.AUTHORITY.public_key(), lists.NOW), mutated, right)


def bundle_target(world: World) -> Target:
    small = plan(releases=12)
    good, other = honest_bundle(small), honest_bundle(PLAN)

    def check(data: bytes) -> None:
        if not verify_bundle(data, KEYS, coordinator=SAMPLE_HUB).passed:
            raise NotRight("the bundle does not pass", "nothing")

    def mutated() -> Named:
        yield from of_bytes(good, other, world.steps)
        for name, text in of_json(json.loads(good), literal_steps=9):
            yield name, text.encode("utf-8", "surrogatepass")

    return Target(good, check, mutated, ("keys = an empty map", *(f"keys without {name}" for name in KEYS)))


def release_targets(world: World) -> Iterator[tuple[str, Target]]:
    """A release bundle as a file; its manifest changed; and its manifest changed by a maker who signs it."""
    good, other = releases.release(report=None, samples=None), releases.release(signer="north")
    files = unpack(good)

    def check(data: bytes) -> None:
        if not verify_release(data, releases.TRUST, releases.NOW).passed:
            raise NotRight("the bundle does not pass", "nothing")

    def repacked(name: str) -> Named:
        for label, text in of_json(json.loads(files[name]), literal_steps=5):
            yield label, pack({**files, name: text.encode("utf-8", "surrogatepass")})

    def signed() -> Named:
        manifest = json.loads(files[MANIFEST])
        signer = SignerFact(**manifest["signer"])
        for label, text in of_json(manifest, literal_steps=7):
            made = text.encode("utf-8", "surrogatepass")
            signature = sign_manifest(made, signer, SIGNERS[SAMPLE_HUB])
            yield label, pack({**files, MANIFEST: made, SIGNATURE: signature})

    yield "release bundle", Target(good, check, lambda: of_bytes(good, other, world.steps))
    yield "release manifest", Target(good, check, lambda: repacked(MANIFEST))
    yield "release signature", Target(good, check, lambda: repacked(SIGNATURE))
    yield "release manifest, signed", Target(good, check, signed, RIGHT_IF_SIGNED)


def head_target(world: World) -> Target:
    north, south, _ = honest_logs()
    good, other = encode_head(north.heads[0]), encode_head(south.heads[0])
    key = KEYS["north"][0]

    def mutated() -> Named:
        yield from of_bytes(good, other, world.steps)
        for name, text in of_json(json.loads(good)):
            yield name, text.encode("utf-8", "surrogatepass")

    return Target(good, lambda data: verify_head(decode_head(data), HeadRole.SITE, key), mutated)


def entry_targets() -> Iterator[tuple[str, Target]]:
    """Entries are bound by a head's signature; here only their form stands in the way."""
    north, _, hub = honest_logs(plan(releases=12))
    right = tuple(
        f"{name} = {value}"
        for name in ("campaign", "key", "lineage", "adjacency", "events.0.key", "events.1.key", "event.key")
        for value in ("a NUL", "a path", "a number as text")
    )
    numbers = (
        *(f"{name} = {value}" for name in ("noise_std", "sensitivity") for value in ("1.5", "2^70")),
        "site = a number as text",
        "events without its last",
        "events with its last twice",
    )
    for read, log in ((read_site_entry, north), (read_coordinator_entry, hub)):
        for entry in {parse_json(entry)["entry"]: entry for entry in log.entries}.values():

            def mutated(entry: bytes = entry) -> Named:
                for name, text in of_json(json.loads(entry)):
                    yield name, text.encode("utf-8", "surrogatepass")

            yield f"log entry: {parse_json(entry)['entry']}", Target(entry, read, mutated, (*right, *numbers))


def plan_file_target(world: World) -> Target:
    """A plan that the site keeps, changed on its disk; then a release is asked for."""
    path, good = world.plan_file, world.plan_file.read_bytes()
    other = canonical_json(make_plan(campaign="winter").model_dump(mode="json"))

    def check(data: bytes) -> None:
        path.write_bytes(data)
        try:
            world.heard(world.asks(AskCounts(campaign="autumn", key="counts")))
        finally:
            path.write_bytes(good)

    def mutated() -> Named:
        yield from of_bytes(good, other, world.steps)
        for name, text in of_json(json.loads(good), literal_steps=7):
            yield name, text.encode("utf-8", "surrogatepass")

    return Target(good, check, mutated)


def ledger_targets(world: World) -> Iterator[tuple[str, Target]]:
    """A ledger that was closed, and the head beside it."""
    folder = world.folder / "ledger"
    folder.mkdir()
    path, head = folder / "ledger.sqlite", folder / "ledger.sqlite.head"

    def opened() -> Ledger:
        return Ledger.open(path, lineage="lineage", unit=PrivacyUnit.SUBJECT, cap=Budget(4.0, 1e-5))

    with opened() as ledger:
        ledger.reserve("autumn", AUTUMN.digest, AUTUMN.mechanisms)
        ledger.seal("autumn", "counts", digest(COUNTS), b"artefact")
    kept = {file: file.read_bytes() for file in (path, head)}

    for changed, content in kept.items():

        def check(data: bytes, changed: Path = changed) -> None:
            for file in folder.iterdir():
                if file.is_file():
                    file.unlink()
            for file, right in kept.items():
                file.write_bytes(data if file == changed else right)
            opened().close()

        def mutated(content: bytes = content) -> Named:
            yield from of_bytes(content, content[::-1], max(8, world.steps // 4))

        yield f"ledger file: {changed.suffix[1:]}", Target(content, check, mutated)


def key_file_target(world: World) -> Target:
    folder = world.folder / "member"
    KeyRing.create(folder, PASSPHRASE, scrypt_n=2)
    path = folder / "keys" / "keyring.json"
    good = path.read_bytes()
    KeyRing.create(world.folder / "other", PASSPHRASE, scrypt_n=2)
    other = (world.folder / "other" / "keys" / "keyring.json").read_bytes()

    def check(data: bytes) -> bytes:
        path.write_bytes(data)
        return KeyRing.open(folder, PASSPHRASE).signer.public_key().public_bytes_raw()

    def mutated() -> Named:
        yield from of_bytes(good, other, max(8, world.steps // 2))
        for name, text in of_json(json.loads(good)):
            yield name, text.encode("utf-8", "surrogatepass")

    return Target(good, check, mutated)


def huge(world: World) -> Iterator[tuple[str, bytes, Check]]:
    """As large as is looked at, and made of what takes parsers longest."""

    def heard(body: bytes) -> None:
        world.heard(world.office.asks(body, ME))

    def passes(data: bytes) -> None:
        if not verify_bundle(data, KEYS).passed:
            raise NotRight("the bundle does not pass", "nothing")

    def listed(data: bytes) -> None:
        read_list(data, lists.AUTHORITY.public_key(), lists.NOW)

    room = LIMITS.header_bytes - 200
    many = np.zeros((40_000, 390), np.float32)
    tensor = b'"%d":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}'
    start = b'{"__metadata__":{"fedaug":"{}"},'
    yield "message of zeros", bytes(LIMITS.message_bytes), heard
    yield "message whose header is lists", framed(b"[" + b"[]," * (room // 3) + b"[]]"), heard
    yield "message of 30,000 tensors", framed(start + b",".join(tensor % i for i in range(30_000)) + b"}"), heard
    yield "message that is a list of lists", message_bytes("[" + "[]," * (room // 3) + "[]]"), heard
    yield "message that is a list of numbers", message_bytes("[" + "1e1," * (room // 4) + "1]"), heard
    yield "votes of 60 MB", encode(AskVotes(campaign="autumn", key="votes/0"), {"candidates": many}), heard
    for name, most, check in (
        ("bundle", LIMITS.bundle_bytes, passes),
        ("enrolment list", LIMITS.enrolment_bytes, listed),
    ):
        yield f"{name} of zeros", bytes(most), check
        yield f"{name} of lists", b"[" + b"[]," * (most // 3 - 2) + b"[]]", check
        yield f"{name} of text", b'{"format":"' + b"x" * (most - 20) + b'"}', check
        yield f"{name} of maps", b"[" + b"{}," * (most // 3 - 2) + b"{}]", check
    yield "enrolment list of empty members", lists.forged(lists.body(members=[{}] * 300_000)), listed
    empty = b'{"format":"fedaug-log/1","keys":{},"logs":[{"countersignatures":[],"entries":[%s],"heads":[%s],'
    empty += b'"origin":"a","role":"site"}],"plans":[]}'
    yield "bundle of a million entries", empty % (b",".join([b'""'] * 1_000_000), b""), passes
    yield "bundle of a million heads", empty % (b"", b",".join([b"{}"] * 1_000_000)), passes


def framed(header: bytes) -> bytes:
    """A message of a header alone."""
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header


def tally_of_huge(world: World) -> Tally:
    """As :func:`tally`; each is made when it is its turn."""
    found = Tally()
    for name, data, check in huge(world):
        tried(found, name, data, check)
    return found


def targets(world: World) -> Iterator[tuple[str, Target]]:
    yield from request_targets(world)
    yield from reply_targets(world)
    yield "enrolment list", list_target(world)
    yield "log bundle", bundle_target(world)
    yield from release_targets(world)
    yield "log head", head_target(world)
    yield from entry_targets()
    yield "plan file", plan_file_target(world)
    yield from ledger_targets(world)
    yield "key file", key_file_target(world)
    yield from sum_targets(world.steps)


# Masked sums


def sum_targets(steps: int) -> Iterator[tuple[str, Target]]:
    """What a coordinator asks a site in a masked sum, and what sites answer; there is nothing to sign anew in them."""
    right = {
        "shares": ("sites without its last",),  # four of five are enough
        "values": tuple(f"sealed without {name}" for name in masked_sums.names(5)),
        "survivors": ("statement.survivors without its last",),
        "unmasking": ("signatures without its last",),
    }
    site = masked_sums.names(5)[0]
    for step in masked_sums.STEPS:
        found = masked_sums.World(masked_sums.terms(), masked_sums.clean_values()).until(step)
        state, good = found.sites[site].state, found.coordinator.requests()[site]
        other = found.asked[-1][site] if found.asked else encode(Describe(challenge="5a" * 32))

        def asked(data: bytes, found: masked_sums.World = found, state: SumState = state) -> None:
            found.sites[site].state = state  # a refusal ends the round
            found.sites[site].answer(data)

        def mutated(good: bytes = good, other: bytes = other) -> Named:
            yield from of_bytes(good, other, steps)
            yield from of_message(good)

        yield f"sum request: {step}", Target(good, asked, mutated, right.get(step, ()))
        replies = found.ask(found.coordinator.requests())
        coordinator = found.coordinator

        def answered(data: bytes, coordinator: SumCoordinator = coordinator) -> None:
            again = copy.deepcopy(coordinator)
            if not again._took(site, data):
                raise NotRight("the coordinator leaves the site out", "nothing")

        # Values, commitments and what is sealed for others can be anything of their form: the envelope protects them.
        yield f"sum reply: {step}", Target(replies[site], answered, lambda data=replies[site]: of_message(data))


def _peak_mib() -> float:
    """Most memory that this process has held; getrusage's figure may be handed on from a parent."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.open() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(folder: Path, steps: int) -> None:
    door = logging.getLogger("fedaug.client.door")
    door.propagate = False
    door.addHandler(DEFECTS)
    world = World(folder, steps)
    before = _peak_mib()
    found = {name: asdict(tally(target)) for name, target in targets(world)}
    found["huge"] = asdict(tally_of_huge(world))
    peak = _peak_mib()
    sys.stdout.write(json.dumps({"targets": found, "before_mib": before, "peak_mib": peak}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
