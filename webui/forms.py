"""Reads what was posted: every byte of it is hostile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from multidict import MultiDict
from pydantic import BaseModel, ValidationError

from hub.errors import Invalid, NotFound
from hub.kernel.web import Upload

BIGGEST_FORM = 256 * 1024
BIGGEST_BODY = 1024 * 1024
MOST_FIELDS = 2000
_MOST_UPLOAD_FIELDS = 20
_BIGGEST_NUMBER = 2**63 - 1
_BROKEN = "The text holds characters that cannot be stored."


async def read_form(request: web.Request) -> MultiDict[str]:
    """The fields of a posted form. Raises Invalid for broken text, 413 and 415 as they are."""
    if not request.body_exists:
        return MultiDict()
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    if request.content_length is not None and request.content_length > BIGGEST_FORM:
        raise web.HTTPRequestEntityTooLarge(BIGGEST_FORM, request.content_length)
    body = await request.read()
    if len(body) > BIGGEST_FORM:
        raise web.HTTPRequestEntityTooLarge(BIGGEST_FORM, len(body))
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, encoding="utf-8", errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError as error:
        raise Invalid(
            "request.form_broken", "The form is broken.", "Reload the page and try again."
        ) from error
    for name, value in pairs:
        if not is_storable(name) or not is_storable(value):
            raise Invalid(
                "request.form_broken", _BROKEN, fields={name[:100]: _BROKEN} if is_storable(name) else {}
            )
    return MultiDict(pairs)


async def read_upload(request: web.Request, biggest: int) -> tuple[MultiDict[str], Upload | None]:
    """The fields of a form with a file, and the file. What stands behind the file is not read. Raises
    Invalid, 413 and 415 as they are."""
    if request.content_type != "multipart/form-data":
        return await read_form(request), None
    if request.content_length is not None and request.content_length > biggest + BIGGEST_FORM:
        raise web.HTTPRequestEntityTooLarge(biggest, request.content_length)
    fields: MultiDict[str] = MultiDict()
    try:
        reader = await request.multipart()
        while len(fields) < _MOST_UPLOAD_FIELDS:
            part = await reader.next()
            if not isinstance(part, BodyPartReader):
                break
            if part.filename is not None:
                name = part.filename if is_storable(part.filename) else "file"
                return fields, Upload(name, await _bounded(part, biggest))
            value = (await _bounded(part, BIGGEST_FORM)).decode("utf-8", "strict")
            if not is_storable(value) or not is_storable(part.name or ""):
                raise ValueError(_BROKEN)
            fields.add(part.name or "", value)
    except (ValueError, UnicodeError, AssertionError, RuntimeError, LookupError) as error:
        raise Invalid(
            "request.form_broken", "The form is broken.", "Reload the page and try again."
        ) from error
    return fields, None


async def _bounded(part: BodyPartReader, biggest: int) -> bytes:
    found = bytearray()
    while chunk := await part.read_chunk(256 * 1024):
        found += part.decode(chunk)
        if len(found) > biggest:
            raise web.HTTPRequestEntityTooLarge(biggest, len(found))
    return bytes(found)


def check_address(request: web.Request) -> None:
    """Refuse addresses whose parts no database could hold. Raises NotFound, Invalid."""
    if not all(is_storable(part) and len(part) <= 500 for part in request.match_info.values()):
        raise NotFound("page.unknown", "There is no such page.")
    if not all(is_storable(name) and is_storable(value) for name, value in request.query.items()):
        raise Invalid("request.query_broken", _BROKEN, "Check the address.")


def read_query(request: web.Request, model: type[BaseModel]) -> BaseModel:
    """The query by its model. A parameter that stands twice is refused unless the model wants a list."""
    values: dict[str, Any] = {}
    for name in request.query:
        given = request.query.getall(name)
        field = model.model_fields.get(name)
        wants_list = field is not None and "list" in str(field.annotation)
        if len(given) > 1 and not wants_list:
            raise invalid({name: "Give this once."})
        values[name] = list(given) if wants_list else given[0]
    try:
        made = model.model_validate(values)
    except ValidationError as error:
        raise invalid(_fields(error)) from error
    _check_values(made)
    return made


async def read_json(request: web.Request, model: type[BaseModel]) -> BaseModel:
    """The body by its model. Raises Invalid, 413, 415."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    body = await request.read()
    try:
        made = model.model_validate_json(body)
    except ValidationError as error:
        if any(one["type"] == "json_invalid" for one in error.errors(include_url=False, include_input=False)):
            raise Invalid("request.not_json", "The body is not JSON.", "Send UTF-8 JSON.") from error
        raise invalid(_fields(error)) from error
    _check_values(made)
    return made


def is_storable(text: str) -> bool:
    """Whether every database can hold it: no NUL, no half of a surrogate pair."""
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _check_values(model: BaseModel) -> None:
    for name, value in model:
        for one in _leaves(value):
            if isinstance(one, str) and not is_storable(one):
                raise invalid({name: _BROKEN})
            if isinstance(one, int) and abs(one) > _BIGGEST_NUMBER:
                raise invalid({name: "This number is too big."})


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, BaseModel):
        for _, inner in value:
            yield from _leaves(inner)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(key)
            yield from _leaves(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _fields(error: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        name = ".".join(str(part) for part in one["loc"]) or "body"
        found.setdefault(name[:200], str(one["msg"])[:300])
    return found


def invalid(fields: Mapping[str, str]) -> Invalid:
    """Some fields are wrong: a field's name to what is wrong with it."""
    return Invalid("request.invalid", "Some fields need a look.", fields=fields)
