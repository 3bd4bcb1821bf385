"""What the shop sends by e-mail stands in the practice mailbox."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from connectors.practice_mail.connector import PracticeMail
from hub.clock import SystemClock
from hub.errors import Invalid
from hub.ports.messaging import OutgoingFile, PracticePhone
from tests.connectors.contract import Heard, stops_in_time
from tests.connectors.email.stage import THEIRS, line, outgoing, settings
from tests.patience import within


async def test_it_stops_in_time() -> None:
    made: PracticePhone = PracticeMail(SystemClock())
    assert not made.can_write
    await stops_in_time(made, lambda heard: bool(heard.states))


async def test_a_letter_is_shown_with_its_subject_and_files(tmp_path: Path) -> None:
    made = PracticeMail(SystemClock())
    heard = Heard()
    running = asyncio.create_task(made.run(heard, heard))
    await heard.until(lambda: bool(heard.states))
    (tmp_path / "a").write_bytes(b"%PDF")
    file = OutgoingFile(path=tmp_path / "a", content_type="application/pdf", name="Рахунок.pdf")
    try:
        async with line(settings(made.port)) as (connector, _):
            await connector.send(outgoing(".готово\n..\nдо 17:00", subject="Авто", files=(file,)))
        assert made.numbers() == (THEIRS,)
        [text] = made.texts(THEIRS)
        assert text.text.replace("\r\n", "\n") == ".готово\n..\nдо 17:00\n[Рахунок.pdf]"
        assert (text.subject, text.is_of_the_shop) == ("Авто", True)
    finally:
        running.cancel()
        await asyncio.wait([running])
    with pytest.raises(Invalid):
        await made.write(THEIRS, "x")


async def test_noise_ends_a_line_and_not_the_server() -> None:
    made = PracticeMail(SystemClock())
    heard = Heard()
    running = asyncio.create_task(made.run(heard, heard))
    await heard.until(lambda: bool(heard.states))
    try:
        for noise in (b"\xff" * 200_000, b"WHAT\r\nRCPT TO:\r\nDATA\r\n.\r\nQUIT\r\n", b""):
            reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
            writer.write(noise)
            writer.write_eof()
            with suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), within(5))
            writer.close()
        async with line(settings(made.port)) as (connector, _):
            await connector.send(outgoing())
        assert len(made.texts(THEIRS)) == 1
    finally:
        running.cancel()
        await asyncio.wait([running])
