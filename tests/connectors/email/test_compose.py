"""A letter is what it should be, whatever stands in it."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.email.compose import Attachment, Letter, address_of, file_name, html_of, line, written
from hub.ports.messaging import Button, Refused

KNOWN = {"From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
NASTY = "Привіт\r\nBcc: all@evil.example\r\n\r\n<script>alert(1)</script>\x00\u202e\ud800"


def letter(**more: Any) -> Letter:
    values: dict[str, Any] = {
        "id": "01m@shop.example", "sender": "shop@shop.example", "sender_name": "Shop", "reply_to": "",
        "to": "olena@client.example", "subject": "Авто", "text": "Готове", "at": datetime(2026, 1, 5,
    tzinfo=UTC), } | more  # fmt: skip
    return Letter(**values)


def read(made: EmailMessage) -> EmailMessage:
    """As the other side reads it."""
    found = message_from_bytes(made.as_bytes(), policy=SMTP)
    assert isinstance(found, EmailMessage)
    return found


def body(made: EmailMessage, kind: str) -> str:
    part = made.get_body((kind,))
    assert part is not None
    return str(part.get_content())


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_no_text_makes_a_header_or_a_part(subject: str, name: str, text: str) -> None:
    found = read(written(letter(subject=subject, sender_name=name, text=text)))
    assert set(found.keys()) <= KNOWN
    assert len(found.get_all("From", [])) == len(found.get_all("To", [])) == 1
    assert [part.get_content_type() for part in found.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip


def test_what_would_break_out_of_a_header_stays_in_it() -> None:
    found = read(written(letter(subject=NASTY, sender_name=NASTY, text=NASTY)))
    assert "Bcc" not in found
    assert found["Subject"] == "Привіт Bcc: all@evil.example <script>alert(1)</script>"
    assert "<script>" not in body(found, "html")


def test_the_text_is_there_twice_plain_and_as_html_that_can_be_clicked() -> None:
    text = "Чекаємо о 9:00 & 10:00.\nhttps://shop.example/c/abc?x=1&y=2."
    found = read(
        written(letter(text=text, buttons=[Button(title="Підтвердити", url="https://shop.example/y")]))
    )
    assert body(found, "plain").replace("\r\n", "\n").startswith(text)
    html = body(found, "html")
    assert 'href="https://shop.example/c/abc?x=1&amp;y=2"' in html
    assert "9:00 &amp; 10:00.<br>" in html
    assert 'href="https://shop.example/y"' in html


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[tuple[str, tuple[str, ...]]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add((tag, tuple(name for name, _ in attrs)))


@given(st.text(max_size=300) | st.text("<>\"'&/:= htps.x\n", max_size=80))
def test_html_has_no_tags_but_our_own(text: str) -> None:
    tags = Tags()
    tags.feed(html_of(text, text))
    ours = {
        ("html", ()),
        ("head", ()),
        ("meta", ("charset",)),
        ("title", ()),
        ("body", ("style",)),
        ("p", ()),
    }
    assert tags.seen <= ours | {("br", ()), ("a", ("href",))}


def test_an_advertisement_can_be_ended_with_one_click() -> None:
    found = read(written(letter(unsubscribe_url="https://shop.example/c/abc")))
    assert found["List-Unsubscribe"] == "<https://shop.example/c/abc>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain = read(written(letter(unsubscribe_url="http://shop.example/c/abc")))
    assert "List-Unsubscribe-Post" not in plain
    assert "List-Unsubscribe" not in read(written(letter()))


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "https://a/>\r\nX: y",
        "https://a b/",
        "mailto:x@y.z",
        "https://",
        "https://а.б/",
    ],
)
def test_a_link_that_is_none_is_left_out(url: str) -> None:
    assert "List-Unsubscribe" not in read(written(letter(unsubscribe_url=url)))


def test_files_go_along_under_plain_names() -> None:
    files = [
        Attachment(data=b"%PDF", content_type="application/pdf", name="../../Рахунок №5.pdf"),
        Attachment(data=b"x", content_type="message/rfc822", name='a"\r\nX: y.eml'),
        Attachment(data=b"x", content_type="nonsense", name=""),
    ]
    found = [(a.get_content_type(), a.get_filename(), a.get_content()) for a in read(
        written(letter(attachments=files))
    ).iter_attachments()]  # fmt: skip
    assert found == [
        ("application/pdf", "Рахунок №5.pdf", b"%PDF"), ("application/octet-stream", 'a" X: y.eml', b"x"),
        ("application/octet-stream", "file", b"x"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("olena@client.example", "olena@client.example"), (" Olena@Client.Example ", "Olena@client.example"),
        ("o.l-e_n+a@почта.укр", "o.l-e_n+a@xn--80a1acny.xn--j1amh"),
    ],
)  # fmt: skip
def test_an_address_is_clean(raw: str, clean: str) -> None:
    assert address_of(raw) == clean


@pytest.mark.parametrize(
    "raw",
    [
        "", "olena", "@client.example", "olena@", "olena@client", "a b@c.de", "a@b@c.de",
        "a@c.de\r\nBcc: x@y.z", "<a@c.de>", '"a"@c.de', "олена@c.de", "a@c..de", "a@-c.de", "a" * 65 +
    "@c.de", "a@[127.0.0.1]", "a,b@c.de", ],
)  # fmt: skip
def test_what_is_no_address_takes_nothing(raw: str) -> None:
    with pytest.raises(Refused) as told:
        address_of(raw)
    assert told.value.is_blocked


@given(st.text(max_size=200))
def test_a_line_is_one_line_and_a_name_no_place(text: str) -> None:
    assert len(line(text, 50).splitlines()) <= 1
    assert "/" not in file_name(text)
    assert file_name(text).strip(".")
