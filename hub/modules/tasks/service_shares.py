"""Which shops wait for the client of a task, and what each of them has written of it. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, exists, or_, select

from hub.events.tasks import TaskFact, TaskShared
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.crm.api import number_key
from hub.modules.tasks.models import Miss, Share, Task, Wish
from hub.modules.tasks.views import Shops
from hub.values import ShopId


class ShareBook:
    """A client who rang two shops is one person to ring back: one task, of which each shop has its part."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._places = deps.places

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

    async def own(self, task: Task, shop_id: str) -> tuple[str | None, str | None]:
        """Number and missed call by which this shop knows the one whom several are to call back."""
        await self._session.flush()
        query = select(Miss).where(Miss.task_id == task.id, Miss.shop_id == shop_id)
        newest = query.order_by(Miss.started_at.desc(), Miss.call_id).limit(1)
        miss = (await self._session.scalars(newest)).first()
        if miss is not None:
            return miss.number, miss.call_id
        share = await self._session.get(Share, (task.id, shop_id))
        number = share.number if share is not None else None
        return number or (task.number if task.client_id is None else None), None

    async def tell(self, task: Task, fact: TaskFact, only: Collection[str] | None = None) -> None:
        """Each shop that waits hears of it by its own call and number."""
        waiting = await self.shops(task)
        for shop_id in waiting:
            if only is not None and shop_id not in only:
                continue
            told = fact
            if len(waiting) > 1:
                number, call_id = await self.own(task, shop_id)
                told = replace(fact, number=number, call_id=call_id)
            self._uow.publish(told, shop_id=ShopId(shop_id))

    async def join(
        self, task: Task, shop_id: str, call_id: str | None, *, number: str | None, is_made: bool = False
    ) -> None:
        """This shop waits for them, too, by this call and number; told once."""
        if shop_id == task.shop_id:
            return
        known = await self._session.get(Share, (task.id, shop_id))
        if known is not None:
            known.is_made = known.is_made or is_made
            return
        self._session.add(
            Share(
                task_id=task.id, shop_id=shop_id, title="", note="", number=number, is_made=is_made,
                at=self._clock.now(),
            )
        )  # fmt: skip
        await self._session.flush()
        self._uow.publish(
            TaskShared(
                task_id=task.id, kind=task.kind, client_id=task.client_id, number=number,
                call_id=call_id, with_shop_id=shop_id,
            ),
            shop_id=ShopId(shop_id),
        )  # fmt: skip

    async def take_over(self, task: Task, into: Task) -> None:
        """One task becomes a part of another: its shops wait for that one, with what they wrote."""
        shares = (await self.of([task.id])).get(task.id, [])
        parts: list[Task | Share] = [task, *shares]
        for part in parts:
            is_made = part.is_made if isinstance(part, Share) else task.created_by is not None
            number, call_id = await self.own(into, part.shop_id)
            if number is None and (isinstance(part, Share) or not shares):
                number = part.number
            await self.join(into, part.shop_id, call_id, number=number, is_made=is_made)
            share = await self._session.get(Share, (into.id, part.shop_id))
            if share is not None:
                share.title = share.title or part.title
                share.note = "\n".join(filter(None, (share.note, part.note)))
                share.number = share.number or number

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
            await self._begin_at(task, left[0])
        await self._session.flush()

    async def leave(self, task: Task, shops: Collection[str]) -> None:
        """These shops wait no more, others do; where one of these began it, the next one does."""
        left = []
        for share in (await self.of([task.id])).get(task.id, []):
            if share.shop_id in shops:
                await self._session.delete(share)
            else:
                left.append(share)
        if task.shop_id in shops:
            await self._begin_at(task, left[0])
        await self._session.flush()

    async def _begin_at(self, task: Task, share: Share) -> None:
        """What a further shop had of it becomes the task itself."""
        task.shop_id, task.title, task.note = share.shop_id, share.title, share.note
        task.created_by = f"shop:{share.shop_id}" if share.is_made else None
        if share.number is not None:
            country = self._places.of(ShopId(share.shop_id)).country
            task.number, task.number_key = share.number, number_key(share.number, country)
        await self._session.delete(share)

    async def is_wanted(self, task: Task) -> bool:
        """Whether anything is left that asks for it: a missed call, a wish, or somebody's hand."""
        await self._session.flush()
        shares = (await self.of([task.id])).get(task.id, [])
        if task.created_by is not None or any(share.is_made for share in shares):
            return True
        shops = [task.shop_id, *(share.shop_id for share in shares)]
        for table in (Miss, Wish):
            query = select(table.call_id).where(table.task_id == task.id, table.shop_id.in_(shops)).limit(1)
            if (await self._session.scalars(query)).first() is not None:
                return True
        return False

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
