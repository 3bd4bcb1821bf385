"""What is a phone number in a view or an answer says so, else whoever may not read numbers would read it."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from hub.kernel.masking import marks_of
from hub.main import MODULES
from tests.contracts.sources import modules, package_of
from webui.operations import every_operation

LOOKS_LIKE_ONE = re.compile(r"(^|_)(number|phone|phones|mobile|caller_name|raw|note|text|body|dialled)$")
NONE_IS_IN_IT = {
    "CallFilter.number", "ClientFilter.phone", "ClientFilter.text", "VehicleFilter.text",
    "LineEntry.number", "LineEntry.callback_number", "LineView.number", "LineView.callback_number",
    "Line.number", "Line.callback_number", "PersonEntry.mobile", "ConnectorOut.text",
    "TaskFilter.number", "TaskEntry.number", "TaskEntry.note", "MessageEntry.text", "TemplateEntry.text",
}  # fmt: skip
"""What somebody asks by or enters, our own lines' numbers, which the shop itself publishes, our own words."""


def _views() -> Iterator[type]:
    for path in modules():
        if (path / "views.py").exists():
            found = vars(importlib.import_module(f"{package_of(path)}.views")).values()
            yield from (one for one in found if isinstance(one, type) and dataclasses.is_dataclass(one))


def _models(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
        for field in hint.model_fields.values():
            yield from _models(field.annotation)
    for inner in get_args(hint):
        yield from _models(inner)


def _has_text(hint: Any) -> bool:
    return hint is str or any(_has_text(one) for one in get_args(hint))


def test_every_field_that_is_named_like_a_number_is_marked_as_one() -> None:
    answers = [model for operation in every_operation(MODULES) for model in _models(operation.result)]
    unmarked = set()
    for kind in {*_views(), *answers}:
        hints, marks = get_type_hints(kind, include_extras=True), marks_of(kind)
        for name, hint in hints.items():
            if LOOKS_LIKE_ONE.search(name) and _has_text(hint) and name not in marks:
                unmarked.add(f"{kind.__name__}.{name}")
    assert unmarked - NONE_IS_IN_IT == set()


def test_every_exemption_is_of_a_field_that_is_there() -> None:
    answers = [model for operation in every_operation(MODULES) for model in _models(operation.result)]
    known = {f"{kind.__name__}.{name}" for kind in {*_views(), *answers} for name in get_type_hints(kind)}
    assert known >= NONE_IS_IN_IT
