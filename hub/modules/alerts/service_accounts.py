"""Whose messenger account is whose, and what its owner may do. Never commits."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.web import Viewer
from hub.modules.access.api import AccessApi
from hub.modules.alerts.models import Account
from hub.modules.alerts.rules import ACCOUNT, LINK_LIVES
from hub.modules.alerts.views import AccountView
from hub.modules.bot.api import BotApi, StartLink


class AccountService:
    """Links, binding, who presses."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock

    async def of(self, person_id: str) -> AccountView | None:
        """The account of a person."""
        row = await self._session.get(Account, person_id)
        return _view(row) if row is not None else None

    async def all(self) -> dict[str, AccountView]:
        """Every account that is bound, by the person."""
        rows = (await self._session.scalars(select(Account))).all()
        return {row.person_id: _view(row) for row in rows}

    async def link(self, person_id: str) -> StartLink:
        """One's own link: whoever opens it in the messenger within half an hour is this person there, so it
        is shown to nobody else. Raises Conflict where there is no bot."""
        cause = f"account:{person_id}:{secrets.token_hex(8)}"
        return await BotApi(self._uow, self._deps).link_to(cause, ACCOUNT, person_id, LINK_LIVES)

    async def bind(self, person_id: str, channel: str, account_id: str) -> str | None:
        """The account is this person's, and nobody else's. Their name; None for somebody who works here no
        more."""
        people = await AccessApi(self._uow, self._deps).list_people(only_active=True)
        person = next((one for one in people if one.id == person_id), None)
        if person is None:
            return None
        await self._uow.take_turn(f"alerts:account:{channel}:{account_id}")
        same = (Account.channel == channel) & (Account.account_id == account_id)
        await self._session.execute(delete(Account).where(same | (Account.person_id == person_id)))
        self._session.add(
            Account(person_id=person_id, channel=channel, account_id=account_id, bound_at=self._clock.now())
        )
        return person.name

    async def unbind(self, person_id: str) -> None:
        """It is nobody's any more."""
        await self._session.execute(delete(Account).where(Account.person_id == person_id))

    async def presser(self, channel: str, account_id: str) -> Viewer | None:
        """Who presses, with what they may do now; None for a stranger, or somebody who works here no more."""
        query = select(Account.person_id).where(Account.channel == channel, Account.account_id == account_id)
        person_id = (await self._session.scalars(query)).first()
        if person_id is None:
            return None
        return await AccessApi(self._uow, self._deps).sessions.viewer_of(person_id)


def _view(row: Account) -> AccountView:
    return AccountView(person_id=row.person_id, channel=row.channel, bound_at=row.bound_at)
