"""Sampling by vLLM, for large models on GPUs: the same prompts, settings and texts' form as :class:`LocalSampler`.

vLLM is an optional extra. It draws by its own generator, so the same seed gives other texts than the sampler of this
package; it has no rule against repeated runs of tokens, so ``no_repeat_ngram`` is left to the repetition penalty; and
that penalty counts the prompt's tokens too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from fedaug.augmentation.candidates import Dependence
from fedaug.augmentation.language.banned_words import BannedWords
from fedaug.augmentation.language.draws import row_key
from fedaug.augmentation.language.loading import load_tokenizer_only
from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.language.sampling import Progress, Prompt, Sample, checked_prompts, sample_of
from fedaug.augmentation.language.settings import SamplingSettings
from fedaug.errors import MissingExtra

_AT_ONCE: Final = 1_024  # prompts handed over together; vLLM forms its own batches of them
_SEED_BITS: Final = 63  # vLLM takes no negative seeds


class VllmSampler:
    """Samples a model's folder with vLLM.

    Args:
        folder: A Hugging Face causal language model, checked as for :func:`load_language_model`.
        banned: Words and phrases that no text may hold.
        dependence: What the weights depend on.
        engine: Options of ``vllm.LLM``, such as ``{"tensor_parallel_size": 2}``; none may let code of the folder run.

    Raises:
        MissingExtra: vLLM is not installed.
        InputError: The folder is refused.
    """

    def __init__(
        self,
        folder: str | Path,
        banned: BannedWords | None = None,
        *,
        dependence: Dependence = Dependence.PUBLIC,
        engine: dict[str, Any] | None = None,
    ) -> None:
        try:
            self._vllm: Any = import_module("vllm")
        except ModuleNotFoundError:
            raise MissingExtra("the engine vllm is not installed", "pip install 'fedaug[vllm]', or use local") from None
        self.model: LanguageModel = load_tokenizer_only(folder, dependence=dependence)
        self._banned = banned or BannedWords(())
        path = str(Path(folder).expanduser())
        self._engine = self._vllm.LLM(
            **(engine or {}) | {"model": path, "tokenizer": path, "trust_remote_code": False},
            load_format="safetensors",
            max_model_len=self.model.max_tokens,
        )

    def sample(
        self, prompts: Sequence[Prompt], settings: SamplingSettings, seed: int, progress: Progress | None = None
    ) -> Iterator[Sample]:
        """Texts in the order of their prompts; those of one hand-over of 1,024 come together.

        Raises:
            ConfigError: A prompt leaves no room for a text, or two have one key.
        """
        checked_prompts(prompts, self.model)
        done = 0
        for start in range(0, len(prompts), _AT_ONCE):
            batch = prompts[start : start + _AT_ONCE]
            outputs = self._engine.generate(
                [{"prompt_token_ids": list(prompt.ids)} for prompt in batch],
                [self._options(prompt, settings, seed) for prompt in batch],
                use_tqdm=False,
            )
            for prompt, output in zip(batch, outputs, strict=True):
                done += 1
                if progress is not None:
                    progress(done, len(prompts))
                drawn = output.outputs[0]
                made = sample_of(self.model, prompt, list(drawn.token_ids), settings)
                if drawn.finish_reason == "stop":  # its versions differ in whether the end token is among the others
                    made = replace(made, ended=True)
                if not self._banned.found_in(made.text):
                    yield made

    def _options(self, prompt: Prompt, settings: SamplingSettings, seed: int) -> Any:  # noqa: ANN401 - vLLM's own type
        return self._vllm.SamplingParams(
            temperature=settings.temperature,
            top_p=settings.top_p,
            repetition_penalty=settings.repetition_penalty,
            max_tokens=min(settings.max_new_tokens, self.model.max_tokens - len(prompt.ids)),
            min_tokens=settings.min_new_tokens,
            stop=list(settings.stop),
            include_stop_str_in_output=True,
            stop_token_ids=sorted(self.model.end_ids),
            bad_words=list(self._banned.written) or None,
            seed=row_key(seed, prompt.key) % (1 << _SEED_BITS),
            detokenize=True,
        )
