"""What messaging adds to the caller's card: the last lines, and answers by the keys 1 to 9."""

from __future__ import annotations

from hub.kernel.web import CardPart, CardSubject, PageRequest
from hub.modules.crm.api import number_key
from hub.modules.messaging.api import MessageFilter, MessageView, MessagingApi
from hub.modules.messaging.prepared import answers_of
from hub.modules.messaging.scope import SEND, VIEW, shops_of

_LINES = 3


async def last_lines(request: PageRequest, subject: CardSubject) -> str:
    """With the client where there is one, else with the number."""
    if subject.direction == "internal" or (subject.client_id is None and subject.number is None):
        return ""
    api, shops = request.apis.of(MessagingApi), shops_of(request)
    country = request.deps.places.of(request.viewer.shop_id).country
    key = number_key(subject.number, country) if subject.number is not None else None
    thread = await api.reading.of_subject(subject.client_id, key)
    if thread is not None and shops is not None and thread.shop_id not in shops:
        thread = None
    lines: tuple[MessageView, ...] = ()
    if thread is not None:
        where = MessageFilter(conversation_id=thread.id)
        lines = (await api.reading.messages(where, cursor=None, limit=_LINES)).items[::-1]
    answers = await answers_of(request, subject) if request.viewer.can(SEND) else ()
    if not lines and not answers:
        return ""
    return request.html(
        "messaging/part_card.html", thread=thread, lines=lines, answers=answers, call_id=subject.call_id
    )


parts = (CardPart(name="messaging", order=45, right=VIEW, render=last_lines),)
