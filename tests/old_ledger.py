"""A ledger as fedaug's first version wrote it: its schema by its migration, its rows by hand."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.ledger import database as ledger_database
from fedaug.privacy.ledger.database import connected, transaction

ARTEFACT = b"what left in spring"
REQUEST = digest(b"request")
#: campaign, key, state; two plans, whose charges are one after the other.
CHARGES = [("spring", "votes/0", "committed"), ("spring", "votes/1", "void"), ("autumn", "votes/0", "reserved")]


def old_event(key: str) -> dict[str, object]:
    return {"mechanism": "gaussian", "key": key, "release": "NoisyVotes", "sensitivity": 1.0, "noise_std": 5.5}


def write_old_ledger(path: Path, lineage: str = "lineage") -> None:
    path.touch(0o600)
    engine = connected(path)
    config = Config()
    config.set_main_option("script_location", str(Path(ledger_database.__file__).with_name("migrations")))
    with transaction(engine, "IMMEDIATE") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text("INSERT INTO identity VALUES (1, :lineage, 'record', 'add_or_remove_one')"), {"lineage": lineage}
        )
        for campaign in ("spring", "autumn"):
            values = {"campaign": campaign, "plan": digest(campaign.encode())}
            connection.execute(text("INSERT INTO plans VALUES (:campaign, :plan)"), values)
        for number, (campaign, key, state) in enumerate(CHARGES, start=1):
            values = {
                "number": number,
                "campaign": campaign,
                "key": key,
                "event": canonical_json(old_event(key)).decode(),
                "state": state,
            }
            connection.execute(text("INSERT INTO charges VALUES (:number, :campaign, :key, :event, :state)"), values)
        sealed = {"request": REQUEST, "digest": digest(ARTEFACT), "artefact": ARTEFACT}
        connection.execute(text("INSERT INTO outbox VALUES (1, :request, :digest, :artefact)"), sealed)
    engine.dispose()
