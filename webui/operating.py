"""An operation of /api/v1 between the request and its handler: parameters, body, If-Match, cursor,
Idempotency-Key on the way in; JSON, ETag, sealed cursor on the way out."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from hub.errors import Invalid
from hub.kernel.idempotency import LONGEST_KEY, Answer, Once
from hub.kernel.web import ApiOperation
from webui.cursors import Cursors
from webui.forms import invalid, read_json, read_query
from webui.request import Request

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotent-Replayed"
_KEY = re.compile(rf'"?([\x21\x23-\x7e]{{1,{LONGEST_KEY}}})"?')
_REV = re.compile(r'"?(\d{1,9})"?', re.ASCII)
_KEPT_HEADERS = ("Content-Type", "ETag")


class Operating:
    """What one operation is given and gives back."""

    def __init__(self, operation: ApiOperation, cursors: Cursors) -> None:
        self._operation = operation
        self._cursors = cursors
        self._adapter: TypeAdapter[Any] | None = (
            TypeAdapter(operation.result) if operation.result is not None else None
        )

    async def given(self, http: web.Request) -> dict[str, Any]:
        """The handler's arguments. Raises Invalid; unknown parameters are refused everywhere."""
        operation, given = self._operation, dict[str, Any]()
        if operation.query is None:
            if http.query:
                raise invalid(dict.fromkeys(http.query, "There is no such parameter."))
        else:
            query = read_query(http, operation.query)
            cursor = getattr(query, "cursor", None)
            if cursor is not None:
                place = self._cursors.open(operation.name, cursor)
                query = query.model_copy(update={"cursor": place})
            given["query"] = query
        if operation.body is not None:
            given["body"] = _matched(http, await read_json(http, operation.body))
        return given

    async def once(self, request: Request) -> Once | None:
        """The Idempotency-Key of a change, if there is one. Raises Invalid for one that cannot be."""
        http, said = request.http, request.http.headers.getall(KEY_HEADER, [])
        if not said:
            return None
        found = _KEY.fullmatch(said[0].strip())
        if found is None or len(said) > 1:
            raise Invalid(
                "idempotency.bad_key", "This Idempotency-Key cannot be used.",
                "One key of 1 to 255 visible ASCII characters; a random UUID is best.",
                fields={KEY_HEADER: "1 to 255 visible ASCII characters."},
            )  # fmt: skip
        actor = request.viewer.actor or f"address:{request.address}"
        fingerprint = await fingerprint_of(http)
        return Once(actor=actor, route=self._operation.name, key=found[1], fingerprint=fingerprint)

    def answer(self, request: Request, result: Any) -> web.StreamResponse:
        """The result as it is sent to this viewer."""
        if isinstance(result, web.StreamResponse):
            return result
        if self._adapter is None:
            return web.Response(status=204)
        made = request.seen(self._adapter.validate_python(result, from_attributes=True))
        place = getattr(made, "next", None)
        if isinstance(place, str):
            made = made.model_copy(update={"next": self._cursors.seal(self._operation.name, place)})
        rev = getattr(made, "rev", None)
        return web.Response(
            body=self._adapter.dump_json(made),
            status=self._operation.status,
            content_type="application/json",
            headers={"ETag": f'"{rev}"'} if isinstance(rev, int) else None,
        )


async def fingerprint_of(http: web.Request) -> str:
    """What tells this request from any other, whoever sends it."""
    whole = hashlib.sha256(f"{http.method} {http.path_qs}\n{http.content_type}\n".encode())
    whole.update(f"{http.headers.get('If-Match', '')}\n".encode("utf-8", "replace"))
    whole.update(await http.read())
    return whole.hexdigest()


def kept(response: web.StreamResponse) -> Answer:
    """What to keep of an answer with its key."""
    body = response.body if isinstance(response, web.Response) else None
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answer(status=response.status, headers=headers, body=body if isinstance(body, bytes) else b"")


def replayed(answer: Answer) -> web.Response:
    """The same answer again, to the byte."""
    return web.Response(
        status=answer.status,
        body=answer.body or None,
        headers={**answer.headers, REPLAYED_HEADER: "true"},
    )


def _matched(http: web.Request, body: BaseModel) -> BaseModel:
    """If-Match says the revision that the program saw, as `rev` in the body does."""
    said = http.headers.get("If-Match", "").strip()
    if not said or said == "*" or "rev" not in type(body).model_fields:
        return body
    found = _REV.fullmatch(said)
    rev = getattr(body, "rev", None)
    if found is None or rev not in (None, int(found[1])):
        raise invalid({"If-Match": "This is not the ETag of one revision, or `rev` says another."})
    return body.model_copy(update={"rev": int(found[1])})
