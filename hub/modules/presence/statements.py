"""The hot path's statements, built once: Core, the same text on both databases."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, insert, select, text, update

from hub.kernel.storage.orm import Base, UtcDateTime
from hub.kernel.storage.prepared import Prepared
from hub.modules.presence.models import Link, Member, Phone, Queue

_phones, _members = Base.metadata.tables["presence_phones"], Base.metadata.tables["presence_members"]
_IS_PHONE = (_phones.c.pbx == bindparam("v_pbx"), _phones.c.device == bindparam("v_device"))
_IS_MEMBER = (
    _members.c.pbx == bindparam("v_pbx"), _members.c.queue == bindparam("v_queue"),
    _members.c.interface == bindparam("v_interface"),
)  # fmt: skip

PHONE = Prepared(select(*_phones.c).where(*_IS_PHONE))
PHONES = Prepared(select(*_phones.c).where(Phone.pbx == bindparam("v_pbx")))
PUT_PHONE = Prepared(insert(_phones).values({c.name: bindparam(f"v_{c.name}") for c in _phones.c}))
TURN_PHONE = Prepared(
    update(_phones)
    .where(*_IS_PHONE)
    .values(condition=bindparam("v_condition"), since=bindparam("v_since", type_=UtcDateTime))
)
DROP_PHONE = Prepared(delete(_phones).where(*_IS_PHONE))

MEMBER = Prepared(select(*_members.c).where(*_IS_MEMBER))
MEMBERS = Prepared(select(*_members.c).where(Member.pbx == bindparam("v_pbx")))
PUT_MEMBER = Prepared(insert(_members).values({c.name: bindparam(f"v_{c.name}") for c in _members.c}))
TURN_MEMBER = Prepared(
    update(_members)
    .where(*_IS_MEMBER)
    .values({c.name: bindparam(f"v_{c.name}") for c in _members.c if not c.primary_key})
)
DROP_MEMBER = Prepared(delete(_members).where(*_IS_MEMBER))

DROP_QUEUES = Prepared(delete(Queue).where(Queue.pbx == bindparam("v_pbx")))
PUT_QUEUE = Prepared(insert(Queue).values(pbx=bindparam("v_pbx"), name=bindparam("v_name")))

RAISE_LINK = Prepared(
    text(
        "INSERT INTO presence_links (pbx, rev) VALUES (:v_pbx, 1)"
        " ON CONFLICT (pbx) DO UPDATE SET rev = presence_links.rev + 1"
    )
)
"""Whoever is past it has the link's row to himself until this transaction ends."""
LINK = Prepared(select(Link.rev, Link.unknown_since).where(Link.pbx == bindparam("v_pbx")))
KNOWN = Prepared(
    update(Link)
    .where(Link.pbx == bindparam("v_pbx"))
    .values(known_at=bindparam("v_at", type_=UtcDateTime), unknown_since=None)
)
UNKNOWN = Prepared(
    update(Link)
    .where(Link.pbx == bindparam("v_pbx"))
    .values(unknown_since=bindparam("v_at", type_=UtcDateTime))
)
