"""The list of a mailing: everybody it is for, each with an address or the reason why not. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import ClientFilter, ClientView, CrmApi, VehicleView
from hub.modules.mailings.addressing import Addressing
from hub.modules.mailings.filling import ShopValues
from hub.modules.mailings.gate import Gate
from hub.modules.mailings.models import Mailing, Recipient
from hub.modules.mailings.rules_texts import parts_of, written
from hub.modules.mailings.scope import TOPIC
from hub.modules.mailings.views import Audience
from hub.values import ShopId

STRETCH = 200
"""Clients in one look."""
PENDING = -1
"""Positions of a list that is being made are below zero, so that nobody takes it for the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of the list to be."""

    client_id: str | None = None
    line: str = ""
    channel: str = ""
    address: str = ""
    reason: str = ""
    parts: int = 0


@dataclass(slots=True)
class Seen:
    """Whom the list has already: one client, one address, once."""

    clients: set[str] = field(default_factory=set)
    addresses: set[tuple[str, str]] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is counted, as it stood when the counting began."""

    id: str
    content: int
    text: str
    channels: tuple[str, ...]
    audience: Audience
    shop_id: ShopId
    starts_at: datetime | None = None


class CountingService:
    """Finds out who is on the list. Reading and writing are done in units of work of their own."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._country = deps.places.of(uow.shop_id).country
        self._crm = CrmApi(uow, deps)
        self._addressing = Addressing(uow, deps)
        self._gate = Gate(uow, deps)

    async def asked(self, mailing_id: str) -> Asked | None:
        """What is to be counted; None where nobody waits for it any more."""
        row = await self._session.get(Mailing, mailing_id)
        if row is None or row.state != "draft":
            return None
        return Asked(
            id=row.id, content=row.content, text=row.text, channels=tuple(row.channels),
            audience=Audience(**row.audience), shop_id=ShopId(row.shop_id),
            starts_at=row.starts_at,
        )  # fmt: skip

    async def values(self, shop_id: ShopId) -> ShopValues:
        """What the shop fills into every text."""
        shop = await AccessApi(self._uow, self._deps).shop(shop_id)
        lines = await CallsApi(self._uow, self._deps).lines()
        line = next((one.number for one in lines if one.shop_id == shop_id), "")
        return ShopValues(shop, line)

    async def clients(self, where: Audience, cursor: str | None) -> tuple[list[ClientView], str | None]:
        """A stretch of the clients that are meant, archived ones among them, and where it goes on."""
        asked = ClientFilter(
            text=where.text, segment=where.segment, source=where.source, is_archived=None,
            whole_numbers=where.whole_numbers,
        )  # fmt: skip
        page = await self._crm.clients(asked, cursor=cursor, limit=STRETCH)
        tag = where.tag.casefold()
        return [c for c in page.items if not tag or tag in {t.casefold() for t in c.tags}], page.next

    async def matched(self, lines: Sequence[Sequence[str]]) -> list[tuple[str, str | None, str]]:
        """Lines of a file, each with its client or the reason why there is none."""
        numbers = await self._crm.callers([key for _, kind, key in lines if kind == "phone"])
        owners = await self._crm.addresses.owners([key for _, kind, key in lines if kind == "email"])
        found: list[tuple[str, str | None, str]] = []
        for line, kind, key in lines:
            if kind == "phone":
                match = numbers.get(key)
                ids = tuple(one.client_id for one in match.candidates) if match is not None else ()
                if match is not None and match.client_id is not None:
                    ids = (match.client_id,)
            else:
                ids = owners.get(key, ())
            reason = "" if len(ids) == 1 else "several" if ids else "nobody" if kind else "unreadable"
            found.append((line, ids[0] if len(ids) == 1 else None, reason))
        return found

    async def rows(
        self, asked: Asked, values: ShopValues, clients: Sequence[tuple[str, ClientView]], seen: Seen
    ) -> list[Row]:
        """These clients (each with its line of the file), as they stand on the list."""
        cars = await self._crm.vehicles_of([client.id for _, client in clients])
        return [
            await self._row(asked, values, line, client, cars.get(client.id, ()), seen)
            for line, client in clients
        ]

    async def _row(
        self, asked: Asked, values: ShopValues, line: str, client: ClientView, cars: Sequence[VehicleView],
        seen: Seen,
    ) -> Row:  # fmt: skip
        now = self._clock.now()
        found = await self._addressing.of(client, asked.channels, max(now, asked.starts_at or now))
        reason = found.reason
        text, missing = written(
            asked.text, values.of(client, cars), link=self._gate.sample_link(), language=client.language
        )
        if client.id in seen.clients or (not reason and (found.channel, found.address) in seen.addresses):
            reason = "duplicate"
        elif not reason and missing:
            reason = "no_value"
        seen.clients.add(client.id)
        if not reason:
            seen.addresses.add((found.channel, found.address))
        return Row(
            client_id=client.id, line=line, reason=reason,
            channel=found.channel if not reason else "", address=found.address if not reason else "",
            parts=parts_of(text, found.channel) if not reason else 0,
        )  # fmt: skip

    async def begin(self, asked: Asked, run_id: str) -> bool:
        """Nothing of an earlier counting stands. False: it is out of date already."""
        row = await self._current(asked)
        if row is None:
            return False
        row.count_run = run_id
        await self._session.execute(delete(Recipient).where(Recipient.mailing_id == asked.id))
        return True

    async def add(self, asked: Asked, run_id: str, first: int, rows: Sequence[Row]) -> bool:
        """Write a stretch down, not to be seen yet. False: somebody has changed what is counted."""
        mailing = await self._current(asked)
        if mailing is None or mailing.count_run != run_id:
            return False
        if rows:
            await self._session.execute(
                insert(Recipient),
                [
                    {
                        "mailing_id": asked.id, "position": PENDING - (first + n), "client_id": row.client_id,
                        "line": row.line, "channel": row.channel, "address": row.address,
                        "state": "skipped" if row.reason else "waiting", "reason": row.reason,
                        "parts": row.parts,
                    }
                    for n, row in enumerate(rows)
                ],
            )  # fmt: skip
        return True

    async def end(self, asked: Asked, run_id: str) -> bool:
        """The list is whole."""
        row = await self._current(asked)
        if row is None or row.count_run != run_id:
            return False
        await self._session.execute(
            update(Recipient)
            .where(Recipient.mailing_id == asked.id, Recipient.position < 0)
            .values(position=-Recipient.position)
        )
        row.counted, row.counted_at, row.count_run = asked.content, self._clock.now(), None
        row.rev += 1
        self._uow.hint(TOPIC, row.id, row.rev, shop_id=ShopId(row.shop_id))
        return True

    async def _current(self, asked: Asked) -> Mailing | None:
        query = select(Mailing).where(
            Mailing.id == asked.id, Mailing.content == asked.content, Mailing.state == "draft"
        )
        locked = query.with_for_update().execution_options(populate_existing=True)
        return (await self._session.scalars(locked)).first()
