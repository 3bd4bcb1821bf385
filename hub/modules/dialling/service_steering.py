"""What is done with calls that go on: hang up, take, put through, park, listen in; and pauses. Each is an
order like any other: a row, sent once. Never commits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import select

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.dialling.models import Command
from hub.modules.dialling.rules import Target
from hub.modules.dialling.rules_settings import LONGEST_REASON
from hub.modules.dialling.service import DiallingService, written
from hub.modules.dialling.service_settings import SettingsService
from hub.modules.dialling.service_state import ensure_ready, view
from hub.modules.dialling.views import Asker, CommandView, OwnPause
from hub.modules.presence.api import PresenceApi
from hub.ports.commands import CommandKind, Hearing
from hub.values import ShopId

_SAME_PRESS = timedelta(seconds=4)
_UNDER_WAY = timedelta(seconds=5)
"""Until the PBX has put the caller on hold for a consultation."""
Shops = Collection[ShopId] | None


class SteeringService:
    """Orders about calls, for one unit of work. `shops`: those whose calls the asker may steer (None:
    every shop)."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._orders = DiallingService(uow, deps)
        self._settings = SettingsService(uow, deps)
        self._calls = CallsApi(uow, deps)
        self._access = AccessApi(uow, deps)

    async def hang_up(self, call_id: str, asker: Asker, key: str, shops: Shops) -> CommandView:
        """End the call. Raises NotFound, Conflict, Unavailable, NotAllowed."""
        call = await self._live(call_id, shops)
        return await self._order("hang_up", asker, key, call, "")

    async def take(
        self, call_id: str, asker: Asker, key: str, shops: Shops, extension: str | None = None
    ) -> CommandView:
        """A caller who waits comes to the asker's phone; a parked one is fetched."""
        call = await self._live(call_id, shops)
        own = await self._own_phone(asker, extension)
        if call.state == "parked":
            space = call.parked_space or ""
            return await self._order("pick_up", asker, key, call, own, digits=space)
        _ensure_waits(call)
        return await self._order("take", asker, key, call, own)

    async def give(self, call_id: str, to: str, asker: Asker, key: str, shops: Shops) -> CommandView:
        """A caller who waits or is parked goes to a colleague's phone: a number passes the gate like another,
        and only a colleague's is taken. Raises Invalid too."""
        call = await self._live(call_id, shops)
        if call.state != "parked" or call.direction != "inbound":
            _ensure_waits(call)
        target, _ = await self._orders.target(to, asker, await self._settings.read())
        if target.kind != "colleague":
            raise Invalid(
                "dial.not_a_colleague", "A caller who waits is given to a colleague’s phone.",
                "Take the call, then put it through to a number outside.",
                fields={"to": "This is no colleague’s extension."},
            )  # fmt: skip
        return await self._order("give", asker, key, call, target.number, target=target)

    async def transfer(
        self,
        call_id: str,
        number: str,
        kind: Literal["blind", "attended"],
        asker: Asker,
        key: str,
        shops: Shops,
    ) -> CommandView:
        """Send the other side to a colleague or a number, which passes the gate. Raises Invalid too."""
        call = await self._live(call_id, shops)
        own = self._talking(call, asker)
        await self._uow.take_turn(f"dialling:{asker.actor}")
        settings = await self._settings.read()
        target, _ = await self._orders.target(number, asker, settings)
        if target.number == own:
            raise Invalid("dial.same_phone", "The call is there already.", "Choose another phone.")
        await self._orders.within_limits(target, asker, settings, is_confirmed=False)
        return await self._order(kind, asker, key, call, own, target=target)

    async def end_consultation(
        self, call_id: str, is_handed_over: bool, asker: Asker, key: str, shops: Shops
    ) -> CommandView:
        """After `attended`: join the two, or take the caller back."""
        call = await self._live(call_id, shops)
        asked = await self.consulting(call)
        if asked is None:
            raise Conflict("dial.nobody_asked", "No colleague is being asked.", "Ask one first.")
        kind: CommandKind = "hand_over" if is_handed_over else "take_back"
        return await self._order(kind, asker, key, call, asked.extension)

    async def park(self, call_id: str, asker: Asker, key: str, shops: Shops) -> CommandView:
        """Put the other side into the car park of calls; the phone hears the space."""
        call = await self._live(call_id, shops)
        return await self._order("park", asker, key, call, self._talking(call, asker))

    async def listen(
        self,
        call_id: str,
        how: Hearing,
        asker: Asker,
        key: str,
        shops: Shops,
        extension: str | None = None,
    ) -> CommandView:
        """The asker's phone rings and hears the call, in this way. Raises NotFound, Conflict, Invalid."""
        call = await self._live(call_id, shops)
        own = await self._own_phone(asker, extension)
        target = call.last_extension
        if call.state not in ("talking", "on_hold") or target is None or target == own:
            raise Conflict("dial.nobody_to_hear", "There is nobody to listen to.", "Wait until they talk.")
        return await self._order(how, asker, key, call, own, arguments={"target": target})

    async def pause(
        self, is_paused: bool, reason: str, asker: Asker, key: str, extension: str | None = None
    ) -> CommandView:
        """Take a phone out of its queues, or put it back; `reason` one of the settings."""
        own = await self._own_phone(asker, extension)
        reasons = (await self._settings.read()).reasons
        if reason and (reason not in reasons or len(reason) > LONGEST_REASON):
            raise Invalid(
                "dial.reason", "This is not one of the reasons.",
                "The settings list them, under Calling out.",
                fields={"reason": "This is not one of the reasons."},
            )  # fmt: skip
        kind: CommandKind = "pause" if is_paused else "unpause"
        return await self._order(kind, asker, key, None, own, arguments={"reason": reason})

    async def pause_member(
        self, extension: str, is_paused: bool, reason: str, asker: Asker, key: str, shops: Shops
    ) -> CommandView:
        """Whoever may steer calls takes a colleague's phone out of its queues, or puts it back. Raises
        NotFound for a phone of nobody in these shops, Unavailable, Conflict."""
        whose = await self._access.person_by_extension(extension)
        if whose is None or (shops is not None and not {whose.shop_id, *whose.shops} & set(shops)):
            raise NotFound("dial.no_such_phone", "Nobody has this phone.", "Look at the board again.")
        kind: CommandKind = "pause" if is_paused else "unpause"
        return await self._order(kind, asker, key, None, extension, arguments={"reason": reason})

    async def follow_presence(
        self, person_id: str, extension: str, reason: str, *, is_paused: bool, key: str
    ) -> CommandView:
        """The queues follow what a person said of themselves. Raises Unavailable."""
        person = await self._access.person(person_id)
        asker = Asker(
            actor=f"person:{person.id}", role=person.role, shop_id=person.shop_id,
            extensions=person.extensions, is_person=True, shops=frozenset({person.shop_id, *person.shops}),
        )  # fmt: skip
        kind: CommandKind = "pause" if is_paused else "unpause"
        arguments = {"reason": reason[:LONGEST_REASON]}
        return await self._order(kind, asker, key, None, extension, arguments=arguments)

    async def consulting(self, call: CallView) -> CommandView | None:
        """The colleague who is being asked in this call; None when nobody is (any more): who declined, or did
        not answer, gave the caller back without an order of ours, and to hand over would cut them off."""
        kinds = ("attended", "hand_over", "take_back", "blind", "park", "give", "take", "pick_up")
        query = select(Command).where(
            Command.call_id == call.id, Command.kind.in_(kinds), Command.state != "failed"
        )
        row = (await self._uow.session.scalars(query.order_by(Command.id.desc()).limit(1))).first()
        if row is None or row.kind != "attended":
            return None
        is_new = row.wanted_at > self._deps.clock.now() - _UNDER_WAY
        return view(row) if call.state == "on_hold" or is_new else None

    async def own_pause(self, asker: Asker) -> OwnPause:
        """How the asker's phones stand in the queues, as the PBX says: also of a pause at the phone."""
        presence = PresenceApi(self._uow, self._deps)
        if not (await presence.knowledge()).is_known:
            return OwnPause(is_known=False)
        members = [one for queue in await presence.queues() for one in queue.members]
        mine = [one for one in members if one.extension in asker.extensions]
        paused = sorted((one for one in mine if one.is_paused), key=lambda one: one.paused_at or one.since)
        last = paused[-1] if paused else None
        return OwnPause(
            is_known=True, in_queues=len(mine), paused_in=tuple(one.queue for one in paused),
            reason=last.reason if last else "", since=last.paused_at if last else None,
        )  # fmt: skip

    async def _order(
        self, kind: CommandKind, asker: Asker, key: str, call: CallView | None, extension: str, **more: Any
    ) -> CommandView:
        await self._uow.take_turn(f"dialling:{asker.actor}")
        known = await self._orders.known(asker, key, kind) or await self._pressed(
            kind, asker, call, extension, **more
        )
        if known is not None:
            return known
        ensure_ready(self._deps, kind)
        return await self._orders.write(
            kind, asker, key, extension, call_id=call.id if call else None, **more
        )

    async def _pressed(
        self, kind: CommandKind, asker: Asker, call: CallView | None, extension: str,
        target: Target | None = None, digits: str | None = None, arguments: dict[str, Any] | None = None,
    ) -> CommandView | None:  # fmt: skip
        """The same key pressed twice: nothing else was ordered since, and it was the very same."""
        about = Command.call_id.is_(None) if call is None else Command.call_id == call.id
        query = select(Command).where(
            Command.actor == asker.actor, Command.extension == extension, about,
            Command.wanted_at > self._deps.clock.now() - _SAME_PRESS, Command.state != "failed",
        )  # fmt: skip
        row = (await self._uow.session.scalars(query.order_by(Command.id.desc()).limit(1))).first()
        if row is None or row.kind != kind:
            return None
        wanted = (target.number, target.digits) if target else (None, digits)
        is_same = (row.number, row.digits) == wanted and row.arguments == written(arguments)
        return view(row) if is_same else None

    async def _live(self, call_id: str, shops: Shops) -> CallView:
        call = await self._calls.call(call_id, shops=frozenset(shops) if shops is not None else None)
        if not call.is_live:
            raise Conflict("dial.call_over", "The call is over.", "There is nothing left to do with it.")
        return call

    def _talking(self, call: CallView, asker: Asker) -> str:
        """The phone of ours that has the caller: the asker's, else whoever talks."""
        here = [
            one.extension for one in call.parties if one.extension and one.left_at is None and one.answered_at
        ]
        own = [one for one in here if one in asker.extensions]
        found = next(iter(own), None) or call.last_extension
        if call.state not in ("talking", "on_hold") or not found:
            raise Conflict("dial.nobody_talks", "Nobody of ours talks with them now.", "Wait until they do.")
        if found.startswith("+"):
            raise Conflict(
                "dial.on_mobile", "They talk with one of ours on a mobile.",
                "The exchange cannot put through a call from there.",
            )  # fmt: skip
        return found

    async def _own_phone(self, asker: Asker, extension: str | None) -> str:
        return await self._orders.phone(extension, asker)


def _ensure_waits(call: CallView) -> None:
    """Nobody of ours talks with them yet."""
    if call.direction != "inbound" or call.state not in ("ringing", "queued"):
        raise Conflict("dial.not_waiting", "This caller does not wait any more.", "Look at the board again.")
