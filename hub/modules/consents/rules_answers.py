"""The one message that confirms a STOP or a START: in the client's language, which is not the admin's."""

from __future__ import annotations

from hub.modules.consents.views import Word

ANSWERS: dict[str, dict[Word, str]] = {
    "en": {
        "stop": "You will get no more advertising from us on any channel. Messages about your own car still "
        "come. START turns it back on, STOPALL ends everything.",
        "stop_all": "You will get no more messages from us at all. START turns them back on.",
        "start": "Welcome back: what you had stopped is on again. STOP ends advertising.",
    },
    "ru": {
        "stop": "Рекламы от нас больше не будет ни по одному каналу. Сообщения о вашем автомобиле приходят "
        "по-прежнему. СТАРТ вернёт рекламу, СТОП ВСЕ отключит все сообщения.",
        "stop_all": "Мы больше не будем вам писать. СТАРТ вернёт сообщения.",
        "start": "С возвращением: то, что вы отключили, снова включено. СТОП отключит рекламу.",
    },
    "uk": {
        "stop": "Реклами від нас більше не буде жодним каналом. Повідомлення про ваш автомобіль надходять "
        "і далі. СТАРТ поверне рекламу, СТОП УСЕ вимкне всі повідомлення.",
        "stop_all": "Ми більше не писатимемо вам. СТАРТ поверне повідомлення.",
        "start": "З поверненням: те, що ви вимкнули, знову ввімкнено. СТОП вимкне рекламу.",
    },
}


def answer_text(word: Word, language: str | None) -> str:
    """In their language, else in English."""
    return ANSWERS.get((language or "")[:2], ANSWERS["en"])[word]
