"""Tokens: the keys of programs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import aliased

from hub.errors import Invalid, NotAllowed, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.kernel.storage.prepared import PreparedIn
from hub.kernel.web import Viewer
from hub.modules.access.models import Person, Role, Shop, Token
from hub.modules.access.rules import covers, narrowed, new_secret, secret_hash
from hub.modules.access.service_roles import RoleService, rights_of
from hub.modules.access.service_sessions import Known, SessionService
from hub.modules.access.views import TokenView
from hub.values import ShopId

PREFIX = "pit_"
MOST_PER_MINUTE = 100_000
_MakerRole = aliased(Role)


class TokenService:
    """Commands and queries on tokens. `by` None = the console."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    async def create(
        self, name: str, role: str, by: Viewer | None = None, *, per_minute: int | None = None
    ) -> tuple[TokenView, str]:
        """A new token and the key itself, which is never shown again. Raises Invalid, NotAllowed."""
        fields: dict[str, str] = {}
        name = " ".join(name.split())
        if not 0 < len(name) <= 200:
            fields["name"] = "Give a name of up to 200 characters."
        given = await RoleService(self._uow, self._deps).find(role)
        if given is None:
            fields["role"] = "There is no such role."
        if per_minute is not None and not 0 < per_minute <= MOST_PER_MINUTE:
            fields["per_minute"] = "A number from 1 to 100000."
        if fields or given is None:
            raise Invalid("access.token_invalid", "Some fields need a look.", fields=fields)
        if by is not None and (by.kind != "person" or not covers(by.rights, given.rights)):
            text = "A token never has more rights than its maker."
            raise NotAllowed("access.token_too_strong", text, "Choose a lower role.")
        secret = new_secret(PREFIX)
        row = Token(
            id=new_id(self._deps.clock), shop_id=self._uow.shop_id, name=name, role=role,
            token_hash=secret_hash(secret), beginning=secret[:10], maker_id=None if by is None else by.id,
            created_at=self._deps.clock.now(), per_minute=per_minute,
        )  # fmt: skip
        self._uow.session.add(row)
        await self._uow.session.flush()
        own = await self._uow.session.get(Role, role)
        return _view(row, None if by is None else by.name, own), secret

    async def all(self, shops: Collection[ShopId] | None = None) -> list[TokenView]:
        """Every token that was made, the newest first."""
        query = self._select(Token, Person.name, Role)
        if shops is not None:
            query = query.where(Token.shop_id.in_(shops))
        rows = (await self._uow.session.execute(query.order_by(Token.id.desc()))).all()
        return [_view(token, maker, role) for token, maker, role in rows]

    async def revoke(self, token_id: str, shops: Collection[ShopId] | None = None) -> None:
        """The key opens nothing any more. Raises NotFound."""
        row = await self._uow.session.get(Token, token_id)
        if row is None or (shops is not None and row.shop_id not in shops):
            raise NotFound("access.token_unknown", "There is no such token.")
        if row.revoked_at is None:
            row.revoked_at = self._deps.clock.now()
        self._uow.hint("access", row.id, 0)

    async def known(self, secret: str) -> Known | None:
        """Who a Bearer token belongs to; never more than its maker (if a person) has today."""
        query = (
            self._select(Token, Person, Shop.language, Role, _MakerRole)
            .join(Shop, Shop.id == Token.shop_id)
            .where(Token.token_hash == secret_hash(secret), Token.revoked_at.is_(None))
        )
        row = (await self._uow.session.execute(query)).first()
        if row is None:
            return None
        token, maker, language, role, maker_role = row
        rights, rank_giver = rights_of(token.role, role, self._deps.grants), token.role
        shop_id, sessions = ShopId(token.shop_id), SessionService(self._uow, self._deps)
        if maker is not None:
            today = await self._of_maker(maker, maker_role, shop_id, sessions)
            rights = narrowed(rights, today)
            rank_giver = await self._lower(token.role, maker.role)
        own = frozenset({shop_id})
        viewer = Viewer(
            kind="token", id=token.id, name=token.name, role=rank_giver, rights=rights, shop_id=shop_id,
            shop_ids=await sessions.reached(own, rights.values()), own_shops=own, language=language,
            per_minute=token.per_minute,
        )  # fmt: skip
        return Known(viewer, _stamp(role, maker, maker_role), token.seen_at)

    async def touch(self, token_id: str) -> None:
        """The token was used."""
        now = self._deps.clock.now()
        await self._uow.session.execute(update(Token).where(Token.id == token_id).values(seen_at=now))

    async def stamps(self, token_ids: Collection[str]) -> dict[str, str]:
        """The present stamp of those tokens that are still good."""
        rows = await self._uow.glance(lambda connection: _STAMPS.all(connection, token_ids))
        return {row.id: _joined(row.role_rev, row.maker_rev, row.maker_role_rev) for row in rows}

    def _select(self, *columns: Any) -> Select[Any]:
        return (
            select(*columns)
            .select_from(Token)
            .outerjoin(Person, Person.id == Token.maker_id)
            .outerjoin(Role, Role.id == Token.role)
            .outerjoin(_MakerRole, _MakerRole.id == Person.role)
        )

    async def _of_maker(
        self, maker: Person, role: Role | None, shop_id: ShopId, sessions: SessionService
    ) -> dict[str, str]:
        """What the maker may do today in the token's shop."""
        rights = rights_of(maker.role, role, self._deps.grants) if maker.is_active else {}
        if shop_id in await sessions.shops_of(maker):
            return rights
        return {right: reach for right, reach in rights.items() if reach == "all"}

    async def _lower(self, role: str, other: str) -> str:
        """That one of two roles which ranks lower: a token appoints nobody whom its maker could not."""
        roles = RoleService(self._uow, self._deps)
        return role if await roles.rank(role) >= await roles.rank(other) else other


_STAMPS = PreparedIn(
    lambda ids: (
        select(
            Token.id, Role.rev.label("role_rev"), Person.rev.label("maker_rev"),
            _MakerRole.rev.label("maker_role_rev"),
        )
        .select_from(Token)
        .outerjoin(Person, Person.id == Token.maker_id)
        .outerjoin(Role, Role.id == Token.role)
        .outerjoin(_MakerRole, _MakerRole.id == Person.role)
        .where(Token.id.in_(ids), Token.revoked_at.is_(None))
    )
)  # fmt: skip
"""Asked for every second while anybody listens on /live."""


def _stamp(role: Role | None, maker: Person | None, maker_role: Role | None) -> str:
    return _joined(*(row.rev if row is not None else None for row in (role, maker, maker_role)))


def _joined(*revs: int | None) -> str:
    return ".".join(str(rev) if rev is not None else "-" for rev in revs)


def _view(row: Token, maker: str | None, role: Role | None) -> TokenView:
    return TokenView(
        id=row.id, name=row.name, role=row.role, role_name=role.name if role is not None else "",
        beginning=row.beginning, maker=maker, created_at=row.created_at, seen_at=row.seen_at,
        revoked_at=row.revoked_at, per_minute=row.per_minute,
    )  # fmt: skip
