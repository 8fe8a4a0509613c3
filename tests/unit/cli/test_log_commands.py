"""``fedaug log verify``: keys from wherever they come, findings in plain words, and an exit status to rely on."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.log_samples import HUB, PLAN, SITES, STATED, honest_bundle, honest_logs

from fedaug.cli import run
from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.enrolment import Enrolment, Member, Role, sign_list
from fedaug.privacy.public_key import named_keys
from fedaug.privacy.transparency.bundle import write_bundle
from fedaug.privacy.transparency.keys import listed_keys

DAY = 86_400
HEX = {name: key.public_bytes_raw().hex() for name, key in STATED.items()}
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AUTHORITY = OFFICE.public_key().public_bytes_raw().hex()
ALL_KEYS = [argument for name, key in HEX.items() for argument in ("--key", f"{name}={key}")]


@pytest.fixture(autouse=True)
def _bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEDAUG_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("bundle.json").write_bytes(honest_bundle())


def verify(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = run(["log", "verify", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def write_list(issued: int, *, coordinators: tuple[str, ...] = (HUB,), sites: tuple[str, ...] = SITES) -> None:
    members = [Member(name=name, role=Role.SITE, public_key=HEX[name]) for name in sites]
    members += [Member(name=name, role=Role.COORDINATOR, public_key=HEX.get(name, "ab" * 32)) for name in coordinators]
    made = Enrolment(
        consortium="lakeside",
        epoch=1,
        issued=issued,
        expires=issued + 90 * DAY,
        authority=AUTHORITY,
        members=tuple(members),
    )
    Path("enrolment.json").write_bytes(sign_list(made, OFFICE))


def test_a_good_bundle_is_told_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = verify(capsys, "bundle.json", *ALL_KEYS, "--coordinator", HUB)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert "ok      north: signature: 1 head of the log: signed by north as site" in lines
    assert "ok      south: order: 25 sealed releases: each reserved before, sealed once, and not voided" in lines
    spent = next(line for line in lines if line.startswith("spent   north: ε 0.9"))
    assert spent.endswith("from 25 charged releases of 1 campaign; 25 were sealed")
    assert lines[-1] == "everything that was checked holds: 23 checks"
    assert "FAILED" not in out
    assert "not checked" not in out


def test_keys_from_files_and_the_command_line_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    Path("hub.json").write_text(json.dumps({"key_id": "…", "public_key": HEX[HUB], "retired": []}))
    Path("north.key").write_text(HEX["north"] + "\n")
    Path("keys.txt").write_text(f"# the lakeside consortium\n\nsouth {HEX['south']}\n")
    mixed = ("--key", f"{HUB}=hub.json", "--key", "north=north.key", "--keys", "keys.txt")
    one = verify(capsys, "bundle.json", *mixed, "--json")
    other = verify(capsys, "bundle.json", *ALL_KEYS, "--json")
    assert one == other
    assert one[0] == 0
    found = json.loads(one[1])
    assert found["passed"] is True
    assert found["unchecked"] == ["that hub is the consortium's coordinator: only the bundle says so"]


def test_an_enrolment_list_gives_the_keys_and_the_coordinator(capsys: pytest.CaptureFixture[str]) -> None:
    write_list(int(time.time()))
    status, out, err = verify(capsys, "bundle.json", "--enrolment", "enrolment.json", "--authority", AUTHORITY)
    assert (status, err) == (0, "")
    assert "ok      hub: coordinator:" in out
    assert "not checked" not in out


def test_an_expired_enrolment_list_still_tells_whose_keys_were_whose(capsys: pytest.CaptureFixture[str]) -> None:
    write_list(int(time.time()) - 1_000 * DAY)
    status, out, _ = verify(capsys, "bundle.json", "--enrolment", "enrolment.json", "--authority", AUTHORITY)
    assert status == 0
    assert "not checked: whether the keys are still enrolled: the enrolment list is expired" in out


def test_an_enrolment_list_by_another_authority_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    write_list(int(time.time()))
    status, out, err = verify(capsys, "bundle.json", "--enrolment", "enrolment.json", "--authority", HEX["north"])
    assert (status, out) == (2, "")
    assert err.startswith("FA402: ")


@pytest.mark.parametrize("coordinators", [(), (HUB, "hub-2")])
def test_an_enrolment_list_without_one_coordinator_settles_nothing(
    coordinators: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    write_list(int(time.time()), coordinators=coordinators)
    arguments = ("bundle.json", "--enrolment", "enrolment.json", "--authority", AUTHORITY)
    status, _, err = verify(capsys, *arguments)
    assert status == 2
    assert "FA101: the enrolment list does not settle who the coordinator is" in err
    assert verify(capsys, *arguments, "--coordinator", HUB)[0] == (0 if coordinators else 2)


def test_a_site_that_is_not_enrolled_fails(capsys: pytest.CaptureFixture[str]) -> None:
    write_list(int(time.time()), sites=("north",))
    status, out, err = verify(capsys, "bundle.json", "--enrolment", "enrolment.json", "--authority", AUTHORITY)
    assert status == 2
    assert "        no key was given for south" in out.splitlines()
    assert err.startswith("FA406: 1 of 21 checks of the bundle failed; ")


def test_a_bundle_that_does_not_hold_ends_with_status_2_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    north, south, hub = honest_logs()
    cut = replace(north, entries=north.entries[:-1])
    Path("bad.json").write_bytes(write_bundle([cut, south, hub], [PLAN]))
    status, out, err = verify(capsys, "bad.json", *ALL_KEYS, "--coordinator", HUB)
    assert status == 2
    assert "FAILED  north: root: the root recomputed from all 27 entries" in out
    assert "a head is of 28 entries, of which the log lacks 1" in out
    assert "everything that was checked holds" not in out
    assert len(err.splitlines()) == 1
    assert err.startswith("FA406: 3 of 19 checks of the bundle failed; rely on nothing in it")
    status, out, _ = verify(capsys, "bad.json", *ALL_KEYS, "--json")
    assert (status, json.loads(out)["passed"]) == (2, False)


def test_a_replaced_key_is_given_beside_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    write_list(int(time.time()), sites=("south",))
    listed = ("bundle.json", "--enrolment", "enrolment.json", "--authority", AUTHORITY)
    assert verify(capsys, *listed)[0] == 2
    newer = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw().hex()
    ring = {"public_key": newer, "retired": [{"public_key": HEX["north"], "retired": "2025-01-01"}]}
    Path("north.json").write_text(json.dumps(ring))
    assert verify(capsys, *listed, "--key", "north=north.json")[0] == 0
    assert verify(capsys, *listed, "--key", f"north={HEX['north']}")[0] == 0
    status, out, _ = verify(capsys, *listed, "--key", f"north={newer}")
    assert status == 2
    assert "the head of 28 entries: a head was signed with another key than the expected one" in out


def test_a_file_that_is_no_bundle_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.json").write_bytes(honest_bundle()[:-1])
    assert verify(capsys, "bad.json", *ALL_KEYS)[::2] == (
        2,
        "FA401: a bundle is malformed; ask for the bundle again, and rely on nothing in this one\n",
    )
    status, _, err = verify(capsys, "nowhere.json", *ALL_KEYS)
    assert (status, err) == (2, "FA201: nowhere.json cannot be read; check its path and permissions\n")


BAD_ARGUMENTS: list[tuple[list[str], str]] = [
    ([], "FA101: no public key was given"),
    (["--key", "north"], "FA101: --key is not NAME=KEY"),
    (["--key", "north="], "FA101: --key is not NAME=KEY"),
    (["--key", "north=abc"], "FA401: a public key is not 64 hexadecimal digits"),
    (["--key", "north=" + "x" * 5_000], "FA401: a public key is not 64 hexadecimal digits"),
    (["--key", "north=bundle.json"], "FA401: a public key is not 64 hexadecimal digits"),
    (["--keys", "nowhere"], "FA201: nowhere cannot be read"),
    (["--keys", "bundle.json"], "FA101: line 1 of the keys' file is not a name and a public key"),
    (["--enrolment", "bundle.json"], "FA101: --enrolment and --authority need each other"),
    (["--authority", AUTHORITY], "FA101: --enrolment and --authority need each other"),
    (["--enrolment", "bundle.json", "--authority", AUTHORITY], "FA401: an enrolment list is malformed"),
    ([*ALL_KEYS, "--delta", "2"], "FA102: δ is not between 0 and 1"),
]


@pytest.mark.parametrize(("arguments", "said"), BAD_ARGUMENTS)
def test_keys_that_cannot_be_used_are_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = verify(capsys, "bundle.json", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(said)
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "text", ["", "{}", "{", "[]", '{"public_key": 7}', '{"public_key": 7, "retired": [{}]}', "00" * 32, "AB" * 32]
)
def test_only_usable_public_keys_are_taken(text: str) -> None:
    with pytest.raises(ProtocolError, match="FA401"):
        named_keys(text)


@pytest.mark.parametrize("line", ["north", f"north {HEX['north']} extra", "north xyz", f"{HEX['north']}"])
def test_the_number_of_a_bad_line_is_told(line: str) -> None:
    with pytest.raises(ConfigError, match="FA101: line 2 of the keys' file"):
        listed_keys(f"hub {HEX[HUB]}\n{line}\n")
    assert [name for name, _ in listed_keys(f"hub {HEX[HUB]}\n")] == [HUB]


def test_findings_are_json_a_machine_can_read(capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, Any] = json.loads(verify(capsys, "bundle.json", *ALL_KEYS, "--json")[1])
    assert list(found) == ["passed", "bundle", "checks", "sites", "unchecked"]
    assert [site["site"] for site in found["sites"]] == list(SITES)
