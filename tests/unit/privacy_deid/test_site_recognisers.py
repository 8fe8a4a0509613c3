"""A site's own lists, patterns and models add findings to the default and take none away."""

import json
import logging
from pathlib import Path

import pytest
import spacy
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import Whitespace
from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

from fedaug.errors import ConfigError
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.additions import SiteAdditions

TEXT = "Zarquon of ward Larkspur, badge QX-1234, seen on 06/21/07."
EXPECTED = "[PERSON] of ward Larkspur, badge [ID], seen on [DATE_TIME]."


def deidentified(text: str = TEXT, **additions: object) -> str:
    return Deidentifier(additions=SiteAdditions.model_validate(additions), neural=False).deidentify(text)


def spacy_model(folder: Path) -> Path:
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": "Zarquon"}, {"label": "CARDINAL", "pattern": "ward"}])
    pipeline.to_disk(folder)
    return folder


def hugging_face_model(folder: Path) -> Path:
    """A model that tags the word Zarquon and nothing else, by weights set by hand."""
    words = {"[UNK]": 0, "[PAD]": 1, "[CLS]": 2, "[SEP]": 3, "Zarquon": 4}
    core = Tokenizer(WordPiece(words, unk_token="[UNK]"))
    core.pre_tokenizer = Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, unk_token="[UNK]", pad_token="[PAD]")
    tokenizer.save_pretrained(folder)
    config = BertConfig(
        vocab_size=5,
        hidden_size=8,
        num_hidden_layers=0,
        num_attention_heads=1,
        intermediate_size=8,
        id2label={0: "O", 1: "B-STAFF", 2: "I-STAFF"},
        label2id={"O": 0, "B-STAFF": 1, "I-STAFF": 2},
    )
    model = BertForTokenClassification(config)
    with torch.no_grad():
        embeddings = model.bert.embeddings
        for table in (embeddings.word_embeddings, embeddings.position_embeddings, embeddings.token_type_embeddings):
            table.weight.zero_()
        embeddings.word_embeddings.weight[4, 0] = 1.0
        model.classifier.weight.zero_()
        model.classifier.weight[1, 0] = 10.0
        model.classifier.bias.copy_(torch.tensor([1.0, 0.0, 0.0]))
    model.save_pretrained(folder, safe_serialization=True)
    return folder


def test_lists_are_found_in_any_case_and_across_words(tmp_path: Path) -> None:
    names = tmp_path / "staff.txt"
    names.write_text("# staff\nFord Prefect\nzarquon\n", "utf-8")
    found = deidentified("ZARQUON met PREFECT, then Ford  Prefect.", lists=[{"path": names, "entity_type": "PERSON"}])
    assert found == "[PERSON] met [PERSON], then [PERSON]."  # the surname alone, since the whole name was found


def test_a_pattern_takes_out_its_value_group_only() -> None:
    pattern = {"name": "badge", "pattern": r"badge (?P<value>[a-z]{2}-\d{4})", "entity_type": "ID"}
    assert deidentified(patterns=[pattern]) == "Zarquon of ward Larkspur, badge [ID], seen on [DATE_TIME]."


@pytest.mark.parametrize("text", ["Seen at Mercy Hospital.", "Seen at Mercy Ｈospital."])
def test_what_a_list_or_a_pattern_says_it_is_wins_over_what_fedaug_takes_it_for(tmp_path: Path, text: str) -> None:
    wards = tmp_path / "wards.txt"
    wards.write_text("Mercy Hospital\n", "utf-8")
    assert "[FACILITY]" in deidentified(text)
    assert "[WARD]" in deidentified(text, lists=[{"path": wards, "entity_type": "WARD", "score": 0.1}])
    pattern = {"name": "ward", "pattern": "mercy hospital", "entity_type": "WARD", "score": 0.1}
    assert "[WARD]" in deidentified(text, patterns=[pattern])


def test_a_spacy_model_adds_to_what_is_found(tmp_path: Path) -> None:
    found = deidentified(spacy_model=spacy_model(tmp_path / "model"))
    assert found == EXPECTED


def test_a_hugging_face_model_adds_to_what_is_found(tmp_path: Path) -> None:
    found = deidentified(huggingface_model=hugging_face_model(tmp_path / "model"))
    assert found == EXPECTED


@pytest.mark.parametrize("logging_is_off", [False, True])
def test_a_model_that_fails_sets_the_record_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logging_is_off: bool
) -> None:
    additions = SiteAdditions(huggingface_model=hugging_face_model(tmp_path / "model"))
    deidentifier = Deidentifier(additions=additions, neural=False)

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(BertForTokenClassification, "forward", fails)
    monkeypatch.setattr(logging.getLogger("presidio-analyzer"), "disabled", logging_is_off)
    (outcome,) = deidentifier.deidentify_many([TEXT])
    assert str(outcome).startswith("FA601: a recogniser failed on a record")


def test_a_pickled_model_is_refused(tmp_path: Path) -> None:
    folder = hugging_face_model(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"FA101: deid.huggingface_model holds no .safetensors file"):
        deidentified(huggingface_model=folder)


@pytest.mark.parametrize("setting", ["spacy_model", "huggingface_model"])
def test_a_folder_that_is_no_model_is_one_clear_line(tmp_path: Path, setting: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "B-PER"}}), "utf-8")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ConfigError, match=f"FA101: deid.{setting} cannot be loaded"):
        deidentified(**{setting: tmp_path})
