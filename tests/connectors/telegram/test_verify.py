"""Whoever does not know the secret is not believed, whatever stands in the header."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.telegram.config import TelegramConfig
from connectors.telegram.verify import HEADER, verifier
from hub.errors import Invalid
from hub.ports.hooks import Forged, Genuine
from hub.secret import Secret
from hub.settings import ServerSettings, Settings, TelegramSettings
from tests.connectors.telegram.stage import BOT_ID, SECRET, TOKEN, config, request, sample

CONFIG = config(is_webhook=True, secret=Secret(SECRET), public_url="https://shop.example")
WRONG = (
    "",
    " ",
    "x",
    SECRET[:-1],
    SECRET + "x",
    SECRET.upper(),
    "секрет",
    "é" * 20,
    "\udcff" * 4,
    "a" * 10_000,
)


def test_an_update_is_one_by_its_bot_and_id() -> None:
    judged = verifier(CONFIG)(request(sample("text")))
    assert isinstance(judged, Genuine)
    assert judged.identity == f"{BOT_ID}:870000001"


@pytest.mark.fault("F43")
@pytest.mark.parametrize("secret", [None, *WRONG], ids=range(len(WRONG) + 1))
def test_a_wrong_secret_is_refused(secret: str | None) -> None:
    judged = verifier(CONFIG)(request(sample("text"), secret))
    assert isinstance(judged, Forged)
    assert judged.status == 401


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"{}", b'{"update_id": "5"}', b'{"update_id": true}', b"\xff"]
)
def test_what_is_no_update_is_kept_apart(body: bytes) -> None:
    judged = verifier(CONFIG)(request(body))
    assert isinstance(judged, Forged)
    assert judged.status == 400


def test_with_long_polling_nobody_knows_the_secret() -> None:
    polling = config()
    assert isinstance(verifier(polling)(request(sample("text"))), Forged)
    assert isinstance(verifier(polling)(request(sample("text"), polling.secret.value)), Genuine)
    assert config().secret.value != polling.secret.value
    given = replace(request(sample("text")), headers={HEADER: ""})
    assert isinstance(verifier(polling)(given), Forged)


def settings(**more: str) -> Settings:
    named = {"token": TOKEN, **more}
    url = named.pop("public_url", "https://shop.example/")
    secrets = {name: Secret(value) for name, value in named.items()}
    return replace(
        Settings(), telegram=TelegramSettings(**secrets), server=ServerSettings(public_url=url)  # type: ignore[arg-type]  # names of its fields
    )  # fmt: skip


def test_the_settings_say_how_updates_come() -> None:
    assert TelegramConfig.of(Settings()) is None
    polling, webhook = TelegramConfig.of(settings()), TelegramConfig.of(settings(webhook_secret=SECRET))
    assert polling is not None
    assert webhook is not None
    assert (polling.is_webhook, webhook.is_webhook) == (False, True)
    assert (webhook.secret.value, webhook.public_url) == (SECRET, "https://shop.example")
    assert polling.api_base == "https://api.telegram.org"


@pytest.mark.parametrize(
    "wrong",
    [
        {"webhook_secret": " "}, {"webhook_secret": "секрет"}, {"webhook_secret": "a" * 257},
        {"webhook_secret": SECRET, "public_url": ""}, {"token": "no token"}, {"token": "7:abc def"},
    ],
)  # fmt: skip
def test_a_webhook_that_nobody_could_trust_is_refused_at_the_start(wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        TelegramConfig.of(settings(**wrong))
    assert refused.value.hint
