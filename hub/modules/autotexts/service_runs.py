"""Runs: written down when something happens, decided when they are due, followed until they are delivered.
The decision and the message are one transaction, so that neither is without the other. Never commits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from hub.errors import Conflict, HubError
from hub.events.messages import MessageSettled
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.kernel.triggers import Occurrence
from hub.modules.autotexts.models import Rule, Run
from hub.modules.autotexts.rules import AGAIN, judge, stale_at
from hub.modules.autotexts.rules_texts import text_for, variables_in, written
from hub.modules.autotexts.service_facts import FactService, channels_of
from hub.modules.autotexts.service_leaving import LeavingService
from hub.modules.autotexts.service_rules import RuleService, view_of
from hub.modules.autotexts.views import RuleEntry, RuleView, RunReason, RunState
from hub.modules.consents.api import ConsentsApi
from hub.modules.crm.api import ClientView, number_key
from hub.modules.messaging.api import MessageEntry, MessagingApi
from hub.values import ShopId

WORKER = "autotexts"
_AT_ONCE = 50
_LONGEST_CAUSE = 200
_LATER = timedelta(minutes=1)
_TOO_LATE = timedelta(days=31)
_REASONS: dict[str, RunReason] = {
    "consents.no_consent": "no_consent", "consents.withdrawn": "withdrawn", "consents.blocked": "blocked",
    "consents.provider_blocked": "provider_blocked", "consents.too_often": "too_often",
    "consents.landline": "landline", "consents.not_a_client": "not_client",
    "consents.archived": "archived", "consents.blacklisted": "blacklisted",
    "links.no_public_url": "no_public_url",
    "messaging.blocked": "provider_blocked", "messaging.no_channel": "no_channel",
    "messaging.channel_off": "no_channel", "messaging.cannot_write_first": "no_channel",
}  # fmt: skip


class RunService:
    """What becomes of each occurrence."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._rules = RuleService(uow, deps)
        self._facts = FactService(uow, deps)
        self._leaving = LeavingService(uow, deps)
        self._consents = ConsentsApi(uow, deps)
        self._messaging = MessagingApi(uow, deps)

    async def happened(self, one: Occurrence, *, is_own_only: bool = False) -> int:
        """A run for each rule that waits for it (of the shop itself only, where it says so); told twice is
        once. How many are new."""
        rules = await self._rules.waiting_for(one.trigger, one.shop_id)
        return sum(
            [
                await self.happened_to(rule, one)
                for rule in rules
                if not is_own_only or rule.entry.shop_id == one.shop_id
            ]
        )

    async def happened_to(self, rule: RuleView, one: Occurrence) -> int:
        """A run for this rule; 0: it has one already. One that was put right before anybody was written to
        waits once more when it happens again."""
        cause = one.cause[:_LONGEST_CAUSE]
        await self._uow.take_turn(f"autotexts:{rule.id}:{cause}")
        query = select(Run).where(Run.rule_id == rule.id, Run.cause == cause).with_for_update()
        known = (await self._session.scalars(query.execution_options(populate_existing=True))).first()
        if known is None:
            run = Run(id=new_id(self._clock), rule_id=rule.id, cause=cause, trigger=one.trigger)
            self._session.add(run)
        elif known.state == "skipped" and known.reason == "put_right" and one.at > known.happened_at:
            run = known
        else:
            return 0
        self._await(run, rule.entry, one)
        await self._session.flush()
        self._uow.after_commit(lambda: self._deps.wake(WORKER))
        return 1

    async def due(self, now: datetime) -> tuple[tuple[str, ShopId], ...]:
        """The runs that are to be looked at now, the oldest first, each with its shop."""
        query = select(Run.id, Run.shop_id).where(Run.state == "waiting", Run.due_at <= now)
        waiting = (await self._session.execute(query.order_by(Run.due_at, Run.id).limit(_AT_ONCE))).all()
        query = select(Run.id, Run.shop_id).where(Run.fallback_at.is_not(None), Run.fallback_at <= now)
        late = (await self._session.execute(query.order_by(Run.fallback_at, Run.id).limit(_AT_ONCE))).all()
        return tuple((run_id, ShopId(shop_id)) for run_id, shop_id in (*waiting, *late))

    async def next_at(self) -> datetime | None:
        """When there is something to be looked at."""
        query = select(Run.due_at).where(Run.state == "waiting").order_by(Run.due_at).limit(1)
        first = (await self._session.scalars(query)).first()
        late = select(Run.fallback_at).where(Run.fallback_at.is_not(None)).order_by(Run.fallback_at).limit(1)
        then = (await self._session.scalars(late)).first()
        return min((one for one in (first, then) if one is not None), default=None)

    async def look_at(self, run_id: str) -> None:
        """Decide it, or try its next channel; what is over stays as it is."""
        query = select(Run).where(Run.id == run_id).with_for_update()
        run = (await self._session.scalars(query.execution_options(populate_existing=True))).first()
        now = self._clock.now()
        if run is None:
            return
        # One at a time for one person: what is "not twice a day" is looked up first and written then.
        await self._uow.take_turn(f"autotexts:whom:{_whom(run)}")
        row = await self._session.get(Rule, run.rule_id)
        if run.state == "waiting" and run.due_at <= now:
            if row is None:
                self._over(run, "skipped", "rule_off")
            else:
                await self._decide(run, view_of(row).entry)
        elif run.fallback_at is not None and run.fallback_at <= now:
            await self._follow(run, view_of(row).entry if row is not None else None)

    async def put_off(self, run_id: str) -> None:
        """It could not be looked at: later, until nobody wants it any more."""
        run = await self._session.get(Run, run_id)
        if run is None:
            return
        later = self._clock.now() + _LATER
        if run.state == "waiting":
            run.due_at = later
            if later > run.happened_at + _TOO_LATE:
                self._over(run, "skipped", "refused")
        elif run.fallback_at is not None:
            run.fallback_at = None

    async def forget(self, before: datetime) -> None:
        """What was decided so long ago."""
        await self._session.execute(delete(Run).where(Run.happened_at < before, Run.state != "waiting"))

    async def settled(self, event: MessageSettled) -> None:
        """What became of a message: delivered is the end, failed asks for the next channel at once."""
        query = select(Run).where(Run.message_id == event.message_id).with_for_update()
        run = (await self._session.scalars(query)).first()
        if run is None or run.state != "sent":
            return
        if event.state == "failed" and run.fallback_at is None:
            run.reason = "undelivered"
        elif event.state == "failed":
            run.fallback_at = self._clock.now()
            self._uow.after_commit(lambda: self._deps.wake(WORKER))
        elif event.state == "unknown":
            run.reason = "doubtful"
        elif event.state in ("delivered", "read"):
            run.fallback_at, run.reason = None, ""

    async def last_sent(
        self, rule_id: str, client_id: str | None, key: str | None, conversation_id: str | None
    ) -> datetime | None:
        """When the rule wrote to them last, by any of these."""
        whose = []
        if client_id is not None:
            whose.append(Run.client_id == client_id)
        if key is not None:
            whose.append(Run.number_key == key)
        if conversation_id is not None:
            whose.append(Run.conversation_id == conversation_id)
        if not whose:
            return None
        query = select(Run.decided_at).where(Run.rule_id == rule_id, Run.state == "sent", or_(*whose))
        return (await self._session.scalars(query.order_by(Run.decided_at.desc()).limit(1))).first()

    async def _decide(self, run: Run, rule: RuleEntry) -> None:
        one, now = occurrence_of(run), self._clock.now()
        client = await self._facts.client(one)
        if client is not None and run.client_id is None:
            run.client_id = client.id
        last_at = await self.last_sent(run.rule_id, run.client_id, run.number_key, run.conversation_id)
        said = judge(rule, await self._facts.facts(one, client, now, last_at))
        if said.again_at is not None:
            run.due_at, run.reason = said.again_at, said.reason
            return
        if said.reason:
            self._over(run, "skipped", said.reason)
            return
        if await self._is_quiet(run, rule, client):
            return
        trigger = self._rules.triggers.get(run.trigger)
        if trigger is not None and trigger.holds and not await trigger.holds(self._uow, self._deps, one):
            self._over(run, "skipped", "put_right")
            return
        await self._write(run, rule, one, client)

    async def _is_quiet(self, run: Run, rule: RuleEntry, client: ClientView | None) -> bool:
        """In quiet hours it waits for their end, and after another advertisement until the next one may go
        out, if somebody still wants it then."""
        sending = await self._facts.sending(rule, occurrence_of(run), client)
        verdict = await self._consents.may_send(sending)
        if verdict.until is None or verdict.code not in ("quiet_hours", "too_often"):
            return False
        run.due_at, run.reason = verdict.until, verdict.code
        if verdict.until > stale_at(rule, run.happened_at):
            self._over(run, "skipped", "stale" if verdict.is_held else "too_often")
        return True

    async def _write(self, run: Run, rule: RuleEntry, one: Occurrence, client: ClientView | None) -> None:
        shop = self._deps.settings.shop.language
        text, _ = text_for(rule.texts, await self._facts.language(one, client), shop)
        values = await self._facts.values(one, client, variables_in(text), f"autotext:{run.id}")
        said, missing = written(text, values)
        if missing or not said:
            self._over(run, "skipped", "not_filled" if missing else "no_text", ", ".join(missing))
            return
        try:
            link = await self._leaving.link(rule, one, client)
        except Conflict as fault:
            self._over(run, "skipped", _REASONS.get(fault.code, "refused"), fault.text)
            return
        said = await self._leaving.signed(said, link, one, client)
        await self._try_channels(run, rule, one, client, said, link)

    async def _try_channels(
        self, run: Run, rule: RuleEntry, one: Occurrence, client: ClientView | None, text: str, link: str
    ) -> None:
        """By the first channel from the run's step on that takes it."""
        channels = channels_of(rule, one, client)
        fault: HubError | None = None
        for step in range(run.step, len(channels)):
            entry = replace(self._entry(run, rule, channels[step], text, step), unsubscribe_url=link)
            try:
                message = await self._messaging.queue_message(entry)
            except HubError as error:
                fault = fault or error
                continue
            run.step, run.message_id, run.channel = step, message.id, message.channel
            self._over(run, "sent", "")
            if rule.fallback_seconds and step + 1 < len(channels):
                run.fallback_at = self._clock.now() + timedelta(seconds=rule.fallback_seconds)
            return
        if run.message_id is not None:
            run.fallback_at, run.reason = None, "undelivered"
        elif fault is not None:
            self._over(run, "skipped", _REASONS.get(fault.code, "refused"), fault.text)
        else:
            self._over(run, "skipped", "no_channel")

    def _entry(self, run: Run, rule: RuleEntry, channel: str | None, text: str, step: int) -> MessageEntry:
        to_number = run.client_id is None and run.conversation_id is None
        return MessageEntry(
            text=text, purpose=rule.purpose, priority="notice", channel=channel,
            cause=f"autotext:{run.id}:{step}", client_id=run.client_id,
            conversation_id=run.conversation_id if run.client_id is None else None,
            address=run.number if to_number else None,
            not_after=max(stale_at(rule, run.happened_at), self._clock.now() + timedelta(minutes=5)),
        )  # fmt: skip

    async def _follow(self, run: Run, rule: RuleEntry | None) -> None:
        """Undelivered for so long: the next channel. What has not left us yet, or may have arrived, is not
        sent a second time."""
        run.fallback_at = None
        if rule is None or run.message_id is None or not rule.is_on:
            return
        message = await self._messaging.reading.message(run.message_id, None)
        if message.state in ("delivered", "read"):
            return
        if message.state == "unknown":
            run.reason = "doubtful"
            return
        if self._clock.now() > stale_at(rule, run.happened_at):
            run.reason = "undelivered"
            return
        if message.state in ("queued", "sending"):
            run.fallback_at = self._clock.now() + max(AGAIN, timedelta(seconds=rule.fallback_seconds))
            return
        one = occurrence_of(run)
        run.step += 1
        await self._write(run, rule, one, await self._facts.client(one))

    def _over(self, run: Run, state: RunState, reason: RunReason, detail: str = "") -> None:
        run.decided_at = run.decided_at or self._clock.now()
        if run.state != "sent":
            run.state = state
        run.reason, run.detail = reason, detail[:300]

    def _await(self, run: Run, rule: RuleEntry, one: Occurrence) -> None:
        country = self._deps.places.of(one.shop_id).country
        run.shop_id, run.client_id, run.number = one.shop_id, one.client_id, one.number
        run.number_key = number_key(one.number, country) if one.number is not None else None
        run.call_id, run.task_id, run.conversation_id = one.call_id, one.task_id, one.conversation_id
        run.brought, run.happened_at = dict(one.values), one.at
        run.due_at = one.at + timedelta(seconds=rule.delay_seconds)
        run.state, run.reason, run.detail, run.decided_at = "waiting", "", "", None
        run.step, run.channel, run.message_id, run.fallback_at = 0, "", None, None


def _whom(run: Run) -> str:
    return run.client_id or run.number_key or run.conversation_id or run.id


def occurrence_of(run: Run) -> Occurrence:
    """As it was told."""
    return Occurrence(
        trigger=run.trigger, cause=run.cause, at=run.happened_at, shop_id=ShopId(run.shop_id),
        client_id=run.client_id, number=run.number, call_id=run.call_id, task_id=run.task_id,
        conversation_id=run.conversation_id, values=run.brought,
    )  # fmt: skip
