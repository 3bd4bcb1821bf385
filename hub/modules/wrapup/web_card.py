"""What wrap-up adds to the caller's card and to a call's page: result, tags, next action, by two keys."""

from __future__ import annotations

from hub.kernel.web import CardPart, CardSubject, PageRequest
from hub.modules.calls.api import CallsApi
from hub.modules.tasks.api import TasksApi
from hub.modules.wrapup.api import WrapUpApi, WrapUpView
from hub.modules.wrapup.rules import KEYS
from hub.modules.wrapup.scope import MARK, all_in_words, in_words


async def wrap_up(request: PageRequest, subject: CardSubject) -> str:
    """Not before somebody has answered, or it is over: while it rings there is nothing to say."""
    if subject.call_id is None:
        return ""
    call = await request.apis.of(CallsApi).call(subject.call_id)
    if call.is_live and call.answered_at is None:
        return ""
    wrapup = request.apis.of(WrapUpApi)
    said = (await wrapup.of([call.id])).get(call.id) or WrapUpView(call_id=call.id)
    if not request.viewer.can(MARK) and not said.chosen:
        return ""
    choices = all_in_words(request, await wrapup.choices())
    shown = {one.id for words in choices.values() for one in words}
    gone = [one for one in (said.disposition, *said.tags) if one is not None and one.id not in shown]
    later = {}
    if request.viewer.can("tasks.do") and call.direction != "internal" and subject.number is not None:
        later = await request.apis.of(TasksApi).moments(call.shop_id)
    return request.html(
        "wrapup/part_card.html", call=call, choices=choices, chosen=said.chosen, said=said, keys=KEYS,
        gone=[in_words(request, one) for one in gone], later=later,
    )  # fmt: skip


parts = (
    CardPart(name="wrapup", order=50, right="calls.view", render=wrap_up, is_about_call=True),
)  # fmt: skip
