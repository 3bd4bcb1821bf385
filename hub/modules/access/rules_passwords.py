"""What a password must be: long enough, and not one that everybody tries first (NIST SP 800-63B: no
rules about letters and digits)."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 256

TOO_SHORT = "Use at least 10 characters; several words are best."
TOO_LONG = "Use at most 256 characters."
TOO_COMMON = "This password is too easy to guess."

_OURS = frozenset((
    "yourpassword", "secure", "login", "user", "administrator", "root", "superuser", "manager", "owner",
    "shop", "service", "autoservice", "garage", "pitline", "asterisk", "freepbx", "office", "work",
    "worker", "company", "testtest", "guest", "letmeinplease", "basketball", "michael", "jennifer",
    "ashley", "andrew", "daniel", "jessica", "thomas", "robert", "nicole", "matthew", "android", "facebook",
    "instagram", "youtube", "skoda", "octavia", "bmw", "nothing", "autumn", "january", "february",
    "september", "october", "november", "december", "goodbye", "chocolate", "zxczxc", "qwe", "asd", "abc",
    "abcd", "abcdef", "abcdefgh", "abcabc", "aaa", "пароль", "парольпароль", "мойпароль", "секрет", "админ",
    "админка", "администратор", "директор", "хозяин", "мастер", "механик", "сервис", "автосервис", "сто",
    "гараж", "работа", "офис", "тест", "привет", "приветик", "любовь", "люблю", "ялюблютебя", "моялюбовь",
    "солнышко", "солнце", "котик", "зайка", "наташа", "сергей", "александр", "андрей", "дмитрий", "алексей",
    "максим", "екатерина", "анастасия", "марина", "йцукен", "йцукенг", "йцукенгш", "йцукенгшщз", "фывапр",
    "фыва", "ячсмить", "россия", "москва", "одесса", "киев", "спартак", "динамо", "зенит", "україна",
    "українець", "славаукраїні", "київ", "львів", "харків", "одеса", "дніпро", "кохання", "коханий",
    "сонечко", "мама", "мамочка", "тато", "господар", "власник", "майстер", "механік", "робота", "привіт",
    "ukraine", "slavaukraini", "kyiv", "kiev", "odesa", "kharkiv", "lviv", "dnipro",
))  # fmt: skip
"""Words of this trade, this program and these languages, which that list lacks."""
_WALKS = (
    "01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb",
    "1q2w3e4r5t6y7u8i9o0p", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю",
    "йфяцычувскамепинртгоь",
)  # fmt: skip
_LEET = str.maketrans("@4301$5", "aaeoiss")


@cache
def tried_first() -> frozenset[str]:
    """The 30,000 commonest passwords, as zxcvbn brings them: read when the first password is chosen, since
    few processes ever need them."""
    return frozenset(import_module("zxcvbn.frequency_lists").FREQUENCY_LISTS["passwords"])


def password_fault(password: str, login: str, name: str = "") -> str | None:
    """What is wrong with a new password (an English source text), or None."""
    if len(password) < SHORTEST_PASSWORD:
        return TOO_SHORT
    if len(password) > LONGEST_PASSWORD:
        return TOO_LONG
    return TOO_COMMON if is_common(password, [login, *name.split()]) else None


def is_common(password: str, own_words: list[str]) -> bool:
    """Whether it is a word that everybody tries (also with digits around it or in place of letters), the
    person's own name, the same few characters again and again, or a walk over the keyboard."""
    text = password.casefold()
    bare = re.sub(r"[\W\d_]+$|^[\W\d_]+", "", text)
    own = {word.casefold() for word in own_words if len(word) > 2}
    shapes = {text, bare, bare.translate(_LEET), re.sub(r"[\W\d_]", "", text)}
    is_known = not shapes.isdisjoint(_OURS | own) or not shapes.isdisjoint(tried_first())
    return is_known or _is_repeated(text) or _is_walk(text) or not (bare or len(set(text)) > 4)


def _is_repeated(text: str) -> bool:
    """`abcabcabcabc`: one piece of up to a third of the length, over and over."""
    pieces = range(1, max(2, len(text) // 3 + 1))
    return any((text[:n] * len(text))[: len(text)] == text for n in pieces)


def _is_walk(text: str) -> bool:
    """`qwertyuiop12`: the longest way along a row or the alphabet leaves hardly anything."""
    longest = 0
    for row in (*_WALKS, *(row[::-1] for row in _WALKS)):
        for start in range(len(text)):
            length = longest
            while start + length < len(text) and text[start : start + length + 1] in row:
                length += 1
            longest = max(longest, length)
    return longest >= 5 and len(text) - longest <= 3
