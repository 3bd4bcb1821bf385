"""One example of every event, made from its types: warms the hot path, feeds the contract tests."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from hub.events.base import Event

E = TypeVar("E", bound=Event)

MOMENT = datetime(2026, 1, 5, 7, 2, 10, 123000, tzinfo=UTC)


def sample_of(event: type[E]) -> E:
    """An instance with every field filled in. Raises TypeError for a type that facts may not hold."""
    made: E = _instance(event)
    return made


def _instance(kind: type[Any]) -> Any:
    hints = typing.get_type_hints(kind)
    return kind(**{spec.name: _value(spec.name, hints[spec.name]) for spec in fields(kind) if spec.init})


def _value(name: str, kind: Any) -> Any:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _value(name, next(a for a in arguments if a is not type(None)))
    if origin is typing.Literal:
        return arguments[0]
    if origin in (tuple, frozenset):
        return origin((_value(name, arguments[0]),))
    if isinstance(kind, typing.NewType):
        return _value(name, kind.__supertype__)
    if isinstance(kind, type) and is_dataclass(kind):
        return _instance(kind)
    plain: dict[Any, Any] = {str: f"sample {name}", int: 1, float: 1.5, bool: True, datetime: MOMENT}
    if kind not in plain:
        raise TypeError(f"a fact holds plain values, not {kind!r} ({name})")
    return plain[kind]
