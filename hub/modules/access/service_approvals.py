"""The second person for programs: what one must not do alone waits until somebody else approves it on a
page; then the same request, sent again, is done once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from hub.errors import NotAllowed, NotFound, TooMany
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.kernel.web import Viewer
from hub.modules.access.models import Approval, Person, Token
from hub.modules.access.service_second import Kind, SecondService
from hub.values import ShopId

PENDING, APPROVED, DECLINED, USED = "pending", "approved", "declined", "used"
MOST_OPEN = 20
"""How many one program or person may have waiting."""
_LASTS = timedelta(hours=24)
_KEPT = timedelta(days=30)
LONGEST_WHAT = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that takes a second person. `fingerprint` tells it from every other one, `what` shows it
    to whoever approves."""

    operation: str
    right: str
    fingerprint: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """What waits. `asker` is a person's or a program's name; `kind` says who may approve."""

    id: str
    operation: str
    what: str
    asker: str
    asked_at: datetime
    until: datetime
    kind: Kind


class ApprovalService:
    """Used by the web admin on behalf of every operation that has a `second`."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._second = SecondService(uow, deps)

    async def take(self, viewer: Viewer, asked: Asked) -> str | None:
        """Use up the approval of this very request, in the transaction that does it; who gave it, as an
        actor. None: there is none."""
        row = await self._newest(viewer, asked, APPROVED)
        if row is None:
            return None
        mine = update(Approval).where(Approval.id == row.id, Approval.state == APPROVED).values(state=USED)
        connection = await self._uow.session.connection()
        return row.decided_by if (await connection.execute(mine)).rowcount == 1 else None

    async def ask(self, viewer: Viewer, asked: Asked) -> tuple[str, datetime]:
        """Let it wait for somebody; its id and until when. The same request waits once. Raises NotAllowed
        where it was declined, TooMany."""
        if await self._newest(viewer, asked, DECLINED) is not None:
            raise NotAllowed(
                "second.declined", "Somebody else has declined this.", "Ask them why before you try again."
            )
        row = await self._newest(viewer, asked, PENDING)
        if row is None:
            row = await self._add(viewer, asked)
        return row.id, row.until

    async def open_to(self, viewer: Viewer) -> list[ApprovalView]:
        """What this person may decide, oldest first."""
        query = select(Approval).where(Approval.state == PENDING, Approval.until > self._deps.clock.now())
        found = []
        for row in await self._uow.session.scalars(query.order_by(Approval.id)):
            kind = await self._kind(row, viewer)
            if kind is not None:
                found.append(await self._view(row, kind))
        return found

    async def one(self, approval_id: str, viewer: Viewer) -> ApprovalView:
        """Raises NotFound, also for what this person may not decide."""
        for found in await self.open_to(viewer):
            if found.id == approval_id:
                return found
        raise NotFound(
            "second.not_found", "This does not wait for you.", "It may be decided already, or too old."
        )

    async def decide(self, approval_id: str, viewer: Viewer, *, is_approved: bool) -> ApprovalView:
        """The person has typed the own password before. Raises NotFound."""
        found = await self.one(approval_id, viewer)
        change = update(Approval).where(Approval.id == approval_id, Approval.state == PENDING)
        values = {
            "state": APPROVED if is_approved else DECLINED,
            "decided_by": viewer.actor,
            "decided_at": self._deps.clock.now(),
        }
        connection = await self._uow.session.connection()
        if (await connection.execute(change.values(values))).rowcount != 1:
            raise NotFound("second.not_found", "This does not wait for you.")
        return found

    async def forget_old(self) -> None:
        """What was asked long ago."""
        before = self._deps.clock.now() - _KEPT
        await self._uow.session.execute(delete(Approval).where(Approval.asked_at < before))

    async def _newest(self, viewer: Viewer, asked: Asked, state: str) -> Approval | None:
        query = (
            select(Approval)
            .where(
                Approval.actor == viewer.actor, Approval.fingerprint == asked.fingerprint,
                Approval.operation == asked.operation, Approval.shop_id == str(viewer.shop_id),
                Approval.state == state, Approval.until > self._deps.clock.now(),
            )
            .order_by(Approval.id.desc())
        )  # fmt: skip
        return (await self._uow.session.scalars(query.limit(1))).first()

    async def _add(self, viewer: Viewer, asked: Asked) -> Approval:
        now = self._deps.clock.now()
        waiting = select(func.count()).where(
            Approval.actor == viewer.actor, Approval.state == PENDING, Approval.until > now
        )
        if (await self._uow.session.scalar(waiting) or 0) >= MOST_OPEN:
            raise TooMany(
                "second.too_many", "Too much waits for a second person already.",
                "Let somebody decide that first.", retry_after=60.0,
            )  # fmt: skip
        row = Approval(
            id=new_id(self._deps.clock), shop_id=str(viewer.shop_id), actor=viewer.actor or "",
            person_id=await self._person_behind(viewer), operation=asked.operation, right=asked.right,
            fingerprint=asked.fingerprint, what=asked.what[:LONGEST_WHAT], state=PENDING, asked_at=now,
            until=now + _LASTS,
        )  # fmt: skip
        self._uow.session.add(row)
        await self._uow.session.flush()
        return row

    async def _person_behind(self, viewer: Viewer) -> str:
        """A program acts for whoever made its token; nobody is behind one of the console."""
        if viewer.kind == "person":
            return viewer.id
        token = await self._uow.session.get(Token, viewer.id)
        return (token.maker_id if token is not None else None) or ""

    async def _kind(self, row: Approval, viewer: Viewer) -> Kind | None:
        """How this person may decide it; None: not at all."""
        shop = ShopId(row.shop_id)
        reach = viewer.rights.get(row.right)
        if viewer.kind != "person" or not (reach == "all" or (reach == "shop" and shop in viewer.own_shops)):
            return None
        if viewer.id != row.person_id:
            return "somebody_else"
        return None if await self._second.others_than(row.person_id, shop, row.right) else "own_password"

    async def _view(self, row: Approval, kind: Kind) -> ApprovalView:
        who, _, row_id = row.actor.partition(":")
        session = self._uow.session
        token = await session.get(Token, row_id) if who == "token" else None
        person = await session.get(Person, row_id) if who == "person" else None
        found = token or person
        return ApprovalView(
            id=row.id, operation=row.operation, what=row.what, asker=found.name if found else row.actor,
            asked_at=row.asked_at, until=row.until, kind=kind,
        )  # fmt: skip
