"""The hot path's statements, built once."""

from __future__ import annotations

from sqlalchemy import Boolean, bindparam, select, text, update

from hub.kernel.storage.orm import UtcDateTime
from hub.kernel.storage.prepared import Prepared, PreparedIn
from recordings.models import Recording
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
NOTICED = Prepared(
    text(
        "INSERT INTO recordings_bases (call_id, rev, shop_id, notice, consent, noted_at, noted_name,"
        " stop_rule, stop_erases, stop_reason, stop_state, stop_wanted_at, stop_name)"
        " VALUES (:v_call, 1, :v_shop, 'played', :v_consent, :v_at, '', :v_rule, :v_erases, '', :v_stop,"
        " :v_stop_at, '')"
        " ON CONFLICT (call_id) DO UPDATE SET rev = recordings_bases.rev + 1,"
        " notice = CASE recordings_bases.notice WHEN 'none' THEN 'played' ELSE recordings_bases.notice END,"
        " consent = CASE WHEN recordings_bases.consent = 'refused' THEN 'refused'"
        " ELSE COALESCE(excluded.consent, recordings_bases.consent) END,"
        " noted_at = COALESCE(recordings_bases.noted_at, excluded.noted_at),"
        " stop_state = CASE WHEN recordings_bases.stop_rule IS NULL THEN excluded.stop_state"
        " ELSE recordings_bases.stop_state END,"
        " stop_wanted_at = COALESCE(recordings_bases.stop_wanted_at, excluded.stop_wanted_at),"
        " stop_erases = CASE WHEN excluded.stop_rule IS NULL THEN recordings_bases.stop_erases"
        " ELSE excluded.stop_erases END,"
        " stop_rule = CASE WHEN excluded.stop_rule IS NULL OR recordings_bases.stop_erases"
        " THEN recordings_bases.stop_rule ELSE excluded.stop_rule END"
    ).bindparams(
        bindparam("v_at", type_=UtcDateTime), bindparam("v_stop_at", type_=UtcDateTime),
        bindparam("v_erases", type_=Boolean),
    )
)  # fmt: skip
STOPPED_BEGINS_AGAIN = Prepared(
    text(
        "UPDATE recordings_bases SET stop_state = 'wanted', rev = rev + 1"
        " WHERE call_id = :v_call AND stop_state IN ('done', 'wanted')"
    )
)
PAUSED_BEGINS_AGAIN = Prepared(
    text(
        "UPDATE recordings_pauses SET state = 'wanted', rev = rev + 1,"
        " broken_at = CASE WHEN from_at IS NULL THEN NULL ELSE COALESCE(broken_at, :v_at) END"
        " WHERE call_id = :v_call AND state IN ('wanted', 'paused') AND (from_at IS NULL OR from_at < :v_at)"
    ).bindparams(bindparam("v_at", type_=UtcDateTime))
)
PAUSES_OVER = Prepared(
    text(
        "UPDATE recordings_pauses SET rev = rev + 1, ended_by = 'call_ended',"
        " state = CASE WHEN from_at IS NULL THEN 'failed' ELSE 'over' END,"
        " to_at = CASE WHEN from_at IS NULL THEN NULL ELSE COALESCE(to_at, broken_at, :v_at) END"
        " WHERE call_id = :v_call AND state IN ('wanted', 'paused', 'resuming')"
    ).bindparams(bindparam("v_at", type_=UtcDateTime))
)
STOPS_OVER = Prepared(
    text(
        "UPDATE recordings_bases SET rev = rev + 1, stop_state = 'done', stop_done_at = :v_at"
        " WHERE call_id = :v_call AND stop_state = 'wanted'"
    ).bindparams(bindparam("v_at", type_=UtcDateTime))
)
RECORDED = PreparedIn(
    lambda calls: (
        select(Recording.call_id).where(Recording.call_id.in_(calls), Recording.state != "erased").distinct()
    )
)
ENDED = Prepared(
    update(Shelf)
    .where(Shelf.call_id == bindparam("v_call"))
    .values(direction=bindparam("v_direction"), result=bindparam("v_result"), queue=bindparam("v_queue"))
)
