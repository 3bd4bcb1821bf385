"""The hot path's statements, built once."""

from __future__ import annotations

from sqlalchemy import bindparam, text, update

from hub.kernel.storage.orm import UtcDateTime
from hub.kernel.storage.prepared import Prepared
from recordings.models_library import Hold, Shelf

NAMED = Prepared(
    text(
        "INSERT INTO recordings_named (id, name, path, call_id, uniqueid, at)"
        " VALUES (:id, :name, :path, :call_id, :uniqueid, :at) ON CONFLICT DO NOTHING"
    ).bindparams(bindparam("at", type_=UtcDateTime))
)
HELD = Prepared(
    text(
        "INSERT INTO recordings_holds (call_id, began_at) VALUES (:v_call, :v_at) ON CONFLICT DO NOTHING"
    ).bindparams(bindparam("v_at", type_=UtcDateTime))
)
RESUMED = Prepared(
    update(Hold)
    .where(Hold.call_id == bindparam("v_call"), Hold.ended_at.is_(None), Hold.began_at <= bindparam("v_at"))
    .values(ended_at=bindparam("v_at", type_=UtcDateTime))
)
ENDED = Prepared(
    update(Shelf)
    .where(Shelf.call_id == bindparam("v_call"))
    .values(direction=bindparam("v_direction"), result=bindparam("v_result"), queue=bindparam("v_queue"))
)
