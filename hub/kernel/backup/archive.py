"""The outer form of a backup file: a header that can be read at once, then sealed frames to the end.

    PITLINE-BACKUP\\n
    <one line of JSON: Header>\\n
    frames: kind (1 byte: 0 data, 1 last) length (4 bytes, big-endian) payload

The frames together are a zlib stream of whatever was written. With a key each payload is AES-256-GCM,
its number as nonce (the key is of this file alone: scrypt over a salt of its own), header and kind as
associated data: no frame can be changed, dropped, doubled or taken from elsewhere. The last frame holds
the SHA-256 of header and stream, so a file that was cut off or edited is known without a key as well.
Nothing is ever held that is longer than a frame.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hub.errors import Invalid

MAGIC = b"PITLINE-BACKUP\n"
FORMAT = 1
_FRAME = 1 << 20
_LONGEST_HEADER = 1 << 16
_PREFIX = struct.Struct(">BI")
_DATA, _LAST = 0, 1
_KNOWN = b"pitline"
"""What the first frame of a sealed file holds: it tells a wrong key from a damaged file."""
_SCRYPT = {"n": 1 << 15, "r": 8, "p": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What can be known of a backup before it is opened. `database` is `sqlite` or `postgresql`."""

    format: int
    program: str
    schema: str
    database: str
    created_at: str
    salt: str = ""
    """In hex; empty: not encrypted."""

    @property
    def is_encrypted(self) -> bool:
        return bool(self.salt)

    def line(self) -> bytes:
        """As it stands in the file."""
        return json.dumps(asdict(self), sort_keys=True).encode() + b"\n"


def new_salt() -> str:
    """For the key of one file."""
    return os.urandom(16).hex()


class Sealer:
    """Seals and opens frames by their number."""

    def __init__(self, key: bytes, salt: str, header: bytes) -> None:
        derived = Scrypt(salt=bytes.fromhex(salt), length=32, **_SCRYPT).derive(key)
        self._cipher = AESGCM(derived)
        self._header = header

    def seal(self, number: int, kind: int, payload: bytes) -> bytes:
        return self._cipher.encrypt(number.to_bytes(12, "big"), payload, self._header + bytes([kind]))

    def open(self, number: int, kind: int, payload: bytes) -> bytes:
        """Raises InvalidTag."""
        return self._cipher.decrypt(number.to_bytes(12, "big"), payload, self._header + bytes([kind]))


class ArchiveWriter:
    """A file object to write to, once; `finish` makes it whole."""

    def __init__(self, file: IO[bytes], header: Header, key: bytes = b"") -> None:
        line = header.line()
        self._file = file
        self._sealer = Sealer(key, header.salt, line) if header.is_encrypted else None
        self._packer = zlib.compressobj(1)
        self._digest = hashlib.sha256(line)
        self._waiting = bytearray()
        self._number = 0
        file.write(MAGIC + line)
        if self._sealer is not None:
            self._put(_DATA, _KNOWN)

    def write(self, data: bytes) -> int:
        """Any number of bytes."""
        self._take(self._packer.compress(data))
        return len(data)

    def finish(self) -> None:
        """Nothing comes after this; without it the file is refused by every reader."""
        self._take(self._packer.flush())
        if self._waiting:
            self._put(_DATA, bytes(self._waiting))
        self._put(_LAST, self._digest.digest())
        self._file.flush()
        os.fsync(self._file.fileno())

    def _take(self, packed: bytes) -> None:
        self._digest.update(packed)
        self._waiting += packed
        while len(self._waiting) >= _FRAME:
            self._put(_DATA, bytes(self._waiting[:_FRAME]))
            del self._waiting[:_FRAME]

    def _put(self, kind: int, payload: bytes) -> None:
        if self._sealer is not None:
            payload = self._sealer.seal(self._number, kind, payload)
        self._number += 1
        self._file.write(_PREFIX.pack(kind, len(payload)))
        self._file.write(payload)


class ArchiveReader:
    """A file object to read from, once. `read` raises Invalid where the file is not what was written;
    `finish` must follow the last read: only then is it known that nothing is missing."""

    def __init__(self, file: IO[bytes], key: bytes = b"") -> None:
        self._file = file
        self.header, line = read_header(file)
        self._sealer = _sealer_for(self.header, line, key)
        self._unpacker = zlib.decompressobj()
        self._digest = hashlib.sha256(line)
        self._number = 0
        self._frames = self._payloads()
        self._packed = b""
        self._is_over = False
        if self._sealer is not None:
            self._check_key()

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; empty at the end."""
        wanted = size if size >= 0 else 1 << 62
        out = bytearray()
        while len(out) < wanted:
            if not self._packed and not self._is_over:
                self._packed = next(self._frames, b"")
                self._is_over = not self._packed
            try:
                part = self._unpacker.decompress(self._packed, min(wanted - len(out), _FRAME))
            except zlib.error as error:
                raise damaged() from error
            self._packed = self._unpacker.unconsumed_tail
            if not part and self._is_over:
                break
            out += part
        return bytes(out)

    def finish(self) -> None:
        """Read what is left; raises Invalid unless the end is the one that was written."""
        while self.read(_FRAME):
            continue
        if not self._unpacker.eof or self._unpacker.unused_data or self._file.read(1):
            raise damaged()

    def _payloads(self) -> Iterator[bytes]:
        while True:
            kind, payload = self._frame()
            if kind == _LAST:
                if payload != self._digest.digest():
                    raise damaged()
                return
            self._digest.update(payload)
            if payload:
                yield payload

    def _frame(self) -> tuple[int, bytes]:
        prefix = self._file.read(_PREFIX.size)
        if len(prefix) < _PREFIX.size:
            raise cut_off()
        kind, length = _PREFIX.unpack(prefix)
        if kind not in (_DATA, _LAST) or length > _FRAME + 64:
            raise damaged()
        payload = self._file.read(length)
        if len(payload) < length:
            raise cut_off()
        if self._sealer is not None:
            try:
                payload = self._sealer.open(self._number, kind, payload)
            except InvalidTag as error:
                raise damaged() from error
        self._number += 1
        return kind, payload

    def _check_key(self) -> None:
        try:
            kind, payload = self._frame()
        except Invalid as error:
            if error.code == "backup.cut_off":
                raise
            raise _wrong_key() from error
        if (kind, payload) != (_DATA, _KNOWN):
            raise damaged()


def read_header(file: IO[bytes]) -> tuple[Header, bytes]:
    """The header and the bytes of its line. Raises Invalid for what is no backup of ours, and for one
    of another format."""
    if file.read(len(MAGIC)) != MAGIC:
        raise Invalid(
            "backup.no_backup", "This file is no backup of Pitline.", "Name a file that pitline backup wrote."
        )
    line = file.readline(_LONGEST_HEADER)
    try:
        told: Any = json.loads(line)
        number = int(told["format"])
    except (ValueError, KeyError, TypeError) as error:
        raise damaged() from error
    if number != FORMAT:
        raise Invalid(
            "backup.other_format",
            f"This backup has the format {number}; this program reads {FORMAT}.",
            "Use the version of Pitline that wrote it.",
        )
    try:
        header = Header(**told)
        if header.is_encrypted and len(bytes.fromhex(header.salt)) != 16:
            raise damaged()
    except (TypeError, ValueError) as error:
        raise damaged() from error
    return header, line


def damaged() -> Invalid:
    """Some byte is not as it was written."""
    return Invalid(
        "backup.damaged", "This backup is damaged: it is not as it was written.", "Take another backup file."
    )


def cut_off() -> Invalid:
    """The end is missing."""
    return Invalid(
        "backup.cut_off", "This backup is cut off: its end is missing.", "Take another backup file."
    )


def _wrong_key() -> Invalid:
    return Invalid(
        "backup.wrong_key",
        "The key does not open this backup.",
        "Name the key with which it was made: --key-file, or HUB_BACKUP__PASSPHRASE.",
    )


def _sealer_for(header: Header, line: bytes, key: bytes) -> Sealer | None:
    if not header.is_encrypted:
        return None
    if not key:
        raise Invalid(
            "backup.no_key",
            "This backup is encrypted.",
            "Name the key with which it was made: --key-file, or HUB_BACKUP__PASSPHRASE.",
        )
    return Sealer(key, header.salt, line)
