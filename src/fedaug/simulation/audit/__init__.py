"""The campaign's audit: canaries put in by coins at a virtual site, and what can be guessed of them from what left."""

from __future__ import annotations

from fedaug.simulation.audit.run import AUDIT_FOLDER, audit_campaign, canaries_for
from fedaug.simulation.audit.whole import audit_run

__all__ = ["AUDIT_FOLDER", "audit_campaign", "audit_run", "canaries_for"]
