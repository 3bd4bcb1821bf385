"""Looks at every answer of /api/v1 that a test provokes: it must be as the document describes it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

import jsonschema_rs
from aiohttp import web

from hub.main import MODULES
from webui.openapi import PREFIX, describe
from webui.operations import every_operation

_REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')


@cache
def document() -> dict[str, Any]:
    """The description of all modules' operations."""
    return describe(every_operation(MODULES), "1")


@cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    """Every path as a pattern; the plain ones first."""
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path) for path in paths]


@lru_cache(10_000)
def _path_of(asked: str) -> str | None:
    return next((path for pattern, path in _paths() if pattern.fullmatch(asked)), None)


@cache
def _validator(path: str, method: str, status: str) -> Any:
    described = document()["paths"][path][method]["responses"].get(status)
    if described is None:
        return None
    schema = described.get("content", {}).get("application/json", {}).get("schema", {})
    return jsonschema_rs.validator_for({**schema, "components": {"schemas": _named_in(schema)}})


def _named_in(schema: object) -> dict[str, Any]:
    """The schemas that this one is made of; all of them would make each validator three megabytes."""
    found: dict[str, Any] = {}
    waiting = [schema]
    while waiting:
        for name in _REFERENCE.findall(json.dumps(waiting.pop())):
            if name not in found:
                found[name] = document()["components"]["schemas"][name]
                waiting.append(found[name])
    return found


@dataclass
class Watch:
    """Hangs on an application; `faults` holds what was not as described."""

    faults: list[str] = field(default_factory=list)
    looked: int = 0

    async def look(self, request: web.Request, response: web.StreamResponse) -> None:
        """A signal handler for `on_response_prepare`."""
        path = _path_of(request.path)
        method = request.method.lower()
        if path is None or method not in document()["paths"][path] or not isinstance(response, web.Response):
            return
        self.looked += 1
        where = f"{request.method} {path} {response.status}"
        validator = _validator(path, method, str(response.status))
        if validator is None:
            self.faults.append(f"{where}: no such answer is described")
        elif response.status != 204:
            body = json.loads(response.body if isinstance(response.body, bytes) else b"null")
            self.faults += [f"{where}: {error.message}" for error in validator.iter_errors(body)]


def watched(app: web.Application) -> Watch:
    """Look at whatever it answers from now on."""
    assert PREFIX == "/api/v1"
    watch = Watch()
    app.on_response_prepare.append(watch.look)
    return watch
