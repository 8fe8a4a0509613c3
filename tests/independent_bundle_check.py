"""Checks a release bundle, or a privacy statement by itself, without fedaug: the standard library and ``cryptography``.

    python tests/independent_bundle_check.py BUNDLE.zip AUTHORITY [NEWEST_ENROLMENT.json]
    python tests/independent_bundle_check.py privacy_statement.json

AUTHORITY is the public key of the consortium's authority: 64 digits, or a file that holds them, such as authority.json.

Written from the format's description (docs/reference/release-bundle.md), RFC 6962 and the mechanisms' papers alone:
the archive's form, every hash, who signed and whether that key is enrolled, the logs and their proofs, and ε worked
out again from the mechanisms that the sites signed. Gaussian mechanisms need nothing else; sampled ones need
dp-accounting. Prints one line for each fault; the exit status is 0 if there is none.
"""

from __future__ import annotations

import hashlib
import json
import math
import runpy
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Values = dict[str, Any]
SIGNED_BESIDES = {"manifest.json", "signature.json"}
NEEDED = {"privacy_statement.json", "privacy_statement.html", "card.json", "ledger.json", "log-bundle.json"}
PLAIN_FILE = 0o100644
MOST_BYTES = 128 * 2**20
#: The script beside this one, which checks logs.
bundle_faults = runpy.run_path(str(Path(__file__).with_name("independent_log_check.py")))["bundle_faults"]


def canonical(values: Any) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def signed(key: str, signature: str, domain: bytes, values: Any) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), domain + canonical(values)
        )
    except InvalidSignature:
        return False
    return True


# The archive.


def archive_faults(archive: zipfile.ZipFile) -> Iterator[str]:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        yield "the archive is too large"
    if names != sorted(set(names)):
        yield "a file is there twice or out of order"
    for entry in entries:
        if not entry.filename.isascii() or set(entry.filename) & set("/\\:\0"):
            yield "a file's name leads out of its folder"
        if (entry.compress_type, entry.flag_bits, entry.external_attr >> 16) != (zipfile.ZIP_STORED, 0, PLAIN_FILE):
            yield f"{entry.filename} is compressed, encrypted, or no plain file"
    if archive.comment or archive.testzip() is not None:
        yield "the archive has a comment, or a wrong checksum"


def file_faults(manifest: Values, files: dict[str, bytes]) -> Iterator[str]:
    if manifest["format"] != "fedaug-release/1" or canonical(manifest) != files["manifest.json"]:
        yield "the manifest is of another format, or not in canonical form"
    if files.keys() - SIGNED_BESIDES != manifest["files"].keys() or not manifest["files"].keys() >= NEEDED:
        yield "a file is missing, or there is one that the manifest does not list"
    for name, fact in manifest["files"].items():
        if fact != {"sha256": sha256(files.get(name, b"")), "size": len(files.get(name, b""))}:
            yield f"{name} is not the file that was signed"


# Who signed.


def signature_faults(manifest: Values, files: dict[str, bytes], enrolment: Values) -> Iterator[str]:
    signer, signature = manifest["signer"], json.loads(files["signature.json"])
    if signer["key_id"] in {entry["key_id"] for entry in enrolment["revoked"]}:
        yield "the key that signed was revoked"
    member = next(
        (one for one in enrolment["members"] if sha256(bytes.fromhex(one["public_key"])) == signer["key_id"]), {}
    )
    if (member.get("name"), member.get("role")) != (signer["name"], signer["role"]):
        yield "the key that signed is not enrolled for its signer"
        return
    body = {"manifest": sha256(files["manifest.json"]), **signer}
    whole = {"format": "fedaug-release-signature/1", **body, "signature": signature.get("signature", "")}
    if canonical(whole) != files["signature.json"] or not signed(
        member["public_key"], whole["signature"], b"fedaug release bundle\x00", body
    ):
        yield "the manifest's signature does not match"


def enrolled(data: bytes, authority: str) -> Values:
    values = json.loads(data)
    body: Values = values["body"]
    if body["authority"] != authority or not signed(authority, values["signature"], b"fedaug enrolment list\x00", body):
        raise SystemExit("the enrolment list is not signed by that authority")
    return body


# The logs (RFC 6962, section 2.1; RFC 9162, sections 2.1.3.2 and 2.1.4.2).


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def included(entry: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    at, last, found = index, size - 1, hashlib.sha256(b"\x00" + entry).digest()
    for sibling in proof:
        if at % 2 or at == last:
            found = node(sibling, found)
            while at and not at % 2:
                at, last = at // 2, last // 2
        else:
            found = node(found, sibling)
        at, last = at // 2, last // 2
    return index < size and last == 0 and found == root


def consistent(first: int, first_root: bytes, second: int, second_root: bytes, proof: list[bytes]) -> bool:
    nodes = [first_root, *proof] if first & (first - 1) == 0 else proof
    if not 0 < first < second or not nodes:
        return False
    at, last = first - 1, second - 1
    while at % 2:
        at, last = at // 2, last // 2
    shorter = longer = nodes[0]
    for sibling in nodes[1:]:
        if at % 2 or at == last:
            shorter, longer = node(sibling, shorter), node(sibling, longer)
            while at and not at % 2:
                at, last = at // 2, last // 2
        else:
            longer = node(longer, sibling)
        at, last = at // 2, last // 2
    return last == 0 and shorter == first_root and longer == second_root


def proof_faults(ledger: Values, log: Values) -> Iterator[str]:
    logs = {one["origin"]: one for one in log["logs"]}
    for site, excerpt in ledger["sites"].items():
        head = excerpt["head"]
        if head not in [one["head"] for one in logs[site]["countersignatures"]]:
            yield f"{site}: the excerpt's head is not one that the coordinator countersigned"
        root = bytes.fromhex(head["root"])
        for one in excerpt["entries"]:
            proof = [bytes.fromhex(sibling) for sibling in one["proof"]]
            if not included(one["entry"].encode(), one["index"], head["size"], proof, root):
                yield f"{site}: entry {one['index']} is not in the log"
        for one in excerpt["earlier"]:
            proof = [bytes.fromhex(sibling) for sibling in one["proof"]]
            if not consistent(one["size"], bytes.fromhex(one["root"]), head["size"], root, proof):
                yield f"{site}: the head of {one['size']} entries is not the log's beginning"
        of_campaign = [text for text in logs[site]["entries"] if json.loads(text).get("campaign") == ledger["campaign"]]
        if [one["entry"] for one in excerpt["entries"]] != of_campaign:
            yield f"{site}: the excerpt is not all that the log says of the campaign"


# What it cost.


def gaussian_delta(mu: float, epsilon: float) -> float:
    """δ of the Gaussian mechanism of sensitivity μ and noise 1 (Balle & Wang 2018, theorem 8)."""
    upper = math.erfc(-(mu / 2 - epsilon / mu) / math.sqrt(2)) / 2
    lower = math.erfc((mu / 2 + epsilon / mu) / math.sqrt(2)) / 2
    return upper - math.exp(epsilon) * lower if lower else upper


def gaussian_epsilon(mu: float, delta: float) -> float:
    low, high = 0.0, 700.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if gaussian_delta(mu, middle) <= delta else (middle, high)
    return high


def ratio(event: Values) -> float:
    """Sensitivity per noise; on a grid Δ + g√d and σ² − (2g)² (docs/adr/0009)."""
    if event["noise_std"] == 0:
        return math.inf
    if event["mechanism"] == "gaussian":
        return float(event["sensitivity"] / event["noise_std"])
    grid = event["grid"]
    rounded = event["sensitivity"] + grid * math.sqrt(event["dimensions"])
    return float(rounded / math.sqrt(event["noise_std"] ** 2 - (2 * grid) ** 2))


def epsilon_of(events: list[Values], delta: float) -> float:
    known = {"gaussian", "discrete_gaussian", "subsampled_gaussian"}
    unknown = {event["mechanism"] for event in events} - known
    if unknown:
        raise SystemExit(f"this script does not know: {', '.join(sorted(unknown))}")
    drawn = sum(event["dimensions"] * event.get("steps", 1) for event in events if "grid" in event)
    slack, lost = drawn * 2.0**-46, drawn * 2.0**-70
    if any(ratio(event) == math.inf for event in events):
        return math.inf
    if any(event["mechanism"] == "subsampled_gaussian" for event in events):
        return by_dp_accounting(events, delta - lost) + slack
    return gaussian_epsilon(math.hypot(*map(ratio, events)), delta - lost) + slack


def by_dp_accounting(events: list[Values], delta: float) -> float:
    from dp_accounting import dp_event, pld  # noqa: PLC0415 - needed for sampled mechanisms only
    from dp_accounting.privacy_accountant import NeighboringRelation  # noqa: PLC0415 - as above

    accountant = pld.PLDAccountant(NeighboringRelation.ADD_OR_REMOVE_ONE, value_discretization_interval=1e-4)
    for event in events:
        step = dp_event.GaussianDpEvent(1 / ratio(event))
        rate = event.get("sampling_rate", 1.0)
        sampled = step if rate == 1 else dp_event.PoissonSampledDpEvent(rate, step)
        accountant.compose(sampled, event.get("steps", 1))
    return float(accountant.get_epsilon(delta))


def statement_faults(statement: Values) -> Iterator[str]:
    stated, events = statement["privacy_parameters"], statement["mechanisms"]["events"]
    sites = stated["max_sites_per_unit"]
    for name, composed in (("per_site", events), ("consortium", events * sites)):
        # For samples that a gate picked by reading records no ε holds.
        cost = math.inf if statement.get("outside_dp") else epsilon_of(composed, stated["delta"])
        told = stated[name]["epsilon"]
        if not math.isclose(cost, math.inf if told is None else told, rel_tol=1e-3, abs_tol=1e-6):
            yield f"the statement's ε {name} is {told}, and its mechanisms cost {cost:.6g}"
    if (statement["not_stated"] is None) != (stated["per_site"]["epsilon"] is not None):
        yield "the statement says that it states no ε, and states one, or the other way round"


def agreement_faults(manifest: Values, files: dict[str, bytes]) -> Iterator[str]:
    statement, ledger = json.loads(files["privacy_statement.json"]), json.loads(files["ledger.json"])
    named = {(one["campaign"], one["plan"]) for one in (manifest, statement, ledger)}
    if len(named) > 1:
        yield "the files are about different campaigns"
    for site in statement["mechanisms"]["sites"]:
        entries = [json.loads(one["entry"]) for one in ledger["sites"].get(site, {"entries": []})["entries"]]
        reserved = [one for one in entries if one["entry"] == "reserved"]
        if [(one["plan"], one["events"]) for one in reserved] != [
            (manifest["plan"], statement["mechanisms"]["events"])
        ]:
            yield f"{site} did not reserve the mechanisms that the statement names"
    if "report.json" in files:
        told, stated = json.loads(files["report.json"])["privacy"], statement["privacy_parameters"]
        costs = {told["consortium_epsilon"], *(one["epsilon"] for one in told["sites"].values())}
        if not costs <= {stated["consortium"]["epsilon"] or "inf", stated["per_site"]["epsilon"] or "inf"}:
            yield "the report's ε is not the statement's"
        audit = json.loads(files["report.json"])["audit"] or {"passed": True, "sites": {}}
        stated_cost = stated["per_site"]["epsilon"]
        shown = max((one["lower_bound"] for one in audit["sites"].values()), default=0.0)
        if not audit["passed"] or (stated_cost is not None and shown > stated_cost):
            yield "the report's audit refutes the statement's ε"
    if files["card.json"] != canonical(card_of(manifest, statement, files)):
        yield "the card does not say what the statement, the report and the manifest say"
    left = {
        site
        for site, excerpt in ledger["sites"].items()
        if any(json.loads(one["entry"]).get("outside_dp") for one in excerpt["entries"])
    }
    if not left <= set(statement.get("outside_dp", [])):
        yield "the log of a site lists samples outside DP, and the statement does not"
    yield from outside_dp_faults(manifest, statement, json.loads(files["log-bundle.json"]))


def card_of(manifest: Values, statement: Values, files: dict[str, bytes]) -> Values:
    report = json.loads(files["report.json"]) if "report.json" in files else {}
    return {
        "format": "fedaug-release-card/1",
        **{key: statement[key] for key in ("title", "campaign", "simulated")},
        "samples": manifest["samples"],
        **{key: statement["public_inputs"][key] for key in ("labels", "generators", "corpora", "encoder", "gates")},
        "unit": statement["unit_of_privacy"]["unit"],
        "epsilon": statement["privacy_parameters"]["consortium"]["epsilon"],
        "delta": statement["privacy_parameters"]["delta"],
        "not_promised": [{key: one[key] for key in ("subject", "meaning")} for one in statement["exclusions"]],
        "cards": report.get("cards"),
    }


def outside_dp_faults(manifest: Values, statement: Values, log: Values) -> Iterator[str]:
    """Whether gates that read records exactly may decide what leaves, the plan says, which the sites signed."""
    plan = next((json.loads(text) for text in log["plans"] if sha256(text.encode()) == manifest["plan"]), {})
    may = bool((plan.get("samples") or {}).get("outside_dp"))
    decides = any(one["gate_class"] == "S" and one["decides"] for one in manifest["gates"])
    excepted = statement.get("outside_dp", [])
    if may and sorted(excepted) != sorted(statement["mechanisms"]["sites"]):
        yield "the plan lets gates that read records decide, and the statement does not name every site for that"
    if may != decides or sorted(excepted) != sorted(manifest["outside_dp"]):
        yield "manifest, statement and plan disagree on gates that read records and decide what leaves"


def sample_faults(manifest: Values, data: bytes) -> Iterator[str]:
    samples = [json.loads(line) for line in data.splitlines()]
    if len(samples) != manifest["samples"]:
        yield "the number of samples is not the manifest's"
    for number, one in enumerate(samples, start=1):
        known = (None,) if one["outside_dp"] is True else ("public", "dp")
        if sha256(one["text"].encode()) != one["sample_id"] or one["dependence"] not in known:
            yield f"sample {number} is not the one of its id, or depends on records"
    marked = [one["sample_id"] for one in samples if one["outside_dp"]]
    if len(marked) != manifest["samples_outside_dp"] or (marked and not manifest["outside_dp"]):
        yield "manifest and samples disagree on which are outside DP"
    for number, one in enumerate(samples, start=1):
        if not one["outside_dp"] and {one["sample_id"], *one["parents"]} & set(marked):
            yield f"sample {number} is a text outside DP or made of one, and does not say so"


def check(path: Path, authority: str, newest: bytes | None = None, now: datetime | None = None) -> list[str]:
    """The faults of a bundle."""
    with zipfile.ZipFile(path) as archive:
        faults = list(archive_faults(archive))
        if faults:
            return faults
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    manifest = json.loads(files["manifest.json"])
    enrolment = enrolled(newest or files["enrolment.json"], authority)
    faults = [*file_faults(manifest, files), *signature_faults(manifest, files, enrolment)]
    if faults:
        return faults
    if not (now or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ") < manifest["expires"]:
        faults.append("the bundle is expired")
    log, ledger = json.loads(files["log-bundle.json"]), json.loads(files["ledger.json"])
    keys = {member["name"]: bytes.fromhex(member["public_key"]) for member in enrolment["members"]}
    faults += bundle_faults(log, keys)
    faults += proof_faults(ledger, log)
    faults += statement_faults(json.loads(files["privacy_statement.json"]))
    faults += agreement_faults(manifest, files)
    return [*faults, *sample_faults(manifest, files.get("samples.jsonl", b""))]


def authority_key(given: str) -> str:
    """A public key as 64 digits, or out of a file: the digits alone, or the object that `fedaug keys --json` prints."""
    if not Path(given).is_file():
        return given
    text = Path(given).read_text().strip()
    return str(json.loads(text)["public_key"]) if text.startswith("{") else text


if __name__ == "__main__":
    given = Path(sys.argv[1] if len(sys.argv) > 1 else "")
    if given.suffix == ".json":
        found = list(statement_faults(json.loads(given.read_bytes())))
    elif len(sys.argv) not in (3, 4):
        raise SystemExit((__doc__ or "").split("\n\n")[1])
    else:
        newest = Path(sys.argv[3]).read_bytes() if len(sys.argv) == 4 else None
        found = check(given, authority_key(sys.argv[2]), newest)
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    sys.exit(1 if found else 0)
