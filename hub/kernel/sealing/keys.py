"""The keys that secrets are sealed with, and where they are kept: in a file beside the data, or in the
settings. Newest first; older ones open what was sealed with them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import make_url

from hub.errors import Invalid, Unavailable
from hub.settings import Settings

KEY_BYTES = 32
_MOST_KEYS = 100
_HEAD = (
    "# Pitline's sealing keys, newest first. Without them nobody can read the second factors and webhook\n"
    "# secrets in the database. Keep a copy apart from the database and its backups.\n"
)


@dataclass(frozen=True, slots=True)
class Key:
    """256 bits; `id` tells keys apart and gives nothing away."""

    raw: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return hashlib.sha256(b"pitline sealing key " + self.raw).hexdigest()[:16]

    def text(self) -> str:
        """As it stands in the file and in the setting."""
        return base64.urlsafe_b64encode(self.raw).decode()


def new_key() -> Key:
    """One that nobody has."""
    return Key(secrets.token_bytes(KEY_BYTES))


def parse_keys(text: str, where: str) -> tuple[Key, ...]:
    """One a line or by commas; lines that begin with # say nothing. Raises Invalid for what is no key,
    without showing it."""
    found: list[Key] = []
    plain = " ".join(line for line in text.splitlines() if not line.startswith("#"))
    for number, item in enumerate(re.split(r"[\s,]+", plain.strip(" ,")) if plain.strip(" ,") else [], 1):
        try:
            raw = base64.b64decode(item, altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raw = b""
        if len(raw) != KEY_BYTES or number > _MOST_KEYS:
            raise Invalid(
                "seal.bad_key",
                f"The key number {number} in {where} is none: one has 44 characters (pitline seal key).",
                "Put the file back as it was, from the copy that you keep.",
            )
        found.append(Key(raw))
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class KeyStore:
    """Where the keys of this process are. `path` None: in the settings, which we cannot write."""

    path: Path | None
    given: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        """In a person's words."""
        return "HUB_SEALING__KEYS" if self.path is None else str(self.path)

    def load(self) -> tuple[Key, ...]:
        """Newest first; none where there is no file. Raises Invalid, Unavailable."""
        if self.path is None:
            return parse_keys(self.given, self.where)
        try:
            text = self.path.read_text(encoding="ascii")
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(
                "seal.file",
                f"The key file {self.path} cannot be read: {getattr(error, 'strerror', '') or 'no text'}.",
                "Give the user that Pitline runs as the right to read it, or put it back from your copy.",
            ) from error
        return parse_keys(text, self.where)

    def create(self) -> tuple[Key, ...]:
        """The first key, unless another process was faster: then its."""
        if self.path is not None and not self.load():
            self._write((new_key(),), may_replace=False)
        return self.load()

    def add(self, keys: Sequence[Key], *, first: bool) -> None:
        """Put what is missing before or behind what is there. Raises Unavailable where keys are given by
        the settings."""
        if self.path is None:
            raise Unavailable(
                "seal.given",
                "The keys are given by HUB_SEALING__KEYS, which Pitline cannot write.",
                "Put the new key first in it, in every process, and start them anew.",
            )
        present = self.load()
        fresh = tuple(key for key in keys if key not in present)
        if fresh:
            self._write((*fresh, *present) if first else (*present, *fresh), may_replace=True)

    def is_open_to_others(self) -> bool:
        """Whether other users of the machine may read the file."""
        try:
            return self.path is not None and bool(self.path.stat().st_mode & 0o077)
        except OSError:
            return False

    def _write(self, keys: Sequence[Key], *, may_replace: bool) -> None:
        assert self.path is not None
        part = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(written(keys))
                file.flush()
                os.fsync(file.fileno())
            self._place(part, may_replace=may_replace)
        except OSError as error:
            raise Unavailable(
                "seal.file",
                f"The key file {self.path} cannot be written: {error.strerror or error}.",
                "Check the folder and its rights, or name another file in HUB_SEALING__KEY_FILE.",
            ) from error
        finally:
            part.unlink(missing_ok=True)

    def _place(self, part: Path, *, may_replace: bool) -> None:
        assert self.path is not None
        if may_replace:
            part.replace(self.path)
        else:
            try:
                os.link(part, self.path)
            except FileExistsError:
                return
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def written(keys: Sequence[Key]) -> str:
    """As it stands in the file."""
    return _HEAD + "".join(f"{key.text()}\n" for key in keys)


def store_of(settings: Settings) -> KeyStore:
    """Beside SQLite's file; of a server's database in `var`, unless the settings say otherwise."""
    if settings.sealing.keys:
        return KeyStore(None, settings.sealing.keys.value)
    if settings.sealing.key_file:
        return KeyStore(Path(settings.sealing.key_file))
    if settings.database.url.startswith("sqlite"):
        path = Path(make_url(settings.database.url).database or "var/pitline.db")
        return KeyStore(path.with_name(path.name + ".key"))
    return KeyStore(Path("var/pitline.key"))
