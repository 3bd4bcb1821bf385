"""Tokens: the keys of programs."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update

from hub.errors import Invalid, NotAllowed, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.orm import new_id
from hub.kernel.web import Viewer
from hub.modules.access.models import Person, Shop, Token
from hub.modules.access.rules import covers, narrowed, new_secret, secret_hash
from hub.modules.access.service_login import Known, LoginService
from hub.modules.access.views import TokenView
from hub.values import ShopId

PREFIX = "pit_"
MOST_PER_MINUTE = 100_000


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
        if role not in self._deps.grants:
            fields["role"] = "There is no such role."
        if per_minute is not None and not 0 < per_minute <= MOST_PER_MINUTE:
            fields["per_minute"] = "A number from 1 to 100000."
        if fields:
            raise Invalid("access.token_invalid", "Some fields need a look.", fields=fields)
        if by is not None and (by.kind != "person" or not covers(by.rights, self._deps.grants[role])):
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
        return _view(row, None if by is None else by.name), secret

    async def all(self, shops: Collection[ShopId] | None = None) -> list[TokenView]:
        """Every token that was made, the newest first."""
        query = select(Token, Person.name).outerjoin(Person, Person.id == Token.maker_id)
        if shops is not None:
            query = query.where(Token.shop_id.in_(shops))
        rows = (await self._uow.session.execute(query.order_by(Token.id.desc()))).all()
        return [_view(token, maker) for token, maker in rows]

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
            select(Token, Person, Shop.language)
            .join(Shop, Shop.id == Token.shop_id)
            .outerjoin(Person, Person.id == Token.maker_id)
            .where(Token.token_hash == secret_hash(secret), Token.revoked_at.is_(None))
        )
        row = (await self._uow.session.execute(query)).first()
        if row is None:
            return None
        token, maker, language = row
        rights = dict(self._deps.grants.get(token.role, {}))
        if maker is not None:
            today = self._deps.grants.get(maker.role, {}) if maker.is_active else {}
            rights = narrowed(rights, today)
        shop_id = ShopId(token.shop_id)
        viewer = Viewer(
            kind="token", id=token.id, name=token.name, role=token.role, rights=rights, shop_id=shop_id,
            shop_ids=await LoginService(self._uow, self._deps).shops_of(shop_id, rights.values()),
            language=language, per_minute=token.per_minute,
        )  # fmt: skip
        return Known(viewer, "token", token.seen_at)

    async def touch(self, token_id: str) -> None:
        """The token was used."""
        now = self._deps.clock.now()
        await self._uow.session.execute(update(Token).where(Token.id == token_id).values(seen_at=now))

    async def stamps(self, token_ids: Collection[str]) -> dict[str, str]:
        """Those tokens that are still good."""
        query = select(Token.id).where(Token.id.in_(token_ids), Token.revoked_at.is_(None))
        return dict.fromkeys(await self._uow.session.scalars(query), "token")


def _view(row: Token, maker: str | None) -> TokenView:
    return TokenView(
        id=row.id, name=row.name, role=row.role, beginning=row.beginning, maker=maker,
        created_at=row.created_at, seen_at=row.seen_at, revoked_at=row.revoked_at,
        per_minute=row.per_minute,
    )  # fmt: skip
