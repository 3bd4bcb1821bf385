"""What kind of sound a file holds, and how much of it, whatever its header says."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass, replace
from typing import BinaryIO

_CODECS = {
    1: "pcm",
    3: "float",
    6: "pcm_alaw",
    7: "pcm_mulaw",
    0x31: "gsm",
    0x55: "mp3",
    0xFFFE: "extensible",
}
_WHOLE_FRAMES = {0x31: 65}
"""Bytes of a block where the header of old writers does not say."""
_MOST_CHUNKS = 200
HEADER = 44
RAW = {
    ".ulaw": ("pcm_mulaw", 8000, 1), ".mulaw": ("pcm_mulaw", 8000, 1), ".pcm": ("pcm_mulaw", 8000, 1),
    ".alaw": ("pcm_alaw", 8000, 1), ".al": ("pcm_alaw", 8000, 1), ".ul": ("pcm_mulaw", 8000, 1),
    ".sln": ("pcm_s16le", 8000, 2), ".raw": ("pcm_s16le", 8000, 2), ".sln16": ("pcm_s16le", 16000, 2),
    ".sln48": ("pcm_s16le", 48000, 2),
}  # fmt: skip
"""Formats of Asterisk that have no header: codec, rate, bytes of a sample."""
FOREIGN = {
    b"OggS": ("ogg", ".ogg"),
    b"fLaC": ("flac", ".flac"),
    b"ID3\x03": ("mp3", ".mp3"),
    b"ID3\x04": ("mp3", ".mp3"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """`kind` is `wav`, `raw` or what ffmpeg has to read (`ogg`, `mp3`, `flac`, `gsm`); `data_at` and
    `data_size` are where the sound lies (wav, raw), whole frames of `block` bytes only. `header_is_wrong`:
    its lengths must be written anew before anybody can play it."""

    kind: str
    suffix: str
    codec: str
    channels: int
    rate: int
    width: int
    block: int
    data_at: int
    data_size: int
    header_is_wrong: bool = False
    is_truncated: bool = False

    @property
    def seconds(self) -> float:
        """How long it plays, for what we can count ourselves."""
        return self.data_size / self.block / self.rate if self.block and self.rate else 0.0

    @property
    def is_linear(self) -> bool:
        """Whether we can count its samples without ffmpeg."""
        return self.codec in ("pcm_s16le", "pcm_u8", "pcm_alaw", "pcm_mulaw")


class NotSound(ValueError):
    """The file is of no kind that we know; `code` says what it is."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def look_at(file: BinaryIO, name: str) -> Container:
    """What it is. Raises NotSound. An empty file is sound of no length."""
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    head = file.read(12)
    suffix = os.path.splitext(name)[1].lower()
    if not head:
        return Container(
            kind="wav",
            suffix=".wav",
            codec="pcm_s16le",
            channels=1,
            rate=8000,
            width=2,
            block=2,
            data_at=0,
            data_size=0,
        )
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return _wav(file, size, is_long=head[:4] == b"RF64")
    if head[:4] in FOREIGN or (head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and suffix == ".mp3"):
        kind, ending = FOREIGN.get(head[:4], ("mp3", ".mp3"))
        return _foreign(kind, ending, size)
    if suffix == ".gsm" and head[0] >> 4 == 0xD:
        return _foreign("gsm", ".gsm", size)
    if suffix in RAW:
        codec, rate, width = RAW[suffix]
        return Container(
            kind="raw", suffix=suffix, codec=codec, channels=1, rate=rate, width=width, block=width,
            data_at=0, data_size=size - size % width, is_truncated=size % width != 0,
        )  # fmt: skip
    raise NotSound("foreign_format" if suffix not in (".wav", ".wav49") else "no_header")


def _foreign(kind: str, suffix: str, size: int) -> Container:
    return Container(
        kind=kind, suffix=suffix, codec=kind, channels=1, rate=0, width=0, block=0, data_at=0, data_size=size
    )


def _wav(file: BinaryIO, size: int, *, is_long: bool) -> Container:
    form: Container | None = None
    long_data: int | None = None
    at = 12
    for _ in range(_MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            break
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if name == b"ds64" and length >= 28:
            body = file.read(28)
            long_data = int.from_bytes(body[8:16], "little") if len(body) == 28 else None
        elif name == b"fmt " and length >= 14:
            form = _format(file.read(min(length, 40)))
        elif name == b"data":
            if form is None:
                raise NotSound("no_header")
            said = long_data if is_long and length == 0xFFFFFFFF and long_data is not None else length
            return _measured(file, form, at + 8, said, size, is_long=is_long)
        at += 8 + length + (length & 1)
    if form is None:
        raise NotSound("no_header")
    return replace(form, data_at=size, data_size=0, header_is_wrong=True)


def _format(body: bytes) -> Container:
    if len(body) < 14:
        raise NotSound("no_header")
    tag, channels, rate, _, block = struct.unpack_from("<HHIIH", body)
    bits = struct.unpack_from("<H", body, 14)[0] if len(body) >= 16 else 8
    if tag == 0xFFFE and len(body) >= 26:
        tag = struct.unpack_from("<H", body, 24)[0]
    codec = _CODECS.get(tag)
    if codec == "pcm":
        codec = {8: "pcm_u8", 16: "pcm_s16le", 24: "pcm_s24le", 32: "pcm_s32le"}.get(bits)
    if codec is None or not 1 <= channels <= 8 or not 4000 <= rate <= 192_000:
        raise NotSound("foreign_codec")
    width = max(1, bits // 8)
    block = _WHOLE_FRAMES.get(tag) or (channels * width if codec.startswith("pcm") else max(1, block))
    return Container(
        kind="wav", suffix=".wav", codec=codec, channels=channels, rate=rate, width=width, block=block,
        data_at=0, data_size=0,
    )  # fmt: skip


def _measured(file: BinaryIO, form: Container, at: int, said: int, size: int, *, is_long: bool) -> Container:
    """The header's word counts only where the file bears it out: a killed PBX leaves 0, a cut file promises
    more than there is, and behind the sound other chunks may stand."""
    there = max(0, size - at)
    is_promised = said > there and said not in (0xFFFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF)
    length = (
        said
        if said <= there and (said == there or _chunk_follows(file, at + said + (said & 1), size))
        else there
    )
    if said == 0 and there and _chunk_follows(file, at, size):
        length = 0
    whole = length - length % form.block
    file.seek(4)
    riff = int.from_bytes(file.read(4), "little")
    is_wrong = said != whole or is_long or riff + 8 < at + whole
    return replace(
        form, data_at=at, data_size=whole, header_is_wrong=is_wrong and whole > 0,
        is_truncated=is_promised or length != whole,
    )  # fmt: skip


def _chunk_follows(file: BinaryIO, at: int, size: int) -> bool:
    """Whether what stands there can only be another chunk up to the end of the file."""
    for _ in range(_MOST_CHUNKS):
        if at >= size - 1:
            return at <= size + 1
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head[:4] not in _KNOWN_CHUNKS:
            return False
        length = int.from_bytes(head[4:], "little")
        at += 8 + length + (length & 1)
    return False


_KNOWN_CHUNKS = frozenset(
    {b"LIST", b"fact", b"bext", b"cue ", b"id3 ", b"ID3 ", b"PEAK", b"JUNK", b"FLLR", b"PAD "}
)


def wav_header(form: Container) -> bytes:
    """The 44 bytes that say what it is; for codecs that need no more."""
    tag = {"pcm_alaw": 6, "pcm_mulaw": 7}.get(form.codec, 1)
    body = struct.pack(
        "<HHIIHH", tag, form.channels, form.rate, form.rate * form.block, form.block, form.width * 8
    )
    size = form.data_size
    if size > 0xFFFFFFFF - 64:
        raise NotSound("too_big")
    return b"".join((
        b"RIFF", struct.pack("<I", 36 + size + (size & 1)), b"WAVEfmt ", struct.pack("<I", 16), body,
        b"data", struct.pack("<I", size),
    ))  # fmt: skip
