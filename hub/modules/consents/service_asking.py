"""A consent by a link: the shop asks in a message, and the client's own Yes on the page is the consent in
electronic form that the law wants. Never commits."""

from __future__ import annotations

from datetime import datetime

from hub.errors import Conflict
from hub.events.links import LinkConfirmed
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.consents.rules_answers import question_text
from hub.modules.consents.service_ledger import LedgerService
from hub.modules.consents.views import ConsentEntry, Subject
from hub.modules.crm.api import CrmApi
from hub.modules.links.api import LinkEntry, LinksApi
from hub.values import ShopId

OBJECT = "consents.marketing"
"""What links about it are about; of somebody unknown with channel and address behind it."""


class AskingService:
    """Makes the link, and hears the Yes."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._crm = CrmApi(uow, deps)
        self._ledger = LedgerService(uow, deps)
        self._links = LinksApi(uow, deps)

    async def link(self, whose: Subject) -> str:
        """The address by which somebody agrees to advertising, to be put into a text. Raises Conflict where
        nobody is named, and without a public address (`links.no_public_url`)."""
        if whose.client_id is None and not (whose.channel and whose.address):
            raise Conflict(
                "consents.nobody", "Nobody is named who could agree.", "Choose a client or a number first."
            )
        language = await self._language(whose)
        where = "" if whose.client_id is not None else f":{whose.channel}:{whose.address}"
        return await self._links.link_for(
            LinkEntry(
                kind="confirm", object=f"{OBJECT}{where}", client_id=whose.client_id, channel=whose.channel,
                address=whose.address, text=await self._question(language), language=language,
            )
        )  # fmt: skip

    async def confirmed(self, event: LinkConfirmed, at: datetime) -> None:
        """They said yes: the proof is what they saw. May run twice."""
        name, _, where = event.object.partition(":")
        if name != OBJECT:
            return
        channel, _, address = where.partition(":")
        whose = Subject(client_id=event.client_id, channel=channel, address=address)
        question = event.text or await self._question(await self._language(whose))
        await self._ledger.record(
            ConsentEntry(
                subject=whose, topic="marketing", act="granted", form="link", source="Link in a message",
                evidence=f"{question} – /c/ {event.link_id}", at=at, cause=f"link:{event.link_id}",
                shop_id=ShopId(event.shop_id) if event.shop_id else None,
            )
        )  # fmt: skip

    async def _question(self, language: str | None) -> str:
        shop = await AccessApi(self._uow, self._deps).shop(self._uow.shop_id)
        return question_text(language, shop.language, shop.name)

    async def _language(self, whose: Subject) -> str | None:
        if whose.client_id is None:
            return None
        found = (await self._crm.clients_by_ids([whose.client_id])).get(whose.client_id)
        return found.language if found is not None else None
