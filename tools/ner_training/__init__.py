"""Trains the embedded neural recogniser."""
