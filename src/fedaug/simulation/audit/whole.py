"""The whole audit of a finished simulation: canaries through its plan, attacks on its pool, planted identifiers.

Attacks on records go into each site's folder, for that site's own edition. They go into ``audit.json``, which the
consortium reads, only where the records are public or made up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from fedaug.augmentation.encoder import Encoder
from fedaug.client.records import Record
from fedaug.privacy.audit.attacked import Identifiers
from fedaug.privacy.audit.findings import Population, Releasable
from fedaug.privacy.audit.identifiers import identifier_canaries
from fedaug.privacy.audit.outcome import AuditOutcome
from fedaug.privacy.noise import NoiseSource, SystemNoise
from fedaug.server.candidates import CandidateSource
from fedaug.server.coordinator import Narrator
from fedaug.server.pool import Pool
from fedaug.server.schooling import Heldout
from fedaug.simulation.audit.left_identifiers import left_identifiers
from fedaug.simulation.audit.pool_attacks import PoolAttacker, attack_sites
from fedaug.simulation.audit.run import AUDIT_FOLDER, audit_campaign, canaries_for
from fedaug.simulation.example import Example


def audit_run(
    example: Example,
    out: Path,
    dealt: Sequence[Sequence[Record]],
    heldout: Heldout,
    records: Population,
    *,
    public: Encoder,
    plain: Encoder,
    narrator: Narrator,
    noise: Callable[[str], NoiseSource] | None = None,
    pool: str | None = None,
) -> AuditOutcome:
    """Audit a run whose sites and pool lie in ``out``; writes each site's attacks into its folder.

    Args:
        example: The campaign.
        out: The run's folder.
        dealt: Each site's records.
        heldout: Texts that no site holds.
        records: Whether those of ``dealt`` and ``heldout`` are real.
        public: Embeds public texts, and may keep what it embeds.
        plain: Embeds records and canaries.
        narrator: Told about progress.
        noise: A site's noise source by its name; tests alone give one.
        pool: Database URL of the pool; the file in ``out`` by default.
    """
    config, work = example.campaign, out / AUDIT_FOLDER
    narrator.phase("audit: make canaries")
    texts = canaries_for(example, example.simulation.audit.canaries)
    source = CandidateSource(config, example.search, public, heldout)
    outcome = audit_campaign(
        example, work, texts, public=public, plain=plain, narrator=narrator, noise=noise, source=source
    )
    narrator.phase("audit: attack the pool")
    with Pool.open(pool or out / "pool.sqlite") as database:
        attacker = PoolAttacker(config, database.samples(config.name), public, plain)
    attacked = []
    if records is not Population.REAL:
        every = [record for part in dealt for record in part]
        attacked.append(attacker.on_records(every, heldout, "all sites (public or made up)", records).for_consortium())
    for name, found in attack_sites(attacker, dealt, heldout, records):
        found.write(out / "sites" / name)
    narrator.phase("audit: plant identifiers")
    return outcome.beside(attacked, _identifiers(example, work, plain))


def _identifiers(example: Example, work: Path, encoder: Encoder) -> Identifiers | None:
    planted = identifier_canaries(example.campaign.seed, SystemNoise(), labels=example.campaign.labels)
    found = left_identifiers(example, work / "identifiers", planted, encoder)
    return None if found is None else Identifiers.of(Releasable(found))
