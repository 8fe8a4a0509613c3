"""The pool's tables, typed. Created and changed only by the migrations; a test holds the two together."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, DateTime, Double, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

#: Where Alembic keeps the schema's version: a name of its own, since a PostgreSQL database may hold other schemas.
VERSION_TABLE: Final = "fedaug_pool_version"


class Base(DeclarativeBase):
    """All tables of the pool."""


class CampaignRow(Base):
    """One campaign: the plan that every site reserved, and how far it is."""

    __tablename__ = "campaigns"

    campaign: Mapped[str] = mapped_column(String(100), primary_key=True)
    plan_digest: Mapped[str] = mapped_column(String(64))
    config: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(20))


class SampleRow(Base):
    """One synthetic sample with one label; a text may be pooled under two labels, never twice under one."""

    __tablename__ = "samples"
    __table_args__ = (
        UniqueConstraint("campaign", "sample_id", "label", name="uq_samples_once"),
        Index("ix_samples_label", "campaign", "label"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(ForeignKey("campaigns.campaign"))
    sample_id: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(String(200))
    weight: Mapped[float] = mapped_column(Double)
    accepted_round: Mapped[int]
    origin: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(String(200))
    dependence: Mapped[int]
    parents: Mapped[list[str]] = mapped_column(JSON)
    scores: Mapped[dict[str, float]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(20))


class ReleaseRow(Base):
    """One release that was accepted; a site's key is accepted once."""

    __tablename__ = "releases"
    __table_args__ = (UniqueConstraint("campaign", "site", "key", name="uq_releases_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(ForeignKey("campaigns.campaign"))
    site: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    event: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    envelope_digest: Mapped[str] = mapped_column(String(64))
    accepted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CheckpointRow(Base):
    """What a coordinator needs to go on after a finished phase."""

    __tablename__ = "checkpoints"
    __table_args__ = (UniqueConstraint("campaign", "phase", name="uq_checkpoints_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign: Mapped[str] = mapped_column(ForeignKey("campaigns.campaign"))
    phase: Mapped[str] = mapped_column(String(100))
    data: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[str] = mapped_column(String(64))


class NonceRow(Base):
    """A nonce that a site has used for a release; a second release with it is a replay."""

    __tablename__ = "nonces"

    site: Mapped[str] = mapped_column(String(100), primary_key=True)
    nonce: Mapped[str] = mapped_column(String(128), primary_key=True)


class LogEntryRow(Base):
    """One entry of a transparency log: a site's, as it showed it, or the coordinator's own."""

    __tablename__ = "log_entries"
    __table_args__ = (UniqueConstraint("origin", "number", name="uq_log_entries_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(String(100))
    number: Mapped[int]
    entry: Mapped[str] = mapped_column(Text)


class LogOwnerRow(Base):
    """The coordinator whose log book it is; one row."""

    __tablename__ = "log_owner"

    coordinator: Mapped[str] = mapped_column(String(100), primary_key=True)


class LogHeadRow(Base):
    """The newest signed head of such a log, in each role."""

    __tablename__ = "log_heads"
    __table_args__ = (UniqueConstraint("origin", "role", name="uq_log_heads_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    origin: Mapped[str] = mapped_column(String(100))
    role: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    signed: Mapped[str] = mapped_column(Text)
