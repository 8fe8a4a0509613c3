"""``fedaug bundle``: from a campaign's folder to one signed file, and from such a file to an exit status to rely on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.log_samples import HUB, PLAN, SIGNERS, STATED, honest_bundle
from tests.release_samples import (
    AUTHORITY,
    DAY,
    GATES,
    TERMS,
    as_file,
    changed,
    enrolment,
    plan_digest,
    release,
    report,
    sample,
    statement,
)

from fedaug.augmentation.candidates import Dependence
from fedaug.cli import run
from fedaug.privacy.bundle.container import MANIFEST, SAMPLES, STATEMENT, pack, unpack
from fedaug.privacy.key_file import Secrets, seal_keys
from fedaug.server.pool import Pool, PoolSample, SampleStatus
from fedaug.server.pool_records import OUTSIDE_DP
from fedaug.server.release_files import policy_digest

KEY = AUTHORITY.public_bytes_raw().hex()
ASKED = ("--recipient", "County Hospital", "--agreement", "A-17", "--approver", "Dr. Grey")
NOW = int(time.time())
LASTING = TERMS.__class__("A-17", "Dr. Grey", "County Hospital", NOW, NOW + 30 * DAY)

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bundle(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs a command in a folder that holds a finished campaign; gives status, output and errors."""
    monkeypatch.delenv("FEDAUG_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    campaign(tmp_path / "out")

    def command(*arguments: str) -> tuple[int, str, str]:
        status = run(["bundle", *arguments])
        told = capsys.readouterr()
        assert "Traceback" not in told.out + told.err
        assert status == 0 or len(told.err.splitlines()) == 1
        return status, told.out, told.err

    return command


def campaign(out: Path) -> None:
    """What a simulation leaves behind."""
    (out / "sites" / "north").mkdir(parents=True)
    (out / "sites" / "passphrase").write_bytes(b"a passphrase for tests")
    (out / "sites" / "north" / "site.toml").write_text(
        'name = "north"\n[source]\npath = "/records.csv"\n[privacy]\nepsilon = 2\n[policy]\n[deid]\npolicy = "pci"\n'
    )
    (out / "privacy_statement.json").write_bytes(as_file(statement(simulated=True)))
    (out / "privacy_statement.html").write_text("<p>statement")
    (out / "report.json").write_bytes(as_file(report()))
    (out / "report.html").write_text("<p>report")
    (out / "log-bundle.json").write_bytes(honest_bundle(PLAN))
    (out / "consortium").mkdir()
    (out / "consortium" / "enrolment.json").write_bytes(enrolment(issued=NOW - DAY))
    keys(out / "consortium" / "coordinator", SIGNERS[HUB])
    with Pool.open(out / "pool.sqlite") as pool:
        pool.start_campaign("autumn", plan_digest(PLAN), {})
        pool.add_samples(
            "autumn",
            [PoolSample("where is my card", "other", dependence=Dependence.DP), PoolSample("withdrawn", "other")],
        )
        withdrawn = next(one.sample_id for one in pool.samples("autumn") if one.text == "withdrawn")
        pool.set_status("autumn", [withdrawn], SampleStatus.WITHDRAWN)


def keys(folder: Path, signer: Ed25519PrivateKey) -> None:
    (folder / "keys").mkdir(parents=True)
    secrets = Secrets(signer.private_bytes_raw(), bytes(32), 2)
    sealed = seal_keys(secrets, b"a passphrase for tests", bytes)
    (folder / "keys" / "keyring.json").write_bytes(sealed)


def test_a_campaigns_folder_becomes_a_bundle_that_holds(bundle: Command) -> None:
    status, told, _ = bundle("export", "out", "b.zip", *ASKED, "--expires", "2099-06-30")
    assert status == 0
    assert "9 files" not in told
    assert told.startswith(
        "b.zip: 8 files of campaign autumn for County Hospital, until 2099-06-30T23:59:59Z, signed by hub"
    )
    status, told, err = bundle("verify", "b.zip", "--authority", KEY, "--recipient", "County Hospital")
    assert (status, err) == (0, "")
    lines = told.splitlines()
    assert lines[1].startswith("campaign autumn, for County Hospital, under A-17, approved by Dr. Grey, from 20")
    assert "ok      bundle: statement: the statement's ε, recomputed from the mechanisms that the sites signed" in lines
    assert lines[-1].startswith("everything that was checked holds: ")


def test_the_manifest_names_code_models_policies_gates_and_settings(bundle: Command) -> None:
    status, told, _ = bundle("export", "out", "b.zip", "--json")
    assert status == 0
    manifest = json.loads(told)["manifest"]
    assert manifest["recipient"] == manifest["approver"] == "nobody: a simulation"
    assert manifest["code"]["package"] == "fedaug"
    assert {model["name"] for model in manifest["models"]} >= {"fedaug"}
    assert manifest["policies"] == {"north": policy_digest(Path("out/sites/north/site.toml"))}
    assert {gate["gate"]: gate["gate_class"] for gate in manifest["gates"]} == dict.fromkeys(GATES, "F")
    assert json.loads(unpack(Path("b.zip").read_bytes())[MANIFEST]) == manifest


def test_a_policys_hash_tells_nothing_of_where_a_site_keeps_its_records(bundle: Command, tmp_path: Path) -> None:
    path = Path("out/sites/north/site.toml")
    (tmp_path / "moved.toml").write_text(path.read_text().replace("/records.csv", "/elsewhere.csv"))
    (tmp_path / "looser.toml").write_text(path.read_text().replace("epsilon = 2", "epsilon = 3"))
    (tmp_path / "blocking.toml").write_text(path.read_text() + "[samples]\nsite_gates_block = true\n")
    assert policy_digest(tmp_path / "moved.toml") == policy_digest(path)
    assert policy_digest(tmp_path / "looser.toml") != policy_digest(path)
    assert policy_digest(tmp_path / "blocking.toml") != policy_digest(path)


def test_samples_go_along_only_when_asked_for_and_withdrawn_ones_never(bundle: Command) -> None:
    assert bundle("export", "out", "without.zip")[0] == 0
    assert SAMPLES not in unpack(Path("without.zip").read_bytes())
    assert bundle("export", "out", "with.zip", "--samples")[0] == 0
    lines = unpack(Path("with.zip").read_bytes())[SAMPLES].splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["where is my card"]
    status, told, _ = bundle("verify", "with.zip", "--authority", KEY)
    assert status == 0
    assert "ok      bundle: samples: 1 sample: each under its own hash, PUBLIC, DP or said to be outside DP" in told


def test_a_sample_outside_dp_is_not_handed_on_beside_an_epsilon(bundle: Command) -> None:
    with Pool.open("out/pool.sqlite") as pool:
        pool.add_samples("autumn", [PoolSample("picked by a gate of class S", "other", scores={OUTSIDE_DP: 1.0})])
    status, _, err = bundle("export", "out", "b.zip", "--samples")
    assert status == 3
    assert err.startswith("FA306: the bundle would not hold (bundle: samples: some are outside DP")
    assert not Path("b.zip").exists()


def test_samples_are_not_taken_from_a_pool_that_has_none(bundle: Command) -> None:
    with Pool.open("other.sqlite") as pool:
        pool.start_campaign("autumn", plan_digest(PLAN), {})
    status, _, err = bundle("export", "out", "b.zip", "--samples", "--pool", "sqlite:///other.sqlite")
    assert status == 2
    assert err.startswith("FA201: the pool holds no accepted samples of the campaign")
    assert not Path("b.zip").exists()


@pytest.mark.parametrize("where", ["sqlite:///typo.db", "typo.db", "sqlite:///gone/typo.db", "sqlite:///out"])
def test_a_pool_that_is_missing_is_not_made(where: str, bundle: Command) -> None:
    before = sorted(Path().rglob("*"))
    status, _, err = bundle("export", "out", "b.zip", "--samples", "--pool", where)
    assert status == 2
    assert err.startswith("FA201: the pool's file ")
    assert "is missing, or holds no pool; check the path or URL of the pool" in err
    assert sorted(Path().rglob("*")) == before


def test_an_empty_file_is_not_made_a_pool(bundle: Command) -> None:
    Path("empty.db").touch()
    status, _, err = bundle("export", "out", "b.zip", "--samples", "--pool", "sqlite:///empty.db")
    assert (status, err[:6]) == (2, "FA201:")
    assert Path("empty.db").read_bytes() == b""


def test_a_site_signs_with_its_own_keys(bundle: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keys(tmp_path / "north", SIGNERS["north"])
    (tmp_path / "passphrase").write_text("a passphrase for tests\n")
    monkeypatch.setenv("FEDAUG_PASSPHRASE_FILE", str(tmp_path / "passphrase"))
    assert bundle("export", "out", "b.zip", "--key", "north")[0] == 0
    status, told, _ = bundle("verify", "b.zip", "--authority", KEY, "--json")
    assert status == 0
    assert json.loads(told)["manifest"]["signer"]["name"] == "north"
    keys(tmp_path / "mallory", SIGNERS["mallory"])
    status, _, err = bundle("export", "out", "c.zip", "--key", "mallory")
    assert (status, err[:46]) == (2, "FA404: a key is not on the enrolment list; ref")
    assert not Path("c.zip").exists()


def test_real_sites_need_an_agreement_an_approver_and_a_recipient(bundle: Command) -> None:
    real = statement(simulated=False)
    Path("out/privacy_statement.json").write_bytes(as_file(real))
    status, _, err = bundle("export", "out", "b.zip", *ASKED[:4])
    assert status == 2
    assert err.startswith(
        "FA101: a bundle of real sites needs an agreement, an approver and a recipient; give --approver"
    )
    assert bundle("export", "out", "b.zip", *ASKED)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere", "b.zip"), "FA201: nowhere/privacy_statement.json is not there; "),
        (("out", "taken.zip"), "FA101: taken.zip is there already; "),
        (("out", "no-folder/b.zip"), "FA101: no-folder/b.zip cannot be written; "),
        (("out", "b.zip", "--expires", "soon"), "FA101: --expires is no day; write it as 2027-06-30"),
        (("out", "b.zip", "--expires", "2001-01-01"), "FA101: --expires is in the past; "),
        (("out", "b.zip", "--recipient", "two\nlines"), "FA101: --recipient is not plain text "),
        (("out", "b.zip", "--policy", "north"), "FA101: --policy is not SITE=FILE; "),
        (("out", "b.zip", "--policy", "north=out/pool.sqlite"), "FA101: a site's policy is no TOML file; "),
        (("out", "b.zip", "--enrolment", "none.json"), "FA201: none.json is not there; "),
        (("out", "b.zip", "--key", "out"), "FA101: "),
        (("out", "b.zip", "--samples", "--pool", "nonsense://x"), "FA101: "),
    ],
)
def test_what_cannot_be_exported_is_told_in_one_line(bundle: Command, arguments: tuple[str, ...], told: str) -> None:
    Path("taken.zip").write_text("something")
    status, out, err = bundle("export", *arguments)
    assert (status, out) == (2, "")
    assert err.startswith(told)
    assert not Path("b.zip").exists()


def test_a_statement_or_report_that_does_not_bear_itself_out_is_not_exported(bundle: Command) -> None:
    lie = statement(simulated=True)
    lie["privacy_parameters"]["per_site"]["epsilon"] = 0.1
    for name, content, told in (
        ("privacy_statement.json", as_file(lie), "FA100: the file is no privacy statement of this version (ε per site"),
        ("privacy_statement.json", as_file(statement(note="from a record")), "FA100: the file is no privacy statement"),
        ("report.json", as_file(report(note="from a record")), "FA100: the file is not a report of this version"),
    ):
        honest = Path("out", name).read_bytes()
        Path("out", name).write_bytes(content)
        status, _, err = bundle("export", "out", "b.zip")
        assert (status, err[: len(told)]) == (2, told)
        Path("out", name).write_bytes(honest)
    assert not Path("b.zip").exists()


def test_what_would_not_hold_is_not_exported(bundle: Command) -> None:
    told = report()
    told["privacy"]["consortium_epsilon"] = 0.1  # the report by itself cannot know
    Path("out/report.json").write_bytes(as_file(told))
    status, _, err = bundle("export", "out", "b.zip")
    assert status == 3
    assert err.startswith("FA306: the bundle would not hold (bundle: report: its ε of the consortium is not")
    assert not Path("b.zip").exists()


def current() -> bytes:
    return release(LASTING, enrolment=enrolment(issued=NOW - DAY))


def test_keys_come_from_the_checker_by_list_by_file_or_one_by_one(bundle: Command) -> None:
    Path("b.zip").write_bytes(current())
    Path("office.json").write_text(json.dumps({"public_key": KEY}))
    Path("keys.txt").write_text("".join(f"{name} {key.public_bytes_raw().hex()}\n" for name, key in STATED.items()))
    hexed = [f"{name}={key.public_bytes_raw().hex()}" for name, key in STATED.items()]
    newest = enrolment(epoch=3, issued=NOW - DAY)
    Path("newest.json").write_bytes(newest)
    for given in (
        ("--authority", "office.json"),
        ("--authority", KEY, "--enrolment", "newest.json"),
        ("--keys", "keys.txt"),
        tuple(argument for pair in hexed for argument in ("--key", pair)),
    ):
        assert bundle("verify", "b.zip", *given)[0] == 0, given


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ((), 2, "FA101: no public key was given; "),
        (("--enrolment", "e.json"), 2, "FA101: --enrolment needs --authority; "),
        (("--key", "hub"), 2, "FA101: --key is not NAME=KEY; "),
        (("--authority", "ab" * 32), 2, "FA402: an enrolment list is from another authority than the expected one; "),
        (("--authority", "words"), 2, "FA401: a public key is not 64 hexadecimal digits; "),
        (("--authority", KEY, "--recipient", "me"), 3, "FA306: the bundle is refused: it is for County Hospital; ask"),
    ],
)
def test_what_cannot_be_relied_on_is_told_in_one_line(
    bundle: Command, arguments: tuple[str, ...], status: int, told: str
) -> None:
    Path("b.zip").write_bytes(current())
    found, _, err = bundle("verify", "b.zip", *arguments)
    assert (found, err[: len(told)]) == (status, told)


def test_an_expired_bundle_is_refused_with_status_3(bundle: Command) -> None:
    old = TERMS.__class__("A", "B", "C", NOW - 9 * DAY, NOW - DAY)
    Path("b.zip").write_bytes(release(old, enrolment=enrolment(issued=NOW - 10 * DAY)))
    status, out, err = bundle("verify", "b.zip", "--authority", KEY)
    assert status == 3
    assert "everything that was checked holds" not in out
    assert err.startswith("FA306: the bundle is refused: it expired on ")


def test_damage_is_told_with_status_2_and_comes_before_a_refusal(bundle: Command) -> None:
    Path("b.zip").write_bytes(pack({**unpack(release()), STATEMENT: b"{}"}))  # expired as well
    status, out, err = bundle("verify", "b.zip", "--authority", KEY)
    assert status == 2
    assert err.startswith("FA406: 1 of 1 checks of the bundle failed; rely on nothing in it")
    assert "        privacy_statement.json is not the file that was signed" in out.splitlines()
    assert "approved by" not in out  # nobody's word while nothing binds it
    status, out, _ = bundle("verify", "b.zip", "--authority", KEY, "--json")
    assert (status, json.loads(out)["passed"]) == (2, False)


@pytest.mark.parametrize("content", [b"", b"PK", b"{}", b"PK\x03\x04" + bytes(100), b"\x00" * 1_000])
def test_what_is_no_bundle_is_told_in_one_line(bundle: Command, content: bytes) -> None:
    Path("b.zip").write_bytes(content)
    status, out, err = bundle("verify", "b.zip", "--authority", KEY)
    assert (status, out) == (2, "")
    assert err.startswith("FA401: the file is no release bundle, or was changed since it was written; ")


def test_a_bundle_that_is_not_there_or_a_folder_is_told(bundle: Command) -> None:
    for name in ("none.zip", "out"):
        status, _, err = bundle("verify", name, "--authority", KEY)
        assert (status, err.split(";")[0]) == (2, f"FA201: {name} cannot be read")


def test_a_signed_lie_ends_with_status_2(bundle: Command) -> None:
    lie = changed(current(), {SAMPLES: 2 * (json.dumps(sample("x")).encode() + b"\n")})
    Path("b.zip").write_bytes(lie)
    status, out, err = bundle("verify", "b.zip", "--authority", KEY)
    assert status == 2
    assert err.startswith("FA406: ")
    assert "FAILED  bundle: samples: 2 samples" in out
