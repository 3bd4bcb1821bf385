"""Templates of requests: names in braces, each filled once with a value. What a value holds is never read
as a template, and it is encoded by the kind of place where it stands; there is nothing in them that could
run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

_NAME = re.compile(r"\{([a-z_]+)\}")
Values = Mapping[str, Any]
"""Name to a text, a number, or a list of texts."""


def names_in(template: Any) -> Iterator[str]:
    """Every name that stands in it, at whatever depth."""
    if isinstance(template, str):
        yield from _NAME.findall(template)
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from names_in(value)
    elif isinstance(template, Sequence):
        for value in template:
            yield from names_in(value)


def fill(template: Any, values: Values) -> Any:
    """The same shape with its names filled. A text that is one name alone becomes the value as it is (a
    number stays a number, a list a list)."""
    if isinstance(template, str):
        alone = _NAME.fullmatch(template)
        if alone is not None:
            return values[alone[1]]
        return _NAME.sub(lambda found: str(values[found[1]]), template)
    if isinstance(template, Mapping):
        return {name: fill(value, values) for name, value in template.items()}
    if isinstance(template, Sequence):
        return [fill(value, values) for value in template]
    return template


def encoded(kind: str, fields: Mapping[str, Any]) -> tuple[bytes, str]:
    """A filled body in bytes, and its content type; `kind` is `json` or `form`."""
    if kind == "json":
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace"), "application/json"
    return form_of(fields).encode("ascii"), "application/x-www-form-urlencoded"


def form_of(fields: Mapping[str, Any]) -> str:
    """Fields as a form or a query has them; a list is its name repeated."""
    flat = {
        name: [str(one) for one in value] if isinstance(value, list) else str(value)
        for name, value in fields.items()
    }
    return urlencode(flat, doseq=True, errors="replace")
