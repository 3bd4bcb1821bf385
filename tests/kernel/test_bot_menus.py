"""What modules add to the clients' bot is checked at the start, and of one slot the last module's counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.app import Hub
from hub.errors import Invalid
from hub.kernel.bot import BotAnswer, BotMenu, BotTalk
from hub.kernel.check import check
from hub.kernel.gate import bot_menus
from hub.kernel.manifest import Module
from hub.kernel.plans import BASIS


async def answer(talk: BotTalk) -> BotAnswer:
    return BotAnswer(text=talk.t("Yes"))


def module(name: str, *menus: BotMenu, feature: str = BASIS) -> Module:
    return Module(name=name, title=name, folder=Path(f"hub/modules/{name}"), feature=feature, bot=menus)


def menu(name: str, **more: object) -> BotMenu:
    return replace(BotMenu(name=name, title="Trucks", answer=answer), **more)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (menu("other.trucks"), "must be called fleet"),
        (menu("fleet.trucks", title=""), "needs a short title"),
        (menu("fleet.trucks", answer=lambda talk: None), "async function"),
    ],
)
def test_a_wrong_entry_stops_the_start_and_says_why(wrong: BotMenu, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        check([module("fleet", wrong)])


def test_two_entries_of_one_name_stop_the_start() -> None:
    with pytest.raises(Invalid, match="declared twice"):
        check([module("fleet", menu("fleet.trucks"), menu("fleet.trucks"))])


def test_of_one_slot_the_last_module_that_is_in_the_package_answers() -> None:
    modules = [
        module("fleet", menu("fleet.ready", slot="ready"), menu("fleet.trucks", order=5)),
        module("visits", menu("visits.ready", slot="ready")),
        module("dear", menu("dear.ready", slot="ready"), feature="3.9"),
    ]
    assert [one.name for one in bot_menus(modules, "free")] == ["fleet.trucks", "visits.ready"]
    assert [one.name for one in bot_menus(modules, "profi")] == ["fleet.trucks", "dear.ready"]


async def test_a_signature_proves_one_thing_for_one_purpose(hub: Hub) -> None:
    seal = hub.seal
    tag = seal.sign(b"button 1", "bot")
    assert seal.is_signed(b"button 1", "bot", tag)
    assert seal.is_signed(b"button 1", "bot", tag[:16])
    assert not seal.is_signed(b"button 2", "bot", tag)
    assert not seal.is_signed(b"button 1", "alerts", tag)
    assert not seal.is_signed(b"button 1", "bot", tag[:15])
    assert not seal.is_signed(b"button 1", "bot", bytes(32))
