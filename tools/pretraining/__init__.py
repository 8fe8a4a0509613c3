"""Trains the embedded language model: data, training, measuring, packing."""
