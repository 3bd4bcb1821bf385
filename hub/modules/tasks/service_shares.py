"""Which shops wait for the client of a task, and what each of them has written of it. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists, or_, select

from hub.events.tasks import TaskShared
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.tasks.models import Miss, Share, Task, Wish
from hub.modules.tasks.views import Shops


class ShareBook:
    """A client who rang two shops is one person to ring back: one task, of which each shop has its part."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock

    async def of(self, task_ids: Collection[str]) -> dict[str, list[Share]]:
        """The further shops of each task, the first that joined first."""
        found: dict[str, list[Share]] = {}
        if task_ids:
            query = select(Share).where(Share.task_id.in_(sorted(task_ids))).order_by(Share.at, Share.shop_id)
            for share in (await self._session.scalars(query)).all():
                found.setdefault(share.task_id, []).append(share)
        return found

    async def shops(self, task: Task) -> tuple[str, ...]:
        """Every shop that waits, the one where it began first."""
        further = (await self.of([task.id])).get(task.id, [])
        return (task.shop_id, *(share.shop_id for share in further))

    async def join(self, task: Task, shop_id: str, call_id: str | None, *, is_made: bool = False) -> None:
        """This shop waits for them, too; told once."""
        if shop_id == task.shop_id:
            return
        known = await self._session.get(Share, (task.id, shop_id))
        if known is not None:
            known.is_made = known.is_made or is_made
            return
        self._session.add(
            Share(
                task_id=task.id, shop_id=shop_id, title="", note="", number=None, is_made=is_made,
                at=self._clock.now(),
            )
        )  # fmt: skip
        await self._session.flush()
        self._uow.publish(
            TaskShared(
                task_id=task.id, kind=task.kind, client_id=task.client_id, number=task.number,
                call_id=call_id, with_shop_id=shop_id,
            )
        )  # fmt: skip

    async def take_over(self, task: Task, into: Task) -> None:
        """One task becomes a part of another: its shops wait for that one, with what they wrote."""
        shares = (await self.of([task.id])).get(task.id, [])
        parts: list[Task | Share] = [task, *shares]
        for part in parts:
            is_made = part.is_made if isinstance(part, Share) else task.created_by is not None
            await self.join(into, part.shop_id, task.call_id, is_made=is_made)
            share = await self._session.get(Share, (into.id, part.shop_id))
            if share is not None:
                share.title = share.title or part.title
                share.note = "\n".join(filter(None, (share.note, part.note)))
                share.number = share.number or part.number

    async def settle(self, task: Task, gone: Collection[str] = ()) -> None:
        """A shop whose calls were no misses after all waits no more; where it began, the next one does.
        `gone`: shops whose own task this is not any more."""
        shares = (await self.of([task.id])).get(task.id, [])
        if not shares:
            return
        await self._session.flush()
        waiting = set()
        for table in (Miss, Wish):
            query = select(table.shop_id).where(table.task_id == task.id).distinct()
            waiting |= set((await self._session.scalars(query)).all())
        left = [
            share
            for share in shares
            if share.shop_id in waiting or (share.is_made and share.shop_id not in gone)
        ]
        for share in shares:
            if share not in left:
                await self._session.delete(share)
        if left and task.shop_id not in waiting and task.created_by is None:
            first = left[0]
            task.shop_id, task.title, task.note = first.shop_id, first.title, first.note
            await self._session.delete(first)
        await self._session.flush()

    async def parts(self, task: Task, shops: Shops) -> Sequence[Task | Share]:
        """Where somebody who sees these shops reads and writes title and note."""
        found: list[Task | Share] = [task, *(await self.of([task.id])).get(task.id, [])]
        return [part for part in found if shops is None or part.shop_id in shops]

    async def write(self, task: Task, shops: Shops, name: str, text: str) -> None:
        """Say title or note anew, in place of all that they see of it."""
        for number, part in enumerate(await self.parts(task, shops)):
            setattr(part, name, "" if number else text)

    async def append(self, task: Task, shops: Shops, text: str, longest: int) -> None:
        """Add to the note."""
        for part in (await self.parts(task, shops))[:1]:
            part.note = "\n".join(filter(None, (part.note, text)))[-longest:]


def of_shops(shops: Shops) -> list[ColumnElement[bool]]:
    """Tasks that one of the shops waits for (None: every task)."""
    if shops is None:
        return []
    mine = sorted(shops)
    shared = exists().where(Share.task_id == Task.id, Share.shop_id.in_(mine))
    return [or_(Task.shop_id.in_(mine), shared)]
