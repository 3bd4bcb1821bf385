"""What a client sees by the link `files`: those of one message, to be looked at or taken."""

from __future__ import annotations

from datetime import timedelta

from hub.errors import Invalid
from hub.kernel.client_links import ClientLink, OpenedLink
from hub.kernel.web import PageRequest
from hub.modules.messaging.api import MessagingApi
from hub.modules.messaging.file_links import address_of
from hub.modules.messaging.rules_files import PICTURES
from hub.modules.messaging.service_outgoing import FILES

_GOOD = timedelta(hours=1)


async def show(request: PageRequest, link: OpenedLink) -> str:
    """The files, each with an address that is good as long as one looks."""
    files = await request.apis.of(MessagingApi).files.of_message(link.object)
    until = request.deps.clock.now() + _GOOD
    shown = [(file, address_of(request.deps.seal, "", file.id, until)) for file in files]
    return request.html("messaging/link.html", files=shown, pictures=PICTURES)


async def act(_request: PageRequest, _link: OpenedLink) -> str:
    """There is nothing to choose."""
    raise Invalid("messaging.link", "There is nothing to choose here.", "Open the link once more.")


links = (ClientLink(kind=FILES, show=show, act=act, days=30),)
