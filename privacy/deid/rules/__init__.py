"""Recognisers by pattern, checksum and word list: what needs no model."""

from __future__ import annotations

from fedaug.privacy.deid.rules.rule import Rule, RuleRecogniser, SpanRecogniser
from fedaug.privacy.deid.rules.select import left_out, recognisers_for, rules_for

__all__ = ["Rule", "RuleRecogniser", "SpanRecogniser", "left_out", "recognisers_for", "rules_for"]
