"""The text as clients will read it: for three of the list, and for whoever writes it. Never commits."""

from __future__ import annotations

from hub.errors import Conflict, Invalid
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.crm.api import CrmApi
from hub.modules.mailings.gate import Gate
from hub.modules.mailings.rules_texts import parts_of, written
from hub.modules.mailings.service_counting import CountingService
from hub.modules.mailings.service_reading import ReadingService
from hub.modules.mailings.views import MailingView, PreviewView
from hub.modules.messaging.api import MessageEntry, MessagingApi
from hub.values import ShopId

SHOWN = 3


class PreviewService:
    """Fills texts in."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._crm = CrmApi(uow, deps)
        self._reading = ReadingService(uow, deps)
        self._counting = CountingService(uow, deps)
        self._gate = Gate(uow, deps)
        self._messaging = MessagingApi(uow, deps)

    async def of(self, mailing: MailingView) -> tuple[PreviewView, ...]:
        """The first three who get it."""
        page = await self._reading.recipients(mailing.id, state="waiting", limit=SHOWN)
        clients = await self._crm.clients_by_ids([one.client_id for one in page.items if one.client_id])
        cars = await self._crm.vehicles_of(list(clients))
        values = await self._counting.values(ShopId(mailing.shop_id))
        shown = []
        for one in page.items:
            client = clients.get(one.client_id or "")
            if client is None:
                continue
            text, missing = written(
                mailing.text, values.of(client, cars.get(client.id, ())), link=self._gate.sample_link(),
                language=client.language,
            )  # fmt: skip
            shown.append(
                PreviewView(
                    name=client.title, channel=one.channel, address=one.address, text=text,
                    parts=parts_of(text, one.channel), missing=missing,
                )
            )  # fmt: skip
        return tuple(shown)

    async def test(self, mailing: MailingView, mobile: str | None, author: str, cause: str) -> str:
        """Send it, as the first client would read it, to whoever asks; where to. Raises Conflict, Invalid."""
        previews = await self.of(mailing)
        if not previews:
            raise Conflict(
                "mailings.not_counted", "Nobody knows yet whom this would go to.",
                "Count the list first, then look at it.",
            )  # fmt: skip
        channel = next((one for one in mailing.channels if one in ("sms", "viber", "whatsapp")), None)
        if mobile is None or channel is None:
            raise Invalid(
                "mailings.no_mobile", "Nobody knows your mobile number.",
                "Let it be written at your name in the settings (People), or choose a channel that goes by "
                "number.",
            )  # fmt: skip
        entry = MessageEntry(
            text=previews[0].text, channel=channel, address=mobile, priority="notice", cause=cause,
            author=author,
        )  # fmt: skip
        await self._messaging.queue_message(entry)
        return mobile
