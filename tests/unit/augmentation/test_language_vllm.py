"""The vLLM sampler against a stand-in for vLLM, which needs a GPU: what it is told, and what is made of its answers."""

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from tests.tiny_language_models import change_config, save_tiny

from fedaug.augmentation.language.banned_words import BannedWords
from fedaug.augmentation.language.loading import load_language_model
from fedaug.augmentation.language.sampling import Prompt
from fedaug.augmentation.language.settings import SamplingSettings
from fedaug.augmentation.language.vllm_sampler import VllmSampler
from fedaug.errors import ConfigError, MissingExtra

SETTINGS = SamplingSettings(12, stop="\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_tiny(tmp_path)


@pytest.fixture
def vllm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A module whose engine answers each prompt with the prompt's own tokens, a line break and more."""
    told: dict[str, Any] = {"params": [], "reason": "stop"}
    model = load_language_model(folder, device="cpu")
    after = model.encode(["\nmore"])[0]

    class Engine:
        def __init__(self, **options: object) -> None:
            told["engine"] = options

        def generate(self, prompts: list[dict[str, list[int]]], params: list[Any], use_tqdm: bool) -> list[Any]:
            assert not use_tqdm
            told["params"] += params
            answers = [[*prompt["prompt_token_ids"][1:], *after] for prompt in prompts]
            return [
                SimpleNamespace(outputs=[SimpleNamespace(token_ids=ids, finish_reason=told["reason"])])
                for ids in answers
            ]

    module: Any = ModuleType("vllm")
    module.LLM, module.SamplingParams = Engine, SimpleNamespace
    monkeypatch.setitem(sys.modules, "vllm", module)
    return told


def _prompts(sampler: VllmSampler) -> list[Prompt]:
    starts = ["lost card", "stolen phone", "what fee"]
    return [Prompt(start, (1, *ids)) for start, ids in zip(starts, sampler.model.encode(starts), strict=True)]


def test_it_samples_as_the_protocol_says(folder: Path, vllm: dict[str, Any]) -> None:
    sampler = VllmSampler(folder, BannedWords(["Stolen"]))
    seen: list[tuple[int, int]] = []
    made = list(sampler.sample(_prompts(sampler), SETTINGS, 1, lambda *done: seen.append(done)))
    assert [(sample.key, sample.text, sample.ended) for sample in made] == [
        ("lost card", "lost card", True),
        ("what fee", "what fee", True),
    ]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_text_that_vllm_ended_counts_as_ended_and_one_cut_at_the_most_tokens_not(
    folder: Path, vllm: dict[str, Any]
) -> None:
    sampler, settings = VllmSampler(folder), SamplingSettings(12, stop="")
    assert {sample.ended for sample in sampler.sample(_prompts(sampler), settings, 1)} == {True}
    vllm["reason"] = "length"
    assert {sample.ended for sample in sampler.sample(_prompts(sampler), settings, 1)} == {False}


def test_it_runs_no_code_and_reads_safetensors_only(folder: Path, vllm: dict[str, Any]) -> None:
    VllmSampler(folder, engine={"trust_remote_code": True, "tensor_parallel_size": 2})
    assert vllm["engine"] == {
        "model": str(folder),
        "tokenizer": str(folder),
        "trust_remote_code": False,
        "load_format": "safetensors",
        "max_model_len": 64,
        "tensor_parallel_size": 2,
    }
    change_config(folder, auto_map={"AutoModelForCausalLM": "evil.Model"})
    with pytest.raises(ConfigError, match="code of its own"):
        VllmSampler(folder)


def test_a_row_s_seed_follows_from_its_key_alone(folder: Path, vllm: dict[str, Any]) -> None:
    sampler = VllmSampler(folder, BannedWords(["stolen"]))
    prompts = _prompts(sampler)
    list(sampler.sample(prompts, SETTINGS, 1))
    list(sampler.sample(prompts[::-1], SETTINGS, 1))
    list(sampler.sample(prompts, SETTINGS, 2))
    seeds = [params.seed for params in vllm["params"]]
    assert seeds[:3] == seeds[3:6][::-1]
    assert len(set(seeds)) == 6
    assert min(seeds) >= 0
    first = vllm["params"][0]
    assert (first.temperature, first.top_p, first.max_tokens, first.stop) == (0.8, 0.95, 12, ["\n"])
    assert (first.bad_words, first.stop_token_ids) == (["stolen"], [0])


def test_without_vllm_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(MissingExtra, match=r"FA104: the engine vllm is not installed; pip install 'fedaug\[vllm\]'"):
        VllmSampler(folder)
