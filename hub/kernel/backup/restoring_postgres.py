"""Restore into a PostgreSQL database, in one transaction: at its commit all of it is there, before it
nothing. What was there stays as a schema of its own beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.clock import Clock
from hub.errors import Unavailable
from hub.kernel.backup.postgres_copy import connected, fill_postgres, has_tables, others_connected
from hub.kernel.backup.restoring import (
    Order,
    Restored,
    burial_of,
    cannot_write,
    check_header,
    finish_rows,
    refuse_what_is_there,
    staging_of,
    stamp_of,
    swap_areas,
)
from hub.kernel.backup.tombstones import Marks, collect, write_mirror
from hub.kernel.storage.migrating import present_revision, revisions, upgrade


async def restore_postgres(order: Order, clock: Clock, step: Callable[[str], None]) -> Restored:
    """Raises HubError with the reason; until the commit nothing of what is there has changed."""
    header = check_header(order)
    base = order.places[0].folder.parent if order.places else order.mirror.parent
    base.mkdir(parents=True, exist_ok=True)
    staging = staging_of(order, base, clock)
    stamp = stamp_of(clock)
    try:
        async with connected(order.url) as connection:
            if others := await others_connected(connection):
                raise Unavailable(
                    "database.in_use",
                    f"{others} other programs are connected to the database.",
                    "Stop Pitline, and whatever else uses it, first.",
                )
            is_full = await connection.run_sync(has_tables)
            refuse_what_is_there(order, has_database=is_full)
            step("reading the backup")
            manifest = await staging.fill(order)
            former = await _former(connection, order) if is_full else None
            burial, marks = burial_of(staging, order, former, clock)
            kept = await _set_aside(connection, stamp) if is_full else []
            step("filling the database")
            await fill_postgres(connection, staging.folder / "database", manifest, "public")
            await connection.run_sync(upgrade)
            work = partial(
                finish_rows, order=order, staging=staging, burial=burial, header=header, clock=clock
            )
            to_do = await connection.run_sync(work)
            step("putting it in place")
            await connection.commit()
        kept += swap_areas(staging, order.places, stamp)
        write_mirror(order.mirror, marks)
    except OSError as error:
        raise cannot_write(error) from error
    finally:
        await staging.drop()
    return Restored(
        manifest=manifest, kept=tuple(kept), schema=revisions()[-1], is_whole=burial.is_whole,
        to_do=tuple(to_do),
    )  # fmt: skip


async def _former(connection: AsyncConnection, order: Order) -> Marks | None:
    """What had ended in the database that is there; None where its schema is another one."""

    def ask(sync: Connection) -> Marks | None:
        if present_revision(sync) != revisions()[-1]:
            return None
        return collect(sync, order.stones)

    return await connection.run_sync(ask)


async def _set_aside(connection: AsyncConnection, stamp: str) -> list[str]:
    name = f"pitline_kept_{stamp.lower()}"
    await connection.execute(text(f'ALTER SCHEMA public RENAME TO "{name}"'))
    await connection.execute(text("CREATE SCHEMA public"))
    return [f"the schema {name}"]
