"""What tasks adds to the caller's card: that he waits for our call."""

from __future__ import annotations

from hub.kernel.web import CardPart, CardSubject, PageRequest
from hub.modules.tasks.api import TasksApi
from hub.modules.tasks.scope import VIEW, shops_of

_MOBILE_CALLS = 2


async def waiting(request: PageRequest, subject: CardSubject) -> str:
    """Missed how often, call back due when; what was said on private mobiles."""
    if subject.client_id is None and subject.number is None:
        return ""
    tasks, shops = request.apis.of(TasksApi), shops_of(request)
    found = await tasks.about(subject.client_id, subject.number, shops)
    mobile = await tasks.mobile.last(subject.client_id, subject.number, _MOBILE_CALLS)
    if not found and not mobile:
        return ""
    today = await tasks.reading.today(shops)
    return request.html(
        "tasks/part_card.html", tasks=found, mobile=mobile, today=today, moment=request.deps.clock.now()
    )


async def wish(request: PageRequest, subject: CardSubject) -> str:
    """On the page of a call: that the caller asked to be called back instead of waiting on."""
    found = await request.apis.of(TasksApi).reading.wish(str(subject.call_id)) if subject.call_id else None
    return "" if found is None else request.html("tasks/part_wish.html", wish=found)


parts = (
    CardPart(name="tasks.waiting", order=10, right=VIEW, render=waiting),
    CardPart(name="tasks.wish", order=11, right=VIEW, render=wish, is_about_call=True),
)
