"""Whose a number is becomes known: its call-back moves to the client, or was none. Never commits."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.crm.api import CallerMatch, CrmApi
from hub.modules.tasks.models import Miss, Task, Watch
from hub.modules.tasks.rules import may_call, subject_of
from hub.modules.tasks.service_book import TaskBook


class NumberTaskService:
    """Brings the tasks of a number in line with what crm knows of it; again and again, the same."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._book = TaskBook(uow, deps)
        self._crm = CrmApi(uow, deps)

    async def known(self, key: str, client_id: str) -> None:
        """The number became that client's, or that one is something else to the shop now."""
        await self._book.take_turn()
        match = await self._crm.caller(key)
        query = select(Task).where(Task.state == "open", Task.kind == "callback")
        about = (Task.number_key == key) | (Task.client_id == client_id)
        for task in (await self._session.scalars(query.where(about).order_by(Task.id))).all():
            await self._bring_in_line(task, match)
        if not _is_wanted(match):
            await self._forget_soft(key)

    async def released(self, key: str, client_id: str) -> None:
        """The number is not that client's for sure any more."""
        await self._book.take_turn()
        match = await self._crm.caller(key)
        query = select(Task).where(
            Task.state == "open", Task.kind == "callback", Task.client_id == client_id, Task.number_key == key
        )  # fmt: skip
        for task in (await self._session.scalars(query.order_by(Task.id))).all():
            await self._hand_over(task, match.client_id, key)

    async def chosen(self, call_id: str, client_id: str | None) -> None:
        """A person said whose call it was that nobody took (None: took it back)."""
        await self._book.take_turn()
        miss = await self._session.get(Miss, call_id)
        task = await self._session.get(Task, miss.task_id) if miss is not None and miss.task_id else None
        if task is None or task.state != "open" or task.number_key is None:
            return
        if client_id is None:
            client_id = (await self._crm.caller(task.number_key)).client_id
        if client_id is not None:
            client = (await self._crm.clients_by_ids([client_id])).get(client_id)
            if client is None or client.relation != "client":
                return
            client_id = client.id
        if client_id != task.client_id:
            await self._hand_over(task, client_id, task.number_key)

    async def _hand_over(self, task: Task, client_id: str | None, key: str) -> None:
        """To that client, or back to the number."""
        if client_id is not None:
            await self._move(task, client_id)
            return
        subject = subject_of(None, key) or ""
        known = await self._book.open_of(subject)
        if known is not None and known is not task:
            await self._book.join(task, known)
            return
        task.client_id, task.subject = None, subject
        await self._session.flush()
        await self._book.watch(task)
        await self._book.touch(task)

    async def _bring_in_line(self, task: Task, match: CallerMatch) -> None:
        if task.client_id is not None:
            client = (await self._crm.clients_by_ids([task.client_id])).get(task.client_id)
            if client is not None and client.relation != "client":
                await self._book.close(task, "cancelled", "not_client")
            else:
                await self._book.watch(task)
        elif not _is_wanted(match):
            await self._book.close(task, "cancelled", "not_client")
        elif match.client_id is not None:
            await self._move(task, match.client_id)

    async def _move(self, task: Task, client_id: str) -> None:
        subject = subject_of(client_id, None) or ""
        known = await self._book.open_of(subject)
        if known is task:
            return
        if known is not None:
            await self._book.join(task, known)
            return
        task.client_id, task.subject = client_id, subject
        await self._session.flush()
        await self._book.watch(task)
        await self._book.touch(task)

    async def _forget_soft(self, key: str) -> None:
        """Single short calls of somebody who is no client are nothing to look at."""
        soft = select(Miss).where(
            Miss.number_key == key, Miss.task_id.is_(None), Miss.settled_by.is_(None)
        )  # fmt: skip
        for miss in (await self._session.scalars(soft)).all():
            await self._session.execute(delete(Watch).where(Watch.why == miss.call_id))
            await self._session.execute(
                update(Miss).where(Miss.call_id == miss.call_id).values(settled_by="not_client")
            )
            self._book.hint_misses(miss.shop_id, miss.call_id)


def _is_wanted(match: CallerMatch) -> bool:
    return may_call(match.relation, [c.relation for c in match.candidates], is_colleague=False)
