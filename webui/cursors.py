"""Cursors of lists, as programs see them: opaque, and worth nothing when somebody changed them.

A module says where its list goes on (`next`), in its own words. Outside it travels under a seal that
also names the list, so that a cursor of one list opens no other, and no cursor can be made up.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from hub.errors import Invalid
from hub.kernel.installation import Installation
from hub.modules.access.api import AccessApi

LONGEST = 600
_OPTION = "api.cursor_key"
_SEAL = 16


class Cursors:
    """Seals and opens cursors. The key is this installation's own and survives a restart."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._key = b""

    async def prepare(self) -> None:
        """Read the key, or make it; several processes share it through the database."""
        transactions, shop = self._installation.transactions, self._installation.default_shop
        async with transactions.writing(actor=None, shop_id=shop) as uow:
            await uow.take_turn(_OPTION)
            shops = AccessApi(uow, self._installation.deps).shops
            stored = await shops.option(_OPTION)
            if not isinstance(stored, str):
                stored = secrets.token_hex(32)
                await shops.set_option(_OPTION, stored)
        self._key = bytes.fromhex(stored)

    def seal(self, listing: str, place: str) -> str:
        """The place in the list as it is given out."""
        text = place.encode()
        return base64.urlsafe_b64encode(self._mark(listing, text) + text).decode().rstrip("=")

    def open(self, listing: str, cursor: str) -> str:
        """The place. Raises Invalid for anything that was not sealed here, for this list."""
        if len(cursor) > LONGEST:
            raise _unknown()
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            mark, text = raw[:_SEAL], raw[_SEAL:]
            if not hmac.compare_digest(mark, self._mark(listing, text)):
                raise _unknown()
            return text.decode()
        except (binascii.Error, ValueError) as error:
            raise _unknown() from error

    def _mark(self, listing: str, text: bytes) -> bytes:
        return hmac.new(self._key, listing.encode() + b"\0" + text, hashlib.sha256).digest()[:_SEAL]


def _unknown() -> Invalid:
    return Invalid(
        "list.cursor", "This place in the list is not known.", "Begin at the first page.",
        fields={"cursor": "This place in the list is not known."},
    )  # fmt: skip
