"""Updates become facts; whatever else somebody sends becomes none, and never an error."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.telegram.translate import KINDS, Seen, arrivals_of, translator
from hub.events.base import Event
from hub.events.groups import GroupChanged, GroupPressed, GroupSaid
from hub.events.messages import MessageReceived, MessagesDeleted, MessageSentElsewhere, Place, ReachChanged
from tests.connectors.telegram.stage import AT, BOT_ID, SAMPLES, request, sample

SENT = datetime.fromtimestamp(1767596530, UTC)
SEEN = Seen(str(BOT_ID), AT)


def fact(name: str) -> Event:
    [arrival] = arrivals_of(sample(name), SEEN)
    assert arrival.source == "telegram"
    assert arrival.external_id == f"{BOT_ID}:{sample(name)['update_id']}"
    return arrival.event


def message(name: str) -> MessageReceived:
    found = fact(name)
    assert isinstance(found, MessageReceived)
    return found


def test_a_recorded_update_gives_its_fact() -> None:
    assert message("text") == MessageReceived(
        channel="telegram", account=f"bot{BOT_ID}", address="501000001", provider_id="11",
        text="Привіт! Готово? 😀", written_at=SENT, writer="Ірина Шевчук", language="uk",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("start", {"start": "call_01J9ZK", "text": "/start call_01J9ZK"}),
        ("location", {"place": Place(latitude=50.4501, longitude=30.5234), "text": ""}),
        ("own_contact", {"phone": "+380971239876", "text": "Ірина 380971239876", "answers": "10"}),
        ("other_contact", {"phone": None, "text": "Майстер +380501112233"}),
        ("reply", {"answers": "9", "text": "так"}),
        ("sticker", {"text": "👍", "attachments": ()}),
        ("poll", {"text": "[poll]"}),
        ("press", {"pressed": "v1.abc", "press": "4382bfdwdsb323b2d9", "text": "Так, приїду",
                   "answers": "21", "address": "501000001"}),
        ("edited", {"edits": "11", "provider_id": "11:e1767596590", "text": "Привіт! Коли?",
                    "written_at": SENT + timedelta(seconds=60)}),
        ("business_in", {"account": "business:BC1", "provider_id": "41@BC1", "address": "501000001"}),
        ("business_edited", {"edits": "41@BC1", "provider_id": "41@BC1:e1767596535"}),
    ],
)  # fmt: skip
def test_what_a_message_brings_along_is_told(name: str, said: dict[str, Any]) -> None:
    found = message(name)
    assert {field: getattr(found, field) for field in said} == said


@pytest.mark.parametrize(
    ("name", "ref", "kind", "file", "text"),
    [
        ("photo", "AgACl", "image/jpeg", "", "Горить лампа"),
        ("voice", "AwACv", "audio/ogg", "", ""),
        ("document", "BQACd", "application/pdf", "рахунок 5.pdf", "Рахунок"),
        ("video", "BAACm", "video/mp4", "", ""),
    ],
)
def test_a_file_keeps_its_caption_and_its_name(
    name: str, ref: str, kind: str, file: str, text: str
) -> None:  # fmt: skip
    found = message(name)
    [attached] = found.attachments
    assert (attached.ref, attached.content_type, attached.name, found.text) == (ref, kind, file, text)


def test_a_contact_proves_a_number_only_where_it_is_the_writers_own() -> None:
    update = sample("own_contact")
    for change in (
        {"user_id": 77}, {"user_id": "501000001"}, {"user_id": None}, {"user_id": True},
        {"phone_number": "38097123987612345678"}, {"phone_number": "abc"}, {"phone_number": 380971239876},
    ):  # fmt: skip
        update["message"]["contact"] = sample("own_contact")["message"]["contact"] | change
        [arrival] = arrivals_of(update, SEEN)
        assert isinstance(arrival.event, MessageReceived)
        assert arrival.event.phone is None, change
    passed_on = sample("own_contact")
    passed_on["message"]["forward_origin"] = {"type": "user"}
    [arrival] = arrivals_of(passed_on, SEEN)
    assert isinstance(arrival.event, MessageReceived)
    assert arrival.event.phone is None


def test_what_the_owner_types_on_the_phone_is_ours() -> None:
    assert fact("business_ours") == MessageSentElsewhere(
        channel="telegram", account="business:BC1", address="501000001", provider_id="42@BC1",
        text="Так, готово", written_at=SENT, writer="Oleh",
    )  # fmt: skip
    assert fact("business_deleted") == MessagesDeleted(
        channel="telegram", address="501000001", provider_ids=("41@BC1", "42@BC1")
    )


@pytest.mark.parametrize(("name", "is_blocked"), [("blocked", True), ("unblocked", False)])
def test_whoever_stops_the_bot_is_told(name: str, is_blocked: bool) -> None:
    assert fact(name) == ReachChanged(
        channel="telegram", account=f"bot{BOT_ID}", address="501000001", is_blocked=is_blocked
    )


def test_a_group_speaks_to_the_bot_by_commands_answers_and_buttons() -> None:
    common = {"channel": "telegram", "account": f"bot{BOT_ID}", "group": "-4001112223"}
    who = {"writer_id": "601000002", "writer": "Oleh", "language": "ru"}
    assert fact("group_command") == GroupSaid(
        provider_id="31", text="/today@shop_bot", written_at=SENT, **common, **who
    )
    assert fact("group_reply") == GroupSaid(
        provider_id="32", text="беру", written_at=SENT, answers="30", **common, **who
    )
    assert fact("group_press") == GroupPressed(
        provider_id="30", payload="v1.def", press="99", **common, **who
    )  # fmt: skip
    by = {"by_id": "601000002", "by": "Oleh", "title": "СТО, зміна"}
    assert fact("joined") == GroupChanged(is_member=True, **common, **by)
    assert fact("put_out") == GroupChanged(is_member=False, **common, **by)
    assert fact("group_moved") == GroupChanged(is_member=True, moved_to="-1001234567890", **common, **by)


@pytest.mark.parametrize("name", ["group_talk", "pinned", "business_connection", "business_by_us"])
def test_what_is_none_of_our_business_gives_no_fact(name: str) -> None:
    assert arrivals_of(sample(name), SEEN) == []


def test_a_press_belongs_to_whoever_pressed() -> None:
    forged = sample("press")
    forged["callback_query"]["from"] = forged["callback_query"]["from"] | {"id": 666}
    assert arrivals_of(forged, SEEN) == []


def test_broken_letters_become_ones_that_every_database_takes() -> None:
    update = sample("text")
    update["message"]["text"] = "a\x00b\ud83d \ud83d\ude00 \u202e"
    [arrival] = arrivals_of(update, SEEN)
    assert isinstance(arrival.event, MessageReceived)
    assert arrival.event.text == "a�b� 😀 \u202e"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=6,
)
SAMPLED = sorted(path.stem for path in SAMPLES.glob("*.json"))


@given(st.sampled_from(SAMPLED), st.lists(st.tuples(st.integers(0, 400), VALUES), max_size=4))
def test_whatever_stands_in_an_update_never_stumbles(name: str, changes: list[tuple[int, Any]]) -> None:
    update = sample(name)
    places = [*_places(update)]
    for number, value in changes:
        holder, key = places[number % len(places)]
        holder[key] = value
    for arrival in arrivals_of(update, SEEN):
        assert arrival.event.key
        for spec in fields(arrival.event):
            value = getattr(arrival.event, spec.name)
            assert not isinstance(value, str) or "\x00" not in value.encode().decode()


@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_no_body_stumbles(body: bytes) -> None:
    assert translator(str(BOT_ID))(request(body)) == []


def test_we_ask_for_every_kind_that_has_a_sample() -> None:
    kinds = {key for name in SAMPLED for key in sample(name) if key != "update_id"}
    assert kinds == set(KINDS)


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found.append((value, key))
        found += _places(value[key])
    return found
