"""Checks a log bundle without fedaug: SHA-256, JSON and Ed25519 only.

python tests/independent_log_check.py BUNDLE NAME=PUBLIC_KEY_IN_HEX …

Written from the format's description and RFC 6962 alone. It recomputes each log's root, verifies every signature with
the keys it is given, and compares what sites sealed with what the coordinator accepted; ε it leaves to others. Prints
one line for each fault; the exit status is 0 if there is none.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def merkle(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, by its recursive definition."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + merkle(leaves[:k]) + merkle(leaves[k:])).digest()


def signed_text(signed: dict[str, Any]) -> bytes:
    head = signed["head"]
    values = {
        "head": {"origin": head["origin"], "root": head["root"], "size": head["size"]},
        "key_id": signed["key_id"],
        "role": signed["role"],
    }
    return b"fedaug log head: " + signed["role"].encode() + b"\x00" + json.dumps(values, separators=(",", ":")).encode()


def head_faults(
    log: dict[str, Any], signed: dict[str, Any], role: str, signer: str, keys: dict[str, bytes]
) -> list[str]:
    head, faults, key = signed["head"], [], keys.get(signer, b"")
    if signed["role"] != role or head["origin"] != log["origin"]:
        faults.append("a head is signed in another role, or for another log")
    if hashlib.sha256(key).hexdigest() != signed["key_id"]:
        faults.append(f"a head is signed with a key that is not {signer}'s")
    else:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(signed["signature"]), signed_text(signed))
        except InvalidSignature:
            faults.append("a head's signature does not match")
    leaves = [entry.encode() for entry in log["entries"]][: head["size"]]
    if len(leaves) != head["size"] or merkle(leaves).hex() != head["root"]:
        faults.append("a head's root is not that of the entries")
    return faults


def log_faults(log: dict[str, Any], coordinator: str, keys: dict[str, bytes]) -> list[str]:
    faults = [fault for signed in log["heads"] for fault in head_faults(log, signed, log["role"], log["origin"], keys)]
    if not any(signed["head"]["size"] == len(log["entries"]) for signed in log["heads"]):
        faults.append("no head covers the whole log")
    for signed in log["countersignatures"]:
        faults += head_faults(log, signed, "countersignature", coordinator, keys)
    return faults


def site_faults(entries: list[dict[str, Any]], accepted: dict[tuple[str, str], dict[str, Any]]) -> list[str]:
    faults, reserved, settled = [], {}, {}
    for entry in entries:
        kind = entry["entry"]
        if kind == "reserved":
            for event in entry["events"]:
                reserved[entry["campaign"], event["key"]] = event
        elif kind in ("sealed", "voided"):
            release = entry["campaign"], entry["key"]
            if release not in reserved or release in settled:
                faults.append(f"{release} was {kind} without being reserved, or a second time")
            settled[release] = entry
    for release, taken in accepted.items():
        sealed = settled.get(release, {"entry": "", "artefact": "", "request": ""})
        if sealed["entry"] != "sealed":
            faults.append(f"{release} was accepted and not sealed")
        elif (taken["artefact"], taken["request"]) != (sealed["artefact"], sealed["request"]):
            faults.append(f"{release} was accepted with other bytes, or for another request")
        elif taken["event"] != reserved.get(release):
            faults.append(f"{release} was accepted with another mechanism")
    return faults


def bundle_faults(bundle: dict[str, Any], keys: dict[str, bytes]) -> list[str]:
    coordinator = next((log["origin"] for log in bundle["logs"] if log["role"] == "coordinator"), "")
    accepted: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    digests = {hashlib.sha256(plan.encode()).hexdigest(): json.loads(plan) for plan in bundle["plans"]}
    faults = []
    for log in bundle["logs"]:
        faults += [f"{log['origin']}: {fault}" for fault in log_faults(log, coordinator, keys)]
        if log["role"] == "coordinator":
            for entry in map(json.loads, log["entries"]):
                if entry["entry"] == "accepted":
                    accepted.setdefault(entry["site"], {})[entry["campaign"], entry["key"]] = entry
    for log in bundle["logs"]:
        if log["role"] == "site":
            entries = [json.loads(entry) for entry in log["entries"]]
            faults += [f"{log['origin']}: {fault}" for fault in site_faults(entries, accepted.get(log["origin"], {}))]
            for entry in entries:
                if entry["entry"] == "reserved" and digests.get(entry["plan"], {}).get("events") != entry["events"]:
                    faults.append(f"{log['origin']}: a plan is missing or holds other events")
    return faults


def check(data: bytes, keys: dict[str, bytes]) -> list[str]:
    """The faults of a bundle."""
    bundle = json.loads(data)
    if bundle["format"] != "fedaug-log/1":
        return ["another format"]
    return bundle_faults(bundle, keys)


if __name__ == "__main__":
    named = dict(argument.split("=", 1) for argument in sys.argv[2:])
    found = check(Path(sys.argv[1]).read_bytes(), {name: bytes.fromhex(key) for name, key in named.items()})
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    sys.exit(1 if found else 0)
