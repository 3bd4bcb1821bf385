"""A mailing to a file, from its upload to what came of it, as the people who do it see it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import FormData

from hub.clock import FrozenClock
from hub.modules.access.api import hash_password
from hub.settings import Settings
from tests.modules.mailings.stage import PUBLIC, mobile, shop_of
from tests.modules.mailings.test_web import FORM, counted, csrf, post
from tests.modules.messaging.wire import wrote
from tests.webui.stage import PASSWORD, open_shop

OWN = "+380671112299"
TEXT = "{name}, час на зимові шини. Чекаємо вас щодня з 9 до 18, дзвоніть: {shop}"


async def test_a_file_is_looked_at_tested_approved_sent_in_time_and_told_of(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path
) -> None:
    settings = replace(settings, messaging=replace(settings.messaging, sms_part_price=0.62))
    async with shop_of(settings, frozen_clock, tmp_path) as shop:
        for number in range(1, 6):
            await shop.client(number)
        await shop.client(6, agrees=False)
        await shop.client(7, numbers=("+380442223344",))
        lines = ["phone", *(mobile(number) for number in (*range(1, 7), 99)), "+380442223344", mobile(1)]
        async with open_shop(shop.house.hub, frozen_clock, await hash_password(PASSWORD)) as site:
            await site.person("manager", "manager", mobile=OWN)
            manager, owner = await site.sign_in("manager"), await site.signed_in("owner")
            at = datetime.fromtimestamp(frozen_clock.now().timestamp() + 7200, ZoneInfo("Europe/Kyiv"))
            fields = {**FORM, "text": TEXT, "kind": "list", "starts_at": f"{at:%Y-%m-%dT%H:%M}"}
            _, where, _ = await post(manager, "/mailings/new", **fields)
            mailing_id = where.rpartition("/")[2]
            form = FormData({"csrf": await csrf(manager)})
            form.add_field("file", "\n".join(lines).encode(), filename="tyres.csv")
            async with manager.post(f"/mailings/{mailing_id}/list", data=form) as answer:
                assert answer.status == 200
            await counted(shop, mailing_id)

            async with manager.get(f"/mailings/{mailing_id}") as answer:
                page = await answer.text()
            previews = re.findall(r'<article class="mailings-preview">.*?</article>', page, re.DOTALL)
            assert len(previews) == 3
            for number, preview in enumerate(previews, 1):
                assert f"Client {number}, час на зимові шини" in preview
            assert PUBLIC in previews[0], "whoever reads it can end it"
            reasons = dict(re.findall(r'data-reason="(\w+)".*?<strong>(\d+)<', page))
            assert reasons == {"no_consent": "1", "landline": "1", "nobody": "1", "duplicate": "1"}
            parts = (await shop.view(mailing_id)).parts
            assert parts == sum(row.parts for row in await shop.rows(mailing_id, state="waiting")) > 5
            assert f'data-figure="price">{parts * 0.62:.2f} UAH<' in page

            await post(manager, f"/mailings/{mailing_id}/test")
            await shop.send()
            assert [one.address for one in shop.wire.ledger] == [OWN]
            shop.wire.ledger.clear()
            await post(manager, f"/mailings/{mailing_id}/submit")
            assert (await post(owner, f"/mailings/{mailing_id}/approve"))[0] == 303
            await shop.feed(3600)
            await shop.send()
            assert shop.wire.ledger == []
            for _ in range(5):
                await shop.feed(3700)
                await shop.send()
            assert sorted(one.address for one in shop.wire.ledger) == [
                mobile(number) for number in range(1, 6)
            ]

            await shop.house.tell(wrote("Записуйте на вівторок", 1, address=mobile(2)))
            await shop.house.tell(wrote("СТОП", 2, address=mobile(3)))
            await shop.rest()
            async with owner.get(f"/mailings/{mailing_id}/report") as answer:
                page = await answer.text()
            figures = dict(re.findall(r'data-figure="(\w+)">([^<]+)<', page))
            assert {name: figures[name] for name in ("sent", "replied", "left")} == {
                "sent": "5", "replied": "2", "left": "1",
            }  # fmt: skip
