"""Addresses of files for whoever cannot sign in, a provider or a client: signed, and good for a while."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime

from hub.kernel.sealing.seal import Seal

PATH = "/files/{token}"
_PURPOSE = "messaging.file"
_TOKEN = re.compile(r"([0-9A-Za-z]{26})\.([0-9]{1,12})\.([0-9A-Za-z_-]{43})")


def address_of(seal: Seal, public_url: str, file_id: str, until: datetime) -> str:
    """Where this file is given out until then."""
    said = f"{file_id}.{int(until.timestamp())}"
    tag = base64.urlsafe_b64encode(seal.sign(said.encode(), _PURPOSE)).decode().rstrip("=")
    return f"{public_url.rstrip('/')}{PATH.replace('{token}', f'{said}.{tag}')}"


def file_behind(seal: Seal, token: str, now: datetime) -> str | None:
    """The file of an address that is ours and not over."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    file_id, ends, tag = found.groups()
    try:
        raw = base64.b64decode(tag + "=", altchars="-_", validate=True)
    except binascii.Error:
        return None
    if not seal.is_signed(f"{file_id}.{ends}".encode(), _PURPOSE, raw):
        return None
    return file_id if now < datetime.fromtimestamp(int(ends), UTC) else None
