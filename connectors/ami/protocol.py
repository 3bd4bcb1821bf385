"""Framing: bytes of the socket to messages. No IO, never raises, whatever the bytes are.

A message ends with a blank line: CR LF CR LF, or what real PBXes also sent: CR LF LF, LF LF. A raw
LF at the end of a value (`found\\n\\r\\n`) ends nothing. The event's name is looked at before
anything is decoded: most of an unfiltered stream is noise, and noise costs one dictionary look-up.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from connectors.ami.message import Kind, Message

# One pass in C. The look-behind tells the end of a message from a value that ends in a raw LF.
_BLANK_LINE = re.compile(rb"\n(?:\n|\r\n(?<=\r\n\r\n))")
_EVENT_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_FILE_NAMED = b"\nVariable: MIXMONITOR_FILENAME"

# The framer needs these for itself: boot, end of the PBX, and answers that arrive as events.
SESSION_EVENTS = frozenset({"FullyBooted", "Shutdown", "OriginateResponse"})

_VARSET = "VarSet"
_LARGE = 16_384
_KNOWN_NAMES = 2_000


class Framer:
    """Bytes in any chunking in, messages worth having out. Counts what it drops and mends."""

    def __init__(
        self,
        wanted: frozenset[str],
        *,
        max_bytes: int = 1_000_000,
        max_headers: int = 10_000,
        on_oversize: Callable[[int], object] = int,
    ) -> None:
        self.banner = ""
        # While an action awaits rows: rows carry this mark and are kept whatever their name is.
        self.watch: bytes | None = None
        self.read = 0
        self.kept = 0
        self.repaired = 0
        self.oversize = 0
        self.unreadable = 0
        self._wanted = wanted | SESSION_EVENTS
        self._max_bytes = max_bytes
        self._max_headers = max_headers
        self._on_oversize = on_oversize
        self._trusted_size = min(_LARGE, max_headers, max_bytes)
        # First lines as they come by: the event's name, or nothing where nobody wants it.
        self._known: dict[bytes, str] = {}
        self._names: set[str] = set()
        self._rest = b""
        self._large: list[bytes] = []
        self._large_size = 0
        self._tail = b""
        self._is_skipping = False
        self._is_begun = False

    @property
    def names_seen(self) -> frozenset[str]:
        """Every event name that came by, kept or not."""
        return frozenset(self._names)

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete now, in order."""
        if not self._is_begun:
            data = self._without_banner(data)
            if not data:
                return []
        if self._large or self._is_skipping:
            data = self._through_large(data)
            if not data:
                return []
        elif self._rest:
            data = self._rest + data
            self._rest = b""
        frames = _BLANK_LINE.split(data)
        rest = frames.pop()
        if len(rest) > _LARGE:
            self._gather(rest)
        else:
            self._rest = rest
        if not frames:
            return []
        self._count_repaired(data, frames, rest)
        return self._kept(frames)

    def _kept(self, frames: list[bytes]) -> list[Message]:
        """The hot loop: a slice and a look-up for noise, one object for what is wanted."""
        kept: list[Message] = []
        keep, known, trusted_size = kept.append, self._known.get, self._trusted_size
        watch = self.watch
        for frame in frames:
            name = known(frame[: frame.find(b"\r")])
            if name == "" and (watch is None or watch not in frame):
                continue
            if name is _VARSET and _FILE_NAMED not in frame and (watch is None or watch not in frame):
                continue
            if name and len(frame) <= trusted_size:
                keep(Message("event", name, frame))
                continue
            message = self._looked_at(frame)
            if message is not None:
                keep(message)
        self.read += len(frames)
        self.kept += len(kept)
        return kept

    def _looked_at(self, frame: bytes) -> Message | None:
        """The slow way: a new name, a response, or something that needs mending."""
        stripped = frame.lstrip(b"\r\n")
        if len(stripped) != len(frame):
            self.repaired += 1
            frame = stripped
        if len(frame) > self._max_bytes or (
            len(frame) > self._max_headers and frame.count(b"\n") >= self._max_headers
        ):
            self._drop_oversize(len(frame))
            return None
        head, _, _ = frame.partition(b"\n")
        key, colon, value = head.partition(b":")
        if not colon:
            self.unreadable += 1 if frame else 0
            return None
        kind = _kind(key)
        if kind == "response":
            return Message("response", value.strip().decode("ascii", "replace"), frame)
        raw_name = value.strip(b" \t\r")
        if kind != "event" or not _EVENT_NAME.fullmatch(raw_name):
            self.unreadable += 1
            return None
        return self._judged(head, raw_name, frame)

    def _judged(self, head: bytes, raw_name: bytes, frame: bytes) -> Message | None:
        name = raw_name.decode("ascii")
        self._names.add(name)
        is_wanted = name in self._wanted
        if len(self._known) < _KNOWN_NAMES:
            self._known[head.rstrip(b"\r")] = (_VARSET if name == _VARSET else name) if is_wanted else ""
        if name == _VARSET:
            is_wanted = is_wanted and b"MIXMONITOR_FILENAME" in frame
        is_row = self.watch is not None and self.watch in frame
        return Message("event", name, frame) if is_wanted or is_row else None

    def _without_banner(self, data: bytes) -> bytes:
        """The first line, `Asterisk Call Manager/11.0.0`, is no header and has no blank line."""
        data = self._rest + data
        line, newline, after = data.partition(b"\n")
        if not newline and len(data) <= _LARGE:
            self._rest = data
            return b""
        self._rest = b""
        self._is_begun = True
        if newline and b":" not in line:
            self.banner = line.strip().decode("ascii", "replace")[:200]
            return after
        return data

    def _through_large(self, data: bytes) -> bytes:
        """A message that grows beyond one read is gathered in parts, so that a dribbled megabyte
        is not copied for each byte of it; over the limit it is skipped to its end."""
        joined = self._tail + data
        end = _BLANK_LINE.search(joined)
        if end is None:
            self._gather(data)
            return b""
        data = joined[end.end() :] if self._is_skipping else b"".join((*self._large, data))
        self._large, self._large_size, self._tail, self._is_skipping = [], 0, b"", False
        return data

    def _gather(self, data: bytes) -> None:
        self._tail = (self._tail + data[-3:])[-3:]
        if self._is_skipping:
            return
        self._large_size += len(data)
        if self._large_size > self._max_bytes:
            self._drop_oversize(self._large_size)
            self._large, self._is_skipping = [], True
        elif self._large and len(self._large[-1]) < _LARGE:
            self._large[-1] += data
        else:
            self._large.append(data)

    def _drop_oversize(self, size: int) -> None:
        self.oversize += 1
        self._on_oversize(size)

    def _count_repaired(self, data: bytes, frames: list[bytes], rest: bytes) -> None:
        """Every CR LF CR LF leaves 3 bytes between two frames, the mended ends leave 2."""
        ends = len(data) - len(rest) - sum(map(len, frames))
        self.repaired += 3 * len(frames) - ends


def _kind(key: bytes) -> Kind:
    word = key.strip().lower()
    if word == b"event":
        return "event"
    return "response" if word == b"response" else "other"
