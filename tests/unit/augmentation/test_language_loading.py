"""Loading a model from disk: what is read, what is refused, and that nothing is fetched or run."""

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.tiny_language_models import SHAPES, VOCABULARY, change_config, save_tiny

from fedaug.augmentation.candidates import Dependence
from fedaug.augmentation.language.loading import best_device, dtype_for, load_language_model
from fedaug.errors import ConfigError, FedaugError, MalformedSource, MissingFile, UnknownFormat


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("saved") / "tiny-llama")


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "tiny-llama"))


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_each_architecture_is_loaded_with_its_own_weights(shape: str, tmp_path: Path) -> None:
    loaded = load_language_model(save_tiny(tmp_path, shape), device="cpu")
    weights = load_file(tmp_path / "model.safetensors")
    state = loaded.model.state_dict()
    found = [name for name in weights if name in state]
    assert len(found) > 5
    assert all(torch.equal(state[name], weights[name]) for name in found)
    assert not loaded.model.training
    assert loaded.model.dtype == torch.float32
    assert (loaded.end_id, loaded.pad_id) == (0, 2)
    assert loaded.decode(loaded.encode(["lost card"])[0]) == "lost card"


def test_a_folder_is_named_and_marked_and_its_limits_are_read(folder: Path) -> None:
    change_config(folder, "generation_config.json", eos_token_id=[0, 5])
    loaded = load_language_model(str(folder), device="cpu", dependence=Dependence.DP)
    assert (loaded.name, loaded.max_tokens, loaded.begin_id) == ("tiny-llama", 64, 1)
    assert loaded.dependence is Dependence.DP
    assert loaded.end_ids == {0, 5}
    assert str(folder) not in repr(loaded)


def test_nothing_is_fetched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert load_language_model(folder, device="cpu").name == "tiny-llama"


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _cut_short(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def _without_a_weight(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights.pop("model.layers.0.mlp.up_proj.weight")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def _of_another_width(folder: Path) -> None:
    change_config(folder, intermediate_size=48)


def _without_tokenizer(folder: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()


def _damaged_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("{}", "utf-8")


def _of_more_tokens(folder: Path) -> None:
    path = folder / "tokenizer.json"
    found = json.loads(path.read_text("utf-8"))
    found["model"]["vocab"] += [[f"more{place}", -9.0] for place in range(50)]
    path.write_text(json.dumps(found), "utf-8")


def _shards(folder: Path, name: str) -> None:
    (folder / "model.safetensors").unlink()
    index = {"weight_map": {"model.embed_tokens.weight": name}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), "utf-8")


BROKEN: dict[str, tuple[Callable[[Path], object], type[FedaugError], str]] = {
    "no folder": (shutil.rmtree, MissingFile, "there is no folder"),
    "no configuration": (lambda folder: (folder / "config.json").unlink(), MissingFile, "no config.json"),
    "an adapter": (
        lambda folder: (folder / "config.json").rename(folder / "adapter_config.json"),
        UnknownFormat,
        "holds an adapter and no model",
    ),
    "pickled weights": (_pickled, UnknownFormat, r"are \.bin, and only safetensors are read"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), MissingFile, "has no model.safetensors"),
    "weights cut short": (_cut_short, MalformedSource, "cut short or no safetensors file"),
    "a weight missing": (_without_a_weight, MalformedSource, "1 weights of the llama model are not in"),
    "weights of another width": (_of_another_width, MalformedSource, "do not fit its config.json"),
    "a shard missing": (lambda folder: _shards(folder, "one.safetensors"), MissingFile, "1 of the 1 weight files"),
    "a shard elsewhere": (lambda folder: _shards(folder, "../one.safetensors"), UnknownFormat, "outside the folder"),
    "own code": (
        lambda folder: change_config(folder, auto_map={"AutoModelForCausalLM": "evil.Model"}),
        ConfigError,
        "code of its own",
    ),
    "own code of the tokenizer": (
        lambda folder: change_config(folder, "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.T", None]}),
        ConfigError,
        "tokenizer_config.json names code of its own",
    ),
    "unknown architecture": (lambda folder: change_config(folder, model_type="lama"), UnknownFormat, "architecture"),
    "an image model": (lambda folder: change_config(folder, model_type="vit"), UnknownFormat, "vit model, which is no"),
    "configuration is no JSON": (
        lambda folder: (folder / "config.json").write_text("{", "utf-8"),
        MalformedSource,
        "config.json is not JSON",
    ),
    "configuration is a list": (
        lambda folder: (folder / "config.json").write_text("[]", "utf-8"),
        MalformedSource,
        "config.json is not a JSON object",
    ),
    "quantised weights": (
        lambda folder: change_config(folder, quantization_config={"quant_method": "awq", "bits": 4}),
        UnknownFormat,
        "the quantised weights in",
    ),
    "no tokenizer": (_without_tokenizer, MissingFile, "has no tokenizer"),
    "a damaged tokenizer": (_damaged_tokenizer, MalformedSource, "the tokenizer in"),
    "a tokenizer of another model": (_of_more_tokens, ConfigError, "241 tokens and the model 191"),
}


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_a_broken_folder_is_refused_and_the_reason_named(
    what: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert VOCABULARY == 191
    spoil, kind, reason = BROKEN[what]
    spoil(folder)
    with pytest.raises(kind, match=reason):
        load_language_model(folder, device="cpu")
    assert not capsys.readouterr().out


def test_code_in_a_folder_never_runs(folder: Path, tmp_path: Path) -> None:
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n", "utf-8")
    change_config(folder, auto_map={"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"})
    with pytest.raises(ConfigError):
        load_language_model(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen", "kind"),
    [
        (True, True, "cuda", torch.bfloat16),
        (False, True, "mps", torch.bfloat16),
        (False, False, "cpu", torch.float32),
    ],
)
def test_the_fastest_device_is_chosen_and_a_gpu_computes_in_bfloat16(
    cuda: bool, mps: bool, chosen: str, kind: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert (best_device(), dtype_for(chosen)) == (chosen, kind)
