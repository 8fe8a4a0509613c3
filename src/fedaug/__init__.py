"""fedaug: privacy-preserving federated augmentation."""

__version__ = "0.1.0"
