"""Screen texts in English, Russian and Ukrainian: every locales/ folder, compiled in memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES: Mapping[str, str] = {"en": "English", "ru": "Русский", "uk": "Українська"}
_LONGEST_HEARD = 1000
_LEAST_OWN = 5
"""Characters of its own that a text with places has, to be known again: ` of ` stands in too many."""
_PLACE = re.compile(r"\{(\w+)\}")


class Texts:
    """Translates English source texts. A language is learned when it is first spoken."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        self._catalogues: dict[str, Translations] = {}
        self._moulds: dict[str, list[tuple[re.Pattern[str], str]]] = {}

    def learn(self) -> None:
        """All languages, so that nobody waits for it later; in any thread."""
        for language in LANGUAGES:
            self.catalogue(language)

    def catalogue(self, language: str) -> Translations:
        """What Jinja's i18n extension asks for texts."""
        known = self._catalogues.get(language)
        if known is None:
            known = self._catalogues[language] = self._learned(language)
        return known

    def _learned(self, language: str) -> Translations:
        known = Translations()
        for folder in self._folders:
            path = folder / f"{language}.po"
            if path.is_file():
                compiled = _compiled(path, language)
                known.merge(compiled)
                known.plural = compiled.plural  # merge() leaves English's
        return known

    def say(self, language: str, text: str, values: Mapping[str, object] | None = None) -> str:
        """The text in a language, `{name}` filled in; unknown places stay as they are."""
        known = self.catalogue(language) if text and language in LANGUAGES else None
        return fill(known.gettext(text) if known is not None else text, values or {})

    def heard(self, language: str, text: str) -> str:
        """A text that was made elsewhere with its values in it already (a connector's state, a finding):
        the translation of the source text that it was made of, the values translated likewise."""
        said = self.say(language, text)
        if said != text or len(text) > _LONGEST_HEARD:
            return said
        if language not in self._moulds and language in LANGUAGES:
            self._moulds[language] = _moulds(self.catalogue(language))
        for mould, translation in self._moulds.get(language, ()):
            found = mould.fullmatch(text)
            if found is not None:
                return fill(translation, {k: self.heard(language, v) for k, v in found.groupdict().items()})
        return text


def fill(text: str, values: Mapping[str, object]) -> str:
    """Put values in for `{name}`: names only, so that nothing from outside is ever evaluated."""
    return _PLACE.sub(lambda m: str(values[m[1]]) if m[1] in values else m[0], text)


def _moulds(known: Translations) -> list[tuple[re.Pattern[str], str]]:
    """Source texts with places, as patterns that find the values again; those that say most come first."""
    made: list[tuple[int, re.Pattern[str], str]] = []
    for text, said in known._catalog.items():
        if not isinstance(text, str) or not said or not _PLACE.search(text):
            continue
        parts = _PLACE.split(text)
        names = parts[1::2]
        own = sum(map(len, parts[::2]))
        if len(set(names)) == len(names) and own >= _LEAST_OWN:
            body = "".join(f"(?P<{p}>.+?)" if i % 2 else re.escape(p) for i, p in enumerate(parts))
            made.append((own, re.compile(body, re.DOTALL), str(said)))
    return [(mould, said) for _, mould, said in sorted(made, key=lambda one: -one[0])]


@cache
def _compiled(path: Path, language: str) -> Translations:
    buffer = BytesIO()
    with path.open("rb") as file:
        write_mo(buffer, read_po(file, locale=language))
    buffer.seek(0)
    return Translations(buffer)
