"""Messages on /system and in /metrics: what waits, what is in doubt, what has failed lately."""

from __future__ import annotations

from datetime import timedelta

from hub.kernel.web import Condition, PageRequest, SystemPart, SystemSection
from hub.modules.messaging.api import MessagingApi

_PATIENCE = timedelta(minutes=5)


async def look(request: PageRequest) -> SystemSection:
    """How sending goes."""
    api = request.apis.of(MessagingApi)
    state = await api.reading.sending()
    now = request.deps.clock.now()
    conditions: list[Condition] = []
    if state.doubts:
        text = request.t("Messages in doubt: {count}. A person has to decide.", count=state.doubts)
        hint = request.t("Open Messages, In doubt.")
        conditions.append(Condition(level="warning", text=text, hint=hint))
    if state.oldest_at is not None and now - state.oldest_at > _PATIENCE:
        text = request.t("Messages wait to be sent: {count}.", count=state.queued)
        hint = request.t("Look at the channels among the connectors.")
        conditions.append(Condition(level="warning", text=text, hint=hint, since=state.oldest_at))
    if not api.channels.names():
        conditions.append(Condition(level="idle", text=request.t("No channel is set up.")))
    elif not conditions:
        conditions.append(Condition(level="good", text=request.t("Messages go out.")))
    figures = {
        "pitline_messages_queued": float(state.queued),
        "pitline_messages_in_doubt": float(state.doubts),
    }
    return SystemSection(conditions=tuple(conditions), figures=figures)


parts = (SystemPart(name="messaging", order=28, title="Messages", icon="message-2", look=look),)
