"""What goes out: in one request where it can be, never as markup, at Telegram's pace; or said in words what
came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.practice_telegram.connector import picture
from connectors.practice_telegram.world import Group
from connectors.telegram.api import file_name
from connectors.telegram.pacing import PER_GROUP_MINUTE, Pacing
from hub.events.messages import MessageReceived, Place
from hub.ports.errors import ConnectorError, TransientError
from hub.ports.messaging import Button, OutgoingFile, OutgoingMessage, Refused, UnknownOutcome
from tests.connectors.telegram.stage import IRYNA, OLEH, Line, line, outgoing, practice
from tests.faults.figures import Fault
from tests.patience import within

HERE = str(IRYNA)
MARKUP = (
    "<a href='tg://user?id=1'>x</a>", "<b>bold</b>", "[x](tg://user?id=1)", "*b* _i_ `c`", "||s||",
    "<script>", "&lt;b&gt;", "<pre>", "<tg-spoiler>x</tg-spoiler>", "__u__", "~s~", "> quote", "```\ncode```",
    "<a href=", "@all", "/start", "#tag", "\\*", "!", "{}[]()", "<b>never closed", "a_b_c_d*", "\u202eabc",
    "1 < 2 && 3 > 2",
)  # fmt: skip


@pytest.fixture
async def up() -> AsyncIterator[Line]:
    async with practice() as telegram, line(telegram) as made:
        yield made


def file(folder: Path, name: str, data: bytes, kind: str, shown: str = "") -> OutgoingFile:
    path = folder / name
    path.write_bytes(data)
    return OutgoingFile(path=path, content_type=kind, name=shown or name)


def said(up: Line) -> list[dict[str, Any]]:
    return up.world.of_bot(HERE)


async def test_a_text_goes_out_as_it_is(up: Line) -> None:
    sent = await up.connector.send(outgoing("Готово о 17:00 👍"))
    [one] = said(up)
    assert (one["text"], str(one["message_id"])) == ("Готово о 17:00 👍", sent.provider_id)


@pytest.mark.fault("F87", "F41")
async def test_nothing_that_looks_like_markup_is_any(up: Line, tmp_path: Path, fault: Fault) -> None:
    photo = file(tmp_path, "x.png", picture(), "image/png")
    up.telegram.people.join(Group(-400, "x"), up.iryna)
    for number, text in enumerate(fault.cases(MARKUP, sample=6)):
        with fault.run(text):
            up.connector._pacing = Pacing()  # the pace is another test's
            up.connector._speech._pacing = up.connector._pacing  # type: ignore[union-attr]  # it is up
            await up.connector.send(outgoing(text, buttons=(Button(title=text, payload=str(number)),)))
            await up.connector.send(outgoing(text, files=(replace(photo, name=text),), address=HERE))
            await up.connector.post("-400", text)
            *_, plain, captioned = said(up)
            assert (plain["text"], captioned["caption"]) == (text, text)
            assert plain["reply_markup"]["inline_keyboard"][0][0]["text"] == text
    fault.measure("sent as markup", sum(bool(one["parse_mode"]) for one in up.world.noted("sent")), 0)
    fault.measure("sent by link", len(up.world.noted("by_link")), 0)


@pytest.mark.parametrize(
    "name",
    ['a"b.png', "a\r\nX-Evil: 1.png", "../../etc/passwd", "рахунок 5.pdf", "", "...", "a;b\\c", "x" * 500],
)
def test_a_files_name_ends_no_header(name: str) -> None:
    made = file_name(name)
    assert made
    assert len(made) <= 100
    assert not set(made) & set('"\r\n;\\/')


async def test_files_go_by_upload_each_in_its_kind(up: Line, tmp_path: Path) -> None:
    kinds = {
        "photo": file(tmp_path, "a.png", picture(), "image/png", "лампа.png"),
        "document": file(tmp_path, "b.pdf", b"%PDF-", "application/pdf", "рахунок 5.pdf"),
        "voice": file(tmp_path, "c.oga", b"OggS", "audio/ogg"),
        "video": file(tmp_path, "d.mp4", b"mp4", "video/mp4"),
    }
    for kind, one in kinds.items():
        await up.connector.send(outgoing("Ось", files=(one,)))
        made = said(up)[-1]
        assert made["caption"] == "Ось"
        assert kind in made
        assert up.world.noted("sent")[-1]["file"] == one.name
    uploaded = {one.data for one in up.world.files.values()}
    assert uploaded >= {one.path.read_bytes() for one in kinds.values()}


async def test_what_is_no_photo_to_telegram_goes_as_a_file(up: Line, tmp_path: Path) -> None:
    await up.connector.send(outgoing("", files=(file(tmp_path, "a.png", b"no picture", "image/png"),)))
    [one] = said(up)
    assert one["document"]["file_name"] == "a.png"


async def test_several_files_are_one_album_with_one_caption(up: Line, tmp_path: Path) -> None:
    photos = tuple(file(tmp_path, f"{n}.png", picture(), "image/png") for n in range(3))
    await up.connector.send(outgoing("Три", files=photos))
    assert [("photo" in one, one.get("caption")) for one in said(up)] == [
        (True, "Три"), (True, None), (True, None)
    ]  # fmt: skip
    assert [one["method"] for one in up.world.noted("asked") if one["method"][:4] == "send"] == [
        "sendMediaGroup"
    ]


async def test_a_text_too_long_for_a_caption_and_a_place_go_one_after_another(
    up: Line, tmp_path: Path
) -> None:  # fmt: skip
    photo = file(tmp_path, "a.png", picture(), "image/png")
    place = Place(latitude=50.45, longitude=30.52)
    button = Button(title="Їду", payload="v1.go")
    sent = await up.connector.send(outgoing("я" * 1025, files=(photo,), place=place, buttons=(button,)))
    text, picture_of, point = said(up)
    assert (len(text["text"]), "photo" in picture_of, point["location"]["latitude"]) == (1025, True, 50.45)
    assert sent.provider_id == str(text["message_id"])
    assert [one.get("reply_markup") is not None for one in (text, picture_of, point)].count(True) == 1


async def test_buttons_answers_and_questions_for_a_contact(up: Line) -> None:
    first = await up.connector.send(outgoing("1"))
    link = Button(title="Сайт", url="https://shop.example/c/1")
    await up.connector.send(
        outgoing("2", buttons=(link, Button(title="Так", payload="y")), answers=first.provider_id)
    )
    asked = Button(title="Поділитися номером", asks="contact")
    await up.connector.send(outgoing("3", buttons=(asked,)))
    _, second, third = said(up)
    assert second["answers"] == int(first.provider_id)
    rows = second["reply_markup"]["inline_keyboard"]
    assert [row[0].get("url", row[0].get("callback_data")) for row in rows] == [link.url, "y"]
    assert third["reply_markup"]["keyboard"][0][0]["request_contact"] is True
    with pytest.raises(Refused):
        await up.connector.send(outgoing("4", buttons=(Button(title="x", payload="y" * 65),)))


@pytest.mark.fault("F40", "F45")
@pytest.mark.parametrize(
    ("mischief", "kind", "sent"),
    [
        ("429", TransientError, 0), ("500", UnknownOutcome, 0), ("502", UnknownOutcome, 0),
        ("lost", UnknownOutcome, 1),
    ],
)  # fmt: skip
async def test_what_telegram_answers_is_said_in_our_words(
    up: Line, mischief: str, kind: type[ConnectorError], sent: int
) -> None:
    up.world.mischief.append(mischief)
    up.world.retry_after = 35
    with pytest.raises(kind) as told:
        await up.connector.send(outgoing())
    assert len(said(up)) == sent
    if mischief == "429":
        assert getattr(told.value, "retry_after", 0) == 35


async def test_silence_is_no_certainty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.telegram.api._UPLOAD_SECONDS", 0.3)
    async with practice() as telegram, line(telegram) as up:
        telegram.world.mischief.append("silence")
        with pytest.raises(UnknownOutcome):
            await up.connector.send(outgoing())
        with pytest.raises(UnknownOutcome):
            await up.connector.find(outgoing())


@pytest.mark.fault("F40")
async def test_a_429_silences_the_whole_bot(up: Line) -> None:
    up.world.person(OLEH, "Oleh").has_begun = True
    up.telegram.people.join(Group(-400, "x"), up.iryna)
    up.world.mischief.append("429")
    up.world.retry_after = 2
    calls: Sequence[Any] = (
        up.connector.send(outgoing()), up.connector.send(outgoing(address=str(OLEH))),
        up.connector.post("-400", "x"),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(TransientError) as told:
            await call
        assert 0 < told.value.retry_after <= 2
    assert up.world.noted("during_penalty") == []
    await asyncio.sleep(2.1)
    await up.connector.send(outgoing("later"))
    assert [one["text"] for one in said(up)] == ["later"]


@pytest.mark.fault("F41")
async def test_a_chat_that_is_closed_or_moved_is_told(up: Line) -> None:
    up.telegram.people.block(up.iryna)
    group = Group(-400, "x")
    up.telegram.people.join(group, up.iryna)
    up.telegram.people.migrate(group, -100500)
    cases: list[tuple[OutgoingMessage, bool, str]] = [
        (outgoing(), True, ""), (outgoing(address="999"), True, ""), (outgoing(address="anna"), True, ""),
        (outgoing(address="-400"), False, "-100500"),
    ]  # fmt: skip
    for message, is_blocked, moved_to in cases:
        with pytest.raises(Refused) as refused:
            await up.connector.send(message)
        assert (refused.value.is_blocked, refused.value.moved_to) == (is_blocked, moved_to)
    up.telegram.people.block(up.iryna, is_blocked=False)
    with pytest.raises(Refused, match="too long"):
        await up.connector.send(outgoing("я" * 4097))


async def test_the_rest_of_a_message_waits_or_is_in_doubt(
    up: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    place = Place(latitude=50.45, longitude=30.52)
    up.world.mischief.extend(["", "429"])
    up.world.retry_after = 1
    await up.connector.send(outgoing("text", place=place))
    assert [("text" in one, "location" in one) for one in said(up)] == [(True, False), (False, True)]
    monkeypatch.setattr("connectors.telegram.speech._PATIENCE", 0.5)
    up.world.mischief.extend(["", "429"])
    with pytest.raises(UnknownOutcome, match="Only a part"):
        await up.connector.send(outgoing("text", place=place))


async def test_a_log_in_refused_after_the_first_part_leaves_a_doubt_and_no_second_first_part() -> None:
    place = Place(latitude=50.45, longitude=30.52)
    async with practice() as telegram, line(telegram, poll_seconds=20.0) as up:
        sending = asyncio.create_task(up.connector.send(outgoing("text", place=place)))
        await up.heard.until(lambda: bool(said(up)) and telegram._poll is not None)
        telegram.world.token = "7000000001:taken-back"
        with pytest.raises(UnknownOutcome, match="Only a part"):
            await sending
        assert len(said(up)) == 1


async def test_a_message_whose_turn_comes_after_the_end_of_the_link_did_not_go_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("connectors.telegram.pacing.PER_CHAT", 0.4)
    async with practice() as telegram:
        async with line(telegram) as up:
            await up.connector.send(outgoing("first"))
            late = asyncio.create_task(up.connector.send(outgoing("late")))
            await asyncio.sleep(0)
        with pytest.raises(TransientError):
            await late
        assert [one["text"] for one in telegram.world.of_bot(HERE)] == ["first"]


async def test_a_file_that_is_not_there_any_more_is_refused(up: Line, tmp_path: Path) -> None:
    gone = OutgoingFile(path=tmp_path / "gone.png", content_type="image/png", name="gone.png")
    with pytest.raises(Refused):
        await up.connector.send(outgoing(files=(gone,)))


@pytest.mark.slow
async def test_it_keeps_telegrams_limits() -> None:
    async with practice(is_strict=True) as telegram, line(telegram) as up:
        people = [telegram.world.person(700_000_000 + n, f"p{n}") for n in range(60)]
        for one in people:
            one.has_begun = True
        began = time.monotonic()
        await asyncio.gather(*(up.connector.send(outgoing(address=str(one.id))) for one in people))
        for _ in range(2):
            await up.connector.send(outgoing())
        assert telegram.world.noted("slowed") == []
        assert len(telegram.world.noted("sent")) == 62
        assert time.monotonic() - began < within(12)


async def test_a_group_is_written_to_twenty_times_a_minute() -> None:
    now = [0.0]
    pacing = Pacing(lambda: now[0])
    for _ in range(PER_GROUP_MINUTE):
        await pacing.turn("-400")
        now[0] += 2
    with pytest.raises(TransientError) as told:
        await pacing.turn("-400")
    assert 0 < told.value.retry_after <= 20
    await pacing.turn("501")


async def test_a_file_of_a_message_is_fetched_and_a_huge_one_is_refused(up: Line) -> None:
    up.telegram.people.photo(up.iryna, b"\xff\xd8 the lamp", "лампа")
    up.telegram.people.photo(up.iryna, b"\xff\xd8 huge", size=21 * 1024 * 1024)
    await up.heard.until(lambda: len(up.box.kept) == 2)
    first, second = up.box.events()
    assert isinstance(first, MessageReceived)
    assert isinstance(second, MessageReceived)

    async def read(ref: str) -> bytes:
        return b"".join([piece async for piece in up.connector.fetch("telegram", ref)])

    assert await read(first.attachments[0].ref) == b"\xff\xd8 the lamp"
    huge = next(one.id for one in up.world.files.values() if one.size > 20 * 1024 * 1024)
    with pytest.raises(Refused, match="20 MB"):
        await read(huge)
    with pytest.raises(Refused):
        await read("AgACgone")


@pytest.mark.fault("F90")
@pytest.mark.parametrize(
    "path", ["../../x", "/etc/passwd", "a//b", "http://127.0.0.1/x", "a?b", "a#b", "a%2e", "a\\b", "", "a b"]
)
async def test_no_file_is_fetched_from_anywhere_but_the_api(up: Line, path: str) -> None:
    kept = up.world.keep("x.bin", b"x")
    kept.path = path
    with pytest.raises(Refused):
        _ = [piece async for piece in up.connector.fetch("telegram", kept.id)]
