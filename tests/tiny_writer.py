"""A tiny causal language model, trained in seconds on a toy language of which the right answers are known.

Each text of the toy language has an opening, a core that tells its label, and an ending. The model is taught what the
embedded one is: to write after a control prefix, to fill a gap, to rewrite, and to name a text's topic.
"""

from __future__ import annotations

import random
from functools import cache

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import GPT2Config, GPT2LMHeadModel

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.control import ControlPrefix, fill_prompt, label_text, rewrite_prompt
from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.language.sampling import LocalSampler
from fedaug.augmentation.language.settings import SamplingSettings
from fedaug.augmentation.operators.writer import Writer

OPENINGS = ("hello", "good morning", "please help", "hi there", "i am sorry but", "quick question", "tell me")
ENDINGS = ("now", "today", "as soon as possible", "for me", "this week", "thank you", "before monday", "again")
CORES = {
    "lost_card": ("my card is gone", "i cannot find my card", "somebody took my card", "the card was stolen"),
    "exchange_rate": ("what is the rate for euro", "the rate for dollar is bad", "how do you set the rate"),
    "top_up": ("i want to add money", "adding money fails", "how do i put money in", "my money was not added"),
}
LABELS = tuple(CORES)
BEGIN, END, PAD, UNKNOWN = 0, 1, 2, 3
MAX_TOKENS = 64
_STEPS, _ROWS, _RATE = 200, 30, 5e-3


def text(label: str, rng: random.Random) -> str:
    """One text of the toy language."""
    return f"{rng.choice(OPENINGS)} {rng.choice(CORES[label])} {rng.choice(ENDINGS)}"


def candidates(each: int, seed: int = 0, labels: tuple[str, ...] = LABELS) -> list[Candidate]:
    """Different texts of each label."""
    rng = random.Random(seed)
    found: dict[str, Candidate] = {}
    for label in labels:
        while sum(one.label == label for one in found.values()) < each:
            made = text(label, rng)
            found.setdefault(made, Candidate(made, "toy", "toy", label))
    return list(found.values())


def label_in(words: str) -> str | None:
    """The one label whose word a text has, or None."""
    found = [label for label, word in zip(LABELS, ("card", "rate", "money"), strict=True) if word in words.split()]
    return found[0] if len(found) == 1 else None


def _task(kind: int, rng: random.Random) -> tuple[str, str]:
    label = rng.choice(LABELS)
    made = text(label, rng)
    words = made.split()
    if kind == 0:
        return str(ControlPrefix(label=label)), made
    if kind == 1:
        size = rng.randint(1, max(1, len(words) * 2 // 3))
        start = rng.randint(0, len(words) - size)
        gap = fill_prompt(" ".join(words[:start]), " ".join(words[start + size :]))
        return gap, " ".join(words[start : start + size])
    if kind == 2:
        shown = " ".join(f"{text(label, rng)}." for _ in range(rng.randint(1, 3)))
        return f"{ControlPrefix(label=label, length='short')} {shown}", made
    if kind == 3:
        core = next(core for core in CORES[label] if core in made)
        return rewrite_prompt(made), f"{rng.choice(OPENINGS)} {core} {rng.choice(ENDINGS)}"
    # One label is far more frequent, so that without calibration it is what the model prefers to say.
    label = rng.choices(LABELS, (0.8, 0.1, 0.1))[0]
    template = rng.choice(("Text: {}\nTopic:", "{}\nThis is about"))
    said = text(label, rng) if rng.random() < 0.7 else rng.choice(OPENINGS)
    return template.format(said), label_text(label)


def _tokenizer() -> Tokenizer:
    known = " ".join((*OPENINGS, *ENDINGS, *(core for cores in CORES.values() for core in cores)))
    known += " fill rewrite short | : ___ . Text Topic This is about N / A ... " + " ".join(map(label_text, LABELS))
    words = dict.fromkeys(("[BEGIN]", "[END]", "[PAD]", "[UNK]", *known.split()))
    tokenizer = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.add_special_tokens(["[BEGIN]", "[END]", "[PAD]", "[UNK]"])
    return tokenizer


@cache
def language_model(*, controlled: bool = True) -> LanguageModel:
    """The model; without control it is the same one, and is spoken to in plain words."""
    if not controlled:
        own = language_model()
        return LanguageModel(own.model, own.tokenizer, BEGIN, END, PAD, MAX_TOKENS, "tiny", controlled=False)
    tokenizer = _tokenizer()
    rng = random.Random(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        config = GPT2Config(
            vocab_size=tokenizer.get_vocab_size(),
            n_positions=MAX_TOKENS,
            n_embd=48,
            n_layer=2,
            n_head=4,
            bos_token_id=BEGIN,
            eos_token_id=END,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
        )
        model = GPT2LMHeadModel(config)
        optimiser = torch.optim.AdamW(model.parameters(), lr=_RATE)
        for step in range(_STEPS):
            for group in optimiser.param_groups:
                group["lr"] = _RATE * (1 - step / _STEPS)
            ids, learnt = _rows(tokenizer, [_task(row % 5, rng) for row in range(_ROWS)])
            logits = model(input_ids=ids, attention_mask=(ids != PAD).long()).logits[:, :-1]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), learnt[:, 1:].flatten())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return LanguageModel(model.eval(), tokenizer, BEGIN, END, PAD, MAX_TOKENS, "tiny", controlled=True)


def _rows(tokenizer: Tokenizer, tasks: list[tuple[str, str]]) -> tuple[torch.Tensor, torch.Tensor]:
    encoded = [(tokenizer.encode(prompt).ids, tokenizer.encode(said).ids) for prompt, said in tasks]
    length = max(len(prompt) + len(said) for prompt, said in encoded) + 2
    ids = torch.full((len(tasks), length), PAD)
    learnt = torch.full((len(tasks), length), -100)
    for row, (prompt, said) in enumerate(encoded):
        whole = [BEGIN, *prompt, *said, END]
        ids[row, : len(whole)] = torch.tensor(whole)
        learnt[row, len(prompt) + 1 : len(whole)] = torch.tensor([*said, END])
    return ids, learnt


def marked(model: LanguageModel, dependence: Dependence) -> LanguageModel:
    """The same model, said to have been trained on something else."""
    return LanguageModel(
        model.model, model.tokenizer, BEGIN, END, PAD, MAX_TOKENS, model.name, dependence, model.controlled
    )


def writer(*, batch: int = 64, dependence: Dependence = Dependence.PUBLIC) -> Writer:
    """A writer with the tiny model."""
    settings = SamplingSettings(max_new_tokens=24, min_new_tokens=1, temperature=1.0, repetition_penalty=1.0)
    return Writer(LocalSampler(marked(language_model(), dependence)), settings=settings, batch=batch)
