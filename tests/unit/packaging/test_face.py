"""The public face is sorted and importable, and it stays light until a name is asked for."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import fedaug


def test_public_names_are_sorted_and_importable() -> None:
    assert list(fedaug.__all__) == sorted(fedaug.__all__)
    assert len(set(fedaug.__all__)) == len(fedaug.__all__)
    for name in fedaug.__all__:
        assert getattr(fedaug, name) is not None


def test_version_is_the_installed_one() -> None:
    assert fedaug.__version__ == importlib.metadata.version("fedaug")


def test_importing_the_face_loads_neither_torch_nor_flower() -> None:
    code = "import sys, fedaug; print(sorted({'torch', 'flwr', 'ray', 'spacy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
