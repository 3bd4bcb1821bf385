"""STOP and START in the shop's languages: whole messages by a table, never a word inside a sentence."""

from __future__ import annotations

import unicodedata

from hub.modules.consents.views import Word

_STOP = (
    "stop", "stop please", "please stop", "stop sms", "stop messages", "stop it", "unsubscribe",
    "unsubscribe me", "opt out", "optout", "opt-out", "revoke", "no more messages", "remove me",
    "стоп", "стоп пожалуйста", "пожалуйста стоп", "стоп смс", "стоп рассылка", "отписаться", "отписка",
    "отпишите", "отпишите меня", "отписать", "не пишите", "не пишите мне", "не присылайте",
    "прекратите",
    "стоп будь ласка", "будь ласка стоп", "стоп розсилка", "відписатися", "відписатись", "відписка",
    "відпишіть", "відпишіть мене", "не пишіть", "не пишіть мені", "не надсилайте", "припиніть",
)  # fmt: skip
_STOP_ALL = (
    "stopall", "stop all", "stop everything", "block", "block all",
    "стоп все", "стопвсе", "заблокировать", "отписаться от всего",
    "стоп усе", "стопусе", "стоп всі", "заблокувати", "відписатися від усього",
)  # fmt: skip
_START = (
    "start", "unstop", "start please", "subscribe", "resume", "opt in", "optin", "opt-in",
    "старт", "подписаться", "возобновить", "підписатися", "підписатись", "відновити",
)  # fmt: skip
_BY_SMS_ONLY: dict[str, Word] = {"cancel": "stop", "end": "stop", "quit": "stop", "yes": "start"}
"""Standard words of the provider of SMS; in a chat they answer a question or cancel a booking."""
_LOOK_ALIKE = str.maketrans("авеєікмнорстухѕјԁԛԝҳαικορτυχ0", "abeeikmhopctyxsjdqwxaikoptyxo")
LONGEST = 60


def _plain(text: str) -> str:
    """Small letters of one alphabet, single spaces, no signs: `＂Ｓｔｏｐ！＂` is `stop`. What only looks
    alike is alike; `ст` of both alphabets fall together, in the table as in a message."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = unicodedata.normalize("NFKC", "".join(c for c in folded if unicodedata.category(c) != "Cf"))
    words = "".join(c if c.isalnum() else " " for c in letters).split()
    return " ".join(words).translate(_LOOK_ALIKE)


def _table() -> dict[str, Word]:
    rows: tuple[tuple[Word, tuple[str, ...]], ...] = (
        ("stop", _STOP), ("stop_all", _STOP_ALL), ("start", _START),
    )  # fmt: skip
    return {_plain(word): kind for kind, words in rows for word in words}


TABLE = _table()
SMS_TABLE = {**TABLE, **{_plain(word): kind for word, kind in _BY_SMS_ONLY.items()}}


def word_of(text: str, channel: str) -> Word | None:
    """What a whole message asks for; None: it is no such word. `/start` is how a messenger opens a chat."""
    if len(text) > LONGEST:
        return None
    found = (SMS_TABLE if channel == "sms" else TABLE).get(_plain(text))
    return None if found == "start" and text.lstrip().startswith("/") else found
