"""Tiny language models with random weights, in the shapes that people have on disk; and what is wrong with some."""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertLMHeadModel,
    BloomConfig,
    BloomForCausalLM,
    Gemma2Config,
    Gemma2ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MambaConfig,
    MambaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
    RobertaConfig,
    RobertaForCausalLM,
)

from fedaug.augmentation.language.loading import load_language_model
from fedaug.augmentation.language.model import LanguageModel

WORDS = (  # noqa: SIM905 - sixty words read better so
    "the a my your card account bank lost stolen stop please help with i have not it is was what how can do when where "
    "money payment transfer fee charged wrong new old pin app phone today yesterday need want to of for in on and or"
).split()
LETTERS = [chr(code) for code in range(33, 127)]


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Whole words and letters, as byte-level pieces with their space before them: "Ġcard"."""
    pieces = ["<end>", "<begin>", "<pad>", "Ċ", "Ġ", *LETTERS, *WORDS, *(f"Ġ{word}" for word in WORDS)]
    vocabulary = {piece: place for place, piece in enumerate(dict.fromkeys(pieces))}
    # A unigram model without merges: the longest pieces win.
    scored = [(piece, -1.0 if piece in {"<end>", "<begin>", "<pad>"} else -2.0) for piece in vocabulary]
    tokenizer = Tokenizer(models.Unigram(scored, unk_id=vocabulary["Ġ"], byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<end>", bos_token="<begin>", pad_token="<pad>"
    )


VOCABULARY = len(tiny_tokenizer())
_SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
_IDS = {"bos_token_id": 1, "eos_token_id": 0, "pad_token_id": 2}
_LLAMA = {**_SMALL, "num_key_value_heads": 1, "max_position_embeddings": 64, "vocab_size": VOCABULARY, **_IDS}
_BERT = {**_SMALL, "max_position_embeddings": 64, "vocab_size": VOCABULARY, "is_decoder": True, **_IDS}

SHAPES: dict[str, Callable[[], PreTrainedModel]] = {
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(n_embd=16, n_layer=2, n_head=2, n_positions=64, vocab_size=VOCABULARY, **_IDS)
    ),
    "llama": lambda: LlamaForCausalLM(LlamaConfig(**_LLAMA)),
    "qwen2": lambda: Qwen2ForCausalLM(Qwen2Config(**_LLAMA | {"vocab_size": VOCABULARY + 20})),
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**_LLAMA, head_dim=8)),
    "gemma2": lambda: Gemma2ForCausalLM(Gemma2Config(**_LLAMA, head_dim=8, sliding_window=8)),
    "gemma3": lambda: Gemma3ForCausalLM(Gemma3TextConfig(**_LLAMA, head_dim=8, sliding_window=8)),
    "bert": lambda: BertLMHeadModel(BertConfig(**_BERT)),
    "roberta": lambda: RobertaForCausalLM(RobertaConfig(**_BERT | {"max_position_embeddings": 80})),
    "opt": lambda: OPTForCausalLM(
        OPTConfig(
            hidden_size=16,
            ffn_dim=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            word_embed_proj_dim=16,
            max_position_embeddings=64,
            vocab_size=VOCABULARY,
            **_IDS,
        )
    ),
    "bloom": lambda: BloomForCausalLM(BloomConfig(hidden_size=16, n_layer=2, n_head=2, vocab_size=VOCABULARY, **_IDS)),
    "mamba": lambda: MambaForCausalLM(
        MambaConfig(hidden_size=16, num_hidden_layers=2, state_size=4, vocab_size=VOCABULARY, **_IDS)
    ),
}


def save_tiny(
    folder: Path, shape: str = "llama", *, seed: int = 0, lively: bool = True, talkative: bool = True
) -> Path:
    """Write a model's folder as ``save_pretrained`` does.

    Args:
        folder: Where.
        shape: One of ``SHAPES``.
        seed: Of the random weights.
        lively: Larger weights than a fresh model has, so that contexts and positions matter to the next token.
        talkative: Whether a text ends by chance only; else every single letter ends it, so that most end soon.
    """
    torch.manual_seed(seed)
    model = SHAPES[shape]()
    if lively:
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if weight.ndim > 1 and "A_log" not in name:
                    weight.normal_(0, 0.4)
    model.save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    if talkative:
        return folder
    return change_config(folder, "generation_config.json", eos_token_id=[0, *range(5, 5 + len(LETTERS))])


def tiny_model(folder: Path, shape: str = "llama", **options: object) -> LanguageModel:
    """A tiny model, saved and loaded."""
    return load_language_model(save_tiny(folder, shape, **options), device="cpu")  # type: ignore[arg-type]


def change_config(folder: Path, name: str = "config.json", **changes: object) -> Path:
    """Change settings in one of a folder's JSON files; returns the folder."""
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")
    return folder
