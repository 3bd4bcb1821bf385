"""/api/v1/openapi.json."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from aiohttp import web

from hub.kernel.web import PUBLIC, ApiOperation, Route
from webui.openapi import PREFIX, describe
from webui.pipeline import FreeRoute
from webui.request import Request


def routes(operations: Sequence[ApiOperation]) -> Sequence[Route]:
    """The description of what this installation really serves, made once, when it is first asked for."""

    @cache
    def made() -> bytes:
        try:
            present = version("pitline")
        except PackageNotFoundError:
            present = "0"
        return json.dumps(describe(operations, present), ensure_ascii=False).encode()

    async def document(_request: Request) -> web.StreamResponse:
        """Public: it tells of no shop, and whoever writes a program reads it first."""
        # Beside the loop: making it takes a tenth of a second, which no call should wait for.
        return web.Response(body=await asyncio.to_thread(made), content_type="application/json")

    path = f"{PREFIX}/openapi.json"
    return [FreeRoute(method="GET", path=path, handler=document, right=PUBLIC, name="web.openapi")]
