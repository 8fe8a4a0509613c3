"""Messages as bytes: equal messages are equal bytes, and what is not a message is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tests.nearness import asked, support_plan
from tests.small import candidates, make_plan

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.events import GaussianEvent, ReleaseKind, SubsampledGaussianEvent
from fedaug.privacy.limits import LIMITS
from fedaug.strategies.messages import (
    Adapt,
    AdaptationTerms,
    AskCounts,
    AskMetric,
    AskSamples,
    AskStatistics,
    AskSupport,
    AskVotes,
    CampaignPlan,
    Describe,
    Join,
    Message,
    NoisyRelease,
    OfferedSample,
    Outcome,
    SampleBatch,
    SiteFact,
    Status,
    decode_reply,
    decode_request,
    encode,
)

_STEPS = SubsampledGaussianEvent("adapter", ReleaseKind.NOISY_UPDATE, 1.0, 2.0, 2.0**-23, 9, 0.1, 3).as_dict()
ADAPTING = make_plan(
    events=(_STEPS,), adaptation=AdaptationTerms(model="embedded", weights="ab" * 32, expected_batch=8, domain="ü")
)
REQUESTS: list[tuple[Message, dict[str, Any]]] = [
    (Describe(challenge="ab" * 32), {}),
    (Join(plan=make_plan()), {}),
    (AskCounts(campaign="c", key="counts"), {}),
    (AskStatistics(campaign="c", key="s"), {}),
    (AskVotes(campaign="c", key="votes/0"), candidates()),
    (AskSupport(campaign="c", key="support"), asked("one", "two")),
    (AskSamples(campaign="c"), {}),
    (Adapt(campaign="c"), {}),
    (Join(plan=ADAPTING), {}),
    (Join(plan=support_plan()), {}),
    (AskMetric(campaign="ü ε", key="m"), {"weight": np.ones((2, 3), np.float32), "bias": np.zeros(2, np.float32)}),
]
OFFERED = OfferedSample(text="línea ε", label="cough", origin="made-up", parents=("ab" * 32,), dependence="dp")
EVENT = GaussianEvent("k", ReleaseKind.NOISY_COUNTS, 1.0, 2.5)
REPLIES: list[tuple[Message, dict[str, Any]]] = [
    (SiteFact(site="st-mary", public_key="0" * 64), {}),
    *((Status(status=outcome), {}) for outcome in Outcome),
    (SampleBatch(campaign="c", plan="a" * 64, samples=(OFFERED,), outside_dp=False), {}),
    (
        NoisyRelease(kind=ReleaseKind.NOISY_COUNTS, campaign="c", plan="a" * 64, event=EVENT.as_dict()),
        {"values": np.arange(3.0)},
    ),
    (NoisyRelease(kind=ReleaseKind.NOISY_UPDATE, campaign="c", plan="a" * 64, event=_STEPS), {"values": np.zeros(0)}),
]


@pytest.mark.parametrize(("decode", "cases"), [(decode_request, REQUESTS), (decode_reply, REPLIES)])
def test_messages_come_back_as_they_were_and_equal_ones_are_equal_bytes(decode: Any, cases: Any) -> None:
    for message, tensors in cases:
        data = encode(message, tensors)
        back, values = decode(data)
        assert back == message
        assert values.keys() == tensors.keys()
        assert all(values[name].tobytes() == tensors[name].tobytes() for name in tensors)
        assert encode(back, dict(reversed(values.items()))) == data


def raw(header: Any, body: bytes = b"") -> bytes:
    """A safetensors file made by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def with_tensor(tensor: Any, body: bytes = b"", fields: str = '{"request":"describe"}') -> bytes:
    return raw({"__metadata__": {"fedaug": fields}, "x": tensor}, body)


TYPES = ["BOOL", "U8", "I8", "I16", "U16", "F16", "BF16", "U32", "U64", "F8_E4M3", "F8_E5M2", "C64", "O", "pickle", ""]
HUGE = [2**31, 2**32, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**30, -1, 1.5, "1", None, [1]]
MALFORMED = {
    **{
        f"tensor of type {name!r}": with_tensor({"dtype": name, "shape": [0], "data_offsets": [0, 0]}) for name in TYPES
    },
    **{
        f"no values of shape [0, {size}]": with_tensor({"dtype": "F64", "shape": [0, size], "data_offsets": [0, 0]})
        for size in HUGE[3:]
    },
    **{
        f"a value of shape [{size}]": with_tensor({"dtype": "F64", "shape": [size], "data_offsets": [0, 8]}, b"\0" * 8)
        for size in HUGE
    },
    **{
        f"offset {size}": with_tensor({"dtype": "F64", "shape": [1], "data_offsets": [0, size]}, b"\0" * 8)
        for size in HUGE
    },
    **{
        f"lacks {name}": with_tensor(
            {key: value for key, value in {"dtype": "F64", "shape": [0], "data_offsets": [0, 0]}.items() if key != name}
        )
        for name in ("dtype", "shape", "data_offsets")
    },
    **{f"field is {value!r}": with_tensor(value) for value in (None, [], "F64", 7)},
    "a tensor named twice": raw(
        b'{"__metadata__":{"fedaug":"{\\"request\\":\\"describe\\"}"},'
        b'"x":{"dtype":"F64","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"I64","shape":[0],"data_offsets":[0,0]}}'
    ),
    "metadata named twice": raw(b'{"__metadata__":{"fedaug":"{}"},"__metadata__":{"fedaug":"{}"}}'),
    "metadata that is no map": raw({"__metadata__": "fedaug"}),
    "an object that is no text": raw({"__metadata__": {"fedaug": {"request": "describe"}}}),
    "a header over its limit": (LIMITS.header_bytes + 1).to_bytes(8, "little") + b" " * (LIMITS.header_bytes + 2),
    "a header beyond the message": (2**63).to_bytes(8, "little") + b"{}",
    "a header of no length": bytes(8) + b"{}",
    "a header that is deep": raw(b"[" * 100_000),
    "a number of a million figures": raw(b'{"__metadata__":{"fedaug":' + b"9" * 1_000_000 + b"}}"),
    "bytes after the tensors": encode(Describe(challenge="ab" * 32)) + b"x",
    "half a surrogate pair": raw({"__metadata__": {"fedaug": '{"request":"counts","campaign":"\\ud800","key":"k"}'}}),
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("decode", [decode_request, decode_reply])
def test_malformed_bytes_are_refused_with_our_own_error(decode: Any, name: str) -> None:
    with pytest.raises(ProtocolError, match="FA401") as refused:
        decode(MALFORMED[name])
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("site", ["", "a" * 101, "../x", "__metadata__", "a b", "<script>", "a\0", "a\n", "é", "-rf"])
def test_a_site_of_a_name_that_no_site_can_have_is_refused(site: str) -> None:
    fields = {"kind": "ProtocolFact", "site": site, "public_key": "0" * 64, "protocol": 1, "fact": "site"}
    with pytest.raises(ProtocolError, match="site"):
        decode_reply(raw({"__metadata__": {"fedaug": json.dumps(fields)}}))


@pytest.mark.parametrize(
    "change",
    [
        {"epsilon": float("nan")},
        {"epsilon": 0},
        {"epsilon": -1},
        {"delta": float("nan")},
        {"delta": 0},
        {"delta": 1},
        {"labels": ["a", "a"]},
        {"labels": ["a"]},
        {"labels": ["a", ""]},
        {"events": []},
        {"events": [EVENT.as_dict(), EVENT.as_dict()]},
        {"events": [{**EVENT.as_dict(), "noise_std": float("inf")}]},
        {"events": [{**EVENT.as_dict(), "release": "SampleBatch"}]},
        {"dimensions": 0},
        {"votes_per_record": 0},
        {"surprise": 1},
    ],
)
def test_a_plan_that_cannot_be_meant_is_refused(change: dict[str, Any]) -> None:
    plan = make_plan().model_dump(mode="json") | change
    text = json.dumps({"request": "join", "plan": plan})
    with pytest.raises(ProtocolError, match="FA401"):
        decode_request(raw({"__metadata__": {"fedaug": text}}))


@pytest.mark.parametrize(
    "text", ["1e999", "-1e999", "NaN", "Infinity", "-Infinity", '{"a":1,"a":1}', "\\", "", "[" * 9_999]
)
def test_json_that_is_not_strict_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="not strict JSON"):
        parse_json(text.encode())
    assert parse_json(b"[1e99,-0.5,1]") == [1e99, -0.5, 1]


def test_a_plan_has_one_digest_however_its_numbers_are_written() -> None:
    plan = make_plan()
    again = CampaignPlan.model_validate_json(plan.model_dump_json())
    assert again.digest == plan.digest
    assert make_plan(votes_per_record=3).digest != plan.digest
