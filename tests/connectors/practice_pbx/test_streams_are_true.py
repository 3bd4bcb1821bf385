"""What the practice exchange sends looks exactly like what a real Asterisk 22 was recorded to send."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from connectors.practice_pbx.rehearsals import REHEARSALS
from connectors.practice_pbx.script import Script

from .performing import perform, recorded_shapes


@pytest.fixture(scope="module")
def shapes() -> dict[str, set[tuple[str, ...]]]:
    return recorded_shapes()


@pytest.mark.parametrize("script", REHEARSALS, ids=lambda script: script.name)
def test_every_event_has_the_headers_of_a_recorded_one_in_their_order(
    script: Script, shapes: dict[str, set[tuple[str, ...]]]
) -> None:
    for message in perform(script):
        name = message[0][1]
        shape = tuple(header for header, _ in message)
        if name == "UserEvent":
            # what stands behind its name is the dialplan's own
            shape = (*shape[: shape.index("UserEvent") + 1], "Linkedid", "Status")
        assert shape in shapes[name], f"{name}: {shape}\nrecorded: {sorted(shapes[name])}"


@pytest.mark.parametrize("script", REHEARSALS, ids=lambda script: script.name)
def test_every_channel_that_is_born_hangs_up_once_and_says_nothing_afterwards(script: Script) -> None:
    messages = [dict(message) for message in perform(script)]
    born = [m["Uniqueid"] for m in messages if m["Event"] == "Newchannel"]
    gone = [m["Uniqueid"] for m in messages if m["Event"] == "Hangup"]
    assert sorted(born) == sorted(gone)
    assert len(set(born)) == len(born)
    for uniqueid in born:
        own = [m["Event"] for m in messages if m.get("Uniqueid") == uniqueid]
        assert own[0] == "Newchannel"
        assert own[-1] == "Hangup"


@pytest.mark.parametrize("script", REHEARSALS, ids=lambda script: script.name)
def test_bridges_count_their_channels_right(script: Script) -> None:
    inside: dict[str, set[str]] = {}
    for message in map(dict, perform(script)):
        if message["Event"] not in ("BridgeEnter", "BridgeLeave"):
            continue
        room = inside.setdefault(message["BridgeUniqueid"], set())
        change = room.add if message["Event"] == "BridgeEnter" else room.remove
        change(message["Uniqueid"])
        assert message["BridgeNumChannels"] == str(len(room))


def test_scripts_have_names_of_their_own_and_truths() -> None:
    names = [script.name for script in REHEARSALS]
    assert len(set(names)) == len(names)
    assert all({"direction", "result", "talk_seconds"} <= set(script.truth) for script in REHEARSALS)


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_every_title_can_be_read_in_the_shops_languages(language: str) -> None:
    folder = Path(__file__).parents[3] / "webui/locales"
    with (folder / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    assert [script.title for script in REHEARSALS if not _says(catalogue, script.title)] == []


def _says(catalogue: Catalog, text: str) -> bool:
    message = catalogue.get(text)
    return message is not None and bool(message.string)
