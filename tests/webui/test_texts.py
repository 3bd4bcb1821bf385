"""Every text that a person may read is there in Russian and Ukrainian."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from markupsafe import Markup

from hub.kernel.texts import Texts, fill
from hub.main import MODULES
from tests.patience import within
from tests.webui.extraction import ROOT, texts_of
from tests.webui.stage import Shop
from webui.app import SITE
from webui.request import ROLE_NAMES
from webui.texts import accepted_language, own_folders

FOLDERS = ("webui", "hub/kernel", *(str(module.folder.relative_to(ROOT)) for module in MODULES))
TEXTS = Texts([*own_folders(ROOT / "webui/locales"), *(module.folder / "locales" for module in MODULES)])


def _known(language: str) -> set[str]:
    return {
        text if isinstance(text, str) else text[0]
        for text, said in TEXTS.catalogue(language)._catalog.items()  # type: ignore[attr-defined]
        if said
    }


@pytest.mark.parametrize("language", ["ru", "uk"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_nothing_is_left_in_english(folder: str, language: str) -> None:
    known = _known(language)
    missing = {text: where for text, where in texts_of(ROOT / folder).items() if text not in known}
    assert missing == {}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["1 try", "2 tries", "5 tries", "21 tries"]),
        ("uk", ["1 спроба", "2 спроби", "5 спроб", "21 спроба"]),
        ("ru", ["1 попытка", "2 попытки", "5 попыток", "21 попытка"]),
    ],
)
def test_counted_things_are_said_as_the_language_counts(language: str, said: list[str]) -> None:
    catalogue = TEXTS.catalogue(language)
    found = [
        catalogue.ngettext("%(count)s try", "%(count)s tries", count) % {"count": count}
        for count in (1, 2, 5, 21)
    ]
    assert found == said


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_names_of_roles_are_translated(language: str) -> None:
    assert set(ROLE_NAMES.values()) <= _known(language)


def test_the_search_for_texts_finds_them(tmp_path: Path) -> None:
    """Else the tests above could pass by finding nothing."""
    folder = ROOT / "webui"
    found = texts_of(folder)
    for text in (
        "Please sign in.",
        "%(count)s try",
        "Make it ring",
        "Settings",
        "Saved. It counts for calls from now on.",
    ):
        assert text in found
    assert (
        "A request as pages see it (hub.kernel.web.PageRequest), with what our own pages need besides."
        not in found
    )


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_translations_keep_the_places_for_values(language: str) -> None:
    place = re.compile(r"\{\w+\}|%\(\w+\)s")
    for text, said in TEXTS.catalogue(language)._catalog.items():  # type: ignore[attr-defined]
        source = text if isinstance(text, str) else text[0]
        if source:
            assert set(place.findall(source)) == set(place.findall(said)), source


def test_values_are_put_in_by_name_and_nothing_is_evaluated() -> None:
    assert fill("{name} rings {other}", {"name": "{other.__class__}"}) == "{other.__class__} rings {other}"
    assert TEXTS.say("uk", "Extension {extension} belongs to {name}.", {"extension": "101", "name": "Я"}) == (
        "Внутрішній номер 101 належить: Я."
    )


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("uk-UA,uk;q=0.9,en;q=0.8", "uk"),
        ("de,ru;q=0.5,en;q=0.4", "ru"),
        ("en", "en"),
        ("de, fr", "uk"),
        ("", "uk"),
        ("ru;q=0, en;q=0.1", "en"),
    ],
)
def test_a_stranger_is_spoken_to_in_the_language_of_the_browser(header: str, language: str) -> None:
    assert accepted_language(header, "uk") == language


@pytest.mark.sqlite
async def test_what_a_text_is_given_is_escaped_wherever_it_stands(shop: Shop) -> None:
    """`_()` of a text that holds a name, `_()` with values, a block with values: all escape, once."""
    environment = shop.server.app[SITE].renderer._environments["uk"]
    template = environment.from_string(
        "{{ _(text) }}|{{ _('%(n)s zz', n=text) }}|{% trans n=text %}a {{ n }}{% endtrans %}|"
        "{{ _('%(n)s x', n=safe) }}"
    )
    shown = template.render(text="<b>&", safe=Markup("<i>ok</i>"))
    assert shown == "&lt;b&gt;&amp;|&lt;b&gt;&amp; zz|a &lt;b&gt;&amp;|<i>ok</i> x"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("connecting to 10.0.0.5:5038", "підключаємося до 10.0.0.5:5038"),
        (
            "No VarSet event came with the calls so far: recordings are found by their file names only.",
            "З дотеперішніми дзвінками не надійшла подія VarSet: записи знаходяться лише за іменами файлів.",
        ),
        (
            "In manager.conf of the PBX: the read right `call`, and no eventfilter that hides Hangup.",
            "У manager.conf на АТС: право читання `call`, і жодного eventfilter, який приховує Hangup.",
        ),
        ("something that nobody has translated", "something that nobody has translated"),
        ("a part of nobody knows what", "a part of nobody knows what"),
        ("{0.__class__}", "{0.__class__}"),
    ],
)
def test_what_a_connector_says_is_translated_with_its_values(text: str, said: str) -> None:
    assert TEXTS.heard("uk", text) == said


def test_a_hostile_text_costs_no_time() -> None:
    begun = time.perf_counter()
    for text in (" to the PBX: " * 70, "a: " * 330, "(" * 999, "x" * 100_000):
        TEXTS.heard("uk", text)
    assert time.perf_counter() - begun < within(0.5)


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_a_source_text_is_translated_in_one_way_wherever_it_stands(language: str) -> None:
    """All catalogues are one in memory: of two translations the last one would be seen everywhere."""
    folders = [*own_folders(ROOT / "webui/locales"), *(module.folder / "locales" for module in MODULES)]
    said: dict[str, set[str]] = {}
    for folder in folders:
        path = folder / f"{language}.po"
        if path.is_file():
            with path.open("rb") as file:
                for message in read_po(file, locale=language):
                    if isinstance(message.id, str) and message.id and message.string:
                        said.setdefault(message.id, set()).add(str(message.string))
    assert {text: ways for text, ways in said.items() if len(ways) > 1} == {}


def test_a_language_is_read_when_it_is_first_spoken_or_all_at_once_beforehand(tmp_path: Path) -> None:
    late, early = Texts([tmp_path]), Texts([tmp_path])
    file = tmp_path / "uk.po"
    file.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8"\n\nmsgid "Yes"\nmsgstr "Так"\n'
    )
    early.learn()
    assert late.say("uk", "Yes") == "Так"
    file.unlink()
    assert early.say("uk", "Yes") == "Так"
