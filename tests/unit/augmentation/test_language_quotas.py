"""Quotas: so many different texts for each label, the same ones after an interruption."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.tiny_language_models import tiny_model

from fedaug.augmentation.language.acceptance import NEAR, Acceptance, Reason
from fedaug.augmentation.language.banned_words import BannedWords
from fedaug.augmentation.language.journal import Journal
from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.language.quotas import Quota, fill_quotas
from fedaug.augmentation.language.sampling import LocalSampler, Progress, Prompt, Sample
from fedaug.augmentation.language.settings import SamplingSettings
from fedaug.errors import ConfigError, MissingFile, NotUtf8
from fedaug.privacy.vetting.words import words

SETTINGS = SamplingSettings(16, min_new_tokens=6, temperature=1.2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    return tiny_model(tmp_path_factory.mktemp("tiny"), "llama", talkative=False)


def _quotas(model: LanguageModel, count: int = 6, labels: Sequence[str] = ("lost card", "fee")) -> list[Quota]:
    return [Quota(label, (1, *ids), count) for label, ids in zip(labels, model.encode(labels), strict=True)]


class Said:
    """A sampler that says what it was told to, whatever it is asked."""

    def __init__(self, model: LanguageModel, texts: Sequence[str]) -> None:
        self.model, self._texts = model, texts
        self.asked: list[str] = []

    def sample(
        self, prompts: Sequence[Prompt], settings: SamplingSettings, seed: int, progress: Progress | None = None
    ) -> Iterator[Sample]:
        for prompt in reversed(prompts):  # texts end in any order
            self.asked.append(prompt.key)
            yield Sample(prompt.key, self._texts[int(prompt.key.split("/")[1]) % len(self._texts)], 5, True)


def test_each_label_gets_its_quota_of_different_texts(model: LanguageModel) -> None:
    filled = fill_quotas(LocalSampler(model), _quotas(model), SETTINGS, 3, attempts=20)
    assert {label: len(texts) for label, texts in filled.texts.items()} == {"lost card": 6, "fee": 6}
    for texts in filled.texts.values():
        sets = [set(words(text)) for text in texts]
        pairs = [(one, other) for place, one in enumerate(sets) for other in sets[:place]]
        assert all(len(one & other) < NEAR * len(one | other) for one, other in pairs)


def test_what_a_label_gets_does_not_depend_on_the_others_or_the_batch(model: LanguageModel) -> None:
    both = fill_quotas(LocalSampler(model), _quotas(model), SETTINGS, 3).texts
    alone = fill_quotas(LocalSampler(model, rows=3), _quotas(model)[1:], SETTINGS, 3).texts
    turned = fill_quotas(LocalSampler(model), _quotas(model)[::-1], SETTINGS, 3).texts
    assert alone["fee"] == both["fee"] == turned["fee"]
    assert fill_quotas(LocalSampler(model), _quotas(model), SETTINGS, 4).texts != both


def test_near_duplicates_are_replaced_and_the_cap_holds(model: LanguageModel) -> None:
    same = ["I lost my card today.", "i lost my card, today!", "I have lost my card today"]
    sampler = Said(model, [*same, "where is my new card"])
    filled = fill_quotas(sampler, _quotas(model, 3, ["lost card"]), SETTINGS, 1, attempts=10)
    assert filled.texts == {"lost card": ["I lost my card today.", "where is my new card"]}
    assert filled.drawn == len(sampler.asked) == len(set(sampler.asked)) == 30
    assert filled.refused == {"near duplicate": 28}


def test_no_more_is_drawn_once_a_quota_is_full(model: LanguageModel) -> None:
    texts = [f"the card number {number} was {number} stolen {number * 7}" for number in range(50)]
    sampler = Said(model, texts)
    filled = fill_quotas(sampler, _quotas(model, 8, ["lost card"]), SETTINGS, 1)
    assert filled.texts["lost card"] == texts[:8]
    assert filled.drawn == 11


@pytest.mark.parametrize(
    ("sample", "reason"),
    [
        (Sample("k", "my card was stolen and i", 6, False), Reason.CUT_SHORT),
        (Sample("k", "hello there", 3, True), Reason.TOO_SHORT),
        (Sample("k", "Card lost lost", 3, True), Reason.LABEL_ONLY),
        (Sample("k", "my {card} was stolen", 3, True), Reason.MARKUP),
        (Sample("k", "my card\u0007 was stolen", 3, True), Reason.MARKUP),
        (Sample("k", "I lost THE card.", 3, True), Reason.NEAR_DUPLICATE),
        (Sample("k", "my card was stolen. and i", 6, False), None),
        (Sample("k", "my card was stolen", 6, True), None),
    ],
)
def test_a_text_that_is_no_use_is_not_taken(sample: Sample, reason: Reason | None) -> None:
    acceptance = Acceptance("lost_card")
    assert acceptance.take(Sample("first", "i lost the card", 4, True)) is None
    assert acceptance.take(sample) == reason
    assert len(acceptance.texts) == 1 + (reason is None)


def test_a_text_that_was_cut_keeps_its_whole_sentences() -> None:
    acceptance = Acceptance("lost card")
    acceptance.take(Sample("k", "my card was stolen. what can i", 6, False))
    assert acceptance.texts == ["my card was stolen."]


def test_an_interrupted_run_goes_on_where_it_was(model: LanguageModel, tmp_path: Path) -> None:
    path, asked = tmp_path / "texts.partial", {"seed": 3}
    whole = fill_quotas(LocalSampler(model), _quotas(model), SETTINGS, 3)

    def interrupt(sample: Sample) -> None:
        journal.add(sample)
        if len(journal.samples) == 5:
            raise KeyboardInterrupt

    with Journal(path, asked) as journal, pytest.raises(KeyboardInterrupt):
        fill_quotas(LocalSampler(model), _quotas(model), SETTINGS, 3, on_sample=interrupt)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"key": "fee/1", "te')  # what a crash may leave
    drawn: list[str] = []
    with Journal(path, asked) as journal:
        assert len(journal.samples) == 5
        kept = dict(journal.samples)
        again = fill_quotas(
            LocalSampler(model), _quotas(model), SETTINGS, 3, finished=kept, on_sample=lambda s: drawn.append(s.key)
        )
    assert again.texts == whole.texts
    assert not set(drawn) & set(kept)
    journal.done()
    assert not path.exists()


def test_a_journal_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "texts.partial"
    with Journal(path, {"seed": 3}) as journal:
        journal.add(Sample("lost card/0", "where is it", 3, True))
    with pytest.raises(ConfigError, match="other settings"):
        Journal(path, {"seed": 4})
    assert len(path.read_text("utf-8").splitlines()) == 2
    assert json.loads(path.read_text("utf-8").splitlines()[1])["text"] == "where is it"
    with pytest.raises(MissingFile, match="cannot be written"):
        Journal(tmp_path / "nowhere" / "texts.partial", {})


def test_a_banned_list_is_read_and_counts_what_it_keeps_out(model: LanguageModel, tmp_path: Path) -> None:
    path = tmp_path / "banned.txt"
    path.write_text("# public\n\nStolen\nlost card\n", "utf-8")
    banned = BannedWords.read(path)
    assert [banned.found_in(text) for text in ("it is STOLEN!", "a Lost-card", "cards lost", "")] == [1, 1, 0, 0]
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NotUtf8):
        BannedWords.read(path)
    with pytest.raises(MissingFile):
        BannedWords.read(tmp_path / "none.txt")
    with pytest.raises(ConfigError, match="holds no word"):
        BannedWords(["-"])


@pytest.mark.parametrize(("quotas", "attempts"), [((2, 2), 4), ((0,), 4), ((2,), 0)])
def test_a_label_twice_or_a_count_below_one_is_refused(
    model: LanguageModel, quotas: tuple[int, ...], attempts: int
) -> None:
    with pytest.raises(ConfigError):
        fill_quotas(Said(model, ["a b c"]), [Quota("a", (1,), n) for n in quotas], SETTINGS, 1, attempts=attempts)
