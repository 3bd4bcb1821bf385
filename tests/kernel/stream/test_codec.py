"""Stored facts: read back as they were, old ones lifted, unreadable ones named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from pydantic import TypeAdapter

from hub.events.base import Event
from hub.events.calls import PbxLinkRestored
from hub.events.catalogue import EVENTS
from hub.kernel.stream.codec import Codec, Unreadable
from hub.kernel.stream.samples import sample_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifted(Event):
    """In its third form."""

    name: ClassVar[str] = "test.lifted"
    version: ClassVar[int] = 3
    full_name: str
    age: int | None = None

    @property
    def key(self) -> str:
        return "lifted"

    @staticmethod
    def upcast(version: int, data: dict[str, Any]) -> dict[str, Any]:
        """1: first and last; 2: name."""
        if version == 1:
            return {"name": f"{data['first']} {data['last']}"}
        return {"full_name": data["name"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck(Event):
    """Its version was raised without an upcast."""

    name: ClassVar[str] = "test.stuck"
    version: ClassVar[int] = 2

    @property
    def key(self) -> str:
        return "stuck"


CODEC = Codec([Lifted, Stuck])


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_every_event_of_the_catalogue_is_read_back_as_it_was(event: type[Event]) -> None:
    codec, sample = Codec(EVENTS), sample_of(event)
    assert codec.decode(event.name, event.version, codec.encode(sample)) == sample
    assert sample.key


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_fact_is_written_as_pydantic_would_write_it(event: type[Event]) -> None:
    """Its form is fixed by golden files; which library writes it is nobody's business."""
    sample = sample_of(event)
    assert Codec(EVENTS).encode(sample) == TypeAdapter(event).dump_json(sample).decode()


def test_half_a_character_from_outside_is_stored_as_a_question_mark() -> None:
    stored = CODEC.encode(Lifted(full_name="Ів\ud800н", age=3))
    assert CODEC.decode("test.lifted", 3, stored) == Lifted(full_name="Ів?н", age=3)


def test_what_former_versions_stored_in_their_own_spelling_is_read() -> None:
    """Facts whose text had to be mended were written by the standard library once."""
    lost = PbxLinkRestored(
        pbx="?", boot="1", session=1, lost_at=datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC), is_new_boot=False,
        closed_calls=0, adopted_calls=0, living=(),
    )  # fmt: skip
    spelt = json.dumps(TypeAdapter(PbxLinkRestored).dump_python(lost), default=str)
    assert Codec(EVENTS).decode(lost.name, lost.version, spelt) == lost


@pytest.mark.parametrize(
    ("version", "payload"),
    [
        (1, '{"first": "Іван", "last": "Ковальчук"}'),
        (2, '{"name": "Іван Ковальчук"}'),
        (3, '{"full_name": "Іван Ковальчук"}'),
    ],
)
def test_an_older_form_is_lifted_step_by_step(version: int, payload: str) -> None:
    assert CODEC.decode("test.lifted", version, payload) == Lifted(full_name="Іван Ковальчук")


@pytest.mark.parametrize(
    ("name", "version", "payload", "said"),
    [
        ("test.gone", 1, "{}", "knows no event"),
        ("test.lifted", 4, "{}", "newer program"),
        ("test.lifted", 3, "{", "cannot be read"),
        ("test.lifted", 3, '{"full_name": 5}', "cannot be read"),
        ("test.stuck", 1, "{}", "no upcast"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, version: int, payload: str, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        CODEC.decode(name, version, payload)
