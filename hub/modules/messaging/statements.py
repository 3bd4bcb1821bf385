"""What the hot path of messages asks and writes, built once: Core, the same text on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, select, text, update

from hub.kernel.storage.orm import Base
from hub.kernel.storage.prepared import Prepared
from hub.modules.messaging.models import Address, Conversation, Early, Message
from hub.modules.messaging.rules import OPEN_STATES

_messages = Base.metadata.tables["messaging_messages"]
_threads = Base.metadata.tables["messaging_conversations"]
_addresses = Base.metadata.tables["messaging_addresses"]
_files = Base.metadata.tables["messaging_files"]
_early = Base.metadata.tables["messaging_early"]
_IS_OURS = Message.direction == "outbound"
_IS_THEIRS = Message.direction == "inbound"


def _put(table: Table, *without: str) -> Prepared:
    values: dict[str, Any] = {
        column.name: bindparam(f"v_{column.name}") for column in table.c if column.name not in without
    }
    return Prepared(insert(table).inline().values(values))


def _change(table: Table, *names: str) -> Prepared:
    values: dict[str, Any] = {name: bindparam(f"v_{name}") for name in names}
    return Prepared(update(table).where(table.c.id == bindparam("v_id")).values(values))


ADDRESS = Prepared(
    select(*_addresses.c).where(
        Address.channel == bindparam("v_channel"), Address.address == bindparam("v_address")
    )
)
PUT_ADDRESS = _put(_addresses)
MEET = _change(_addresses, "writer", "language", "account", "is_blocked", "heard_at", "number_key")

_living = select(*_threads.c).with_for_update()
THREAD = Prepared(_living.where(Conversation.id == bindparam("v_id")))
THREAD_OF_CLIENT = Prepared(
    _living.where(Conversation.client_id == bindparam("v_client_id"), Conversation.merged_into.is_(None))
)
THREAD_ID_OF_CLIENT = Prepared(
    select(Conversation.id).where(
        Conversation.client_id == bindparam("v_client_id"), Conversation.merged_into.is_(None)
    )
)
PUT_THREAD = _put(_threads)
GIVE = _change(_threads, "client_id", "is_chosen", "rev")
TOUCH = _change(_threads, "rev")
WAKE = _change(_threads, "rev", "last_at", "last_n", "state", "snoozed_until", "unread", "waiting_since")

_from_them = select(Message.n, Message.id, Message.edited_at, Message.rev).where(
    Message.channel == bindparam("v_channel"), Message.address == bindparam("v_address"), _IS_THEIRS,
    Message.provider_id == bindparam("v_provider_id"),
)  # fmt: skip
FROM_THEM = Prepared(_from_them)
"""A message of theirs by the provider's id of it."""
PUT_MESSAGE = _put(_messages, "n")
NUMBER = Prepared(select(Message.n).where(Message.id == bindparam("v_id")))
REWORD = _change(_messages, "text", "edited_at", "rev")
PUT_FILE = _put(_files)

_of_ours = (
    select(
        Message.id, Message.rev, Message.conversation_id, Message.channel, Message.address, Message.state,
        Message.provider_id, Message.error, Message.text, Message.parts, Message.carried_by,
        Message.more,
    )
    .where(Message.channel == bindparam("v_channel"), _IS_OURS)
    .with_for_update()
)  # fmt: skip
_whose = select(Message.conversation_id).where(Message.channel == bindparam("v_channel"), _IS_OURS)
THREAD_OF_OURS = Prepared(_whose.where(Message.id == bindparam("v_id")))
THREAD_OF_OURS_BY_PROVIDER = Prepared(_whose.where(Message.provider_id == bindparam("v_provider_id")))
OURS = Prepared(_of_ours.where(Message.id == bindparam("v_id")))
OURS_BY_PROVIDER = Prepared(_of_ours.where(Message.provider_id == bindparam("v_provider_id")))
NAME = _change(_messages, "provider_id")
SETTLE = _change(
    _messages, "provider_id", "state", "error", "claim", "claimed_until", "settled_at", "rev", "carried_by",
    "parts",
)  # fmt: skip

_on = Message.channel == bindparam("v_channel")
ON_ITS_WAY = tuple(
    Prepared(select(Message.n).where(text(f"state = '{state}'"), _on).limit(1)) for state in OPEN_STATES
)
"""Whether anything of ours is on its way on a channel, a state at a time: each has an index of its own."""
_early_one = (Early.channel == bindparam("v_channel"), Early.provider_id == bindparam("v_provider_id"))
EARLY = Prepared(select(Early.state, Early.carried_by).where(*_early_one))
PUT_EARLY = _put(_early)
DROP_EARLY = Prepared(delete(Early).where(*_early_one))
