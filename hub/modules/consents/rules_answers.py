"""The one message that confirms a STOP or a START; said in the client's language, not the admin's."""

from __future__ import annotations

from collections.abc import Mapping

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


QUESTIONS: Mapping[str, str] = {
    "uk": "Ви згодні отримувати від нас новини й пропозиції повідомленнями? Припинити можна будь-коли."
    " {shop}",
    "ru": "Вы согласны получать от нас новости и предложения сообщениями? Прекратить можно в любой момент."
    " {shop}",
    "en": "Do you agree to get news and offers from us by messages? You can end that at any time. {shop}",
}
"""What the link of a consent asks."""


def question_text(language: str | None, shop_language: str, shop: str) -> str:
    """In their language, else the shop's."""
    said = QUESTIONS.get(language or shop_language) or QUESTIONS.get(shop_language) or QUESTIONS["uk"]
    return said.replace("{shop}", shop)
