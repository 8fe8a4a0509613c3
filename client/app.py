"""The site's Flower app: relays requests to the site's one door, and holds no data itself.

Flower sends the whole text of an exception to the coordinator and stores it, so nothing but a reply may leave this
module.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Final, Protocol

from flwr.app import Context, Message, RecordDict
from flwr.clientapp import ClientApp

from fedaug.errors import DefectError, FedaugError
from fedaug.strategies.carrier import ACTION, pack, unpack
from fedaug.strategies.messages import Outcome, Status, encode

_LOG = logging.getLogger(__name__)
_UNAVAILABLE: Final = encode(Status(status=Outcome.UNAVAILABLE))


class SiteDoor(Protocol):
    """A site's whole protocol."""

    def handle(self, request: bytes) -> bytes:
        """Answer one request."""
        ...


def make_client_app(
    open_site: Callable[[Context], SiteDoor], *, incident: Callable[[], str] = lambda: uuid.uuid4().hex
) -> ClientApp:
    """A ClientApp that puts every request to a site's door.

    Whatever goes wrong, the coordinator is told ``unavailable`` and no cause; the site's log gets an error code and a
    random incident id, never an exception's text.

    Args:
        open_site: Finds the door, for each request anew. It keeps what is costly to open, if anything.
        incident: Makes an id for a failure.
    """
    app = ClientApp()

    @app.query(ACTION)
    def relay(message: Message, context: Context) -> Message:
        return Message(_answer(open_site, incident, message, context), reply_to=message)

    return app


def _answer(
    open_site: Callable[[Context], SiteDoor], incident: Callable[[], str], message: Message, context: Context
) -> RecordDict:
    """The outermost boundary: returns a reply, or ends the process without a word."""
    stop: BaseException | None = None
    code = DefectError.code
    try:
        return pack(open_site(context).handle(unpack(message.content)))
    except KeyboardInterrupt:
        stop = KeyboardInterrupt()
    except SystemExit:
        stop = SystemExit(1)
    except BaseException as error:  # extension modules raise panics that are no Exceptions
        if isinstance(error, FedaugError):
            code = _known_code(type(error))
    if stop is not None:
        raise stop  # anew and outside the handlers: the original may carry text, also as a context
    _LOG.error("%s: a request was not answered; incident %s", code, incident())
    return pack(_UNAVAILABLE)


def _known_code(kind: type[FedaugError]) -> str:
    """The code of one of our own error classes; a class from elsewhere could put anything there."""
    return kind.code if kind.__module__ == FedaugError.__module__ else DefectError.code
