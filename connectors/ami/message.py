"""One AMI message: an ordered list of headers, decoded only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Kind = Literal["event", "response", "other"]


class Message:
    """A frame between two blank lines. `kind` is told by its FIRST header (an OriginateResponse is
    an event that carries a `Response:` header), `name` is that header's value."""

    __slots__ = ("_headers", "kind", "name", "raw")

    def __init__(self, kind: Kind, name: str, raw: bytes) -> None:
        self.kind: Kind = kind
        self.name = name
        self.raw = raw
        self._headers: dict[str, list[str]] | None = None

    @classmethod
    def of(cls, name: str, headers: Mapping[str, str] | None = None, /, **more: str) -> Message:
        """An event from plain text, for scenario tables and tests."""
        pairs = {**(headers or {}), **more}
        lines = [f"Event: {name}", *(f"{key}: {value}" for key, value in pairs.items())]
        return cls("event", name, "\r\n".join(lines).encode())

    def get(self, header: str, default: str = "") -> str:
        """The first value of a header (names compare without case), or the default."""
        values = self._parsed().get(header.lower())
        return values[0] if values else default

    def all(self, header: str) -> list[str]:
        """Every value of a repeated header (`Output`, `Variable`, `ChanVariable`), in order."""
        return list(self._parsed().get(header.lower(), ()))

    def headers(self) -> dict[str, list[str]]:
        """All headers, names in lower case."""
        return self._parsed()

    def _parsed(self) -> dict[str, list[str]]:
        if self._headers is None:
            parsed: dict[str, list[str]] = {}
            for line in self.raw.split(b"\n"):
                name, colon, value = line.rstrip(b"\r").partition(b":")
                if colon:
                    parsed.setdefault(decode(name).strip().lower(), []).append(decode(value).strip())
            self._headers = parsed
        return self._headers

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"


def decode(value: bytes) -> str:
    """UTF-8, else cp1251 (old PBXes of our market), each byte kept where that fails too."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1251", errors="backslashreplace")
