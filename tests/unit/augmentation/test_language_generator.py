"""The generator ``language-model``: what its texts depend on, and how a campaign names it."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.tiny_language_models import tiny_model

from fedaug.augmentation.candidates import Dependence
from fedaug.augmentation.generators.language_model import LanguageModelTexts, label_prompt
from fedaug.augmentation.language.banned_words import BannedWords
from fedaug.augmentation.language.loading import load_language_model
from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.lora import AdapterSpec, adapter_state, attach, save_adapter
from fedaug.augmentation.registry import GENERATORS, load_plugin, public_name
from fedaug.errors import ConfigError, MissingFile, PrivateOutput, UnknownPlugin
from fedaug.server.campaign import CampaignConfig
from fedaug.server.candidates import CandidateSource

LABELS = ["lost card", "GENHX"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tiny_model(tmp_path_factory.mktemp("tiny"), "gpt2", talkative=False).model.name_or_path)


@pytest.fixture(scope="module")
def model(folder: Path) -> LanguageModel:
    return load_language_model(folder, device="cpu")


def _adapter(model: LanguageModel, folder: Path) -> Path:
    layers = attach(model.model, AdapterSpec(rank=2))
    state = {name: value + 0.5 for name, value in adapter_state(layers).items()}
    save_adapter(folder / "adapter", state, AdapterSpec(rank=2))
    return folder / "adapter"


def test_texts_of_a_public_model_are_public_and_those_of_an_adapted_one_dp(folder: Path, tmp_path: Path) -> None:
    adapter = _adapter(load_language_model(folder, device="cpu"), tmp_path)
    public = list(LanguageModelTexts(str(folder), per_label=3).generate(LABELS, 1))
    adapted = list(LanguageModelTexts(str(folder), adapter=str(adapter), per_label=3).generate(LABELS, 1))
    assert {one.dependence for one in public} == {Dependence.PUBLIC}
    assert {one.dependence for one in adapted} == {Dependence.DP}
    assert {one.text for one in adapted} != {one.text for one in public}
    told = LanguageModelTexts(str(folder), per_label=2, trained_on="dp").generate(LABELS, 1)
    assert {one.dependence for one in told} == {Dependence.DP}


def test_a_model_trained_on_records_without_dp_is_refused(folder: Path, model: LanguageModel) -> None:
    with pytest.raises(PrivateOutput, match="without differential privacy"):
        LanguageModelTexts(str(folder), trained_on="private")
    private = replace(model, dependence=Dependence.PRIVATE)
    with pytest.raises(PrivateOutput):
        list(LanguageModelTexts(private).generate(LABELS, 1))


def test_what_a_label_gets_does_not_depend_on_the_other_labels(model: LanguageModel) -> None:
    generator = LanguageModelTexts(model, per_label=3)
    both = [(one.label, one.text) for one in generator.generate(LABELS, 1)]
    alone = [(one.label, one.text) for one in generator.generate(LABELS[1:], 1)]
    assert alone == [pair for pair in both if pair[0] == LABELS[1]]
    assert {one.source for one in generator.generate(LABELS, 1)} == {model.name}


def test_a_banned_list_holds(model: LanguageModel, tmp_path: Path) -> None:
    (tmp_path / "banned.txt").write_text("card\nstolen\nlost\n", "utf-8")
    banned = BannedWords.read(tmp_path / "banned.txt")
    free = [one.text for one in LanguageModelTexts(model, per_label=8).generate(LABELS, 1)]
    held = LanguageModelTexts(model, per_label=8, banned=str(tmp_path / "banned.txt"))
    made = [one.text for one in held.generate(LABELS, 1)]
    assert any(map(banned.found_in, free))
    assert made
    assert not any(map(banned.found_in, made))


@pytest.mark.parametrize(
    "wrong",
    [{"form": "poem"}, {"trained_on": "records"}, {"engine": "other"}, {"per_label": 0}, {"adapter": "a"}],
)
def test_a_wrong_option_is_refused(wrong: dict[str, object], model: LanguageModel) -> None:
    with pytest.raises(ConfigError):
        LanguageModelTexts(model, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="temperature"):
        list(LanguageModelTexts(model, temperature=9).generate(LABELS, 1))


def test_a_model_that_knows_control_prefixes_is_told_one(model: LanguageModel) -> None:
    controlled = replace(model, controlled=True)
    assert model.decode(label_prompt(controlled, "lost_card", "finance")) == "finance query | lost card | short :"
    assert model.decode(label_prompt(controlled, "PLAN")) == "note | plan | medium :"
    assert "about lost card:" in model.decode(label_prompt(model, "lost_card", "finance"))
    assert label_prompt(model, "lost_card")[0] == model.begin_id


def test_a_folder_in_place_of_a_generator_s_name_is_a_language_model(folder: Path) -> None:
    factory = load_plugin(GENERATORS, str(folder))
    made = list(factory(per_label=2).generate(LABELS, 1))
    assert {one.origin for one in made} == {"language-model"}
    assert {one.source for one in made} == {folder.name}
    with pytest.raises(UnknownPlugin, match="'label-phrase'"):
        load_plugin(GENERATORS, "label-phrase")
    with pytest.raises(MissingFile, match="there is no folder"):
        list(load_plugin(GENERATORS, "./nowhere")().generate(LABELS, 1))


def test_others_read_a_folder_s_name_and_not_its_path() -> None:
    assert public_name("/srv/models/gpt2") == "language-model: gpt2"
    assert public_name("label-phrases") == "label-phrases"


def test_a_campaign_names_a_folder_as_its_generator(folder: Path) -> None:
    config = CampaignConfig.model_validate(
        {
            "name": "tiny",
            "title": "Tiny",
            "labels": ["lost_card", "exchange_rate"],
            "label_words": {"lost_card": "lost card", "exchange_rate": "exchange rate"},
            "privacy": {"epsilon": 4.0, "delta": 1e-5},
            "candidates": [{"generator": str(folder), "options": {"per_label": 3}}],
        }
    )
    made = CandidateSource(config, ()).generate()
    assert {one.label for one in made} == {"lost_card", "exchange_rate"}
    assert {(one.origin, one.source) for one in made} == {("language-model", folder.name)}
