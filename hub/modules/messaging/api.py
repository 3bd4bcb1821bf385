"""What other modules and pages may ask of messaging. A thread belongs to the shop that was written to."""

from __future__ import annotations

from hub.kernel.parts import Composed, Part
from hub.modules.messaging.channels import Channels, in_words
from hub.modules.messaging.filling import next_hours
from hub.modules.messaging.rules_sms import sms_count, sms_price
from hub.modules.messaging.rules_templates import filled, variables_in
from hub.modules.messaging.service_anew import AnewService
from hub.modules.messaging.service_answering import AnsweringService
from hub.modules.messaging.service_clients import ClientThreads
from hub.modules.messaging.service_elsewhere import ElsewhereService
from hub.modules.messaging.service_files import FileService
from hub.modules.messaging.service_gate import MessageGate
from hub.modules.messaging.service_outgoing import OutgoingService
from hub.modules.messaging.service_reading import ReadingService
from hub.modules.messaging.service_search import SearchService
from hub.modules.messaging.service_settling import Settling
from hub.modules.messaging.service_templates import TemplateService, fill, point_of
from hub.modules.messaging.service_threads import ThreadService
from hub.modules.messaging.service_withdrawing import WithdrawingService
from hub.modules.messaging.views import (
    AddressView,
    ConversationFilter,
    ConversationPage,
    ConversationView,
    Direction,
    FileView,
    MessageEntry,
    MessageFilter,
    MessagePage,
    MessageView,
    NoteView,
    PlaceView,
    Priority,
    Shops,
    TemplateEntry,
    TemplateView,
    ThreadState,
    WayView,
)

__all__ = [
    "AddressView", "ConversationFilter", "ConversationPage", "ConversationView", "Direction", "FileView",
    "MessageEntry", "MessageFilter", "MessagePage", "MessageView", "MessagingApi", "NoteView", "PlaceView",
    "Priority", "TemplateEntry", "TemplateView", "ThreadState", "WayView", "fill", "filled", "in_words",
    "next_hours", "point_of", "sms_count", "sms_price", "variables_in",
]  # fmt: skip


class MessagingApi(Composed):
    """Threads and messages, for one unit of work. `reading` lists them, `outgoing` is how somebody can be
    written to, `answering` what the hub says back by itself, `anew` what failed and is asked for again,
    `clients` whose threads are, `threads` what people do with them, `templates` the shop's own texts,
    `searching` finds messages by their words, `files` are those that go along, `gate` keeps back what may not
    go out, `settling` says what became of them, `withdrawing` takes back what has not left, `elsewhere` knows
    what happened past us."""

    reading = Part(ReadingService)
    elsewhere = Part(ElsewhereService)
    outgoing = Part(OutgoingService)
    answering = Part(AnsweringService)
    anew = Part(AnewService)
    clients = Part(ClientThreads)
    threads = Part(ThreadService)
    templates = Part(TemplateService)
    searching = Part(SearchService)
    files = Part(FileService)
    gate = Part(MessageGate)
    settling = Part(Settling)
    withdrawing = Part(WithdrawingService)

    @property
    def channels(self) -> Channels:
        """What this installation can carry."""
        return Channels(self._deps.senders)

    async def ways(self, client_id: str | None, conversation_id: str | None = None) -> tuple[WayView, ...]:
        """How somebody can be written to, the best first."""
        return tuple(
            WayView(
                channel=way.channel.name, address=way.address,
                can_media=way.channel.carries(way.address, ()),
                can_link=bool(self._deps.settings.server.public_url),
                longest=way.channel.longest, can_reply=way.channel.can_reply, falls_to=way.channel.falls_to,
                replies_to=way.channel.replies_to,
            )
            for way in await self.outgoing.ways(client_id, conversation_id)
        )  # fmt: skip

    async def queue_message(self, entry: MessageEntry, shops: Shops = None) -> MessageView:
        """Write down a message to be sent, in the caller's transaction: it leaves after the commit, once.
        With a `cause` that there is already, that message. Raises Invalid, NotFound, Conflict."""
        return (await self.reading.views([await self.outgoing.queue(entry, shops)]))[0]

    async def queue_anew(self, entry: MessageEntry, shops: Shops = None) -> MessageView:
        """The same for who presses once more: what was sent for the cause and failed stays as it is, and this
        message goes out in its place, or those of its pieces that did not. Raises as `queue_message`."""
        return (await self.reading.views([await self.anew.queue(entry, shops)]))[0]
