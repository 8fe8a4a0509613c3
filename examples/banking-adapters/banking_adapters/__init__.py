"""Intents of bank customers over two sites that adapt a language model, as a Flower app."""
