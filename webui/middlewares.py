"""What every answer has: a request id, its errors in words, and the headers that protect it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from aiohttp.typedefs import Middleware

from hub.errors import HubError, NotSignedIn
from hub.log import get_logger
from hub.ports.errors import ConnectorError
from webui.door import Visitor
from webui.errors import Fault, fault_of, wants_json, wants_line
from webui.guard import RATE, REQUEST_ID, STYLE_NONCE
from webui.request import PAGE, Request, Site

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_POLICY = (
    "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
_UNSEEN = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive"}
"""Of addresses that are secrets: no other site and no search engine learns them."""
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=()",
}


def make_error_middleware(site: Site) -> Middleware:
    """The outermost layer: names the request and turns every exception into an answer."""
    log = get_logger("webui")

    @web.middleware
    async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[REQUEST_ID] = secrets.token_hex(6)
        try:
            return await handler(request)
        except (HubError, ConnectorError, web.HTTPException) as error:
            if isinstance(error, web.HTTPException) and error.status < 400:
                raise
            fault = fault_of(error)
            log.info(
                "refused",
                path=_path(site, request),
                status=fault.status,
                code=fault.code,
                id=request[REQUEST_ID],
            )
        except Exception as error:
            log.exception("a request failed", path=_path(site, request), id=request[REQUEST_ID])
            fault = fault_of(error)
        return await _answer(site, request, fault)

    return answer_errors


def make_header_signal(site: Site) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Sets the protecting headers on whatever is answered."""

    async def protect(request: web.Request, response: web.StreamResponse) -> None:
        if (nonce := request.get(STYLE_NONCE)) is not None:
            policy = f"{_POLICY}; style-src 'self' 'nonce-{nonce}'"
            response.headers.setdefault("Content-Security-Policy", policy)
        if request.path.startswith(site.secret_paths):
            response.headers.update(_UNSEEN)
        for name, value in _ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Request-Id"] = request.get(REQUEST_ID, "")
        response.headers.popall("Server", None)
        response.headers.update(request.get(RATE, {}))
        if site.cookies.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    return protect


async def _answer(site: Site, http: web.Request, fault: Fault) -> web.StreamResponse:
    if wants_line(http):
        return web.Response(text="\n", status=fault.status, headers=fault.headers, content_type="text/plain")
    request = await _known(site, http)
    text = request.t(fault.text, **fault.data)
    if text == fault.text:
        text = site.texts.heard(request.language, text)
    hint = request.t(fault.hint, **fault.data)
    fields = {name: request.t(said, **fault.data) for name, said in fault.fields.items()}
    if wants_json(http):
        error = {
            "code": fault.code,
            "text": text,
            "hint": hint,
            "fields": fields,
            "data": request.seen(_plain(fault.data)),
        }
        if fault.status >= 500:
            error["request_id"] = request.id
        return web.json_response({"error": error}, status=fault.status, headers=fault.headers)
    if fault.status == 401:
        return _to_login(http)
    values = {
        "number": fault.status, "code": fault.code, "text": text, "hint": hint, "fields": fields,
        "request_id": request.id,
    }  # fmt: skip
    if request.is_fragment:
        response = request.fragment("error_part.html", status=fault.status, **values)
    else:
        response = request.page("error.html", status=fault.status, **values)
    response.headers.update(fault.headers)
    return response


async def _known(site: Site, http: web.Request) -> Request:
    """The request as far as it came; an unknown address has not been looked at yet."""
    found: Request | None = http.get(PAGE)
    if found is not None:
        return found
    visitor: Visitor
    try:
        visitor = await site.door.look(http)
    except (HubError, NotSignedIn):
        visitor = site.door.nobody(http)
    return Request(site=site, http=http, visitor=visitor, id=http[REQUEST_ID], address="")


def _path(site: Site, http: web.Request) -> str:
    """For the log; an address that is a secret stays out of it."""
    known = next((path for path in site.secret_paths if http.path.startswith(path)), None)
    return http.path if known is None else f"{known}…"


def _to_login(http: web.Request) -> web.StreamResponse:
    if http.headers.get("HX-Request") == "true":
        return web.Response(status=401, headers={"HX-Redirect": "/login"})
    location = "/login"
    if http.method == "GET" and http.path not in ("/", "/login"):
        location = str(http.rel_url.with_path("/login").with_query({"next": http.path_qs[:500]}))
    return web.Response(status=303, headers={"Location": location})


def _plain(data: object) -> object:
    """What JSON can hold of an error's data."""
    if isinstance(data, Mapping):
        return {str(key): _plain(value) for key, value in data.items()}
    if isinstance(data, (list, tuple, set, frozenset)):
        return [_plain(value) for value in data]
    return data if isinstance(data, (str, int, float, bool)) or data is None else str(data)
