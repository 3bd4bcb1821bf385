"""What a client sees and chooses by the link `unsubscribe`: nothing happens by looking."""

from __future__ import annotations

from typing import get_args

from hub.errors import Invalid
from hub.kernel.client_links import ClientLink, OpenedLink
from hub.kernel.web import PageRequest
from hub.modules.consents.api import Choice, ConsentsApi, Subject

_CHOICES: tuple[Choice, ...] = get_args(Choice)


async def show(request: PageRequest, link: OpenedLink) -> str:
    """How it stands, and what can be chosen."""
    known = await request.apis.of(ConsentsApi).ledger.read(_subject(link), is_strict=False)
    standings = (known.marketing, *(standing for _, standing in known.by_channel))
    return request.html(
        "consents/link.html", known=known, link=link, is_agreed="granted" in standings,
        is_served=not known.is_blocked and known.service != "withdrawn",
    )  # fmt: skip


async def act(request: PageRequest, link: OpenedLink) -> str:
    """What was chosen is so. A mail program's one click (RFC 8058) ends advertising."""
    form = request.form
    is_one_click = form.get("List-Unsubscribe") == "One-Click"
    chosen = "marketing_off" if is_one_click else form.get("choice", "")
    choice = next((one for one in _CHOICES if one == chosen), None)
    if choice is None:
        raise Invalid("consents.choice", "Choose one of the buttons.", "Open the link once more.")
    await request.apis.of(ConsentsApi).ledger.choose(_subject(link), choice, form="link", source=link.kind)
    said = {
        "marketing_off": request.t("Done: no more advertising from us."),
        "all_off": request.t("Done: no more messages from us at all."),
        "back_on": request.t("Done: messages are on again as they were."),
    }
    return said[choice]


def _subject(link: OpenedLink) -> Subject:
    return Subject(client_id=link.client_id, channel=link.channel, address=link.address)


links = (ClientLink(kind="unsubscribe", show=show, act=act, days=365),)
