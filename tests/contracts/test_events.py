"""What is stored stays readable: the golden files fix the stored form of every event."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from dataclasses import fields
from pathlib import Path

import pytest

from hub import events
from hub.events.base import Event
from hub.events.catalogue import BY_NAME, EVENTS
from tests.contracts.golden_forms import CODEC, FOLDER, form_of, path_of


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_the_stored_form_of_an_event_is_the_golden_one(event: type[Event]) -> None:
    path = path_of(event)
    assert path.exists(), "a new event or version: run python -m tests.contracts.golden_forms"
    assert form_of(event) == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.name)
def test_every_form_that_was_ever_stored_can_still_be_read(path: Path) -> None:
    name, _, version = path.stem.rpartition(".v")
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert CODEC.decode(name, int(version), json.dumps(stored)).name == name


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_an_optional_field_that_is_not_stored_reads_as_its_default(event: type[Event]) -> None:
    stored = json.loads(path_of(event).read_text(encoding="utf-8"))
    defaults = {spec.name for spec in fields(event) if spec.default is not inspect.Parameter.empty}
    known = {spec.name for spec in fields(event)}
    assert set(stored) == known
    assert defaults <= known


def test_every_event_class_is_in_the_catalogue_under_its_own_name() -> None:
    declared = {
        kind
        for found in pkgutil.iter_modules(events.__path__)
        for area in (importlib.import_module(f"hub.events.{found.name}"),)
        if found.name not in ("base", "catalogue")
        for kind in vars(area).values()
        if isinstance(kind, type) and issubclass(kind, Event) and "name" in vars(kind)
    }
    assert declared == set(EVENTS)
    assert len(BY_NAME) == len(EVENTS)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_a_wire_name_is_an_area_and_a_fact(event: type[Event]) -> None:
    area, _, fact = event.name.partition(".")
    assert area.isidentifier()
    assert fact.isidentifier()
    assert event.__doc__
