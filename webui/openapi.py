"""The description of /api/v1, generated from the same models that check what comes in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from hub.kernel.web import PUBLIC, ApiOperation

PREFIX = "/api/v1"
_ABOUT = "The phone line of a car-repair shop, and everything that hangs on it."
_PLACE = re.compile(r"\{(\w+)[^}]*\}")
_WORDS: Mapping[int, str] = {
    401: "Nobody is signed in, or the token is no good",
    403: "Known, but without the right",
    404: "There is no such thing, or it belongs to another shop",
    409: "The state has moved on, or something is in use",
    413: "The body is too big",
    415: "The body is not JSON",
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
    problem = {"application/json": {"schema": schemas["", "error"]}}
    codes = {*operation.errors, 429} | ({413, 415, 422} if operation.body is not None else set())
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.name.partition(".")[0]],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in _PLACE.findall(operation.path)
        ],
        "responses": {
            str(204 if result is None else operation.status): answer,
            **{
                str(code): {"description": _WORDS.get(code, "Refused"), "content": problem}
                for code in sorted(codes)
            },
        },
    }
    query = schemas.get((operation.name, "query"))
    if query is not None:
        described["parameters"] += _parameters(_resolved(query, defined))
    body = schemas.get((operation.name, "body"))
    if body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if operation.right == PUBLIC:
        described["security"] = []
    else:
        described["description"] = f"Needs the right `{operation.right}`."
    return described


def _parameters(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": dict(property_)}
        for name, property_ in schema.get("properties", {}).items()
    ]


def _resolved(schema: Mapping[str, Any], defined: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref")
    found: Mapping[str, Any] = defined[reference.rsplit("/", 1)[1]] if reference else schema
    return found
