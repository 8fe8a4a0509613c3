"""The base of the embedded model: the package's encoder as a causal decoder."""

from __future__ import annotations

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import BertConfig, BertLMHeadModel

from fedaug.privacy.pretrained import weights_folder

WEIGHTS = "model.safetensors"


def decoder() -> BertLMHeadModel:
    """All-MiniLM-L6-v2 under a causal mask, without dropout; its head is tied to its table and begins as the identity.

    Wang et al. 2020, "MiniLM"; the head is that of Devlin et al. 2019, which the package leaves out.

    Raises:
        MissingExtra: The package that carries the weights is not installed.
    """
    config = BertConfig.from_pretrained(
        weights_folder(),
        is_decoder=True,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        bos_token_id=101,
        eos_token_id=102,
    )
    config._attn_implementation = "sdpa"  # the public argument is for from_pretrained only
    with torch.device("meta"):  # no random number is drawn, so that the caller's draws stay what they are
        model = BertLMHeadModel(config)
    model.to_empty(device="cpu")
    embeddings = model.bert.embeddings  # its buffers are no weights, so that no file brings them
    embeddings.position_ids.copy_(torch.arange(config.max_position_embeddings)[None])
    embeddings.token_type_ids.zero_()
    weights = load_file(weights_folder() / WEIGHTS)
    with torch.no_grad():
        model.bert.load_state_dict({name: weights[name] for name in model.bert.state_dict()})
        head = model.cls.predictions
        nn.init.eye_(head.transform.dense.weight)
        nn.init.ones_(head.transform.LayerNorm.weight)
        for zero in (head.transform.dense.bias, head.transform.LayerNorm.bias, head.bias):
            nn.init.zeros_(zero)
    model.tie_weights()
    model.train(False)
    return model
