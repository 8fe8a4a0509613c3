"""Made-up notes of clinics, banks and offices with the exact place and kind of every personal identifier in them."""

from benchmarks.deid.notes.people import names

__all__ = ["names"]
