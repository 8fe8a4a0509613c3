"""Sampling: the same texts whatever the batch, the cache or an interruption; and what the settings promise."""

import functools
import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from tests.tiny_language_models import SHAPES, tiny_model
from transformers import BertConfig, BertLMHeadModel, NoRepeatNGramLogitsProcessor, RepetitionPenaltyLogitsProcessor

from fedaug.augmentation.language import choice
from fedaug.augmentation.language.banned_words import BannedWords
from fedaug.augmentation.language.capabilities import way_of
from fedaug.augmentation.language.choice import choose, forbid_repeated_runs, penalise
from fedaug.augmentation.language.draws import gumbel, row_key
from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.language.sampling import LocalSampler, Prompt, Sample
from fedaug.augmentation.language.settings import SamplingSettings
from fedaug.augmentation.language.stepping import Way
from fedaug.errors import ConfigError, UnknownFormat

PLAIN = Way(cached=False, padded=False)
STARTS = ["lost card", "help with my account please", "lost card", "i have", "what", "stolen phone and card today"]
SETTINGS = SamplingSettings(max_new_tokens=12, stop="", temperature=1.0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    return tiny_model(tmp_path_factory.mktemp("tiny"), "bert")


def _prompts(model: LanguageModel, starts: list[str] = STARTS) -> list[Prompt]:
    ids = model.encode(starts)
    return [Prompt(f"{place}", (model.begin_id or 0, *own)) for place, own in enumerate(ids)]


def _texts(sampler: LocalSampler, prompts: list[Prompt], settings: SamplingSettings = SETTINGS) -> dict[str, Sample]:
    return {sample.key: sample for sample in sampler.sample(prompts, settings, seed=7)}


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_cached_and_padded_sampling_gives_what_each_text_alone_gives(shape: str, tmp_path: Path) -> None:
    model = tiny_model(tmp_path, shape)
    prompts = _prompts(model)
    alone = _texts(LocalSampler(model, rows=1, way=PLAIN), prompts)
    assert len(alone) == len(STARTS)
    assert len({sample.text for sample in alone.values()}) == len(STARTS), "contexts have to matter"
    assert _texts(LocalSampler(model), prompts) == alone


@pytest.mark.parametrize(
    ("shape", "way"),
    [
        *((shape, Way(cached=True, padded=True)) for shape in ("gpt2", "llama", "qwen2", "gemma3", "bert", "bloom")),
        ("roberta", Way(cached=True, padded=False)),  # counts positions from its padding token
        ("mamba", PLAIN),  # keeps no keys and values
    ],
)
def test_each_architecture_is_run_in_the_fastest_way_that_is_right(shape: str, way: Way, tmp_path: Path) -> None:
    assert way_of(tiny_model(tmp_path, shape)) == way


@pytest.mark.parametrize("shape", ["gpt2", "bert"])
def test_positions_that_padding_shifts_are_found_out(
    shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model(tmp_path, shape)
    forward = model.model.forward

    def without_positions(input_ids: torch.Tensor, **given: object) -> object:
        return forward(input_ids, **{name: value for name, value in given.items() if name != "position_ids"})

    monkeypatch.setattr(model.model, "forward", without_positions)
    assert way_of(model) == Way(cached=True, padded=False)
    wrong = _texts(LocalSampler(model, way=Way(cached=True, padded=True)), _prompts(model))
    assert wrong != _texts(LocalSampler(model), _prompts(model))


@pytest.mark.parametrize("shape", ["gpt2", "llama", "qwen3", "gemma3", "bert"])
def test_a_model_in_bfloat16_is_run_as_fast_and_the_same_run_gives_the_same_texts(shape: str, tmp_path: Path) -> None:
    model = tiny_model(tmp_path, shape)
    model.model.to(torch.bfloat16)
    assert way_of(model) == Way(cached=True, padded=True)
    assert _texts(LocalSampler(model), _prompts(model)) == _texts(LocalSampler(model), _prompts(model))


def test_an_encoder_is_refused(tmp_path: Path) -> None:
    model = tiny_model(tmp_path, "bert")
    encoder = BertLMHeadModel(BertConfig(**model.model.config.to_dict() | {"is_decoder": False}))
    model = replace(model, model=encoder.train(False))
    with pytest.raises(UnknownFormat, match="does not predict each token from those before it"):
        LocalSampler(model)


def test_texts_do_not_depend_on_the_batch_or_the_order(model: LanguageModel) -> None:
    prompts = _prompts(model, [start for start in STARTS for _ in range(8)])
    whole = _texts(LocalSampler(model), prompts)
    assert len(whole) == len(prompts)
    for rows in (1, 3, 7):
        assert _texts(LocalSampler(model, rows=rows), prompts) == whole
    assert _texts(LocalSampler(model, rows=5), prompts[::-1]) == whole
    assert _texts(LocalSampler(model), prompts[10:13]).items() <= whole.items()


def test_another_seed_or_key_gives_another_text(model: LanguageModel) -> None:
    one, two = _prompts(model, ["lost card", "lost card"])
    sampler = LocalSampler(model)
    made = _texts(sampler, [one, two])
    assert made[one.key].text != made[two.key].text
    assert next(sampler.sample([one], SETTINGS, seed=8)).text != made[one.key].text


def test_rounding_that_differs_between_batches_does_not_change_a_text(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = _prompts(model, STARTS * 20)
    alone = _texts(LocalSampler(model, rows=1, way=PLAIN), prompts)
    forward, noise = model.model.forward, torch.Generator().manual_seed(0)

    def rounded(**given: object) -> object:
        output = forward(**given)
        if len(output.logits) > 1:
            output.logits = output.logits + (torch.rand(output.logits.shape, generator=noise) - 0.5) * 0.02
        return output

    sampler = LocalSampler(model)
    monkeypatch.setattr(model.model, "forward", functools.wraps(forward)(rounded))
    assert _texts(sampler, prompts) != alone, "the noise has to be large enough to matter"
    monkeypatch.setattr(choice, "CLOSE", 0.05)
    assert _texts(sampler, prompts) == alone


def test_what_an_interruption_left_undone_comes_out_the_same_later(model: LanguageModel) -> None:
    prompts = _prompts(model, STARTS * 3)
    sampler = LocalSampler(model, rows=4)
    whole = _texts(sampler, prompts)
    kept = {sample.key: sample for sample in itertools.islice(sampler.sample(prompts, SETTINGS, seed=7), 7)}
    rest = _texts(sampler, [prompt for prompt in prompts if prompt.key not in kept])
    assert len(kept) == 7
    assert kept | rest == whole


def test_progress_counts_every_text(model: LanguageModel) -> None:
    seen: list[tuple[int, int]] = []
    list(LocalSampler(model).sample(_prompts(model), SETTINGS, 1, lambda done, total: seen.append((done, total))))
    assert seen == [(done, len(STARTS)) for done in range(1, len(STARTS) + 1)]


def test_temperature_zero_is_the_likeliest_token_each_time(model: LanguageModel) -> None:
    settings = SamplingSettings(8, min_new_tokens=0, temperature=0, repetition_penalty=1, no_repeat_ngram=0, stop="")
    prompts = _prompts(model)
    made = _texts(LocalSampler(model), prompts, settings)
    for prompt in prompts:
        ids = torch.tensor([prompt.ids])
        theirs = model.model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=8, pad_token_id=model.pad_id,
            suppress_tokens=list(model.never_written),
        )  # fmt: skip
        assert made[prompt.key].text == " ".join(model.decode(theirs[0, ids.shape[1] :].tolist()).split())


def test_draws_have_the_distribution_that_top_p_leaves() -> None:
    draws, seen = 20_000, torch.Generator().manual_seed(3)
    logits = torch.randn(30, generator=seen)
    settings = SamplingSettings(temperature=0.7, top_p=0.8)
    keys = torch.tensor([row_key(0, str(row)) for row in range(draws)])
    tokens = choose(logits.repeat(draws, 1), keys, 0, settings).tokens
    likely, order = (logits / 0.7).softmax(0).sort(descending=True)
    inside = order[likely.cumsum(0) - likely < 0.8]
    counts = np.bincount(tokens.numpy(), minlength=30)
    assert counts[inside].sum() == draws, "nothing outside the nucleus is drawn"
    expected = (likely[: len(inside)] / likely[: len(inside)].sum()).numpy().astype(float)
    assert 5 < len(inside) < 20
    # False alarms: 1 in a million seeds, and this one is fixed.
    assert chisquare(counts[inside], expected / expected.sum() * draws).pvalue > 1e-6


def test_numbers_of_neighbouring_rows_steps_and_tokens_are_uniform_and_uncorrelated() -> None:
    keys, tokens = torch.meshgrid(torch.arange(200), torch.arange(200), indexing="ij")
    uniform = [torch.exp(-torch.exp(-gumbel(keys.flatten(), step, tokens.flatten()))) for step in (0, 1)]
    counts = np.histogram(uniform[0].numpy(), bins=50, range=(0, 1))[0]
    assert chisquare(counts).pvalue > 1e-6
    grid = uniform[0].reshape(200, 200)
    for first, second in ((grid[:-1], grid[1:]), (grid[:, :-1], grid[:, 1:]), (uniform[0], uniform[1])):
        correlation = np.corrcoef(first.flatten().numpy(), second.flatten().numpy())[0, 1]
        assert abs(correlation) < 5 / first.numel() ** 0.5  # five standard deviations: 1 in 1.7 million


def test_repetition_is_held_back_as_transformers_does() -> None:
    generator = torch.Generator().manual_seed(1)
    logits, text = torch.randn(5, 12, generator=generator), torch.randint(6, (5, 14), generator=generator)
    ours = logits.clone()
    penalise(ours, text, 1.3)
    assert torch.equal(ours, RepetitionPenaltyLogitsProcessor(1.3)(text, logits.clone()))
    forbid_repeated_runs(ours := logits.clone(), text, 3)
    assert torch.equal(ours, NoRepeatNGramLogitsProcessor(3)(text, logits.clone()))
    assert ours.isinf().any()


def test_a_text_repeats_no_run_of_tokens(model: LanguageModel) -> None:
    settings = SamplingSettings(30, min_new_tokens=30, temperature=0, repetition_penalty=1, no_repeat_ngram=0, stop="")
    prompts = _prompts(model)
    looping = _texts(LocalSampler(model), prompts, settings).values()
    settings = SamplingSettings(30, min_new_tokens=30, temperature=0, repetition_penalty=1, no_repeat_ngram=2, stop="")
    free = _texts(LocalSampler(model), prompts, settings).values()

    def repeats(sample: Sample) -> bool:
        ids = model.encode([sample.text])[0]
        return len(set(itertools.pairwise(ids))) < len(ids) - 1

    assert any(repeats(sample) for sample in looping)
    assert not any(repeats(sample) for sample in free)


def test_a_text_ends_at_a_stop_character_and_not_before_its_least_tokens(model: LanguageModel) -> None:
    settings = SamplingSettings(20, min_new_tokens=6, temperature=1.5, stop="e", top_p=1.0)
    made = _texts(LocalSampler(model), _prompts(model, STARTS * 10), settings).values()
    assert all("e" not in sample.text for sample in made)
    assert {sample.ended for sample in made} == {True, False}
    ended = SamplingSettings(20, min_new_tokens=20, stop="")
    assert {sample.tokens for sample in _texts(LocalSampler(model), _prompts(model), ended).values()} == {20}


def test_a_banned_word_or_phrase_is_in_no_text_however_it_is_spelt(model: LanguageModel) -> None:
    settings = SamplingSettings(25, min_new_tokens=25, stop="", temperature=1.5, no_repeat_ngram=0)
    prompts = _prompts(model, STARTS * 20)
    free = list(LocalSampler(model).sample(prompts, settings, 1))
    banned = BannedWords(["Card", "my", "a"])
    assert sum(banned.found_in(sample.text) for sample in free) > 10
    made = list(LocalSampler(model, banned).sample(prompts, settings, 1))
    assert len(made) > len(prompts) / 2
    assert not any(banned.found_in(sample.text) for sample in made)


def test_tokens_alone_do_not_keep_a_banned_word_out(model: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The word may come letter by letter: the check of whole words is what holds."""
    settings = SamplingSettings(25, min_new_tokens=25, stop="", temperature=1.5, no_repeat_ngram=0)
    banned = BannedWords("bcdfghjklmnopqrstuvwxyz")
    monkeypatch.setattr(BannedWords, "found_in", lambda *_: False)
    made = list(LocalSampler(model, banned).sample(_prompts(model, STARTS * 20), settings, 1))
    monkeypatch.undo()
    assert any(banned.found_in(sample.text) for sample in made)


@pytest.mark.parametrize(
    "wrong",
    [{"temperature": 0.01}, {"temperature": float("nan")}, {"top_p": 0}, {"top_p": 1.1}, {"max_new_tokens": 0},
     {"min_new_tokens": 99}, {"repetition_penalty": 0.9}, {"no_repeat_ngram": 1}],
)  # fmt: skip
def test_a_setting_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        SamplingSettings(**wrong)  # type: ignore[arg-type]


def test_a_prompt_that_leaves_no_room_or_a_key_used_twice_is_refused(model: LanguageModel) -> None:
    sampler = LocalSampler(model)
    with pytest.raises(ConfigError, match="64 tokens, and the model takes 1 to 63"):
        list(sampler.sample([Prompt("a", (5,) * 64)], SETTINGS, 1))
    with pytest.raises(ConfigError, match="one key"):
        list(sampler.sample([Prompt("a", (5,)), Prompt("a", (6,))], SETTINGS, 1))
    assert next(sampler.sample([Prompt("a", (5,) * 60)], SETTINGS, 1)).tokens == 4
