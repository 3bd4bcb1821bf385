"""Which words there are, and what is said of calls with them. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, select, update

from hub.errors import Invalid
from hub.events.calls import CallWrappedUp
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.calls.api import CallView
from hub.modules.wrapup.models import Choice, Mark
from hub.modules.wrapup.rules import DEFAULTS, faults, renewed
from hub.modules.wrapup.views import ChoiceView, Kind, WrapUpView
from hub.values import CallId


class WrapUpService:
    """Dispositions and tags of calls, for one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock

    async def choices(self) -> dict[Kind, tuple[ChoiceView, ...]]:
        """The words to choose from, in their order."""
        known = await self._known()
        return {
            kind: tuple(c for c in known.values() if c.kind == kind and not c.is_archived)
            for kind in DEFAULTS
        }  # fmt: skip

    async def every_choice(self, kind: Kind) -> tuple[ChoiceView, ...]:
        """With those that are gone, after the others."""
        known = [one for one in (await self._known()).values() if one.kind == kind]
        return tuple(sorted(known, key=lambda one: one.is_archived))

    async def save(self, kind: Kind, titles: Sequence[str], shown: Sequence[ChoiceView]) -> None:
        """A new list; `shown` is the old one as the person saw it. Calls keep words that are gone from it.
        Raises Invalid."""
        if fault := faults(titles):
            raise Invalid("wrapup.words", "Some fields need a look.", fields={kind: fault})
        await self._uow.take_turn("wrapup.choices")
        lines = renewed([(choice.id, choice.title) for choice in shown], titles)
        await self._session.execute(update(Choice).where(Choice.kind == kind).values(is_archived=True))
        for place, line in enumerate(lines):
            row = await self._session.get(Choice, line.id, populate_existing=True) if line.id else None
            if row is None:
                row = Choice(id=line.id or new_id(self._clock), kind=kind)
                self._session.add(row)
            row.title, row.place, row.is_archived = line.title, place, False
        for gone in shown:
            # A word of the beginning that was not taken over must keep its title for the calls that have it.
            if gone.is_default and not any(line.id == gone.id for line in lines):
                self._session.add(
                    Choice(id=gone.id, kind=kind, title=gone.title, place=len(lines), is_archived=True)
                )
        await self._session.flush()

    async def of(self, call_ids: Collection[str]) -> dict[str, WrapUpView]:
        """What was said of these calls; nothing of those of which nothing was said."""
        if not call_ids:
            return {}
        query = select(Mark).where(Mark.call_id.in_(sorted(set(call_ids)))).order_by(Mark.at, Mark.choice_id)
        marks = (await self._session.scalars(query)).all()
        known = await self._known() if marks else {}
        found: dict[str, WrapUpView] = {}
        for mark in marks:
            before = found.get(mark.call_id)
            choice = known.get(mark.choice_id)
            if choice is None:
                continue
            is_tag = mark.kind == "tag"
            found[mark.call_id] = WrapUpView(
                call_id=mark.call_id,
                disposition=(before.disposition if before else None) if is_tag else choice,
                tags=(*(before.tags if before else ()), *((choice,) if is_tag else ())),
                author_name=mark.by_name,
                at=mark.at,
            )
        return found

    async def mark(self, call: CallView, choice_id: str, author_name: str) -> None:
        """Say it of the call; another disposition than before takes its place. Twice is once.
        Raises Invalid."""
        await self.change(call, author_name, say=(choice_id,))

    async def unmark(self, call: CallView, choice_id: str) -> None:
        """Take it back. Twice is once."""
        await self.change(call, "", take_back=(choice_id,))

    async def change(
        self, call: CallView, author_name: str, *, say: Collection[str] = (), take_back: Collection[str] = ()
    ) -> None:
        """Both at once, told as one fact, and only if anything is otherwise afterwards. Raises Invalid."""
        await self._uow.take_turn(f"wrapup:{call.id}")
        before = await self._marks(call.id)
        for gone in take_back:
            await self._take_back(call.id, Mark.choice_id == gone)
        for new in sorted(set(say)):
            if new not in before:
                await self._say(call.id, new, author_name)
        await self._session.flush()
        if await self._marks(call.id) == before:
            return
        await self._publish(call.id)
        phones = [party.who for party in call.parties]
        self._uow.hint("call", call.id, call.rev, shop_id=call.shop_id, phones=phones)

    async def move(self, call_id: str, into_id: str) -> None:
        """A call became a part of another one, which keeps what was said of itself."""
        theirs = (await self._session.scalars(select(Mark).where(Mark.call_id == into_id))).all()
        has = {mark.choice_id for mark in theirs}
        is_said = any(mark.kind == "disposition" for mark in theirs)
        for mark in (await self._session.scalars(select(Mark).where(Mark.call_id == call_id))).all():
            if mark.choice_id in has or (mark.kind == "disposition" and is_said):
                await self._session.delete(mark)
            else:
                mark.call_id = into_id
        await self._session.flush()
        if await self._marks(into_id) != has:
            await self._publish(into_id)

    async def _marks(self, call_id: str) -> set[str]:
        query = select(Mark.choice_id).where(Mark.call_id == call_id)
        return set((await self._session.scalars(query)).all())

    async def _say(self, call_id: str, choice_id: str, author_name: str) -> None:
        choice = await self._choice(choice_id)
        if choice.kind == "disposition":
            await self._take_back(call_id, Mark.kind == "disposition")
        self._session.add(
            Mark(
                call_id=call_id, choice_id=choice.id, kind=choice.kind, by_id=self._uow.actor,
                by_name=author_name, at=self._clock.now(),
            )
        )  # fmt: skip

    async def _take_back(self, call_id: str, which: ColumnElement[bool]) -> None:
        await self._session.execute(delete(Mark).where(Mark.call_id == call_id, which))

    async def _publish(self, call_id: str) -> None:
        query = select(Mark.kind, Mark.choice_id).where(Mark.call_id == call_id)
        said = (await self._session.execute(query.order_by(Mark.at, Mark.choice_id))).all()
        results = [choice for kind, choice in said if kind == "disposition"]
        self._uow.publish(
            CallWrappedUp(
                call_id=CallId(call_id), disposition=results[0] if results else None,
                tags=tuple(choice for kind, choice in said if kind == "tag"),
            )
        )  # fmt: skip

    async def _known(self) -> dict[str, ChoiceView]:
        rows = (await self._session.scalars(select(Choice).order_by(Choice.place, Choice.id))).all()
        written = {row.kind for row in rows}
        found = {
            row.id: ChoiceView(id=row.id, kind=row.kind, title=row.title, is_archived=row.is_archived)
            for row in rows
        }
        for kind, words in DEFAULTS.items():
            if kind not in written:
                found |= {choice.id: choice for choice in words}
        return found

    async def _choice(self, choice_id: str) -> ChoiceView:
        choice = (await self._known()).get(choice_id)
        if choice is None or choice.is_archived:
            raise Invalid("wrapup.unknown", "There is no such word any more.", "Reload the page.")
        return choice
