"""Whatever a site raises, the coordinator and every log learn nothing but that it was unavailable."""

import logging
import traceback

import pytest
from flwr.app import ArrayRecord, Context, Message, RecordDict

from fedaug.client.app import make_client_app
from fedaug.errors import BudgetExceeded, FedaugError
from fedaug.simulation.grid import InProcessGrid
from fedaug.strategies.carrier import MESSAGE_TYPE, pack, unpack
from fedaug.strategies.messages import Outcome, Status, decode_reply

RECORD = "Mrs Ada Quillfeather, ward 7"


class Panic(BaseException):
    """As extension modules raise it."""


class ImpostorError(FedaugError):
    code = RECORD


class RaisesAsTextError(RuntimeError):
    def __str__(self) -> str:
        raise ValueError(RECORD)

    __repr__ = __str__


def chained() -> Exception:
    try:
        raise KeyError(RECORD)
    except KeyError as cause:
        error = RuntimeError("outer")
        error.__cause__ = cause
        error.add_note(RECORD)
        return error


RAISED = [
    RuntimeError(RECORD),
    ValueError({"text": RECORD}),
    UnicodeDecodeError("utf-8", RECORD.encode(), 0, 1, RECORD),
    BudgetExceeded(RECORD, RECORD),
    ImpostorError(RECORD, RECORD),
    RaisesAsTextError(RECORD),
    ExceptionGroup(RECORD, [RuntimeError(RECORD)]),
    MemoryError(RECORD),
    RecursionError(RECORD),
    StopIteration(RECORD),
    GeneratorExit(RECORD),
    Panic(RECORD),
    chained(),
]


class Door:
    def __init__(self, raised: BaseException | None = None, reply: object = b"") -> None:
        self._raised = raised
        self._reply = reply

    def handle(self, request: bytes) -> bytes:
        if self._raised is not None:
            raise self._raised
        return self._reply  # type: ignore[return-value]  # a broken door is what some tests need


def open_raising(raised: BaseException) -> object:
    def open_site(context: Context) -> Door:
        raise raised

    return open_site


def reply_of(open_site: object, content: RecordDict | None = None) -> Message:
    with InProcessGrid(make_client_app(open_site, incident=lambda: "4711"), 1) as grid:
        (reply,) = grid.send_and_receive([Message(content or pack(b"request"), grid.get_node_ids()[0], MESSAGE_TYPE)])
    return reply


def assert_only_unavailable(reply: Message) -> None:
    assert not reply.has_error()
    message, tensors = decode_reply(unpack(reply.content))
    assert (message, dict(tensors)) == (Status(status=Outcome.UNAVAILABLE), {})
    assert RECORD not in repr(reply)


@pytest.mark.parametrize("where", ["open_site", "handle"])
@pytest.mark.parametrize("raised", RAISED, ids=lambda error: type(error).__name__)
def test_an_exception_text_reaches_neither_reply_nor_log_nor_output(
    raised: BaseException, where: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        reply = reply_of(open_raising(raised) if where == "open_site" else lambda context: Door(raised))

    assert_only_unavailable(reply)
    code = "FA301" if isinstance(raised, BudgetExceeded) else "FA901"
    assert [r.getMessage() for r in caplog.records] == [f"{code}: a request was not answered; incident 4711"]
    assert all(record.exc_info is None and record.stack_info is None for record in caplog.records)
    output = capfd.readouterr()
    assert RECORD not in caplog.text + output.out + output.err


@pytest.mark.parametrize("raised", [KeyboardInterrupt(RECORD), SystemExit(RECORD)], ids=["interrupt", "exit"])
def test_what_ends_the_process_ends_it_without_the_text(raised: BaseException) -> None:
    with pytest.raises(type(raised)) as caught:
        reply_of(lambda context: Door(raised))
    assert caught.value is not raised
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    assert RECORD not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("reply", [RECORD, None, 5, [RECORD], object()], ids=lambda reply: type(reply).__name__)
def test_a_door_that_gives_no_bytes_is_unavailable(reply: object) -> None:
    assert_only_unavailable(reply_of(lambda context: Door(reply=reply)))


@pytest.mark.parametrize(
    "content", [RecordDict(), RecordDict({"fedaug": ArrayRecord()}), RecordDict({RECORD: ArrayRecord()})]
)
def test_a_malformed_request_is_answered_with_unavailable(content: RecordDict) -> None:
    with InProcessGrid(make_client_app(lambda context: Door(reply=b"answer")), 1) as grid:
        node = grid.get_node_ids()[0]
        (good,) = grid.send_and_receive([Message(pack(b""), node, MESSAGE_TYPE)])
        (bad,) = grid.send_and_receive([Message(content, node, MESSAGE_TYPE)])
    assert unpack(good.content) == b"answer"
    assert_only_unavailable(bad)
