"""Words to look for, as both databases' indexes of words take them. No IO."""

from __future__ import annotations

import re

MOST_WORDS = 12
_WORD = re.compile(r"\w+", re.UNICODE)


def words_of(text: str) -> tuple[str, ...]:
    """The words of what was typed, in small letters; punctuation parts them. ё is looked for as written."""
    return tuple(_WORD.findall(text.casefold().replace("_", " "))[:MOST_WORDS])


def as_fts5(words: tuple[str, ...]) -> str:
    """All of them, each as the beginning of a word: `"масл"* "фільтр"*`."""
    return " ".join(f'"{word}"*' for word in words)


def as_tsquery(words: tuple[str, ...]) -> str:
    """The same for PostgreSQL: `'масл':* & 'фільтр':*`."""
    return " & ".join(f"'{word}':*" for word in words)


def says(text: str, words: tuple[str, ...]) -> bool:
    """Whether all of them stand in the text, each as the beginning of a word."""
    found = set(_WORD.findall(text.casefold().replace("_", " ")))
    return all(any(one.startswith(word) for one in found) for word in words)


def around(text: str, words: tuple[str, ...], before: int = 60) -> str:
    """The text from a little before the first of the words on."""
    places = [one.start() for one in _WORD.finditer(text) if one.group().casefold().startswith(words)]
    begin = max(0, min(places, default=0) - before)
    return text if not begin else "… " + text[begin:].split(" ", 1)[-1]
