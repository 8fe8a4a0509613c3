"""What a campaign's output folder holds for a release bundle, and who may sign there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fedaug.augmentation.space import PACKAGED_SPACE
from fedaug.errors import ConfigError, MissingFile
from fedaug.privacy.bundle.container import ENROLMENT, LOG, REPORT, REPORT_PAGE, STATEMENT, STATEMENT_PAGE
from fedaug.privacy.bundle.facts import read_report_facts, read_statement_facts
from fedaug.privacy.bundle.gates import DECIDING_AT_SITES, gate_facts
from fedaug.privacy.bundle.make import Material, Provenance
from fedaug.privacy.bundle.manifest import ModelFact
from fedaug.privacy.bundle.provenance import code_fact, model_facts, shipped_models
from fedaug.privacy.bundle.samples import encode_samples
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.files import read_at_most
from fedaug.privacy.keys import KeyRing, find_passphrase
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.pretrained import weights_folder
from fedaug.privacy.transparency.bundle import read_bundle
from fedaug.server.pool import Pool
from fedaug.server.report import read_report
from fedaug.server.statement import read_statement

#: Where a simulation keeps its virtual members (fedaug.simulation.consortium, .sites), and the passphrase of them all.
_CONSORTIUM: Final = "consortium"
_COORDINATOR: Final = Path(_CONSORTIUM) / "coordinator"
_PASSPHRASE: Final = Path("sites") / "passphrase"
_POOL: Final = "pool.sqlite"
#: The tables of a site's settings that are its policy. Its name, its paths and its columns are not.
_POLICY_TABLES: Final = ("privacy", "policy", "samples", "deid")
_SETTINGS_BYTES: Final = 2**20


def gather(out: Path, enrolment: Path | None, pool: str | None, *, samples: bool) -> Material:
    """A campaign's files.

    Args:
        out: The folder that its coordinator wrote.
        enrolment: The consortium's list of keys; by default that of a simulation.
        pool: Database of the pool; by default the file in ``out``.
        samples: Whether to hand over the accepted samples.

    Raises:
        MissingFile: A file is not there, or the pool holds no samples of the campaign.
        InputError: Statement or report are not of this version, or do not bear themselves out.
        PoolError: The pool cannot be read.
        ProtocolError: A sample is malformed.
    """
    statement = _read(out / STATEMENT)
    report = (_read(out / REPORT), _read(out / REPORT_PAGE)) if (out / REPORT).exists() else None
    read_statement(out / STATEMENT)  # closed forms: a checker passes over what it does not know, and it would be signed
    if report is not None:
        read_report(out / REPORT)
    return Material(
        statement=statement,
        statement_page=_read(out / STATEMENT_PAGE),
        log=_read(out / LOG),
        enrolment=_read(enrolment or out / _CONSORTIUM / ENROLMENT),
        report=report,
        samples=_samples(out, pool, read_statement_facts(statement).campaign) if samples else None,
    )


def trace(out: Path, material: Material, policies: Mapping[str, Path]) -> Provenance:
    """What made a campaign.

    Args:
        out: The folder that its coordinator wrote.
        material: Its files.
        policies: Site -> its ``site.toml``; in a simulation those of the virtual sites are found.

    Raises:
        ConfigError: A gate is not installed here, or a policy is no TOML file.
        MissingFile: A policy is not there.
    """
    statement = read_statement_facts(material.statement)
    sites = statement.mechanisms.sites
    found = {path.parent.name: path for path in out.glob("sites/*/site.toml") if path.parent.name in sites}
    found |= policies
    gates = set(statement.public_inputs.gates)
    plan = read_bundle(material.log).plans.get(statement.plan)
    if plan is not None and plan.samples is not None and plan.samples.outside_dp:
        gates |= set(DECIDING_AT_SITES)
    if material.report is not None:
        gates |= read_report_facts(material.report[0]).gate_names
    return Provenance(
        code=code_fact(),
        models=[*_encoder(statement.public_inputs.encoder), *shipped_models()],
        policies={site: policy_digest(path) for site, path in found.items()},
        gates=gate_facts(gates),
    )


def policy_digest(path: Path) -> str:
    """SHA-256 of a site's policy: these tables of its settings, as canonical JSON.

    Raises:
        MissingFile: The file cannot be read.
        ConfigError: It is no TOML file.
    """
    try:
        settings = tomllib.loads(read_at_most(path, _SETTINGS_BYTES).decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        raise ConfigError("a site's policy is no TOML file", "give the site.toml of that site") from None
    tables = {name: settings.get(name, {}) for name in _POLICY_TABLES}
    if tables["privacy"].get("epsilon") == float("inf"):  # a simulation without noise; JSON has no infinity
        tables["privacy"] = {**tables["privacy"], "epsilon": "inf"}
    return digest(canonical_json(tables))


def signer_of(out: Path, folder: Path | None) -> Ed25519PrivateKey:
    """The key that signs: of the member whose folder is given, or of a simulation's virtual coordinator.

    Raises:
        ConfigError: There is none.
        SealError: The passphrase is wrong.
    """
    if folder is not None:
        return KeyRing.open(folder, find_passphrase(folder)).signer
    if not (out / _PASSPHRASE).exists() or not (out / _COORDINATOR).is_dir():
        raise ConfigError("nobody was named who signs the bundle", "give --key and the folder of a member's keys")
    return KeyRing.open(out / _COORDINATOR, _read(out / _PASSPHRASE)).signer


def _samples(out: Path, pool: str | None, campaign: str) -> bytes:
    if pool is None and not (out / _POOL).exists():
        raise MissingFile("the campaign's folder has no pool", "give --pool and the database's URL")
    with Pool.open(pool or out / _POOL, make=False) as database:
        accepted = encode_samples(
            {
                "sample_id": sample.sample_id,
                "text": sample.text,
                "label": sample.label,
                "weight": sample.weight,
                "origin": sample.origin,
                "source": sample.source,
                "dependence": None if sample.outside_dp else sample.dependence.name.lower(),
                "outside_dp": sample.outside_dp,
                "parents": list(sample.parents),
            }
            for sample in database.samples(campaign)
        )
    if not accepted:
        raise MissingFile("the pool holds no accepted samples of the campaign", "give --pool and the database's URL")
    return accepted


def _encoder(name: str) -> list[ModelFact]:
    """The packaged encoder's weights; another encoder is the coordinator's own, whose files are not known here."""
    return model_facts(name, weights_folder()) if name == PACKAGED_SPACE.name else []


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise MissingFile(f"{path} is not there", "give the folder of a campaign that has finished")
    return read_at_most(path, LIMITS.release_file_bytes)
