"""Intents of bank customers over ten sites, as a Flower app."""
