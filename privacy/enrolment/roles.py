"""What a member of a consortium may be, and why its key may be revoked. Light: commands name these in their help."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a key may be used for."""

    SITE = "site"
    COORDINATOR = "coordinator"


class Reason(StrEnum):
    """Why a key was revoked."""

    STOLEN = "stolen"
    LOST = "lost"
    LEFT = "left"  # the member is in the consortium no more
    OTHER = "other"
