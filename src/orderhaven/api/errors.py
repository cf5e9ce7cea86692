"""Errors as RFC 9457 wants them: what happened and what to do, in the reader's language, never a trace."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import Field, NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from orderhaven.actions.errors import ActionRefused, PermissionDenied
from orderhaven.core.translation import _
from orderhaven.store.connections.keys import KeysLost
from orderhaven.store.listing.pages import BadCursor
from orderhaven.store.upkeep.doctor import database_trouble, was_made_meanwhile
from orderhaven.store.upkeep.versions import Changed

log = structlog.get_logger()
MEDIA_TYPE = "application/problem+json"


class FaultOut(Schema):
    """One thing that is wrong with a request."""

    where: str = Field(description="`query.limit`, `body.settings`, `path.action` ...")
    what: str = Field(description="In English.")


class ErrorOut(Schema):
    """What went wrong, as RFC 9457 has it."""

    type: str = Field(description="A URN that is the same for every error of this kind: `urn:orderhaven:error:...`.")
    title: str = Field(description="The kind of error, in the language of `Accept-Language`.")
    status: int
    detail: str = Field(description="What happened, why, and what to do: for people, in their language.")
    faults: list[FaultOut] = Field(default=[], description="With 422: everything that is wrong with the request.")


class TooManyRequests(Exception):
    """This token has asked more than it may. It may again in so many seconds."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


# kind -> status, title, what is said where the error itself says nothing
KINDS: Mapping[str, tuple[int, str, str]] = {
    "unreadable": (400, "Not readable", "The body of the request is no JSON, or its address makes no sense."),
    "no-token": (
        401, "No good token", "Send a token that an administrator made: 'Authorization: Bearer oh_...'. It may have been ended.",
    ),
    "not-allowed": (403, "Not allowed", "This token may not do this."),
    "not-found": (404, "Not found", "There is nothing here, or it is not yours."),
    "method": (405, "Method not allowed", "This address does not take that method. The header Allow says which ones it takes."),
    "impossible": (409, "Not possible", "This cannot be done now."),
    "changed": (412, "It has changed", "It is not any more what you read. Read it again, and decide anew."),
    "too-big": (413, "Too big", "The body of the request is bigger than this hub takes. Send less at once."),
    "not-valid": (422, "Not valid", "Something in the request is not as the description of the API wants it. See 'faults'."),
    "cursor": (422, "Not a cursor of this list", "Take 'after' from the page before, or leave it out."),
    "too-many": (429, "Too many requests", "This token asks too much. Wait as long as the header Retry-After says."),
    "broken": (
        500, "Something went wrong in Orderhaven",
        "It is written in the log. Nothing that was promised is lost. Try again; if it stays, report it.",
    ),
    "database": (503, "Orderhaven cannot be used just now", "The database cannot be used. Try again in a while."),
    "keys": (503, "The keys are lost", "The secrets of the connections cannot be opened. See 'orderhaven doctor'."),
}  # fmt: skip


def error_response(kind: str, detail: str = "", faults: Iterable[FaultOut] = (), **headers: str) -> HttpResponse:
    """`headers` go by their names, with _ for -."""
    status, title, otherwise = KINDS[kind]
    said = ErrorOut(
        type=f"urn:orderhaven:error:{kind}",
        title=_(title),
        status=status,
        detail=detail or _(otherwise),
        faults=list(faults),
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return JsonResponse(said.model_dump(), status=status, content_type=MEDIA_TYPE, headers=named)


def say_errors(api: NinjaAPI) -> None:
    """Every exception that a view may raise gets its answer."""
    for raised, answer in _ANSWERS.items():
        api.add_exception_handler(raised, answer)


# below: which exception is which error


def _answer(kind: str, *, says: bool = False) -> Any:
    """`says`: the exception's own sentence is for people."""
    return lambda request, error: error_response(kind, str(error) if says else "")


def _no_token(request: HttpRequest, error: Any) -> HttpResponse:
    was_given = "Authorization" in request.headers
    challenge = 'Bearer realm="Orderhaven"' + (', error="invalid_token"' if was_given else "")
    return error_response("no-token", WWW_Authenticate=challenge)


def _not_valid(request: HttpRequest, error: Any) -> HttpResponse:
    faults = [FaultOut(where=_place(one["loc"]), what=_plain(one["msg"])) for one in error.errors]
    return error_response("not-valid", faults=faults)


def _too_many(request: HttpRequest, error: Any) -> HttpResponse:
    return error_response("too-many", Retry_After=str(error.wait_s))


def _of_http(request: HttpRequest, error: Any) -> HttpResponse:
    """What ninja itself raises: a body that it cannot read."""
    cause = error.__cause__
    return error_response("too-big" if isinstance(cause, RequestDataTooBig) else "unreadable")


def _of_database(request: HttpRequest, error: Any) -> HttpResponse:
    """A statement that the database does not understand is no trouble of the database's."""
    made = was_made_meanwhile(error)
    if made:
        return error_response("impossible", made)
    said = database_trouble(error, in_full=False) if isinstance(error, OperationalError | InterfaceError) else ""
    if not said:
        return _broken(request, error)
    log.error("database_failure", cause=str(error))
    return error_response("database", said)


def _broken(request: HttpRequest, error: Any) -> HttpResponse:
    # whoever listens writes it into the log; it is asked while the exception is at hand
    got_request_exception.send(sender=None, request=request)
    return error_response("broken")


_ANSWERS: Mapping[type[Exception], Any] = {
    AuthenticationError: _no_token,
    PermissionDenied: _answer("not-allowed", says=True),
    Http404: _answer("not-found", says=True),
    ActionRefused: _answer("impossible", says=True),
    Changed: _answer("changed"),
    ValidationError: _not_valid,
    BadCursor: _answer("cursor", says=True),
    TooManyRequests: _too_many,
    RequestDataTooBig: _answer("too-big"),
    SuspiciousOperation: _answer("unreadable"),
    HttpError: _of_http,
    KeysLost: _answer("keys", says=True),
    DatabaseError: _of_database,
    Exception: _broken,
}


def _place(location: Sequence[object]) -> str:
    """What is taken as one has a name inside Orderhaven that nobody outside knows."""
    shown = (location[0], *location[2:]) if location[1:2] in (("wanted",), ("given",)) else location
    return ".".join(map(str, shown))[:200]


def _plain(text: str) -> str:
    """As one line, and not endless."""
    return " ".join(text.split())[:300]
