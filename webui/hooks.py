"""The addresses that providers call: no session, no form, no page. Size and time are bounded, and every
answer is one short line."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from hub.errors import Unavailable
from hub.kernel.installation import Installation
from hub.ports.hooks import Forged, Hook, HookRequest
from webui.guard import client_address

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_hooks(app: web.Application, installation: Installation) -> None:
    """Every hook of every connector that is set up."""
    for hook in installation.hooks.hooks.values():
        app.router.add_route("*", hook.path, _handler(installation, hook))


def _handler(installation: Installation, hook: Hook) -> Handler:
    inbox, server, clock = installation.hooks, installation.settings.server, installation.clock
    seconds = installation.settings.hooks.body_seconds

    async def serve(http: web.Request) -> web.StreamResponse:
        if http.method not in hook.methods:
            return _short(405, "method not allowed", Allow=", ".join(sorted(hook.methods)))
        body = await _body(http, hook.largest, seconds)
        if isinstance(body, web.Response):
            return body
        path, _, query = http.raw_path.partition("?")
        request = HookRequest(
            method=http.method,
            path=path,
            query=query,
            headers=_headers(http),
            body=body,
            received_at=clock.now(),
            sender=client_address(http, server),
        )
        try:
            answer = await inbox.take(hook, request)
        except Unavailable:
            return _short(503, "come again in a few seconds", **{"Retry-After": "5"})
        if isinstance(answer, Forged):
            return _short(answer.status, "refused")
        response = web.Response(body=answer.body, headers=answer.headers)
        response.headers["Content-Type"] = answer.content_type
        return response

    return serve


async def _body(http: web.Request, largest: int, seconds: float) -> bytes | web.Response:
    """Not more than so much, not longer than so long; then the connection is closed."""
    if http.content_length is not None and http.content_length > largest:
        return _closed(413, "too large")
    found = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while chunk := await http.content.readany():
                found += chunk
                if len(found) > largest:
                    return _closed(413, "too large")
    except TimeoutError:
        return _closed(408, "too slow")
    except (web.RequestPayloadError, OSError, ValueError):
        return _closed(400, "broken off")
    return bytes(found)


def _headers(http: web.Request) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in http.headers.items():
        lower = name.lower()
        found[lower] = f"{found[lower]}, {value}" if lower in found else value
    return found


def _short(status: int, text: str, **headers: str) -> web.Response:
    return web.Response(status=status, text=text + "\n", headers=headers)


def _closed(status: int, text: str) -> web.Response:
    response = _short(status, text)
    response.force_close()
    return response
