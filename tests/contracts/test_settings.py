"""Every setting stands in the example file with a word about it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields

import pytest

from hub.reading import load, masked, names
from hub.settings import Settings
from tests.contracts.sources import ROOT

EXAMPLE = ROOT / "config" / "hub.example.toml"


def test_the_example_file_is_valid_and_names_every_setting() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    uncommented = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    document = tomllib.loads(uncommented)
    named = {f"HUB_{section}__{key}".upper() for section, table in document.items() for key in table}
    assert set(names()) - named == set()
    assert named - set(names()) == set()


def test_every_section_of_the_settings_says_what_it_is_for() -> None:
    silent = [spec.name for spec in fields(Settings) if not type(getattr(Settings(), spec.name)).__doc__]
    assert silent == []


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://:p@ss:w/rd@cache:6379/0", "redis://:***@cache:6379/0"),
        ("redis://hub:geheim@cache/0", "redis://hub:***@cache/0"),
        ("redis://cache:6379/0", "redis://cache:6379/0"),
    ],
)
def test_a_password_in_an_address_is_masked(url: str, shown: str) -> None:
    assert dict(masked(load({"HUB_REDIS__URL": url})))["redis.url"] == shown
