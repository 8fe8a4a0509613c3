"""Whose key is whose in a consortium: lists signed by its authority, and how a member keeps the newest."""

from __future__ import annotations

from fedaug.privacy.enrolment.store import (
    Enrolment,
    EnrolmentStore,
    Member,
    Reason,
    Revocation,
    Role,
    claimed_authority,
    read_list,
    sign_list,
    signed_list,
)

__all__ = [
    "Enrolment",
    "EnrolmentStore",
    "Member",
    "Reason",
    "Revocation",
    "Role",
    "claimed_authority",
    "read_list",
    "sign_list",
    "signed_list",
]
