"""The language model that fedaug brings: a small causal one that writes English about health and money."""

from fedaug.augmentation.embedded.loading import load_embedded

__all__ = ["load_embedded"]
