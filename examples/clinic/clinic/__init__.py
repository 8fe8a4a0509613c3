"""Sections of clinical notes over five sites, as a Flower app."""
