"""Whose key is whose in a consortium: lists signed by its authority, and how a member keeps the newest."""

from __future__ import annotations

from fedaug.privacy.enrolment.form import claimed_authority, read_list, sign_list, signed_list
from fedaug.privacy.enrolment.lists import Enrolment, Member, Revocation
from fedaug.privacy.enrolment.roles import Reason, Role
from fedaug.privacy.enrolment.store import EnrolmentStore

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
