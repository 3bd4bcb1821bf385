"""Tasks when clients become one, become two again, or are erased (hub.kernel.clients). Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved, erase_again
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.tasks.models import Miss, MobileCall, Share, Task, Try, Watch
from hub.modules.tasks.rules import subject_of
from hub.modules.tasks.service_book import TaskBook, tasks_by_ids


async def move(uow: UnitOfWork, deps: Deps, what: Move) -> Moved:
    """Tasks and calls on mobiles are the other one's; two open call-backs become one."""
    book, session = TaskBook(uow, deps), uow.session
    await book.take_turn()
    subject = subject_of(what.into_id, None) or ""
    moved: dict[str, list[str]] = {"tasks": [], "joined": [], "misses": [], "tries": [], "mobile": []}
    for task in (await session.scalars(select(Task).where(Task.client_id == what.from_id))).all():
        known = await book.open_of(subject) if _is_callback(task) else None
        if known is not None:
            moved["joined"].append(task.id)
            moved["misses"] += [
                f"{one} {task.id}" for one in await _of(uow, Miss.call_id, Miss.task_id, task)
            ]
            tries = set(await _of(uow, Try.id, Try.task_id, task))
            await book.join(task, known)
            tries &= set(await _of(uow, Try.id, Try.task_id, known))
            moved["tries"] += [f"{one} {task.id}" for one in sorted(tries)]
        elif _is_callback(task):
            task.subject = subject
        task.client_id = what.into_id
        moved["tasks"].append(task.id)
        await session.flush()
        await book.watch(task)
        await book.touch(task)
    calls = update(MobileCall).where(MobileCall.client_id == what.from_id).values(client_id=what.into_id)
    moved["mobile"] = list((await session.scalars(calls.returning(MobileCall.id))).all())
    return moved


async def put_back(uow: UnitOfWork, deps: Deps, what: Move, moved: Moved) -> None:
    """As they were, as far as they still are the other one's."""
    book, session = TaskBook(uow, deps), uow.session
    await book.take_turn()
    subject = subject_of(what.from_id, None) or ""
    for table, key, name in ((Miss, Miss.call_id, "misses"), (Try, Try.id, "tries")):
        for one in moved.get(name, []):
            row_id, _, task_id = one.rpartition(" ")
            await session.execute(update(table).where(key == row_id).values(task_id=task_id))
    parted: set[str] = set()
    for task in await tasks_by_ids(uow, moved.get("tasks", [])):
        if task.client_id != what.into_id:
            continue
        task.client_id = what.from_id
        is_joined = task.id in moved.get("joined", []) and task.reason == "merged"
        if _is_callback(task) or is_joined:
            task.subject = subject
        await session.flush()
        if is_joined and await book.open_of(subject) is None:
            await book.reopen(task)
            parted |= set(await book.shares.shops(task))
        await book.watch(task)
        await book.touch(task)
    calls = update(MobileCall).where(MobileCall.id.in_(moved.get("mobile", [])))
    await session.execute(calls.where(MobileCall.client_id == what.into_id).values(client_id=what.from_id))
    await _part(uow, book, what.into_id, parted)


async def _part(uow: UnitOfWork, book: TaskBook, client_id: str, gone: Collection[str]) -> None:
    """What is left of the one who kept the task."""
    query = select(Task).where(Task.client_id == client_id, Task.state == "open")
    for task in (await uow.session.scalars(query)).all():
        await book.shares.settle(task, gone)
        await book.watch(task)


def _is_callback(task: Task) -> bool:
    return task.kind == "callback" and task.state == "open"


async def _of(
    uow: UnitOfWork, key: InstrumentedAttribute[str], owner: InstrumentedAttribute[Any], task: Task
) -> Sequence[str]:
    return (await uow.session.scalars(select(key).where(owner == task.id))).all()


def erase(connection: Connection, who: Erasure) -> int:
    """Open tasks end; of what is over remains that it was."""
    ids, keys = sorted(who.client_ids), sorted(who.numbers)
    whose = or_(Task.client_id.in_(ids), (Task.client_id.is_(None)) & Task.number_key.in_(keys))
    query = select(Task.id, Task.state).where(whose, Task.created_at <= who.until)
    found = connection.execute(query).all()
    for row in found:
        over = {"state": "cancelled", "reason": "not_client", "closed_at": who.until}
        connection.execute(
            update(Task).where(Task.id == row.id).values(
                client_id=None, subject=None, number=None, number_key=None, title="", note="",
                rev=Task.rev + 1, **(over if row.state == "open" else {}),
            )
        )  # fmt: skip
        connection.execute(update(Try).where(Try.task_id == row.id).values(note=""))
        connection.execute(
            update(Share).where(Share.task_id == row.id).values(title="", note="", number=None)
        )
        connection.execute(delete(Watch).where(Watch.why == row.id))
    tasks = [row.id for row in found]
    misses = or_(Miss.task_id.in_(tasks), Miss.number_key.in_(keys))
    connection.execute(
        update(Miss).where(misses, Miss.started_at <= who.until).values(number=None, number_key=None)
    )
    connection.execute(delete(Watch).where(Watch.key.in_(keys)))
    calls = or_(MobileCall.client_id.in_(ids), MobileCall.number_key.in_(keys))
    gone = connection.execute(delete(MobileCall).where(calls, MobileCall.at <= who.until))
    return len(found) + gone.rowcount


def _numbers(connection: Connection, among: Collection[str] | None) -> Collection[str]:
    found: set[str] = set()
    for column in (Task.number_key, Miss.number_key, MobileCall.number_key):
        query = select(column).distinct()
        if among is not None:
            query = query.where(column.in_(sorted(among)))
        found |= {key for key in connection.execute(query).scalars() if key}
    return found


def _bury(connection: Connection, burial: Burial) -> None:
    erase_again(RECORDS, connection, burial)


RECORDS = ClientRecords(move=move, put_back=put_back, erase=erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury)
