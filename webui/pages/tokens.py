"""Tokens of programs: made, shown once, revoked."""

from __future__ import annotations

from aiohttp import web

from hub.errors import Invalid, NotAllowed
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi, covers


async def show(request: PageRequest) -> web.StreamResponse:
    """All of them; the keys themselves are nowhere."""
    return await _page(request, {}, {}, "")


async def create(request: PageRequest) -> web.StreamResponse:
    """The answer to this POST is the only place where the key ever stands."""
    typed = {name: request.form.get(name, "") for name in ("name", "role", "per_minute")}
    try:
        _, secret = await request.apis.of(AccessApi).tokens.create(
            typed["name"], typed["role"], request.viewer, per_minute=_number(typed["per_minute"])
        )
    except Invalid as error:
        return await _page(request, typed, dict(error.fields), "")
    except NotAllowed as error:
        return await _page(request, typed, {"role": error.text}, "")
    return await _page(request, {}, {}, secret)


def _number(text: str) -> int | None:
    """Nothing typed is no limit of its own; what is no number is 0, which the service refuses."""
    text = text.strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


async def revoke(request: PageRequest) -> web.StreamResponse:
    """From now on it opens nothing."""
    await request.apis.of(AccessApi).tokens.revoke(request.path["id"], request.viewer.shop_ids)
    return request.redirect("/settings/tokens", notice=request.t("The token is revoked."))


async def _page(
    request: PageRequest, typed: dict[str, str], faults: dict[str, str], secret: str
) -> web.Response:
    tokens = await request.apis.of(AccessApi).tokens.all(request.viewer.shop_ids)
    every = await request.apis.of(AccessApi).roles.all()
    roles = [
        (one.id, one.name if one.is_own else "") for one in every if covers(request.viewer.rights, one.rights)
    ]
    return request.page(
        "tokens.html", status=422 if faults else 200, tokens=tokens, roles=roles, typed=typed, faults=faults,
        secret=secret,
    )  # fmt: skip


routes = (
    Route(method="GET", path="/settings/tokens", handler=show, right="tokens.manage", name="access.tokens"),
    Route(
        method="POST",
        path="/settings/tokens",
        handler=create,
        right="tokens.manage",
        name="access.make_token",
    ),
    Route(
        method="POST",
        path="/settings/tokens/{id}/revoke",
        handler=revoke,
        right="tokens.manage",
        name="access.revoke_token",
    ),
)
