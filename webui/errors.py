"""What went wrong, as a page, a part of a page or JSON: one table, one renderer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from hub.errors import (
    Conflict,
    HubError,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    TooMany,
    Unavailable,
)
from hub.ports.errors import ConnectorError

STATUS: Mapping[type[HubError], int] = {
    NotFound: 404,
    Conflict: 409,
    NotAllowed: 403,
    NotSignedIn: 401,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}

_HTTP: Mapping[int, tuple[str, str, str]] = {
    400: ("request.broken", "The request is broken.", "Reload the page and try again."),
    404: ("page.unknown", "There is no such page.", "Check the address, or go on from the menu."),
    405: ("request.method", "This address cannot be asked in this way.", ""),
    408: ("request.too_slow", "The request took too long to arrive.", "Try again."),
    413: ("request.too_big", "This is too big.", "Send less at once."),
    415: ("request.media_type", "The body is of a kind that is not understood here.", "Send JSON."),
    416: ("request.range", "This range of bytes is not there.", "Ask for one range inside of the file."),
    426: ("request.upgrade", "This address speaks WebSocket only.", ""),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """An error, ready to be shown."""

    status: int
    code: str
    text: str
    hint: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


_LINES = ("/cid",)
_PROGRAMS = ("/live", "/live/state", "/healthz", "/readyz", "/metrics")


def wants_line(request: web.Request) -> bool:
    """Whether a desk phone's display asks: whatever happens, one line of text is the answer."""
    return request.path in _LINES


def wants_json(request: web.Request) -> bool:
    """Whether a program asks rather than a person."""
    if request.path.startswith("/api/") or request.path in _PROGRAMS:
        return True
    accept = request.headers.get("Accept", "")
    return "application/json" in accept and "text/html" not in accept


def fault_of(error: Exception) -> Fault:
    """What to show of an exception; an unforeseen one says nothing of itself."""
    if isinstance(error, HubError):
        status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
        fields = error.fields if isinstance(error, Invalid) else {}
        data = dict(error.data)
        headers: dict[str, str] = {}
        if isinstance(error, TooMany):
            headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
            data["minutes"] = max(1, round(error.retry_after / 60))
        elif isinstance(wait := data.get("retry_after"), (int, float)):
            headers["Retry-After"] = str(max(1, math.ceil(wait)))
        if status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="pitline"'
        return Fault(status, error.code, error.text, error.hint, fields, data, headers)
    if isinstance(error, web.HTTPException):
        code, text, hint = _HTTP.get(error.status, ("request.refused", "The request was refused.", ""))
        headers = {name: error.headers[name] for name in ("Allow", "Content-Range") if name in error.headers}
        return Fault(error.status, code, text, hint, headers=headers)
    if isinstance(error, ConnectorError):
        return Fault(503, "connector.away", error.text, "Look at the system page for the reason.")
    return Fault(
        500, "internal", "Something went wrong that should not have.",
        "Try again; if it stays, tell the request number to whoever looks after Pitline.",
    )  # fmt: skip
