"""Every text on the screen is there in Russian and Ukrainian, with the same places to fill in."""

from __future__ import annotations

import re
from functools import cache

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from connectors.catalogue import NAMES
from hub.events.catalogue import BY_NAME
from hub.kernel.plans import load_plans
from hub.kernel.texts import Texts
from hub.main import MODULES
from hub.modules.webhooks.titles import AREAS
from hub.modules.webhooks.titles import TITLES as EVENT_TITLES
from tests.contracts.sources import ROOT
from tests.contracts.spoken import in_code, in_connectors, in_manifests, in_refusals, in_templates
from webui.system.connections import TITLES as CONNECTOR_TITLES
from webui.texts import own_folders

PLACES = re.compile(r"\{\w+\}|%\(\w+\)s")
FOLDERS = (
    *(str(path.relative_to(ROOT)) for path in own_folders(ROOT / "webui/locales")),
    "hub/kernel/locales",
    *(str(module.folder.relative_to(ROOT) / "locales") for module in MODULES),
)


def catalogues(language: str) -> list[Catalog]:
    found = []
    for folder in FOLDERS:
        path = ROOT / folder / f"{language}.po"
        if path.exists():
            with path.open("rb") as file:
                found.append(read_po(file, locale=language))
    return found


@cache
def spoken(language: str) -> dict[str, str]:
    """Source text to its translation."""
    known: dict[str, str] = {}
    for catalogue in catalogues(language):
        for message in catalogue:
            sources = message.id if isinstance(message.id, tuple | list) else (message.id,)
            says = message.string if isinstance(message.string, tuple | list) else (message.string,)
            for source in sources:
                if source and all(says) and not message.fuzzy:
                    known[str(source)] = str(says[0])
    return known


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_every_text_on_the_screen_is_translated(language: str) -> None:
    known = spoken(language)
    missing = {
        text: where
        for where, text in (*in_templates(), *in_code(), *in_manifests(MODULES))
        if text not in known
    }
    assert missing == {}


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_why_a_message_did_not_go_out_is_said_in_every_language(language: str) -> None:
    texts = Texts(ROOT / folder for folder in FOLDERS)
    missing = {text: where for where, text in in_refusals() if texts.heard(language, text) == text}
    assert missing == {}


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_what_connectors_say_is_translated_with_its_values_in_it(language: str) -> None:
    texts = Texts([ROOT / folder for folder in FOLDERS])
    untold = {said: where for where, said in in_connectors() if texts.heard(language, said) == said}
    assert untold == {}


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_every_event_has_a_name_on_the_screen_and_each_name_is_translated(language: str) -> None:
    assert set(CONNECTOR_TITLES) <= set(NAMES), "those without are called as their folder is"
    unnamed = [name for name in BY_NAME if name not in EVENT_TITLES or name.partition(".")[0] not in AREAS]
    assert unnamed == []
    titles = {*CONNECTOR_TITLES.values(), *EVENT_TITLES.values(), *AREAS.values()}
    assert titles - set(spoken(language)) == set()


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_a_translation_has_the_places_of_its_source(language: str) -> None:
    wrong = {
        source: text
        for source, text in spoken(language).items()
        if set(PLACES.findall(source)) != set(PLACES.findall(text)) and "%(num)s" not in source
    }
    assert wrong == {}


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_every_function_of_the_price_matrix_is_translated(language: str) -> None:
    plans, known = load_plans(), spoken(language)
    assert {*plans.names.values(), *plans.sections.values()} - set(known) == set()


def test_no_file_of_a_template_has_two_macros_of_one_name() -> None:
    """The later one would silently speak for both."""
    wrong = []
    for folder in ("hub", "recordings", "webui"):
        for path in sorted((ROOT / folder).rglob("*.html")):
            named = re.findall(r"{%-? macro (\w+)\(", path.read_text(encoding="utf-8"))
            wrong += [f"{path.relative_to(ROOT)}: {one}" for one in set(named) if named.count(one) > 1]
    assert wrong == []
