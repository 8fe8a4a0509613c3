"""Tokens a second: the sampler against a plain ``generate`` loop of transformers, one prompt after the other.

Same model, prompts, and settings; 256 short samples. For honesty also against ``generate`` in padded batches. The model
is the embedded one; ``--model FOLDER`` takes another, and ``--shape`` the embedded one's shape with weights that were
not trained to write.

    python -m benchmarks.generate --json
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertLMHeadModel

from benchmarks.measure import result, show
from fedaug.augmentation.generators.language_model import label_prompt
from fedaug.augmentation.language.loading import load_language_model
from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.language.sampling import LocalSampler, Prompt
from fedaug.augmentation.language.settings import SamplingSettings
from fedaug.privacy.pretrained import weights_folder

LABELS = [
    "lost card", "exchange rate", "cancel transfer", "getting a virtual card",
    "card payment fee charged", "card arrival", "forgotten pin", "why verify identity",
]  # fmt: skip
SETTINGS = SamplingSettings(max_new_tokens=24, stop="")
TOGETHER = 32  # prompts in a batch of transformers
Run = tuple[int, float]  # tokens, seconds


def shape() -> LanguageModel:
    """The embedded model's shape: MiniLM as a decoder, its head tied, sharpened to about a trained model's entropy."""
    folder = weights_folder()
    config = BertConfig.from_pretrained(folder, is_decoder=True)
    model = BertLMHeadModel(config)
    with torch.no_grad():
        head = model.cls.predictions.transform
        torch.nn.init.eye_(head.dense.weight)
        head.LayerNorm.weight.fill_(12.0)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return LanguageModel(model.train(False), tokenizer, 101, 102, 0, 512, "MiniLM's shape", controlled=True)


def ours(model: LanguageModel, prompts: Sequence[Prompt]) -> int:
    """All prompts with the sampler; tokens."""
    return sum(sample.tokens for sample in LocalSampler(model).sample(prompts, SETTINGS, 1))


def theirs(model: LanguageModel, prompts: Sequence[Prompt], rows: int) -> int:
    """Prompts with ``generate``, so many at once, shortest first; tokens up to the end token."""
    tokens = 0
    for start in range(0, len(prompts), rows):
        batch = [prompt.ids for prompt in prompts[start : start + rows]]
        longest = max(map(len, batch))
        ids = torch.tensor([[model.pad_id] * (longest - len(row)) + list(row) for row in batch], device=model.device)
        mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in batch], device=model.device)
        with torch.inference_mode():
            made = model.model.generate(
                ids, attention_mask=mask, do_sample=True, top_k=0, top_p=SETTINGS.top_p,
                temperature=SETTINGS.temperature, repetition_penalty=SETTINGS.repetition_penalty,
                no_repeat_ngram_size=SETTINGS.no_repeat_ngram, max_new_tokens=SETTINGS.max_new_tokens,
                min_new_tokens=SETTINGS.min_new_tokens, pad_token_id=model.pad_id, eos_token_id=sorted(model.end_ids),
                suppress_tokens=list(model.never_written),
            )[:, longest:]  # fmt: skip
        ended = torch.isin(made, torch.tensor(sorted(model.end_ids), device=made.device))
        tokens += sum(int(row.nonzero()[0]) + 1 if row.any() else made.shape[1] for row in ended)
    return tokens


def timed(work: Callable[[], int]) -> Run:
    """Tokens and seconds."""
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--model", default="embedded", help="folder of a causal language model")
    parser.add_argument("--shape", action="store_true", help="the embedded model's shape, untrained")
    parser.add_argument("--samples", type=int, default=256)
    parser.add_argument("--runs", type=int, default=1, help="how often each is measured; the plain loop takes minutes")
    options = parser.parse_args()
    model = shape() if options.shape else load_language_model(options.model)
    asked = [label_prompt(model, label, "finance", "query") for label in LABELS]
    keyed = [Prompt(str(number), asked[number % len(asked)]) for number in range(options.samples)]
    prompts = sorted(keyed, key=lambda prompt: len(prompt.ids))
    work = {
        "ours": lambda: ours(model, prompts),
        "generate, one by one": lambda: theirs(model, prompts, 1),
        f"generate, {TOGETHER} together": lambda: theirs(model, prompts, TOGETHER),
    }
    for run in (ours, lambda *warm: theirs(*warm, 1)):  # both warmed up
        run(model, prompts[:4])
    runs: dict[str, list[Run]] = {name: [] for name in work}
    for _ in range(options.runs):
        for name, once in work.items():
            runs[name].append(timed(once))
    rates = {name: statistics.median(tokens / taken for tokens, taken in found) for name, found in runs.items()}
    first, plain, batched = rates.values()
    show(
        ("sampler", "tokens/s", "tokens", "seconds"),
        [(name, rates[name], found[0][0], found[0][1]) for name, found in runs.items()],
    )
    print(
        result(
            "generate",
            unit="tokens per second",
            ours=first,
            alternative=plain,
            ratio=first / plain,
            batched=batched,
            ratio_to_batched=first / batched,
            settings={
                "model": model.name,
                "device": str(model.device),
                "dtype": str(model.model.dtype),
                "samples": len(prompts),
                "threads": torch.get_num_threads(),
                "runs": options.runs,
                "max_new_tokens": SETTINGS.max_new_tokens,
                "top_p": SETTINGS.top_p,
                "temperature": SETTINGS.temperature,
                "repetition_penalty": SETTINGS.repetition_penalty,
                "no_repeat_ngram": SETTINGS.no_repeat_ngram,
                "alternative": "transformers' generate, one prompt after the other",
            },
        )
    )


if __name__ == "__main__":
    main()
