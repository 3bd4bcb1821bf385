"""The one message that confirms a STOP or a START; said in the client's language, not the admin's."""

from __future__ import annotations

from hub.modules.consents.views import Word

LEAVE = {"uk": "Не писати мені:", "ru": "Не писать мне:", "en": "Stop messages:"}
"""The words before the link that ends advertising, in the client's language."""

_ANSWERS: dict[Word, str] = {
    "stop": "You will get no more advertising from us on any channel. Messages about your own car still "
    "come. START turns it back on, STOPALL ends everything.",
    "stop_all": "You will get no more messages from us at all. START turns them back on.",
    "start": "Welcome back: what you had stopped is on again. STOP ends advertising.",
}


def answer_text(word: Word) -> str:
    """The source text (hub.kernel.texts)."""
    return _ANSWERS[word]
