"""Events to JSON and back: how facts stand in the outbox. The stored forms are fixed by golden files.

A class whose `version` was raised declares `upcast(version, data)`, a static method that turns the
stored dict of `version` into that of `version + 1`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from hub.events.base import Event


class Unreadable(Exception):
    """A stored event that this program cannot read: trying again does not help."""


class Codec:
    """Writes and reads the events of a catalogue; built once at start."""

    def __init__(self, events: Iterable[type[Event]]) -> None:
        self._types: dict[str, tuple[type[Event], msgspec.json.Decoder[Event]]] = {
            event.name: (event, msgspec.json.Decoder(event)) for event in events
        }
        kinds = [kind for kind, _ in self._types.values()]
        self.borders = frozenset(kind.name for kind in kinds if kind.is_border)
        self.linking = frozenset(kind.name for kind in kinds if kind.also_keys is not Event.also_keys)
        """Events that touch other keys beside their own."""

    def encode(self, event: Event) -> str:
        """The payload's JSON. Raises TypeError for an event that is not in the catalogue."""
        found = self._types.get(event.name)
        if found is None or not isinstance(event, found[0]):
            raise TypeError(f"{type(event).__name__} is not in the event catalogue")
        try:
            return msgspec.json.encode(event).decode()
        except ValueError:
            # Text from outside may hold half of a surrogate pair, which is no character at all.
            return msgspec.json.encode(_mended(msgspec.to_builtins(event))).decode()

    def decode(self, name: str, version: int, payload: str) -> Event:
        """The event of a stored row. Raises Unreadable."""
        found = self._types.get(name)
        if found is None:
            raise Unreadable(f"this program knows no event {name}")
        kind, decoder = found
        try:
            if version == kind.version:
                return decoder.decode(payload)
            return msgspec.convert(self._lifted(kind, version, json.loads(payload)), kind)
        except ValueError as error:
            raise Unreadable(f"the stored {name} v{version} cannot be read: {error}") from error

    def _lifted(self, kind: type[Event], version: int, data: dict[str, Any]) -> dict[str, Any]:
        if version > kind.version:
            raise Unreadable(f"{kind.name} v{version} was written by a newer program")
        upcast: Callable[[int, dict[str, Any]], dict[str, Any]] | None = getattr(kind, "upcast", None)
        for step in range(version, kind.version):
            if upcast is None:
                raise Unreadable(f"{kind.__name__} has no upcast from v{step}")
            data = upcast(step, data)
        return data


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mended(item) for item in value]
    return value
