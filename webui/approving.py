"""An operation that takes a second person: done when somebody has approved this very request on a page,
else refused with what to do."""

from __future__ import annotations

import json
from typing import NoReturn

from hub.errors import NotAllowed
from hub.kernel.listing import iso
from hub.kernel.web import ApiOperation
from hub.modules.access.api import AccessApi, Asked
from webui.operating import fingerprint_of
from webui.request import Request

PAGE = "/approvals"


class SecondNeeded(Exception):
    """Nobody has approved it: what was begun is undone."""


async def asked_of(request: Request, operation: ApiOperation) -> Asked:
    """The request as it is shown to whoever approves, and told from every other."""
    http = request.http
    body = (await http.read()).decode("utf-8", "replace")
    try:
        body = json.dumps(json.loads(body), ensure_ascii=False, indent=1) if body else ""
    except (ValueError, RecursionError):
        body = ""
    # JSON can write what no text may hold: half a character.
    body = body.encode("utf-8", "replace").decode()
    return Asked(
        operation=operation.name, right=operation.second, fingerprint=await fingerprint_of(http),
        what=f"{http.method} {http.path_qs}\n{body}".strip().replace("\x00", ""),
    )  # fmt: skip


async def take(request: Request, asked: Asked) -> None:
    """In the transaction of the operation. Raises SecondNeeded."""
    request.second = await AccessApi(request.uow, request.deps).approvals.take(request.viewer, asked)
    if request.second is None:
        raise SecondNeeded


async def refuse(request: Request, asked: Asked) -> NoReturn:
    """Let it wait for a second person, and say so. Raises NotAllowed, TooMany."""
    async with request.writing(is_noted=False) as uow:
        approval_id, until = await AccessApi(uow, request.deps).approvals.ask(request.viewer, asked)
    base = request.deps.settings.server.public_url.rstrip("/") or str(request.http.url.origin())
    raise NotAllowed(
        "second.needed",
        "This takes a second person.",
        "Somebody else who may do it approves it on `data.page`; then send the same request again.",
        data={"approval": approval_id, "page": f"{base}{PAGE}#{approval_id}", "until": iso(until)},
    )
