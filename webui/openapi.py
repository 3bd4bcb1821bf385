"""The description of /api/v1, generated from the same models that check what comes in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from hub.kernel.web import PUBLIC, SIGNED_IN, ApiOperation

PREFIX = "/api/v1"
_ABOUT = """The phone line of a car-repair shop, and everything that hangs on it.

**Lists** are newest first: `{"items": [...], "next": cursor or null}`. Pass `next` as `cursor`, the other
parameters unchanged; what is added meanwhile shifts nothing. Cursors are opaque.
**Objects** have `id` (an opaque string) and `rev`, which grows with every change; it is the ETag too. A
change that carries the `rev` you saw (or `If-Match`) is refused with 409 when somebody was faster.
**Changes** honour `Idempotency-Key`: send the same request again with the same key as often as you like.
**Times** are ISO 8601 in UTC. Parameters and fields that are not described here are refused with 422.
**A second person**: what nobody may do alone is refused with 403 `second.needed`. Somebody else who may do it
approves it on the page that `data.page` names; then the same request is done, once. Send it with the same
`Idempotency-Key` until it is.
**Limits**: `RateLimit-Policy` and `RateLimit` say what is left; 429 comes with `Retry-After`."""
_PLACE = re.compile(r"\{(\w+)[^}]*\}")
_WORDS: Mapping[int, str] = {
    401: "Nobody is signed in, or the token is no good",
    403: "Known, but without the right",
    404: "There is no such thing, or it belongs to another shop",
    409: "The state has moved on, or something is in use",
    413: "The body is too big",
    415: "The body is not JSON",
    416: "Not one range of bytes inside of the file",
    422: "The input is wrong; `fields` says where",
    429: "Too many requests; see Retry-After",
    503: "A part that this needs is away",
}


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str = Field(description="Stable; programs may rely on it")
    text: str = Field(description="For a person")
    hint: str = Field(description="What to do next")
    fields: dict[str, str] = Field(description="What is wrong with which field")
    data: dict[str, Any] = Field(description="More, by code")


class ErrorAnswer(BaseModel):
    """The body of every error."""

    error: ErrorBody


def describe(operations: Sequence[ApiOperation], version: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    inputs: list[tuple[tuple[str, str], JsonSchemaMode, TypeAdapter[Any]]] = [
        (("", "error"), "serialization", TypeAdapter(ErrorAnswer))
    ]
    for operation in operations:
        kinds = (("query", operation.query), ("body", operation.body), ("result", operation.result))
        for kind, model in kinds:
            if model is not None:
                mode: JsonSchemaMode = "serialization" if kind == "result" else "validation"
                inputs.append(((operation.name, kind), mode, TypeAdapter(model)))
    made, definitions = TypeAdapter.json_schemas(inputs, ref_template="#/components/schemas/{model}")
    schemas = {(str(key[0]), str(key[1])): schema for (key, _mode), schema in made.items()}
    defined: dict[str, Any] = definitions.get("$defs", {})
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = paths.setdefault(PREFIX + _PLACE.sub(r"{\1}", operation.path), {})
        path[operation.method.lower()] = _operation(operation, schemas, defined)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Pitline",
            "version": version,
            "description": _ABOUT,
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": defined,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(
    operation: ApiOperation, schemas: Mapping[tuple[str, str], Any], defined: Mapping[str, Any]
) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": operation.summary}
    result = schemas.get((operation.name, "result"))
    if result is not None:
        answer["content"] = {"application/json": {"schema": result}}
    if operation.media:
        answer["content"] = {operation.media: {"schema": {"type": "string", "format": "binary"}}}
    if "rev" in getattr(operation.result, "model_fields", {}):
        answer["headers"] = {"ETag": {"description": "The `rev`, quoted", "schema": {"type": "string"}}}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": _about(operation),
        "tags": [operation.name.partition(".")[0]],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PLACE.findall(operation.path)
        ],
        "responses": {
            str(operation.status if "content" in answer else 204): answer,
            **({"206": {**answer, "description": "A range of its bytes"}} if 416 in operation.errors else {}),
            **{str(code): _problem(code, schemas["", "error"]) for code in sorted(errors_of(operation))},
        },
    }
    query = schemas.get((operation.name, "query"))
    if query is not None:
        described["parameters"] += _parameters(_resolved(query, defined))
    body = schemas.get((operation.name, "body"))
    if body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if operation.method != "GET" and not operation.media:
        described["parameters"].append(_KEY)
    if "rev" in getattr(operation.body, "model_fields", {}):
        described["parameters"].append(_IF_MATCH)
    if operation.right == PUBLIC:
        described["security"] = []
    return described


def errors_of(operation: ApiOperation) -> set[int]:
    """What it may answer besides success: what it says itself, and what every one of its kind may."""
    found = {*operation.errors, 422, 429, 503}
    found |= set() if operation.right == PUBLIC else {401, 403}
    found |= {404} if "{" in operation.path else set()
    found |= {413, 415} if operation.body is not None else set()
    return found | ({409} if operation.method != "GET" else set())


def _about(operation: ApiOperation) -> str:
    said = " ".join((operation.handler.__doc__ or "").split())
    needs = "" if operation.right in (PUBLIC, SIGNED_IN) else f" Needs the right `{operation.right}`."
    second = " Takes a second person: see `second.needed` above." if operation.second else ""
    return (said + needs + second).strip()


def _problem(code: int, schema: Any) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": _WORDS.get(code, "Refused"),
        "content": {"application/json": {"schema": schema}},
    }
    if code == 429:
        described["headers"] = _RATE
    return described


def _header(name: str, *, description: str, pattern: str, example: str) -> Mapping[str, Any]:
    return {
        "name": name, "in": "header", "required": False, "description": description,
        "schema": {"type": "string", "pattern": pattern}, "example": example,
    }  # fmt: skip


_KEY = _header(
    "Idempotency-Key",
    description=(
        "A new one for each new request, a UUID say. The same key with the same request is done once and"
        " answered alike for 30 days; with another request it is refused with 422."
    ),
    pattern="^[!#-~]{1,255}$",
    example="6f1d0b9e-5d0a-4f0e-9b1a-1f6f0c6d3c55",
)
_IF_MATCH = _header(
    "If-Match",
    description="The ETag of the revision that you saw, instead of `rev` in the body; 409 if it is old",
    pattern='^"[0-9]{1,9}"$',
    example='"3"',
)
_RATE: Mapping[str, Any] = {
    "Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer"}, "required": True},
}


def _parameters(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _given(property_)}
        for name, property_ in schema.get("properties", {}).items()
    ]


def _given(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter that is given is never null: it is left out."""
    kept = {name: value for name, value in schema.items() if name != "default" or value is not None}
    kinds = [one for one in kept.pop("anyOf", []) if one.get("type") != "null"]
    return {**kept, **(kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})}


def _resolved(schema: Mapping[str, Any], defined: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    found: Mapping[str, Any] = defined[reference.rsplit("/", 1)[1]] if reference else schema
    return found
