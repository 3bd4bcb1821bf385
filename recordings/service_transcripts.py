"""What was said, in words with their times: a file of the store beside the sound, and its text in the
library's index of words. It goes when the sound goes. Never commits."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hub.kernel.context import Deps, UnitOfWork
from hub.ports.speech import SpokenWord
from recordings.models import Rendition
from recordings.rules_library import words_of
from recordings.service_shelf import ShelfService
from recordings.store import store_of
from recordings.views import RecordingView

CONTENT_TYPE = "application/json"


class TranscriptService:
    """Keeps and reads transcripts."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._clock = deps.clock
        self._deps = deps
        self._shelf = ShelfService(uow, deps)

    async def of(self, recording: RecordingView) -> tuple[SpokenWord, ...]:
        """In the order of their beginning; nothing where there is none."""
        file = recording.renditions.get("words")
        if file is None or recording.state == "erased":
            return ()
        store = store_of(self._deps)
        data = b"".join([piece async for piece in store.read(file.path, 0, file.size)])
        return tuple(
            SpokenWord(text=text, begin=begin, end=end, channel=channel)
            for text, begin, end, channel in json.loads(data)
        )

    async def keep(
        self, recording: RecordingView, words: Sequence[SpokenWord], *, key: str, size: int, sha256: str
    ) -> None:
        """The file lies in the store; it is found by its words from now on."""
        await self._session.merge(
            Rendition(
                recording_id=recording.id, kind="words", path=key, content_type=CONTENT_TYPE, size=size,
                sha256=sha256, made_at=self._clock.now(),
            )
        )  # fmt: skip
        said = " ".join(word.text for word in words)
        await self._shelf.write(recording.id, "transcript", "words", said)


def packed(words: Sequence[SpokenWord]) -> bytes:
    """As they lie in the store."""
    rows = [(word.text, word.begin, word.end, word.channel) for word in words]
    return json.dumps(rows, ensure_ascii=False).encode()


def first_of(words: Sequence[SpokenWord], looked_for: str) -> float | None:
    """When the first of the words that were looked for is said."""
    wanted = words_of(looked_for)
    return next((w.begin for w in words if any(one.startswith(wanted) for one in words_of(w.text))), None)
