"""/api/v1/openapi.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from aiohttp import web

from hub.kernel.web import PUBLIC, ApiOperation, Route
from webui.openapi import PREFIX, describe
from webui.pipeline import FreeRoute
from webui.request import Request


def routes(operations: Sequence[ApiOperation]) -> Sequence[Route]:
    """Made once, at the start: the description of what this installation really serves."""
    try:
        present = version("pitline")
    except PackageNotFoundError:
        present = "0"
    body = json.dumps(describe(operations, present), ensure_ascii=False).encode()

    async def document(_request: Request) -> web.StreamResponse:
        """Public: it tells of no shop, and whoever writes a program reads it first."""
        return web.Response(body=body, content_type="application/json")

    path = f"{PREFIX}/openapi.json"
    return [FreeRoute(method="GET", path=path, handler=document, right=PUBLIC, name="web.openapi")]
