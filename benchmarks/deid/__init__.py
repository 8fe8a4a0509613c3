"""Evaluation of de-identification: what it finds, what it misses, and how that was counted."""
