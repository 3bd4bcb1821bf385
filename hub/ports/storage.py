"""Where big files are kept: recordings, attachments. The local folder is the adapter of the first day."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol


class Storage(Protocol):
    """Files by keys of ours (`2026/01/05/<id>.wav`), written once and whole. Raises NotFound for a key that
    is not there, Unavailable (`storage.full`, `storage.away`) while it cannot be used."""

    def workroom(self) -> Path:
        """A folder for files that are not whole yet; what is left there by a kill is swept. It blocks."""
        ...

    def put(self, key: str, source: Path) -> None:
        """Take a file over under this key, durably: when it returns, it is there whole, and `source` is not
        any more. It blocks: call it in a thread."""
        ...

    async def size(self, key: str) -> int:
        """Bytes."""
        ...

    def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """So many bytes from there on, piece by piece; what was opened is read to its end."""
        ...

    def local(self, key: str) -> Path | None:
        """Where programs of this machine can read it, if they can."""
        ...

    def delete(self, key: str) -> None:
        """It is gone; of what is not there, nothing happens. It blocks."""
        ...

    def entries(self) -> Iterator[tuple[str, float]]:
        """Every key with the moment of its making (seconds of the epoch). It blocks."""
        ...

    def free_bytes(self) -> int:
        """How much it can still take. It blocks."""
        ...
