"""Several links that send SMS stand side by side: one is chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.catalogue import SECTIONS, build_connectors, senders_of
from hub.clock import SystemClock
from hub.errors import Invalid
from hub.modules.messaging.channels import Channels, receivers
from hub.reading import load
from hub.settings import Settings
from tests.connectors.contract import NoJournal
from tests.connectors.http_sms.stage import TURBOSMS
from tests.contracts.test_texts import spoken

BOTH = {
    "HUB_TWILIO__ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef", "HUB_TWILIO__AUTH_TOKEN": "x",
    "HUB_TWILIO__FROM_NUMBER": "+380441234567", "HUB_HTTP_SMS__TOKEN": "y", "HUB_HTTP_SMS__SMS_SENDER":
    "Shop", "HUB_HTTP_SMS__VIBER_SENDER": "ShopViber", "HUB_HTTP_SMS_2__TOKEN": "z",
"HUB_HTTP_SMS_2__SMS_SENDER": "Two", }  # fmt: skip


def read(**more: str) -> Settings:
    return load({**BOTH, **more}, brought=SECTIONS)


def channels(settings: Settings) -> Channels:
    built: Any = build_connectors(settings, NoJournal(), SystemClock())
    return Channels(senders_of(built, settings.messaging.sms_by))


@pytest.mark.parametrize(
    ("sms_by", "account"),
    [("", "+380441234567"), ("twilio", "+380441234567"), ("http_sms", "Shop"), ("http_sms_2", "Two")],
)
def test_the_setting_says_which_one_sends_sms(sms_by: str, account: str) -> None:
    found = channels(read(HUB_MESSAGING__SMS_BY=sms_by))
    sms, viber = found.of("sms"), found.of("viber")
    assert sms is not None
    assert viber is not None
    assert (sms.account, viber.account) == (account, "ShopViber")


def test_files_are_fetched_from_the_one_that_clients_write_to() -> None:
    settings = read(HUB_MESSAGING__SMS_BY="http_sms")
    built: Any = build_connectors(settings, NoJournal(), SystemClock())
    twilio = next(one for one in built if one.name == "twilio")
    assert receivers(senders_of(built, "http_sms"))["sms"] is twilio


def test_one_that_is_not_set_up_is_named_at_the_start() -> None:
    settings = replace(read(HUB_MESSAGING__SMS_BY="http_sms"), connectors={})
    with pytest.raises(Invalid, match="HUB_MESSAGING__SMS_BY") as told:
        channels(settings)
    assert "twilio" in (told.value.hint or "")


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-the-file\n")
    given = {"HUB_HTTP_SMS__TOKEN_FILE": str(tmp_path / "token")}
    assert load(given, brought=SECTIONS).connectors["http_sms"].token.value == "from-the-file"


@pytest.mark.parametrize("language", ["ru", "uk"])
def test_what_the_ready_profile_says_to_a_person_is_translated(language: str) -> None:
    known = spoken(language)
    said = {*TURBOSMS.reply.texts.values(), *TURBOSMS.faults.values()}
    assert {text for text in said if text not in known} == set()
