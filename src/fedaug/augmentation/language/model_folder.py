"""A model's folder, looked at before anything in it is loaded: no code, no pickles, no weights cut short."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from safetensors import SafetensorError, safe_open

from fedaug.errors import ConfigError, MalformedSource, MissingFile, UnknownFormat

_INDEX: Final = "model.safetensors.index.json"
_WEIGHTS: Final = "model.safetensors"
#: Formats that run code when they are read, or that transformers reads by other libraries.
_OTHER_WEIGHTS: Final = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack", ".gguf", ".onnx"})
_MOST_JSON_BYTES: Final = 64 << 20


def checked_config(folder: Path) -> dict[str, Any]:
    """The folder's ``config.json``, once the folder is known to hold a model that may be loaded.

    Raises:
        MissingFile: The folder, its configuration or its weights are not there.
        UnknownFormat: The weights are pickled or in another format than safetensors, or the folder is an adapter's.
        ConfigError: The model brings code of its own.
        MalformedSource: A file is damaged or cut short.
    """
    if not folder.is_dir():
        raise MissingFile(f"there is no folder {folder}", "give the folder of a model on this machine, or embedded")
    if not (folder / "config.json").is_file():
        if (folder / "adapter_config.json").is_file():
            raise UnknownFormat(f"{folder} holds an adapter and no model", "name the folder of the model it adapts")
        raise MissingFile(f"{folder} has no config.json", "give a folder that save_pretrained wrote")
    config = _read_json(folder / "config.json")
    for name in ("config.json", "tokenizer_config.json"):
        if (folder / name).is_file() and "auto_map" in _read_json(folder / name):
            raise ConfigError(
                f"{folder}'s {name} names code of its own (auto_map), which is never run",
                "use a model whose architecture transformers has",
            )
    for path in weight_files(folder):
        _check_whole(path)
    return config


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model's folder.

    Raises:
        MissingFile: One is not there.
        UnknownFormat: The weights are pickled or in another format.
        MalformedSource: The index names no files.
    """
    if (folder / _WEIGHTS).is_file():
        return [folder / _WEIGHTS]
    if (folder / _INDEX).is_file():
        shards = _read_json(folder / _INDEX).get("weight_map")
        if not isinstance(shards, dict) or not all(isinstance(name, str) for name in shards.values()):
            raise MalformedSource(f"{folder}'s {_INDEX} names no files", "copy the model again")
        names = sorted(set(shards.values()))
        if any(Path(name).name != name or Path(name).suffix != ".safetensors" for name in names):
            raise UnknownFormat(f"{folder}'s {_INDEX} names files outside the folder or of another format", "refuse it")
        missing = [name for name in names if not (folder / name).is_file()]
        if missing:
            raise MissingFile(f"{len(missing)} of the {len(names)} weight files of {folder} are missing", "copy them")
        return [folder / name for name in names]
    others = sorted({path.suffix for path in folder.iterdir() if path.suffix in _OTHER_WEIGHTS})
    if others:
        raise UnknownFormat(
            f"the weights in {folder} are {', '.join(others)}, and only safetensors are read, since pickles run code",
            "save the model again where it is trusted, with save_pretrained(…, safe_serialization=True)",
        )
    raise MissingFile(f"{folder} has no {_WEIGHTS}", "give a folder that save_pretrained wrote")


def _check_whole(path: Path) -> None:
    """The header of a safetensors file says how long the file is."""
    try:
        with safe_open(path, "numpy"):
            return
    except (SafetensorError, OSError) as error:
        raise MalformedSource(
            f"{path.name} is cut short or no safetensors file", "copy or download the model again"
        ) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MOST_JSON_BYTES:
            raise ValueError
        found = json.loads(path.read_text("utf-8"))
    except OSError:
        raise MissingFile(f"{path} cannot be read", "check its permissions") from None
    except (ValueError, RecursionError):
        raise MalformedSource(f"{path} is not JSON", "copy or download the model again") from None
    if not isinstance(found, dict):
        raise MalformedSource(f"{path} is not a JSON object", "copy or download the model again")
    return found
