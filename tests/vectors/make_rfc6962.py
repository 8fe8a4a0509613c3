"""Writes ``rfc6962.json`` from a checkout of github.com/transparency-dev/merkle (Apache-2.0): ``… CHECKOUT``.

Its ``testdata`` are the public cases for checkers of RFC 6962 proofs: right ones, and ones changed in a named way. They
are gathered in one file here, hashes in hexadecimal, each with its path there. The entries and roots are those of the
certificate-transparency reference implementation. Cases whose leaf hash belongs to none of the eight entries are left
out: our checker takes the entry itself.
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ENTRIES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
BY_LEAF_HASH = {hashlib.sha256(b"\x00" + bytes.fromhex(entry)).digest(): entry for entry in ENTRIES}


def in_hex(text: str | None) -> str:
    return base64.b64decode(text or "").hex()


def cases(checkout: Path, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((checkout / "testdata" / kind).rglob("*.json")):
        yield str(path.relative_to(checkout)), json.loads(path.read_text(encoding="utf-8"))


def inclusion(checkout: Path) -> Iterator[dict[str, Any]]:
    for path, case in cases(checkout, "inclusion"):
        entry = BY_LEAF_HASH.get(base64.b64decode(case["leafHash"] or ""))
        if entry is not None:
            yield {
                "path": path,
                "entry": entry,
                "index": case["leafIdx"],
                "size": case["treeSize"],
                "root": in_hex(case["root"]),
                "proof": [in_hex(node) for node in case["proof"] or ()],
                "valid": not case["wantErr"],
            }


def consistency(checkout: Path) -> Iterator[dict[str, Any]]:
    for path, case in cases(checkout, "consistency"):
        yield {
            "path": path,
            "first_size": case["size1"],
            "size": case["size2"],
            "first_root": in_hex(case["root1"]),
            "root": in_hex(case["root2"]),
            "proof": [in_hex(node) for node in case["proof"] or ()],
            "valid": not case["wantErr"],
        }


def roots(checkout: Path) -> list[str]:
    """Roots of the first 0 to 8 entries, as the source states them."""
    source = (checkout / "testonly" / "constants.go").read_text(encoding="utf-8")
    listed = re.search(r"func RootHashes\(\).*?\n}\n", source, re.DOTALL)
    empty = re.search(r'func EmptyRootHash\(\).*?"([0-9a-f]{64})"', source, re.DOTALL)
    assert listed, "the source has changed"
    assert empty, "the source has changed"
    return [empty[1], *re.findall(r'"([0-9a-f]{64})"', listed[0])]


def main(checkout: Path) -> None:
    commit = subprocess.run(
        ["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    vectors = {
        "source": f"github.com/transparency-dev/merkle at {commit}, Apache-2.0",
        "entries": ENTRIES,
        "roots": roots(checkout),
        "inclusion": list(inclusion(checkout)),
        "consistency": list(consistency(checkout)),
    }
    text = json.dumps(vectors, indent=0)
    Path(__file__).with_name("rfc6962.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
