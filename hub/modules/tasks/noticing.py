"""Whether an open call-back depends on somebody who writes: asked on the hot path, mostly answered by an
index that is all but empty."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select

from hub.events.base import Envelope
from hub.events.tasks import TaskWriterNoticed
from hub.kernel.context import BatchContext
from hub.kernel.storage.prepared import Prepared
from hub.modules.tasks.models import Task, Watch

_WATCHED = Prepared(select(Watch.why).where(Watch.key == bindparam("v_key")).limit(1))
_OPEN = Prepared(
    select(Task.id).where(Task.client_id == bindparam("v_client"), Task.state == "open").limit(1)
)


def notice_writer(
    ctx: BatchContext, cause: Envelope, *, message_id: str, client_id: str | None, number: str | None,
    at: datetime,
) -> None:  # fmt: skip
    """Somebody wrote. `number` is the key of theirs, where it is sure."""
    is_watched = number is not None and _WATCHED.all(ctx.connection, {"v_key": number})
    if not is_watched and not (client_id and _OPEN.all(ctx.connection, {"v_client": client_id})):
        return
    noticed = TaskWriterNoticed(message_id=message_id, client_id=client_id, number=number, written_at=at)
    ctx.publish(noticed, cause=cause, external_id=f"wrote:{message_id}")
