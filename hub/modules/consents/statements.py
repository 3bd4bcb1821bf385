"""Statements of the hot path, built once."""

from __future__ import annotations

from sqlalchemy import bindparam, delete

from hub.kernel.storage.prepared import Prepared
from hub.modules.consents.models import Touch

FORGET_TOUCH = Prepared(delete(Touch).where(Touch.message_id == bindparam("v_id")))
