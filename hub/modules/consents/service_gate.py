"""May it be sent? The one answer for all that the hub sends, and for calls that invite. Never commits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, select

from hub.errors import Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.consents.models import Touch
from hub.modules.consents.rules import State
from hub.modules.consents.rules_gate import barred, is_fixed
from hub.modules.consents.rules_hours import (
    ContactRules,
    option_name,
    quiet_until,
    read_rules,
    rule_faults,
    stored_form,
)
from hub.modules.consents.service_subjects import Person, SubjectService
from hub.modules.consents.views import YES, Purpose, Sending, Subject, Verdict
from hub.ports.messaging import NUMBERS
from hub.values import ShopId

_NEVER = datetime.min.replace(tzinfo=UTC)


class GateService:
    """Judges what is to be sent; counts what marketing sends."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._places = deps.places
        self._subjects = SubjectService(uow, deps)
        self._shops = AccessApi(uow, deps).shops

    async def may_send(self, sending: Sending) -> Verdict:
        """Yes, or the reason that weighs most. A person's answer is never held; whoever has asked for no
        message at all gets none. Raises NotFound for an unknown client."""
        if sending.purpose == "consent":
            return YES
        person, state = await self._known(sending)
        if sending.purpose == "dialogue":
            wrote_since = state.blocked_at is None or (sending.heard_at or _NEVER) > state.blocked_at
            return YES if wrote_since else Verdict(code="blocked")
        never = self._never(sending, sending.purpose, person, state)
        if not never.is_yes:
            return never
        at = sending.at or self._clock.now()
        rules = await self.rules(sending.shop_id)
        if sending.purpose == "marketing":
            often = await self._too_often(sending, person, at, rules.marketing_days)
            if often is not None:
                return Verdict(code="too_often", until=often)
        return self._held(sending, sending.purpose, rules, at)

    async def may_still_send(self, sending: Sending) -> Verdict:
        """Just before it goes out: as `may_send`, but it has been counted already."""
        if sending.purpose == "dialogue" or sending.purpose == "consent":
            return YES
        person, state = await self._known(sending, is_strict=False)
        never = self._never(sending, sending.purpose, person, state)
        if not never.is_yes:
            return never
        rules = await self.rules(sending.shop_id)
        return self._held(sending, sending.purpose, rules, sending.at or self._clock.now())

    async def count(self, sending: Sending) -> None:
        """Marketing that will go out at `at`; others wait for it in `may_send`. May run twice."""
        if sending.purpose != "marketing":
            return
        person = await self._subjects.person(_subject(sending))
        if await self._session.get(Touch, sending.message_id) is None:
            self._session.add(
                Touch(
                    message_id=sending.message_id, client_id=person.client_id, mark=person.mark,
                    at=sending.at or self._clock.now(),
                )
            )  # fmt: skip
            await self._session.flush()

    async def discount(self, message_id: str) -> None:
        """It never went out."""
        await self._session.execute(delete(Touch).where(Touch.message_id == message_id))

    async def take_turn(self, sending: Sending) -> None:
        """Whoever counts marketing for the same person waits for the end of this transaction."""
        if sending.purpose == "marketing":
            person = await self._subjects.person(_subject(sending))
            await self._uow.take_turn(f"consents:{person.client_id or person.mark}")

    async def rules(self, shop_id: ShopId | None = None) -> ContactRules:
        """A shop's quiet hours and how often it writes; None: of this unit of work."""
        return read_rules(await self._shops.option(option_name(shop_id or self._uow.shop_id)))

    async def set_rules(self, rules: ContactRules, shop_id: ShopId | None = None) -> None:
        """Raises Invalid with the faults by the form's fields."""
        faults = rule_faults(rules)
        if faults:
            raise Invalid("consents.rules", "Some fields need another look.", fields=faults)
        await self._shops.set_option(option_name(shop_id or self._uow.shop_id), stored_form(rules))

    def _held(self, sending: Sending, purpose: Purpose, rules: ContactRules, at: datetime) -> Verdict:
        zone = self._places.of(sending.shop_id or self._uow.shop_id).zone
        until = quiet_until(rules, purpose, at, zone)
        return Verdict(code="quiet_hours", until=until) if until is not None else YES

    async def _known(self, sending: Sending, *, is_strict: bool = True) -> tuple[Person, State]:
        person = await self._subjects.person(_subject(sending), is_strict=is_strict)
        return person, await self._subjects.state(person)

    def _never(self, sending: Sending, purpose: Purpose, person: Person, state: State) -> Verdict:
        code = barred(person.client)
        if not code and state.is_blocked:
            code = "blocked"
        if not code and (sending.channel, person.mark) in state.blocks:
            code = "provider_blocked"
        if not code and sending.channel in NUMBERS and is_fixed(person.address, person.client):
            code = "landline"
        if not code and not state.allows(purpose, sending.channel):
            is_none = state.standing(purpose, sending.channel) == "none"
            code = "no_consent" if is_none else "withdrawn"
        return Verdict(code=code)

    async def _too_often(self, sending: Sending, person: Person, at: datetime, days: int) -> datetime | None:
        if days <= 0:
            return None
        marks = sorted(person.marks)
        whose: list[ColumnElement[bool]] = [Touch.mark.in_(marks)] if marks else []
        if person.client_id is not None:
            whose.append(Touch.client_id == person.client_id)
        apart = timedelta(days=days)
        query = select(Touch.at).where(
            or_(*whose), Touch.at > at - apart, Touch.at < at + apart, Touch.message_id != sending.message_id
        )
        last = (await self._session.scalars(query.order_by(Touch.at.desc()).limit(1))).first()
        return last + apart if last is not None else None


def _subject(sending: Sending) -> Subject:
    return Subject(client_id=sending.client_id, channel=sending.channel, address=sending.address)
