"""Trains the embedded language model: see ``python -m tools.pretraining --help``."""

from __future__ import annotations

import sys

from tools.pretraining.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
