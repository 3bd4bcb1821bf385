"""One AMI message: an ordered list of headers, decoded only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Kind = Literal["event", "response", "other"]


class Message:
    """A frame between two blank lines. `kind` is told by its FIRST header (an OriginateResponse is
    an event that carries a `Response:` header), `name` is that header's value."""

    __slots__ = ("_first", "_more", "_text", "kind", "name", "raw")

    def __init__(self, kind: Kind, name: str, raw: bytes) -> None:
        self.kind: Kind = kind
        self.name = name
        self.raw = raw
        self._text: str | None = None
        self._first: dict[str, str] | None = None
        self._more: dict[str, list[str]] | None = None

    @classmethod
    def of(cls, name: str, headers: Mapping[str, str] | None = None, /, **more: str) -> Message:
        """An event from plain text, for scenario tables and tests."""
        pairs = {**(headers or {}), **more}
        lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in pairs.items())]
        return cls("event", name, "\r\n".join(lines).encode())

    def get(self, header: str, default: str = "") -> str:
        """The first value of a header (names compare without case), or the default."""
        if self._first is None:
            # Most messages are asked for a few headers out of two dozen, as the PBX writes them.
            text = self._text
            if text is None:
                text = self._text = _text(self.raw)
            mark = f"\n{header}:"
            at = text.find(mark)
            if at >= 0:
                at += len(mark)
                end = text.find("\n", at)
                return (text[at:end] if end >= 0 else text[at:]).strip()
        return self._parsed().get(header.lower(), default)

    def all(self, header: str) -> list[str]:
        """Every value of a repeated header (`Output`, `Variable`, `ChanVariable`), in order."""
        first, key = self._parsed(), header.lower()
        if self._more is not None and key in self._more:
            return list(self._more[key])
        return [first[key]] if key in first else []

    def headers(self) -> dict[str, list[str]]:
        """All headers, names in lower case."""
        return {name: self.all(name) for name in self._parsed()}

    def _parsed(self) -> dict[str, str]:
        if self._first is not None:
            return self._first
        first: dict[str, str] = {}
        for line in _text(self.raw).split("\n"):
            name, colon, value = line.partition(":")
            if not colon:
                continue
            name, value = name.strip().lower(), value.strip()
            if name not in first:
                first[name] = value
                continue
            if self._more is None:
                self._more = {}
            self._more.setdefault(name, [first[name]]).append(value)
        self._first = first
        return first

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


def _text(raw: bytes) -> str:
    """Decoded at one stroke where the whole message is UTF-8, else header by header: one name in
    another encoding must not spoil the others. Lines end in LF alone: U+2028 and U+0085 are text."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return "\n".join([decode(line) for line in raw.split(b"\n")])
    return text.replace("\0", "\ufffd")


def decode(value: bytes) -> str:
    """UTF-8, else cp1251 (old PBXes of our market), each byte kept where that fails too. NUL becomes
    U+FFFD, for no database keeps it in a text."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("cp1251", errors="backslashreplace")
    return text.replace("\0", "\ufffd")
