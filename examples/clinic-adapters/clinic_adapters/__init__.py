"""Sections of clinical notes over two sites that adapt a language model, as a Flower app."""
