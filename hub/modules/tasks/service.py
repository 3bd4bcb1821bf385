"""What people do with tasks. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from hub.errors import Conflict, Invalid
from hub.events.tasks import TaskReason, TaskState, TaskTaken
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from hub.modules.crm.api import CrmApi, number_key
from hub.modules.tasks.models import Miss, Task, Try, Watch
from hub.modules.tasks.rules import LONGEST_NOTE, LONGEST_TITLE, TryOutcome, subject_of
from hub.modules.tasks.rules_time import promises
from hub.modules.tasks.service_book import TaskBook, closed_fact
from hub.modules.tasks.service_reading import TaskReading, late_open
from hub.modules.tasks.views import Holder, Shops, TaskEntry, TaskView
from hub.values import ShopId

_SOFT_DAYS = 2
_MOST_AT_ONCE = 200
_OF_ONE_SHOP: frozenset[TaskReason] = frozenset({"not_needed", "unreached"})
"""What one shop says for itself: others that wait for the same client go on."""


class TaskService:
    """Claims, tries, answers, closes; each of them twice is once."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._country = deps.places.of(uow.shop_id).country
        self._settings = deps.settings.tasks
        self._book = TaskBook(uow, deps)
        self._reading = TaskReading(uow, deps)

    async def claim(self, task_id: str, holder: Holder, shops: Shops) -> TaskView:
        """Take it in hand for some minutes, and for good where nobody owned it. Raises NotFound, Conflict
        (somebody else has it in hand, it is over)."""
        task, now = await self._open(task_id, shops), self._deps.clock.now()
        until = task.claimed_until
        if until is not None and until > now and task.claimed_by != holder.id:
            raise _held((await self._reading.views([task], shops))[0])
        if task.claimed_by != holder.id or until is None or until <= now:
            await self._tell_taken(task, holder)
        task.claimed_by, task.claimed_name = holder.id, holder.name
        task.claimed_until = now + timedelta(minutes=self._settings.claim_minutes)
        if task.owner_id is None:
            people = await AccessApi(self._uow, self._deps).list_people()
            task.owner_id = holder.id if any(one.id == holder.id for one in people) else None
        return await self._changed(task, shops)

    async def _tell_taken(self, task: Task, holder: Holder) -> None:
        """Who of another shop is not told."""
        fact = TaskTaken(
            task_id=task.id, kind=task.kind, client_id=task.client_id, number=task.number,
            call_id=task.call_id, who=holder.name, who_id=holder.id,
        )  # fmt: skip
        waiting = await self._book.shares.shops(task)
        for shop_id in waiting:
            is_known = len(waiting) == 1 or shop_id == self._uow.shop_id
            if not is_known:
                people = await AccessApi(self._uow, self._deps).list_people([ShopId(shop_id)])
                is_known = any(person.id == holder.id for person in people)
            told = fact if is_known else replace(fact, who="", who_id="")
            await self._book.shares.tell(task, told, only=[shop_id])

    async def release(self, task_id: str, shops: Shops) -> TaskView:
        """Nobody has it in hand. Raises NotFound, Conflict (another shop has)."""
        task = await self._reading.row(task_id, shops)
        view = await self._reading.one(task_id, shops)
        if view.is_held_elsewhere:
            raise _held(view)
        if task.claimed_by is None:
            return view
        self._book.let_go(task)
        return await self._changed(task, shops)

    async def tried(self, task_id: str, holder: Holder, note: str, shops: Shops) -> TaskView:
        """Tried in vain, by a phone that no PBX sees. Raises NotFound, Conflict, Invalid."""
        task = await self._open(task_id, shops)
        self._add_try(task, "not_reached", holder, _checked_note(note))
        await self._book.try_later(task, self._deps.clock.now())
        return await self._changed(task, shops)

    async def answer(self, task_id: str, holder: Holder, is_reached: bool, shops: Shops) -> TaskView:
        """Whether the client was reached by the short talk that is asked about (or by any other means).
        Raises NotFound, Conflict."""
        task = await self._open(task_id, shops)
        query = select(Try).where(Try.task_id == task.id, Try.outcome == "asked").order_by(Try.at)
        if shops is not None:
            query = query.where(Try.shop_id.in_(sorted(shops)))
        asked = (await self._session.scalars(query)).all()
        for row in asked:
            row.outcome, row.who = "reached" if is_reached else "not_reached", row.who or holder.name
        if not asked:
            self._add_try(task, "reached" if is_reached else "not_reached", holder, "")
        if is_reached:
            await self._settle(task)
            await self._book.close(task, "done", "reached", by_call=asked[-1].call_id if asked else None)
        else:
            await self._book.try_later(task, self._deps.clock.now())
        return await self._changed(task, shops)

    async def close(self, task_id: str, reason: TaskReason, note: str, shops: Shops) -> TaskView:
        """It is done, or not to be done. Raises NotFound, Conflict, Invalid."""
        task = await self._open(task_id, shops)
        if note := _checked_note(note):
            await self._book.shares.append(task, shops, note, LONGEST_NOTE)
        if reason not in ("done", "reached", "unreached", "not_needed"):
            raise Invalid("tasks.reason", "Say why it is over.")
        state: TaskState = "cancelled" if reason == "not_needed" else "done"
        waiting = await self._book.shares.shops(task)
        mine = [shop for shop in waiting if shops is None or shop in shops]
        if reason in _OF_ONE_SHOP and len(mine) < len(waiting):
            return await self._leave(task, mine, state, reason, shops)
        await self._settle(task)
        await self._book.close(task, state, reason)
        return await self._changed(task, shops)

    async def _leave(
        self, task: Task, mine: Collection[str], state: TaskState, reason: TaskReason, shops: Shops
    ) -> TaskView:
        """The other shops go on waiting, and are not told that these do not."""
        view = (await self._reading.views([task], shops))[0]
        await self._settle(task, mine)
        if not view.is_held_elsewhere:
            self._book.let_go(task)
        task.owner_id = None if view.owner_id is not None else task.owner_id
        await self._book.shares.tell(task, closed_fact(task, state, reason), only=mine)
        await self._book.touch(task)
        await self._book.shares.leave(task, mine)
        await self._book.newest_call(task)
        await self._book.watch(task)
        over = replace(view, state=state, reason=reason, closed_at=self._deps.clock.now())
        return replace(over, claimed_by=None, claimed_name="", claimed_until=None)

    async def reopen(self, task_id: str, shops: Shops) -> TaskView:
        """It was closed by mistake. Raises NotFound, Conflict when there is another one by now."""
        await self._book.take_turn()
        task = await self._reading.row(task_id, shops)
        if task.state == "open":
            return await self._reading.one(task_id, shops)
        if task.reason == "merged" or (task.subject is not None and await self._book.open_of(task.subject)):
            raise Conflict(
                "tasks.there_is_one", "There is an open call-back already.", "Go on with that one."
            )
        query = update(Miss).where(Miss.task_id == task.id).values(settled_by=None)
        await self._session.execute(query, execution_options={"synchronize_session": "fetch"})
        await self._book.reopen(task)
        return await self._changed(task, shops)

    async def create(self, entry: TaskEntry, shops: Shops) -> TaskView:
        """A task made by hand. Raises Invalid, Conflict (there is an open call-back for them)."""
        await self._book.take_turn()
        await AccessApi(self._uow, self._deps).shop(entry.shop_id)
        title, note = " ".join(entry.title.split()), _checked_note(entry.note)
        if len(title) > LONGEST_TITLE:
            raise Invalid("tasks.invalid", "Some fields need a look.", fields={"title": "This is too long."})
        if entry.kind == "callback":
            task, is_joined = await self._callback(entry, shops)
            if is_joined:
                return await self._joined(task, replace(entry, title=title, note=note), shops)
        elif not title:
            raise Invalid(
                "tasks.invalid", "Some fields need a look.", fields={"title": "Say what is to be done."}
            )
        else:
            task = self._book.new_todo(entry.shop_id, title)
            task.client_id = await self._client(entry.client_id)
            await self._book.add(task)
        task.title, task.note = title, note
        if entry.due_at is not None:
            await self._book.promise(task, entry.due_at)
        task.owner_id = await self._owner(entry.owner_id, shops)
        return await self._changed(task, shops)

    async def moments(self, shop_id: ShopId) -> dict[str, datetime]:
        """What `TasksApi.moments` says."""
        return promises(await self._book.calendar(shop_id), self._deps.clock.now())

    async def remind(self, entry: TaskEntry, shops: Shops) -> TaskView:
        """What `TasksApi.remind` says. Raises Invalid."""
        try:
            return await self.create(entry, shops)
        except Conflict as error:
            known = error.data.get("task_id")
            if not isinstance(known, str):
                raise
            changes = {} if await self._is_sooner(known, entry.due_at) else {"due_at": entry.due_at}
            return await self.change(known, changes, None, shops)

    async def _is_sooner(self, task_id: str, at: datetime | None) -> bool:
        """Whether another shop waits too, and what is promised already is earlier."""
        task = await self._reading.row(task_id, None)
        is_shared = len(await self._book.shares.shops(task)) > 1
        return is_shared and task.due_at is not None and (at is None or task.due_at < at)

    async def change(
        self, task_id: str, changes: Mapping[str, Any], rev: int | None, shops: Shops
    ) -> TaskView:
        """Title, note, owner, time. Raises NotFound, Conflict for a stale `rev`, Invalid."""
        task = await self._reading.row(task_id, shops)
        if rev is not None and rev != task.rev:
            raise Conflict("tasks.stale", "Somebody else has changed this meanwhile.", "Look at it again.")
        if "owner_id" in changes:
            task.owner_id = await self._owner(changes["owner_id"], shops)
        if "due_at" in changes:
            await self._book.promise(task, changes["due_at"])
        for name in ("title", "note"):
            if name in changes:
                await self._book.shares.write(task, shops, name, _checked_note(changes[name]))
        return await self._changed(task, shops)

    async def wrote(self, client_id: str | None, number: str | None, at: datetime) -> None:
        """The client wrote to us (a fact of messaging): that is as good as a talk for what was before."""
        await self._book.take_turn()
        key = number_key(number, self._country) if number is not None else None
        for task in await self._book.open_about(client_id, key):
            newest = select(Miss.started_at).where(Miss.task_id == task.id).order_by(Miss.started_at.desc())
            begun = (await self._session.scalars(newest.limit(1))).first() or task.created_at
            if at > begun:
                await self._settle(task)
                await self._book.close(task, "done", "wrote")

    async def escalate(self, now: datetime) -> None:
        """Tell of what is too late; forget the single short calls of days ago."""
        query = select(Task).where(*late_open(now)).order_by(Task.escalate_at).limit(_MOST_AT_ONCE)
        for task in (await self._session.scalars(query)).all():
            await self._book.escalate(task)
        old = select(Miss.call_id).where(Miss.started_at < now - timedelta(days=_SOFT_DAYS))
        await self._session.execute(delete(Watch).where(Watch.why.in_(old)))

    async def _callback(self, entry: TaskEntry, shops: Shops) -> tuple[Task, bool]:
        """A new one, or the one that another shop has open for them already (True). Raises Conflict where
        the maker sees that there is one."""
        client_id = await self._client(entry.client_id)
        number, crm = entry.number, CrmApi(self._uow, self._deps)
        if number is None and client_id is not None:
            client = await crm.client(client_id)
            number = next((phone.number for phone in client.phones), None)
        key = number_key(number, self._country) if number else None
        if key is None:
            raise Invalid(
                "tasks.invalid", "Some fields need a look.",
                fields={"number": "Give a number that can be called, or a client who has one."},
            )  # fmt: skip
        if client_id is None:
            client_id = (await crm.caller(number)).client_id
        subject = subject_of(client_id, key) or ""
        known = await self._book.open_of(subject)
        if known is not None and await self._book.shares.parts(known, shops):
            raise Conflict(
                "tasks.there_is_one", "There is an open call-back already.", "Go on with that one.",
                data={"task_id": known.id},
            )  # fmt: skip
        if known is not None:
            await self._book.shares.join(known, entry.shop_id, None, number=number, is_made=True)
            return known, True
        made = await self._book.open_callback(
            shop_id=entry.shop_id, client_id=client_id, number=number, key=key, since=self._deps.clock.now(),
            is_made=True,
        )  # fmt: skip
        return made, False

    async def _joined(self, task: Task, entry: TaskEntry, shops: Shops) -> TaskView:
        """The earlier moment counts; who has it already goes on."""
        mine = [entry.shop_id]
        await self._book.shares.write(task, mine, "title", entry.title)
        await self._book.shares.write(task, mine, "note", entry.note)
        if entry.due_at is None:
            await self._book.set_clock(task, self._deps.clock.now(), entry.shop_id, only_earlier=True)
        elif task.due_at is None or entry.due_at < task.due_at:
            await self._book.promise(task, entry.due_at)
        if task.owner_id is None:
            task.owner_id = await self._owner(entry.owner_id, shops)
        return await self._changed(task, shops)

    async def _client(self, client_id: str | None) -> str | None:
        if client_id is not None:
            return (await CrmApi(self._uow, self._deps).client(client_id)).id
        return None

    async def _owner(self, owner_id: str | None, shops: Shops) -> str | None:
        if owner_id is not None:
            await AccessApi(self._uow, self._deps).person(owner_id, shops)
        return owner_id

    async def _open(self, task_id: str, shops: Shops) -> Task:
        await self._book.take_turn()
        task = await self._reading.row(task_id, shops)
        if task.state != "open":
            raise Conflict("tasks.over", "This is done already.", "Take the next one.")
        return task

    async def _settle(self, task: Task, shops: Collection[str] | None = None) -> None:
        """By somebody's word, which no call takes back; at some of the shops only, where `shops` says so."""
        query = update(Miss).where(Miss.task_id == task.id, Miss.settled_by.is_(None))
        if shops is not None:
            query = query.where(Miss.shop_id.in_(sorted(shops)))
        await self._session.execute(
            query.values(settled_by=f"task:{task.id}"), execution_options={"synchronize_session": "fetch"}
        )

    def _add_try(self, task: Task, outcome: TryOutcome, holder: Holder, note: str) -> None:
        now = self._deps.clock.now()
        self._session.add(
            Try(
                id=new_id(self._deps.clock), task_id=task.id, shop_id=self._uow.shop_id, call_id=None, at=now,
                outcome=outcome, talk_seconds=0.0, who=holder.name, note=note,
            )
        )  # fmt: skip

    async def _changed(self, task: Task, shops: Shops) -> TaskView:
        await self._book.touch(task)
        await self._session.flush()
        return (await self._reading.views([task], shops))[0]


def _held(task: TaskView) -> Conflict:
    """Said without the name of somebody who works at a shop that one does not see into."""
    until = task.claimed_until.isoformat() if task.claimed_until is not None else ""
    if task.is_held_elsewhere:
        return Conflict(
            "tasks.claimed", "Another shop has this in hand now.", "Take the next one.",
            data={"who": "", "until": until},
        )  # fmt: skip
    return Conflict(
        "tasks.claimed", "{who} has this in hand now.", "Take the next one.",
        data={"who": task.claimed_name, "until": until},
    )  # fmt: skip


def _checked_note(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(text) > LONGEST_NOTE:
        raise Invalid("tasks.invalid", "Some fields need a look.", fields={"note": "This is too long."})
    return text
