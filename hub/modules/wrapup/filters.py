"""What wrap-up adds to the list of calls and to its statistics: filters by result and by tag."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.list_filters import WITHOUT, FilterChoice, ListFilter, Narrowing
from hub.kernel.web import PageRequest
from hub.modules.wrapup.api import WrapUpApi
from hub.modules.wrapup.models import Mark
from hub.modules.wrapup.scope import in_words
from hub.modules.wrapup.views import Kind

_FEW = 500
_BEFORE = timedelta(days=1)
"""Of a call that others became a part of, something may have been said before it began."""


def _choices(kind: Kind) -> Callable[[PageRequest], Awaitable[Sequence[FilterChoice]]]:
    async def choices(request: PageRequest) -> Sequence[FilterChoice]:
        """Words that are gone from the list come last: calls have them still."""
        words = await request.apis.of(WrapUpApi).every_choice(kind)
        return [FilterChoice(value=one.id, title=in_words(request, one).title) for one in words]

    return choices


def _condition(kind: Kind) -> Callable[[UnitOfWork, Deps, Narrowing], Awaitable[ColumnElement[bool]]]:
    async def condition(uow: UnitOfWork, _deps: Deps, asked: Narrowing) -> ColumnElement[bool]:
        """Few calls are named, so that they are found by their ids; of many, the newest are soon found by
        looking at each call."""
        mine = [Mark.call_id == asked.row_id, Mark.kind == kind]
        if asked.value == WITHOUT:
            return ~exists().where(*mine)
        lately = [Mark.at >= asked.since - _BEFORE] if asked.since is not None else []
        few = select(Mark.call_id).where(Mark.choice_id == asked.value, Mark.kind == kind, *lately)
        known = (await uow.session.scalars(few.limit(_FEW + 1))).all()
        if len(known) <= _FEW:
            return asked.row_id.in_(known)
        return exists().where(*mine, Mark.choice_id == asked.value)

    return condition


filters = (
    ListFilter(
        of="calls", name="disposition", title="What came of it", without="nothing said",
        about="Id of a result (/wrap-up-choices) that was said of the call; `-`: none was",
        choices=_choices("disposition"), condition=_condition("disposition"),
    ),
    ListFilter(
        of="calls", name="tag", title="Tag", without="without a tag",
        about="Id of a tag (/wrap-up-choices) that the call has; `-`: it has none",
        choices=_choices("tag"), condition=_condition("tag"),
    ),
)  # fmt: skip
