"""Speech to text: who turns a recording into words with their times. None, unless the owner sets one up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenWord:
    """A word as it was understood: from when to when (seconds), on which channel."""

    text: str
    begin: float
    end: float
    channel: int


class SpeechToText(Protocol):
    """An engine. Raises Unavailable (`speech.away`) while it cannot be used."""

    def transcribe(self, sound: Path) -> Sequence[SpokenWord]:
        """The words of a file of sound, in the order of their beginning. It blocks, for long: call it in a
        thread."""
        ...
