"""Loading a causal language model from this machine's disk. The network is never used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fedaug.augmentation.candidates import Dependence
from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.language.model_folder import checked_config
from fedaug.errors import ConfigError, MalformedSource, MissingFile, UnknownFormat

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from fedaug.augmentation.lora import AdapterSpec, AdapterState

EMBEDDED: Final = "embedded"
_MOST_TOKENS: Final = 4_096  # of a prompt and a text; more than any sample here needs
_LOCAL: Final[dict[str, Any]] = {"local_files_only": True, "trust_remote_code": False}
#: A model's table of tokens may be padded (Qwen: 152,064 rows for 151,669 tokens), but not to twice the tokenizer's.
_PADDED: Final = 2.0


def load_language_model(
    source: str | Path = EMBEDDED,
    *,
    adapter: str | Path | None = None,
    device: str | None = None,
    dependence: Dependence = Dependence.PUBLIC,
) -> LanguageModel:
    """A causal language model, ready to sample.

    Args:
        source: ``"embedded"`` for the one that fedaug brings, or the folder of a Hugging Face causal language model:
            ``config.json``, safetensors and a tokenizer.
        adapter: The folder of a low-rank adapter that goes on top; what it writes counts as ``DP`` at least.
        device: ``"cpu"``, ``"cuda"`` or ``"mps"``; the fastest that there is, unless given.
        dependence: What the weights depend on. Whoever trained the model on records without differential privacy says
            ``PRIVATE`` here, and nothing that it writes may leave.

    Raises:
        MissingFile: The folder, its configuration, weights or tokenizer are not there.
        UnknownFormat: Weights are pickled, or the architecture is unknown or no causal language model.
        ConfigError: The model brings code of its own, or its tokenizer does not fit.
        MalformedSource: A file is damaged or cut short, or weights are missing.
    """
    device = device or best_device()
    found = _embedded(device) if str(source) == EMBEDDED else _from_folder(Path(source).expanduser(), device)
    if adapter is not None:
        _adapt(found, Path(adapter).expanduser())
        dependence = max(dependence, Dependence.DP)
    return replace(found, dependence=max(found.dependence, dependence))


def _embedded(device: str) -> LanguageModel:
    from fedaug.augmentation.embedded import load_embedded  # noqa: PLC0415 - loads torch

    found = load_embedded()
    found.model.to(device=device, dtype=dtype_for(device))  # type: ignore[call-arg]  # transformers hides torch's own
    return found


def _from_folder(folder: Path, device: str) -> LanguageModel:
    checked_config(folder)
    with _quiet():
        config = _config(folder)
        tokenizer, special = _tokenizer(folder)
        model = _model(folder, config, device)
    return _together(folder, model, tokenizer, special)


def _adapt(model: LanguageModel, folder: Path) -> None:
    from fedaug.augmentation.lora import read_adapter  # noqa: PLC0415 - loads torch

    put_adapter(model, *read_adapter(folder))


def put_adapter(model: LanguageModel, state: AdapterState, spec: AdapterSpec) -> None:
    """Put a trained adapter on a loaded model, in place; say yourself what it depends on.

    Raises:
        ConfigError: It does not fit the model.
    """
    from fedaug.augmentation.lora import attach, load_state  # noqa: PLC0415 - loads torch

    load_state(attach(model.model, spec), state)
    model.model.to(model.device)  # type: ignore[arg-type]  # as above; adapters stay in float32
    model.model.requires_grad_(False)


def load_tokenizer_only(folder: str | Path, *, dependence: Dependence = Dependence.PUBLIC) -> LanguageModel:
    """A model's tokenizer and limits, for engines that load the weights themselves; its ``model`` holds no numbers.

    Raises:
        InputError: As :func:`load_language_model`.
    """
    import torch  # noqa: PLC0415 - takes a second
    from transformers import AutoModelForCausalLM  # noqa: PLC0415

    folder = Path(folder).expanduser()
    checked_config(folder)
    with _quiet():
        config = _config(folder)
        tokenizer, special = _tokenizer(folder)
        with torch.device("meta"):
            model: PreTrainedModel = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    return replace(_together(folder, model, tokenizer, special), dependence=dependence)


def best_device() -> str:
    """CUDA, else Apple's MPS, else the CPU."""
    import torch  # noqa: PLC0415 - takes a second

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def dtype_for(device: str) -> torch.dtype:
    """Bfloat16 on a GPU; on a CPU float32, which many compute faster and which makes texts exact."""
    import torch  # noqa: PLC0415

    if device.startswith("cuda") and not torch.cuda.is_bf16_supported():
        return torch.float16
    return torch.float32 if device == "cpu" else torch.bfloat16


def _config(folder: Path) -> PreTrainedConfig:
    from transformers import AutoConfig  # noqa: PLC0415
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING  # noqa: PLC0415

    try:
        config: PreTrainedConfig = AutoConfig.from_pretrained(folder, **_LOCAL)
    except Exception as error:  # whatever a configuration may be wrong in, transformers raises as it comes
        raise UnknownFormat(
            f"transformers does not know the architecture in {folder}/config.json ({type(error).__name__})",
            "use another model, or a newer transformers",
        ) from error
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise UnknownFormat(
            f"{folder} holds a {config.model_type} model, which is no causal language model",
            "name a model that writes text, such as a GPT-2, Llama, Qwen or Gemma",
        )
    if any(name.endswith(("LMHeadModel", "ForCausalLM")) for name in config.architectures or ()):
        config.is_decoder = True  # shapes that are encoders by default (BERT), saved as what writes
    return config


def _tokenizer(folder: Path) -> tuple[Tokenizer, PreTrainedTokenizerBase]:
    from transformers import AutoTokenizer  # noqa: PLC0415

    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.json", "vocab.txt", "tokenizer.model")):
        raise MissingFile(f"{folder} has no tokenizer", "copy tokenizer.json beside the weights")
    try:
        special = AutoTokenizer.from_pretrained(folder, **_LOCAL)
    except Exception as error:
        raise MalformedSource(
            f"the tokenizer in {folder} cannot be read ({type(error).__name__})", "copy its files again"
        ) from error
    tokenizer = getattr(special, "backend_tokenizer", None)
    if tokenizer is None:
        raise UnknownFormat(f"the tokenizer in {folder} has no fast form", "save it as tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer, special


def _model(folder: Path, config: PreTrainedConfig, device: str) -> PreTrainedModel:
    from transformers import AutoModelForCausalLM  # noqa: PLC0415

    last: Exception | None = None
    for attention in ("sdpa", "eager"):  # named, since a configuration may name one that is fetched from the network
        try:
            loaded: Any = AutoModelForCausalLM.from_pretrained(
                folder,
                config=config,
                dtype=dtype_for(device),
                attn_implementation=attention,
                use_safetensors=True,
                output_loading_info=True,
                **_LOCAL,
            )
        except Exception as error:
            last = error
            continue
        model, told = loaded
        if told["missing_keys"] or told["mismatched_keys"]:
            raise MalformedSource(
                f"{len(told['missing_keys']) + len(told['mismatched_keys'])} weights of the {config.model_type} model "
                f"are not in {folder}, and would be random",
                "give a folder with all of a causal language model's weights, its head included",
            )
        found: PreTrainedModel = model.to(device)
        found.train(False)
        return found
    if getattr(config, "quantization_config", None):
        raise UnknownFormat(
            f"the quantised weights in {folder} cannot be loaded here ({type(last).__name__})",
            "use the model's weights in bfloat16, or install what its quantisation needs",
        ) from last
    raise MalformedSource(
        f"the weights in {folder} do not fit its config.json ({type(last).__name__})",
        "copy or download the model again",
    ) from last


def _together(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: Tokenizer,
    special: PreTrainedTokenizerBase,
) -> LanguageModel:
    _check_fit(folder, model, tokenizer)
    ends = _end_ids(model, special, folder)
    return LanguageModel(
        model=model,
        tokenizer=tokenizer,
        begin_id=special.bos_token_id,
        end_id=ends[0],
        pad_id=ends[0] if special.pad_token_id is None else special.pad_token_id,
        max_tokens=_max_tokens(model.config),
        name=folder.resolve().name,
        also_ends=frozenset(ends[1:]),
    )


def _check_fit(folder: Path, model: PreTrainedModel, tokenizer: Tokenizer) -> None:
    rows = len(model.get_input_embeddings().weight)  # type: ignore[arg-type]  # any module, as transformers types it
    tokens = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1
    if not tokens <= rows <= max(1, tokens) * _PADDED:
        raise ConfigError(
            f"the tokenizer in {folder} has {tokens:,} tokens and the model {rows:,}: they do not belong together",
            "copy the tokenizer that the model was trained with",
        )


def _end_ids(model: PreTrainedModel, special: PreTrainedTokenizerBase, folder: Path) -> list[int]:
    """Tokens that end a text: the tokenizer's, and those that the model's settings name, such as a chat turn's."""
    found: list[int] = []
    for says in (special, model.config, model.generation_config):
        named = getattr(says, "eos_token_id", None)
        found += [named] if isinstance(named, int) else named or []
    if not found:
        raise ConfigError(f"nothing in {folder} says which token ends a text", "set eos_token_id in config.json")
    return list(dict.fromkeys(found))


def _max_tokens(config: PreTrainedConfig) -> int:
    text = config.get_text_config()
    known = (getattr(text, name, None) for name in ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len"))
    return min([_MOST_TOKENS, *(most for most in known if isinstance(most, int) and most > 0)])


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' bars and reports: what matters in them is raised."""
    from transformers.utils import logging  # noqa: PLC0415

    level = logging.get_verbosity()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers types it not
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
