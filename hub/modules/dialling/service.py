"""Giving orders to the PBX: the gate, the limits, one row for one click. Never commits, never sends."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any, get_args

from sqlalchemy import func, or_, select

from hub.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from hub.events.commands import CommandGiven
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi
from hub.modules.dialling.models import Command
from hub.modules.dialling.rules import Target, Who, admit
from hub.modules.dialling.rules_settings import DialSettings
from hub.modules.dialling.service_settings import SettingsService
from hub.modules.dialling.service_state import TOPIC, ensure_ready, view
from hub.modules.dialling.views import Asker, CallOrder, CommandPage, CommandView
from hub.ports.commands import CommandKind, Hearing
from hub.values import ShopId

LONGEST_KEY = 255
_A_MINUTE_AT_MOST = 8
_HEARING: tuple[CommandKind, ...] = get_args(Hearing)
_SAME_CLICK = timedelta(seconds=120)


class DiallingService:
    """Orders of one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._settings = SettingsService(uow, deps)
        self._calls = CallsApi(uow, deps)
        self._access = AccessApi(uow, deps)

    async def call(self, order: CallOrder, asker: Asker) -> CommandView:
        """Ring the asker's phone, then the number: one row for one click, and for a second click while the
        first still rings. Raises Invalid, NotAllowed, TooMany, NotFound, Conflict, Unavailable."""
        await self._uow.take_turn(f"dialling:{asker.actor}")
        settings = await self._settings.read()
        line = await self._line_of(order, asker)
        target, _ = await self.target(order.number, asker, settings, line)
        known = await self._known(asker, order.key, "call", target.number)
        if known is not None:
            return known
        extension = await self.phone(order.extension, asker)
        if target.number == extension:
            raise Invalid("dial.own_phone", "This is the phone that would ring.", "Choose somebody else’s.")
        ensure_ready(self._deps, "call")
        await self.within_limits(target, asker, settings, is_confirmed=order.is_confirmed)
        return await self.write("call", asker, order.key, extension, target=target, line=line,
                                is_above_cap=order.is_confirmed)  # fmt: skip

    async def target(
        self, number: str, asker: Asker, settings: DialSettings, line: str | None = None
    ) -> tuple[Target, str]:
        """What the gate makes of a number, and the context that it is dialled in. Raises Invalid,
        NotAllowed."""
        context, number_format = settings.way(line)
        who = Who(
            country=self._deps.places.of(asker.shop_id).country,
            rule=settings.rule(asker.role),
            colleagues=await self._extensions(),
            is_person=asker.is_person,
        )
        return admit(number, who, settings, number_format), context

    async def write(
        self, kind: CommandKind, asker: Asker, key: str, extension: str, *, target: Target | None = None,
        digits: str | None = None, line: str | None = None, call_id: str | None = None,
        is_above_cap: bool = False,
        arguments: dict[str, Any] | None = None,
    ) -> CommandView:  # fmt: skip
        """The order's row; a worker sends it after the commit."""
        row = Command(
            id=new_id(self._deps.clock), rev=1, shop_id=str(asker.shop_id), actor=asker.actor,
            role=asker.role, key=_checked_key(key), kind=kind, extension=extension,
            number=target.number if target else None, digits=target.digits if target else digits, line=line,
            call_id=call_id, arguments=written(arguments), state="wanted",
            reason=None, said="", is_open=True, is_above_cap=is_above_cap,
            wanted_at=self._deps.clock.now(), sent_at=None, connected_at=None, settled_at=None,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        self._uow.publish(CommandGiven(command_id=row.id, kind=kind))
        self._uow.hint(TOPIC, row.id, row.rev)
        return view(row)

    async def one(
        self, command_id: str, shops: Collection[ShopId] | None, hears_only: str | None = None
    ) -> CommandView:
        """Raises NotFound, also for one of a shop that is not among `shops` (None: every shop). Of orders to
        listen in, only those of the actor `hears_only` are there (None: all are)."""
        row = await self._session.get(Command, command_id) if len(command_id) <= 26 else None
        is_hidden = row is not None and row.kind in _HEARING and hears_only not in (None, row.actor)
        if row is None or is_hidden or (shops is not None and row.shop_id not in shops):
            raise NotFound("dial.unknown", "There is no such order.")
        return view(row)

    async def page(
        self, shops: Collection[ShopId] | None, *, cursor: str | None = None, limit: int = 50,
        hears_only: str | None = None,
    ) -> CommandPage:  # fmt: skip
        """Newest first; `shops` None = of every shop, `cursor` = `next` of the page before; `hears_only` as
        of `one`."""
        query = select(Command).order_by(Command.id.desc()).limit(limit + 1)
        if hears_only is not None:
            query = query.where(or_(Command.kind.not_in(_HEARING), Command.actor == hears_only))
        if shops is not None:
            query = query.where(Command.shop_id.in_([str(shop) for shop in shops]))
        if cursor is not None:
            query = query.where(Command.id < cursor)
        rows = (await self._session.scalars(query)).all()
        items = tuple(view(row) for row in rows[:limit])
        return CommandPage(items=items, next=items[-1].id if len(rows) > limit else None)

    async def latest(self, asker: Asker) -> CommandView | None:
        """The asker's newest order while it is open or has just ended."""
        since = self._deps.clock.now() - _SAME_CLICK
        query = select(Command).where(Command.actor == asker.actor, Command.wanted_at > since)
        row = (await self._session.scalars(query.order_by(Command.id.desc()).limit(1))).first()
        return None if row is None else view(row)

    async def known(self, asker: Asker, key: str, kind: str) -> CommandView | None:
        """What was ordered by this click already. Raises Conflict where the key was another order's."""
        query = select(Command).where(Command.actor == asker.actor, Command.key == _checked_key(key))
        row = (await self._session.scalars(query)).first()
        if row is not None and row.kind != kind:
            raise _used()
        return None if row is None else view(row)

    async def _known(self, asker: Asker, key: str, kind: str, number: str) -> CommandView | None:
        same = await self.known(asker, key, kind)
        if same is not None:
            if same.number != number:
                raise _used()
            return same
        query = select(Command).where(
            Command.actor == asker.actor, Command.kind == kind, Command.number == number,
            Command.is_open, Command.state != "connected",
            Command.wanted_at > self._deps.clock.now() - _SAME_CLICK,
        )  # fmt: skip
        row = (await self._session.scalars(query.order_by(Command.id.desc()).limit(1))).first()
        return None if row is None else view(row)

    async def _extensions(self) -> frozenset[str]:
        people = await self._access.list_people(only_active=True)
        return frozenset(one for person in people for one in person.extensions)

    async def phone(self, extension: str | None, asker: Asker) -> str:
        """The phone that is to ring: the one that was named, else the asker's first. Raises Invalid,
        NotAllowed for somebody else's."""
        wanted = (extension or "").strip() or next(iter(asker.extensions), "")
        if not wanted:
            raise Invalid(
                "dial.no_phone", "No phone of yours is known here.",
                "The owner enters your extension in the settings, under People."
                if asker.is_person else "Say in `extension` which phone rings first.",
                fields={} if asker.is_person else {"extension": "Which phone rings first?"},
            )  # fmt: skip
        if wanted in asker.extensions:
            return wanted
        person = await self._access.person_by_extension(wanted)
        if asker.is_person or person is None:
            raise NotAllowed("dial.not_your_phone", "This is not a phone of yours.", "Take one of yours.")
        return wanted

    async def _line_of(self, order: CallOrder, asker: Asker) -> str | None:
        """The line that they rang: of the call that is answered, else of their last one; only ever a line of
        the asker's shops. Raises NotFound for a call that is neither of these nor was at their phone."""
        if order.call_id is not None:
            call = await self._calls.call(order.call_id)
            if asker.shops is None or call.shop_id in asker.shops:
                return call.line
            if not any(one.extension in asker.extensions for one in call.parties):
                await self._calls.call(order.call_id, shops=asker.shops)
        last = await self._calls.last_calls(number=order.number[:64], limit=10, shops=asker.shops)
        return next((one.line for one in last if one.direction == "inbound" and one.line), None)

    async def within_limits(
        self, target: Target, asker: Asker, settings: DialSettings, *, is_confirmed: bool
    ) -> None:
        """Colleagues and emergencies are not counted. Raises TooMany, NotAllowed."""
        if target.kind != "outside":
            return
        now, rule = self._deps.clock.now(), settings.rule(asker.role)
        if await self._count(asker, now - timedelta(minutes=1)) >= _A_MINUTE_AT_MOST:
            raise TooMany("dial.too_fast", "So many calls in a minute.", "Wait a little.", retry_after=60)
        if await self._count(asker, now - timedelta(hours=1)) >= rule.per_hour and not is_confirmed:
            raise _above("So many calls out in an hour are too many for your role.")
        if await self._count(asker, now - timedelta(days=1)) >= rule.per_day and not is_confirmed:
            raise _above("So many calls out in a day are too many for your role.")

    async def _count(self, asker: Asker, since: Any) -> int:
        query = select(func.count()).where(
            Command.actor == asker.actor, Command.wanted_at > since, Command.number.like("+%")
        )
        return await self._session.scalar(query) or 0


def written(arguments: dict[str, Any] | None) -> str:
    """As an order's row keeps them."""
    return json.dumps(arguments or {}, ensure_ascii=False)


def _above(text: str) -> NotAllowed:
    return NotAllowed(
        "dial.cap", text, "Somebody who may change the settings can confirm this one.",
        data={"confirm": "/dialling/above"},
    )  # fmt: skip


def _checked_key(key: str) -> str:
    if not 8 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid(
            "dial.key", "The click came without a name of its own.", "Reload the page, and try again."
        )
    return key


def _used() -> Conflict:
    return Conflict(
        "dial.key_used", "This click was another order already.", "Reload the page, and try again."
    )
