"""What goes out by e-mail: once, or said in words what came of it; a real server has the ledger."""

from __future__ import annotations

import ssl
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from connectors.email.connector import Email
from hub.ports.errors import ConnectorError, NotReady, TransientError
from hub.ports.messaging import OutgoingFile, Refused, UnknownOutcome
from tests.connectors.email.stage import BOX, OURS, THEIRS, MailServer, line, mail, outgoing, safe, settings


@dataclass
class Post:
    """The connector, and the server."""

    connector: Email
    server: MailServer


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    async with mail() as server, line(settings(server.port, reply_to=BOX)) as (connector, _):
        yield Post(connector, server)


async def test_a_letter_has_our_id_our_name_and_the_mailbox_of_answers(post: Post, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"%PDF-1.7")
    file = OutgoingFile(path=tmp_path / "a", content_type="application/pdf", name="Рахунок.pdf")
    sent = await post.connector.send(
        outgoing("Готове\nдо 17:00", files=(file,), unsubscribe_url="https://shop.example/c/x")
    )
    [(sender, receivers, letter)] = post.server.letters
    assert (sender, receivers) == (OURS, [THEIRS])
    assert sent.provider_id == "01m@avtomaister.example"
    assert letter["Message-ID"] == f"<{sent.provider_id}>"
    assert letter["From"] == f"Автомайстер <{OURS}>"
    assert (letter["Reply-To"], letter["Subject"]) == (BOX, "Автомайстер на Подолі")
    assert letter["List-Unsubscribe"] == "<https://shop.example/c/x>"
    assert [one.get_filename() for one in letter.iter_attachments()] == ["Рахунок.pdf"]


async def test_a_letter_may_have_a_subject_of_its_own(post: Post) -> None:
    await post.connector.send(outgoing(subject="Рахунок № 5"))
    assert post.server.letters[0][2]["Subject"] == "Рахунок № 5"


async def test_a_letter_is_written_and_certificates_are_read_beside_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: dict[str, bool] = {}

    def watched(name: str, own: Callable[..., Any]) -> Callable[..., Any]:
        def work(*given: Any, **more: Any) -> Any:
            threads[name] = threading.current_thread() is threading.main_thread()
            return own(*given, **more)

        return work

    monkeypatch.setattr(EmailMessage, "as_bytes", watched("letter", EmailMessage.as_bytes))
    monkeypatch.setattr(ssl, "create_default_context", watched("certificates", ssl.create_default_context))
    async with mail(tmp_path) as server:
        threads.clear()
        async with line(safe(server.port, tmp_path)) as (connector, _):
            await connector.send(outgoing())
    assert len(server.letters) == 1
    assert threads == {"letter": False, "certificates": False}


@pytest.mark.parametrize(
    ("step", "answer", "kind", "is_blocked", "pause"),
    [
        ("RCPT", "550 5.1.1 no such user", Refused, True, 0.0), ("RCPT", "550 5.7.1 spam", Refused, False,
        0.0), ("RCPT", "450 4.2.0 greylisted", TransientError, False, 0.0),
        ("RCPT", "421 4.3.0 closing", TransientError, False, 30.0),
        ("MAIL", "451 4.3.0 busy", TransientError, False, 30.0),
        ("DATA", "554 5.7.1 no", Refused, False, 0.0), ("DATA", "452 4.3.1 full", TransientError, False, 0.0),
    ],
)  # fmt: skip
async def test_what_a_server_answers_is_said_in_our_words(
    post: Post, step: str, answer: str, kind: type[ConnectorError], is_blocked: bool, pause: float
) -> None:
    post.server.answers[step] = answer
    with pytest.raises(kind) as told:
        await post.connector.send(outgoing())
    assert post.server.letters == []
    assert getattr(told.value, "is_blocked", False) == is_blocked
    assert getattr(told.value, "retry_after", 0.0) == pause


async def test_what_may_have_gone_out_is_never_sent_again_by_itself(post: Post) -> None:
    post.server.dies = True
    with pytest.raises(UnknownOutcome):
        await post.connector.send(outgoing())
    assert len(post.server.letters) == 1
    with pytest.raises(UnknownOutcome, match="a person decides"):
        await post.connector.find(outgoing())


@pytest.mark.parametrize("answer", ["251 OK, forwarded", "queued, thank you", "354 go on"])
async def test_a_letter_that_is_answered_in_a_way_of_its_own_may_have_gone_out(
    post: Post, answer: str
) -> None:
    post.server.answers["DATA"] = answer
    with pytest.raises(UnknownOutcome):
        await post.connector.send(outgoing())


async def test_nothing_went_out_where_nobody_listens() -> None:
    async with mail() as server:
        async with line(settings(server.port)) as (connector, _):
            pass
        async with line(settings(server.port)) as (connector, _):
            connector._settings = settings(1)
            with pytest.raises((TransientError, NotReady)):
                await connector.send(outgoing())


async def test_an_address_that_is_none_and_a_file_that_is_gone_are_refused(
    post: Post, tmp_path: Path
) -> None:
    with pytest.raises(Refused) as told:
        await post.connector.send(outgoing(address="olena@client.example\r\nRCPT TO:<all@evil.example>"))
    assert told.value.is_blocked
    file = OutgoingFile(path=tmp_path / "gone", content_type="image/png", name="x.png")
    with pytest.raises(Refused):
        await post.connector.send(outgoing(files=(file,)))
    assert post.server.letters == []
