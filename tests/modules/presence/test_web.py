"""Colleagues on the page and in the API, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.app import Hub
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.modules.presence.told import choose, member, person, phone, tell, whole

API = "/api/v1/presence"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def test_a_program_reads_how_everybody_is(hub: Hub, site: Client) -> None:
    olena = await person(hub, "Олена", "101")
    status, before = await get_json(site, API)
    assert (status, before["is_known"], before["items"][0]["state"]) == (200, False, "unknown")
    await tell(hub, whole(phone("101", "ringing"), member("101", is_paused=True, reason="Обід")))
    status, found = await get_json(site, f"{API}/{olena.id}")
    assert status == 200
    assert (found["id"], found["state"], found["extensions"]) == (olena.id, "ringing", ["101"])
    assert found["queues"][0]["reason"] == "Обід"
    assert found["devices"][0]["condition"] == "ringing"


async def test_a_program_says_that_somebody_is_away(hub: Hub, site: Client) -> None:
    olena = await person(hub, "Олена", "101")
    await tell(hub, whole(phone("101")))
    status, said = await send_json(site, "PUT", f"{API}/{olena.id}", {"kind": "away", "reason": "Обід"})
    assert (status, said["state"], said["reason"]) == (200, "away", "Обід")
    status, said = await send_json(
        site, "PUT", f"{API}/{olena.id}", {"kind": "away", "until": "2020-01-05T09:30:00Z"}
    )
    assert (status, set(said["error"]["fields"])) == (422, {"until"})
    assert (await send_json(site, "PUT", f"{API}/nobody", {"kind": "away"}))[0] == 404


async def test_nobody_speaks_for_others_without_the_right(hub: Hub) -> None:
    olena = await person(hub, "Олена", "101")
    client = await site_of(hub, "mechanic")
    status, said = await send_json(client, "PUT", f"{API}/{olena.id}", {"kind": "away"})
    assert (status, said["error"]["code"]) == (403, "presence.not_self")
    status, _, _ = await send_form(client, "/presence/choose", {"kind": "away", "person_id": olena.id})
    assert status == 403
    await client.close()


async def test_the_strip_names_each_state_in_words_and_escapes_what_was_typed(hub: Hub, site: Client) -> None:
    _, empty = await get_text(site, "/presence")
    assert 'class="empty"' in empty
    olena = await person(hub, "<b>Олена</b>", "101")
    await person(hub, "Петро", "102")
    await tell(hub, whole(phone("101"), phone("102", "talking")))
    await choose(hub, olena, "away", "<i>Обід</i>")
    _, strip = await get_text(site, "/presence/strip")
    assert "<b>" not in strip
    assert "<i>" not in strip
    assert 'data-state="away"' in strip
    assert 'data-state="talking"' in strip
    assert ">розмовляє<" in strip


@pytest.mark.parametrize("fields", [{"kind": "sleeping"}, {"kind": "away", "minutes": "soon"}, {"kind": ""}])
async def test_a_broken_form_is_answered_in_words(hub: Hub, site: Client, fields: dict[str, str]) -> None:
    olena = await person(hub, "Олена", "101")
    status, _, _ = await send_form(site, "/presence/choose", {**fields, "person_id": olena.id})
    assert status == 422
