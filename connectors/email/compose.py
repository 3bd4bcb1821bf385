"""A message as it is written on the wire: headers that nothing can break out of, text and its HTML twin.
Pure."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from urllib.parse import urlsplit

from hub.ports.messaging import Button, Refused

_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
_KIND = re.compile(r"[a-z]+/[a-z0-9.+-]+")
_LONGEST_SUBJECT, _LONGEST_NAME = 200, 100
NO_ADDRESS = "This is no e-mail address that a letter can be sent to."


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a letter, read."""

    data: bytes
    content_type: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What goes out. `id` is the Message-ID without its brackets; addresses are clean."""

    id: str
    sender: str
    sender_name: str
    reply_to: str
    to: str
    subject: str
    text: str
    at: datetime
    unsubscribe_url: str = ""
    buttons: Sequence[Button] = ()
    attachments: Sequence[Attachment] = ()


def written(letter: Letter) -> EmailMessage:
    """The letter as the standard library writes it."""
    made = EmailMessage(policy=SMTP)
    made["From"] = Address(display_name=line(letter.sender_name, _LONGEST_NAME), addr_spec=letter.sender)
    made["To"] = Address(addr_spec=letter.to)
    if letter.reply_to and letter.reply_to != letter.sender:
        made["Reply-To"] = Address(addr_spec=letter.reply_to)
    made["Subject"] = line(letter.subject, _LONGEST_SUBJECT)
    made["Date"] = format_datetime(letter.at)
    made["Message-ID"] = f"<{letter.id}>"
    if _is_link(letter.unsubscribe_url):
        made["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        if letter.unsubscribe_url.startswith("https://"):
            made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    text = "\n".join([letter.text, *(f"{one.title}: {one.url}" for one in letter.buttons if one.url)])
    made.set_content(_plain(text), cte="quoted-printable")
    made.add_alternative(html_of(text, letter.subject), subtype="html", cte="quoted-printable")
    for one in letter.attachments:
        kind = one.content_type if _KIND.fullmatch(one.content_type) else "application/octet-stream"
        main, _, sub = kind.partition("/")
        main, sub = (main, sub) if main not in ("message", "multipart") else ("application", "octet-stream")
        made.add_attachment(one.data, maintype=main, subtype=sub, filename=file_name(one.name))
    return made


def address_of(raw: str) -> str:
    """Clean, its domain in ASCII. Raises Refused (blocked) for what is none."""
    local, _, domain = raw.strip().rpartition("@")
    try:
        plain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        plain = ""
    labels = plain.split(".")
    is_domain = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels) and len(plain) < 254
    if _LOCAL.fullmatch(local) is None or len(local) > 64 or not is_domain:
        raise Refused(NO_ADDRESS, is_blocked=True)
    return f"{local}@{plain}"


def line(text: str, longest: int) -> str:
    """One line for a header: no signs that end one, none that turn the reading around."""
    kept = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(kept.split())[:longest].strip()


def file_name(name: str) -> str:
    """A plain name of a file, without a place."""
    plain = line(name.replace("\\", "/").rpartition("/")[2], 120).strip(". ")
    return plain or "file"


def html_of(text: str, title: str = "") -> str:
    """The same words as HTML: everything is escaped, and web addresses can be clicked."""
    pieces, end = [], 0
    for found in _LINK.finditer(text):
        pieces.append(html.escape(text[end : found.start()]))
        url = html.escape(found[0], quote=True)
        pieces.append(f'<a href="{url}">{url}</a>')
        end = found.end()
    pieces.append(html.escape(text[end:]))
    body = _plain("".join(pieces)).replace("\n", "<br>\n")
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        f"<title>{html.escape(line(title, _LONGEST_SUBJECT))}</title></head>\n"
        f'<body style="font-family:sans-serif;font-size:16px;line-height:1.5"><p>{body}</p></body></html>\n'
    )


def _plain(text: str) -> str:
    """One kind of line ends, nothing that no letter holds."""
    whole = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode()
    return "".join(c for c in whole if c in "\n\t" or unicodedata.category(c) != "Cc")


def _is_link(url: str) -> bool:
    if (
        not url
        or len(url) > 500
        or not url.isascii()
        or any(c in '<>" \\' or not c.isprintable() for c in url)
    ):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
