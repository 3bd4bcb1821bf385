"""The way out while it runs: it logs in over TLS, and says how it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.email.connector import Email
from hub.clock import SystemClock
from hub.ports.connector import Connector
from hub.ports.errors import AuthFailed, NotReady
from hub.ports.messaging import MessageSender, Refused
from hub.secret import Secret
from tests.connectors.contract import Heard, stops_in_time
from tests.connectors.email.stage import (
    BOX,
    OURS,
    PASSWORD,
    certificate,
    line,
    mail,
    outgoing,
    safe,
    settings,
)


async def test_it_stops_in_time() -> None:
    async with mail() as server:
        connector: Connector = Email(settings(server.port), SystemClock())
        assert isinstance(connector, MessageSender)
        await stops_in_time(connector, lambda heard: bool(heard.states))


@pytest.mark.parametrize("implicit", [False, True])
async def test_it_logs_in_over_tls_and_says_how_it_is(tmp_path: Path, implicit: bool) -> None:
    async with mail(tmp_path, implicit=implicit) as server:
        own = safe(server.port, tmp_path, security="tls" if implicit else "starttls")
        async with line(own) as (connector, heard):
            assert heard.states == [("ready", f"E-mail as {OURS} by 127.0.0.1")]
            await connector.send(outgoing())
            assert server.logins
            assert len(server.letters) == 1
        assert not connector.takes_messages


async def test_it_says_how_it_is() -> None:
    async with mail() as server, line(settings(server.port)) as (connector, heard):
        assert heard.states[0][0] == "ready"
        assert connector.takes_messages


async def told(own_port: int, folder: Path, **more: object) -> Exception:
    heard = Heard()
    connector = Email(safe(own_port, folder, **more), SystemClock())
    with pytest.raises((AuthFailed, NotReady)) as found:
        await connector.run(heard, heard)
    assert not connector.takes_messages
    return found.value


async def test_trouble_is_said_in_our_words(tmp_path: Path) -> None:
    async with mail(tmp_path) as server:
        wrong = await told(server.port, tmp_path, password=Secret("wrong"))
        assert isinstance(wrong, AuthFailed)
        assert "HUB_EMAIL__PASSWORD" in wrong.text
        other = tmp_path / "other.pem"
        other.write_text("nonsense")
        assert "HUB_EMAIL__CA_FILE" in str(await told(server.port, tmp_path, ca_file=str(other)))
        assert "certificate" in str(await told(server.port, tmp_path, ca_file=""))
        assert "HUB_EMAIL__FROM_ADDRESS" in str(await told(server.port, tmp_path, from_address=""))
        assert "HUB_EMAIL__SECURITY" in str(
            await told(server.port, tmp_path, security="none", host="mail.lan")
        )
    assert isinstance(await told(server.port, tmp_path), NotReady)
    async with mail() as plain:
        assert isinstance(await told(plain.port, tmp_path), AuthFailed), "a server without encryption"


async def test_a_log_in_that_is_refused_later_is_loud(tmp_path: Path) -> None:
    async with mail() as server:
        connector, heard = Email(settings(server.port), SystemClock()), Heard()
        running = asyncio.create_task(connector.run(heard, heard))
        await heard.until(lambda: connector.takes_messages)
        server.answers["MAIL"] = "553 5.7.1 not your address"
        with pytest.raises(AuthFailed, match="not your address"):
            await connector.send(outgoing())
        with pytest.raises(AuthFailed):
            await running
        assert not connector.takes_messages
        with pytest.raises(NotReady):
            await connector.send(outgoing())


def test_it_keeps_the_pace_that_is_set() -> None:
    own = settings(25, per_second=0.5, reply_to=BOX)
    channel = Email(own, SystemClock()).channels()["email"]
    assert (channel.per_second, channel.account, channel.can_reply) == (0.5, OURS, False)
    assert channel.replies_to == BOX
    assert Email(replace(own, reply_to=""), SystemClock()).channels()["email"].replies_to == OURS


async def test_there_are_no_files_of_theirs() -> None:
    with pytest.raises(Refused):
        _ = [piece async for piece in Email(settings(25), SystemClock()).fetch("email", "x")]


def test_its_password_stands_nowhere(tmp_path: Path) -> None:
    certificate(tmp_path)
    own = safe(25, tmp_path)
    assert PASSWORD not in f"{own!r} {vars(Email(own, SystemClock()))!r}"


async def test_it_can_be_examined_while_it_does_not_run(tmp_path: Path) -> None:
    async with mail(tmp_path) as server:
        [good] = await Email(safe(server.port, tmp_path), SystemClock()).examine()
        [bad] = await Email(safe(server.port, tmp_path, password=Secret("x")), SystemClock()).examine()
    assert (good.level, bad.level) == ("ok", "problem")
    assert OURS in good.text
    assert "HUB_EMAIL__PASSWORD" in bad.text
