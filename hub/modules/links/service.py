"""Makes links, finds them, ends them. Never commits."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.events.links import LinkConfirmed
from hub.kernel.client_links import ClientLink, OpenedLink
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.kernel.texts import LANGUAGES
from hub.modules.crm.api import CrmApi
from hub.modules.links.models import Link
from hub.modules.links.rules import LONGEST_OBJECT, LONGEST_TEXT, MOST_DAYS, hash_of, new_token
from hub.modules.links.views import LinkEntry

KEPT = timedelta(days=30)
"""How long one that is over is still known, so that it can say so."""


class LinkService:
    """The rows behind `/c/…`."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._crm = CrmApi(uow, deps)

    async def link_for(self, entry: LinkEntry) -> str:
        """A new link's whole address, to be put into a text; it cannot be read out again. Raises Conflict
        without a public address, Invalid."""
        base = self._deps.settings.server.public_url.rstrip("/")
        if not base:
            raise Conflict(
                "links.no_public_url", "Links for clients need the address of Pitline in the Internet.",
                "Set HUB_SERVER__PUBLIC_URL to the address by which the world reaches it.",
            )  # fmt: skip
        kind = self._deps.links.get(entry.kind)
        if kind is None:
            raise Invalid("links.kind", "There is no such kind of link.", fields={"kind": "Unknown"})
        days = entry.days if entry.days is not None else kind.days
        is_long = len(entry.object) > LONGEST_OBJECT or len(entry.text) > LONGEST_TEXT
        if is_long or not entry.object or not 0 < days <= MOST_DAYS:
            raise Invalid("links.entry", "This link cannot be made.", "Look at what it is about.")
        token, now = new_token(), self._clock.now()
        self._session.add(
            Link(
                id=new_id(self._clock), token_hash=hash_of(token) or "", kind=entry.kind,
                object=entry.object, client_id=entry.client_id, channel=entry.channel,
                address=entry.address, text=entry.text, language=await self._language(entry),
                shop_id=self._uow.shop_id, actor=self._uow.actor, created_at=now,
                expires_at=now + timedelta(days=days), used_at=None, revoked_at=None,
            )
        )  # fmt: skip
        await self._session.flush()
        return f"{base}/c/{token}"

    async def open(self, token: str) -> tuple[OpenedLink, ClientLink, str]:
        """The link, its kind and its language (empty: the visitor's own). Raises NotFound for one that is not
        there, over, or taken back: nobody is told which."""
        digest = hash_of(token)
        row = None
        if digest is not None:
            row = (await self._session.scalars(select(Link).where(Link.token_hash == digest))).first()
        kind = self._deps.links.get(row.kind) if row is not None else None
        if row is None or kind is None or row.revoked_at is not None or row.expires_at <= self._clock.now():
            raise NotFound("links.gone", "This link opens nothing any more.", "Ask the shop for a new one.")
        return _opened(row), kind, row.language

    async def used(self, link: OpenedLink, *, is_once: bool) -> bool:
        """Its form was sent; False: it counts once, and has counted."""
        query = update(Link).where(Link.id == link.id)
        if is_once:
            query = query.where(Link.used_at.is_(None))
        found = await self._session.execute(query.values(used_at=self._clock.now()).returning(Link.id))
        return found.first() is not None

    async def confirm(self, link: OpenedLink) -> None:
        """The client said yes to what it asks: whoever made it hears of it."""
        self._uow.publish(
            LinkConfirmed(
                link_id=link.id,
                object=link.object,
                client_id=link.client_id,
                text=link.text,
                shop_id=link.shop_id,
            ),
            external_id=f"links:{link.id}",
        )

    async def revoke(self, kind: str, object_id: str) -> int:
        """The links to a thing open nothing from now on; how many there were."""
        query = update(Link).where(Link.kind == kind, Link.object == object_id, Link.revoked_at.is_(None))
        found = await self._session.execute(query.values(revoked_at=self._clock.now()).returning(Link.id))
        return len(found.all())

    async def tidy(self) -> None:
        """Drop those that were over a while ago."""
        await self._session.execute(delete(Link).where(Link.expires_at < self._clock.now() - KEPT))

    async def _language(self, entry: LinkEntry) -> str:
        said = entry.language
        if said is None and entry.client_id is not None:
            found = (await self._crm.clients_by_ids([entry.client_id])).get(entry.client_id)
            said = found.language if found is not None else None
        return said if said is not None and said in LANGUAGES else ""


def _opened(row: Link) -> OpenedLink:
    return OpenedLink(
        id=row.id, kind=row.kind, object=row.object, client_id=row.client_id, channel=row.channel,
        address=row.address, text=row.text, shop_id=row.shop_id, expires_at=row.expires_at,
        used_at=row.used_at,
    )  # fmt: skip
