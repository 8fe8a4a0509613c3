"""Hostile bytes against the message parser: only our errors escape, and nothing is read that the protocol lacks."""

from __future__ import annotations

import json
import pickle  # noqa: TID251 - the attack needs it
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import numpy as safetensors

from fedaug.errors import ProtocolError
from fedaug.privacy.events import GaussianEvent, ReleaseKind
from fedaug.privacy.limits import LIMITS
from fedaug.strategies.messages import AskVotes, NoisyRelease, decode_reply, decode_request, encode

EVENT = GaussianEvent("votes/0", ReleaseKind.NOISY_VOTES, 1.0, 2.0)
REQUEST = encode(
    AskVotes(campaign="autumn", key="votes/0"),
    {"candidates": np.eye(3, dtype=np.float32), "labels": np.arange(3, dtype=np.int32)},
)
REPLY = encode(
    NoisyRelease(kind=ReleaseKind.NOISY_VOTES, campaign="autumn", plan="0" * 64, event=EVENT.as_dict()),
    {"values": np.arange(3.0)},
)


def message(fields: Any, tensors: dict[str, Any] | None = None) -> bytes:
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return safetensors.save(tensors or {}, metadata={"fedaug": text})


def reply_with(**changes: Any) -> bytes:
    fields = {"kind": "NoisyVotes", "campaign": "autumn", "plan": "0" * 64, "event": EVENT.as_dict()}
    return message(fields | changes, {"values": np.arange(3.0)})


def mutations(data: bytes) -> Iterator[bytes]:
    """Cuts, flips, swaps and insertions, the same in every run."""
    chosen = random.Random(7)
    for cut in range(0, len(data), 5):
        yield data[:cut]
    for position in range(len(data)):
        yield data[:position] + bytes([data[position] ^ (1 << chosen.randrange(8))]) + data[position + 1 :]
    for _ in range(200):
        start, end = sorted(chosen.sample(range(len(data)), 2))
        yield data[:start] + data[end:]
        yield data[:start] + chosen.randbytes(chosen.randrange(1, 30)) + data[start:]


@pytest.mark.parametrize(("decode", "good"), [(decode_request, REQUEST), (decode_reply, REPLY)])
def test_a_mutated_message_is_read_as_the_protocol_says_or_refused(decode: Any, good: bytes) -> None:
    refused = 0
    for data in mutations(good):
        try:
            _, tensors = decode(data)
        except ProtocolError:
            refused += 1
        else:
            assert all(np.isfinite(values).all() for values in tensors.values())
    assert refused > 300


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 8,
        b"\xff" * 100,
        (2**40).to_bytes(8, "little") + b"{}",
        message([]),
        message("text"),
        message({"request": "everything"}),
        message({"request": "describe", "verbose": True}),
        message({"request": "votes", "campaign": "autumn", "key": "k" * (LIMITS.name_chars + 1)}),
        message({"request": "counts", "campaign": 7, "key": "counts"}),
        safetensors.save({"x": np.zeros(1)}),
        safetensors.save({"x": np.zeros(1, np.uint8)}, metadata={"fedaug": '{"request":"describe"}'}),
        safetensors.save({"x": np.array([np.nan])}, metadata={"fedaug": '{"request":"describe"}'}),
        safetensors.save({"x": np.array([np.inf])}, metadata={"fedaug": '{"request":"describe"}'}),
        safetensors.save({}, metadata={"fedaug": '{"request":"describe","request":"counts"}'}),
        safetensors.save({}, metadata={"fedaug": '{"request":"describe","x":NaN}'}),
        safetensors.save({}, metadata={"fedaug": "[" * 100_000}),
    ],
    ids=range(17),
)
def test_a_malformed_request_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="FA401"):
        decode_request(data)


def test_a_message_over_the_limit_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(ProtocolError, match="over the size limit"):
        decode_request(bytes(LIMITS.message_bytes + 1))


@pytest.mark.parametrize(
    "event",
    [
        {**EVENT.as_dict(), "noise_std": 10**400},
        {**EVENT.as_dict(), "sensitivity": 10**400},
        {**EVENT.as_dict(), "sensitivity": True},
        {**EVENT.as_dict(), "noise_std": -1.0},
        {**EVENT.as_dict(), "release": ["NoisyVotes"]},
        {**EVENT.as_dict(), "mechanism": {"gaussian": 1}},
        {**EVENT.as_dict(), "mechanism": "none"},
        {**EVENT.as_dict(), "epsilon": 0.1},
        {},
    ],
    ids=range(9),
)
def test_a_reply_with_a_malformed_event_is_refused(event: dict[str, Any]) -> None:
    reply, _ = decode_reply(reply_with(event=event))
    assert isinstance(reply, NoisyRelease)
    with pytest.raises(ProtocolError, match="FA401"):
        _ = reply.mechanism


def test_an_error_does_not_quote_what_was_sent() -> None:
    with pytest.raises(ProtocolError) as refused:
        decode_reply(reply_with(campaign="patient Jane Roe" * 50))
    assert "Jane" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_a_payload_that_would_run_code_does_not_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (canary,)

    payload = pickle.dumps(Hostile())
    slots = [payload, len(payload).to_bytes(8, "little") + payload, REQUEST + payload]
    slots.append(safetensors.save({}, metadata={"fedaug": payload.decode("latin-1")}))
    slots.append(
        safetensors.save({"x": np.frombuffer(payload, np.uint8)}, metadata={"fedaug": '{"request":"describe"}'})
    )
    for data in slots:
        with pytest.raises(ProtocolError, match="FA401"):
            decode_request(data)
    assert not canary.exists()
    pickle.loads(payload)
    assert canary.exists(), "the payload could not have run anywhere"
