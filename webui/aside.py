"""Who must do something first (choose a password, set up a second factor) is led there from any page."""

from __future__ import annotations

from aiohttp import web

from hub.kernel.web import PUBLIC
from webui.door import detained
from webui.errors import wants_json
from webui.request import Request

PLACES = {"password": "/account", "second_factor": "/account/second-factor"}
_OPEN = ("/account", "/live/state")


def is_on_the_way(request: Request, right: str) -> bool:
    """Whether this page is open before it is done: the account, signing out, and what is public."""
    path = request.http.path
    return right == PUBLIC or any(path == one or path.startswith(one + "/") for one in _OPEN)


def led_aside(request: Request) -> web.StreamResponse:
    """To the place where it is done; a program is told in words."""
    if wants_json(request.http):
        raise detained(request.visitor.detour)
    return request.redirect(PLACES[request.visitor.detour])
