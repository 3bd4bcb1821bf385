"""Seals secrets for the database and opens them: AES-256-GCM, bound to the row that they belong to, so
that none can be moved to another row or column, or changed, by whoever can write the database.

A sealed value is `sealed:1:<id of the key>:<base64 of nonce and ciphertext>`; 1 names the way.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import Unavailable
from hub.kernel.sealing.keys import Key, KeyStore

_FORM = re.compile(rb"sealed:1:([0-9a-f]{16}):([A-Za-z0-9+/=]+)")
_BEGINNING = b"sealed:"
_NONCE = 12


def place_of(table: str, column: str, row_id: str) -> str:
    """Where a sealed value belongs: `row_id` is its primary key, its parts joined by a space."""
    return f"{table}.{column} {row_id}"


def is_sealed(value: bytes) -> bool:
    """Whether it is one of ours, of whatever key."""
    return value.startswith(_BEGINNING)


def key_id_of(value: bytes) -> str:
    """The key that it (or its beginning) was sealed with; empty for what is not sealed."""
    return value[9:25].decode("ascii", "replace") if is_sealed(value) else ""


class Seal:
    """This process's keys. Made by the composition root, unlocked when the database is opened
    (hub.kernel.sealing.upkeep)."""

    def __init__(self, store: KeyStore) -> None:
        self.store = store
        self._keys: dict[str, Key] = {}
        self._current = ""

    @property
    def current(self) -> str:
        """The id of the key that new secrets are sealed with; empty before the database is open."""
        return self._current

    @property
    def known(self) -> tuple[str, ...]:
        """The ids of the keys that are here, newest first."""
        return tuple(self._keys)

    def unlock(self, keys: Sequence[Key], current: str) -> None:
        """From now on: these keys, and new secrets by this one of them."""
        self._keys = {key.id: key for key in keys}
        self._current = current

    def close(self, text: str, place: str) -> str:
        """Seal a text for its place."""
        return self.close_bytes(text.encode(), place).decode("ascii")

    def open(self, sealed: str, place: str) -> str:
        """What was sealed for this place. Raises Unavailable where its key is not here, and for what was
        changed or belongs elsewhere."""
        return self.open_bytes(sealed.encode(), place).decode()

    def close_bytes(self, data: bytes, place: str) -> bytes:
        """As `close`."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + AESGCM(self._keys[self._current].raw).encrypt(nonce, data, place.encode())
        return b"%b1:%b:%b" % (_BEGINNING, self._current.encode(), base64.b64encode(sealed))

    def open_bytes(self, sealed: bytes, place: str) -> bytes:
        """As `open`."""
        found = _FORM.fullmatch(sealed)
        if found is None:
            raise _damaged(place)
        key_id = found[1].decode()
        key = self._keys.get(key_id) or self._fetched(key_id)
        try:
            raw = base64.b64decode(found[2], validate=True)
            return AESGCM(key.raw).decrypt(raw[:_NONCE], raw[_NONCE:], place.encode())
        except (InvalidTag, ValueError, binascii.Error) as error:
            raise _damaged(place) from error

    def sign(self, data: bytes, purpose: str) -> bytes:
        """A tag of 32 bytes that nobody else can make; of one purpose it proves nothing for another."""
        return _tag(self._keys[self._current], data, purpose)

    def is_signed(self, data: bytes, purpose: str, tag: bytes) -> bool:
        """Whether this is the tag, or the beginning of it (16 bytes at least), under any key that is here."""
        if not 16 <= len(tag) <= 32:
            return False
        tags = [_tag(key, data, purpose)[: len(tag)] for key in self._keys.values()]
        return any(hmac.compare_digest(one, tag) for one in tags)

    def _fetched(self, key_id: str) -> Key:
        """A key that came into the file since the start: they were rotated beside us, so new secrets are
        sealed with it too from now on. A file of some lines, read once for each rotation."""
        fresh = {key.id: key for key in self.store.load()}
        if key_id not in fresh:
            raise Unavailable(
                "seal.key_missing",
                "A secret was sealed with the key {key}, which is not in {where}.",
                "Put it there: whoever rotated the keys has it. Lost for good? pitline seal reset --lost",
                data={"key": key_id, "where": self.store.where},
            )
        self.unlock([*fresh.values(), *self._keys.values()], key_id)
        return fresh[key_id]


def _tag(key: Key, data: bytes, purpose: str) -> bytes:
    own = hmac.digest(key.raw, b"pitline signature: " + purpose.encode(), "sha256")
    return hmac.digest(own, data, "sha256")


def _damaged(place: str) -> Unavailable:
    return Unavailable(
        "seal.damaged",
        "A secret in the database is not as it was sealed: {where}.",
        "Set it up anew: reset the second factor of that person, or give that webhook a new secret.",
        data={"where": place.partition(" ")[0]},
    )
