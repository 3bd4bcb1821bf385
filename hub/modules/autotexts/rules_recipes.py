"""Rules that are ready to be switched on: texts for clients in the languages of the shop."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hub.modules.autotexts.rules_yearly import BIRTHDAY, SEASON
from hub.modules.autotexts.views import Conditions, RuleEntry

TEXT_BACK = "text_back"
"""The text to whoever rang in vain."""

RECIPES: Mapping[str, RuleEntry] = MappingProxyType({
    TEXT_BACK: RuleEntry(
        recipe=TEXT_BACK, trigger="call.missed", title="A text to whoever rang in vain", delay_seconds=15,
        stale_minutes=120, pause_hours=24, conditions=Conditions(),
        texts={
            "uk": "Вітаємо! Це {shop}. Бачимо ваш дзвінок і скоро передзвонимо."
                  " [Зручніше написати? {link}]",
            "ru": "Здравствуйте! Это {shop}. Видим ваш звонок и скоро перезвоним."
                  " [Удобнее написать? {link}]",
            "en": "Hello! This is {shop}. We saw your call and will ring you back soon."
                  " [Prefer to write? {link}]",
        },
    ),
    "unreached": RuleEntry(
        recipe="unreached", trigger="callback.unreached", title="We could not reach you", delay_seconds=60,
        stale_minutes=240, pause_hours=24,
        texts={
            "uk": "Це {shop}. Ми вам передзвонювали, але не змогли з’єднатися."
                  " Наш номер: {phone}. [Або напишіть: {link}]",
            "ru": "Это {shop}. Мы вам перезванивали, но не смогли соединиться."
                  " Наш номер: {phone}. [Или напишите: {link}]",
            "en": "This is {shop}. We rang you back but could not reach you."
                  " Our number: {phone}. [Or write to us: {link}]",
        },
    ),
    "closed_letter": RuleEntry(
        recipe="closed_letter", trigger="message.arrived", title="An answer while we are closed",
        delay_seconds=10, stale_minutes=60, pause_hours=12, conditions=Conditions(hours="closed"),
        texts={
            "uk": "Дякуємо, ми отримали ваше повідомлення. Зараз зачинено[, працюємо: {hours}]."
                  " Відповімо, щойно відкриємось. {shop}",
            "ru": "Спасибо, мы получили ваше сообщение. Сейчас закрыто[, работаем: {hours}]."
                  " Ответим, как только откроемся. {shop}",
            "en": "Thank you, we have your message. We are closed now[, our hours: {hours}]."
                  " We answer as soon as we open. {shop}",
        },
    ),
    "new_caller": RuleEntry(
        recipe="new_caller", trigger="call.answered", title="Our address to a new caller", delay_seconds=60,
        stale_minutes=180, pause_hours=24 * 30, conditions=Conditions(who="new", way="inbound"),
        texts={
            "uk": "Дякуємо за дзвінок! {shop}: {address}. [Карта: {map}] [Працюємо: {hours}.] [Чат: {link}]",
            "ru": "Спасибо за звонок! {shop}: {address}. [Карта: {map}] [Работаем: {hours}.] [Чат: {link}]",
            "en": "Thank you for your call! {shop}: {address}. [Map: {map}] [Hours: {hours}.] [Chat: {link}]",
        },
    ),
    "scored_low": RuleEntry(
        recipe="scored_low", trigger="recording.scored_low", title="An apology after a bad talk",
        delay_seconds=1800, stale_minutes=24 * 60, pause_hours=24 * 30,
        texts={
            "uk": "Це {shop}. Перепрошуємо: наша розмова вийшла не такою, як мала бути."
                  " Якщо щось не вирішено, дзвоніть: {phone}[ або пишіть: {link}]",
            "ru": "Это {shop}. Извините: наш разговор получился не таким, как должен был."
                  " Если что-то не решено, звоните: {phone}[ или пишите: {link}]",
            "en": "This is {shop}. We are sorry: our talk was not what it should have been."
                  " If anything is still open, call {phone}[ or write: {link}]",
        },
    ),
    "birthday": RuleEntry(
        recipe="birthday", trigger=BIRTHDAY, title="Happy birthday", purpose="marketing",
        stale_minutes=600, pause_hours=24 * 300,
        texts={
            "uk": "[{name}, ]вітаємо з днем народження! {shop} бажає рівних доріг."
                  " Цього тижня діагностика вам – у подарунок.",
            "ru": "[{name}, ]поздравляем с днём рождения! {shop} желает ровных дорог."
                  " На этой неделе диагностика вам – в подарок.",
            "en": "[{name}, ]happy birthday! {shop} wishes you smooth roads."
                  " This week a check of your car is on us.",
        },
    ),
    "season": RuleEntry(
        recipe="season", trigger=SEASON, title="Time for winter tyres", purpose="marketing",
        stale_minutes=3 * 24 * 60, pause_hours=24 * 300, conditions=Conditions(begins="10-15", ends="11-20"),
        texts={
            "uk": "[{name}, ]незабаром заморозки: час на зимові шини[ для {car}]. Запис: {phone}, {shop}.",
            "ru": "[{name}, ]скоро заморозки: пора на зимние шины[ для {car}]. Запись: {phone}, {shop}.",
            "en": "[{name}, ]frost is near: time for winter tyres[ for {car}]. Book: {phone}, {shop}.",
        },
    ),
})  # fmt: skip
