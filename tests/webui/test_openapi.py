"""The description of the API is true."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from hub.main import MODULES
from tests.webui.described import Watch
from tests.webui.stage import Shop
from webui.openapi import PREFIX, describe
from webui.operations import every_operation

OPERATIONS = every_operation(MODULES)
DOCUMENT = describe(OPERATIONS, "1")


def _walk(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield key, value
            yield from _walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value)


def test_every_operation_is_described_once_and_nothing_else() -> None:
    described = {
        (method.upper(), path): operation["operationId"]
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    served = {
        (one.method, PREFIX + re.sub(r"\{(\w+)[^}]*\}", r"{\1}", one.path)): one.name for one in OPERATIONS
    }
    assert described == served
    assert len(set(described.values())) == len(described)


def test_every_reference_leads_somewhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    references = {value for key, value in _walk(DOCUMENT) if key == "$ref"}
    assert references
    assert {reference.removeprefix("#/components/schemas/") for reference in references} <= set(schemas)


def test_the_document_is_openapi_3_1_with_parameters_for_every_place_in_a_path() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))
            assert all(one["required"] for one in operation["parameters"] if one["in"] == "path")
            assert any(code.startswith("2") for code in operation["responses"])
            assert "429" in operation["responses"]


@pytest.mark.sqlite
async def test_it_is_served_to_everybody_as_it_is_described(shop: Shop) -> None:
    answer = await shop.browser().get(f"{PREFIX}/openapi.json")
    assert answer.status == 200
    assert (await answer.json())["paths"].keys() == DOCUMENT["paths"].keys()


async def test_lists_answer_as_described(shop: Shop) -> None:
    """Every GET without a place in its path: the answer has just the described fields."""
    headers = {"Authorization": f"Bearer {await shop.token('owner')}"}
    client = shop.browser()
    await shop.person("manager", extensions=["101"], mobile="050 123 45 67")
    made = await client.post(f"{PREFIX}/clients", headers=headers, json={"name": "Iryna"})
    asked = {f"{PREFIX}/consents": {"client_id": (await made.json())["id"]}}
    for path, methods in DOCUMENT["paths"].items():
        if "get" not in methods or "{" in path:
            continue
        answer = await client.get(path, headers=headers, params=asked.get(path))
        assert answer.status == 200, path  # that it is as described the fixture sees to


async def test_an_answer_that_is_not_as_described_is_found() -> None:
    watch, request = Watch(), make_mocked_request("GET", f"{PREFIX}/employees")
    for body in ({"items": [], "next": None}, {"items": []}, {"items": [{"id": 1}], "next": None}):
        await watch.look(request, web.json_response(body))
    await watch.look(request, web.json_response({}, status=418))
    assert (watch.looked, len(watch.faults)) == (4, 9)


@pytest.mark.sqlite
async def test_parameters_are_checked_and_the_answer_names_the_field(shop: Shop) -> None:
    headers = {"Authorization": f"Bearer {await shop.token('owner')}"}
    client = shop.browser()
    for query, field in (
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("nonsense=1", "nonsense"),
        ("limit=1&limit=2", "limit"),
    ):
        answer = await client.get(f"{PREFIX}/employees?{query}", headers=headers)
        assert answer.status == 422, query
        error = (await answer.json())["error"]
        assert set(error) == {"code", "text", "hint", "fields", "data"}
        assert field in error["fields"]
