"""What consents adds to a client's page and, when there is a no, to the caller's card."""

from __future__ import annotations

from hub.kernel.web import CardPart, CardSubject, PageRequest
from hub.modules.consents.api import ConsentsApi, Subject
from hub.modules.consents.scope import VIEW
from hub.modules.consents.words import entry_words, standing_words

_LAST = 3


async def consents(request: PageRequest, subject: CardSubject) -> str:
    """Whether they get advertising, the last words about it, the way to all of them."""
    if subject.client_id is None:
        return ""
    known = await request.apis.of(ConsentsApi).ledger.read(
        Subject(client_id=subject.client_id), is_strict=False
    )
    is_page = subject.call_id is None
    if not is_page and not known.is_blocked and known.marketing != "withdrawn":
        return ""
    last = [(one, entry_words(request, one)) for one in known.entries[:_LAST]] if is_page else []
    return request.html(
        "consents/part_card.html", known=known, last=last, standings=standing_words(request),
        client_id=subject.client_id,
    )  # fmt: skip


parts = (CardPart(name="consents", order=47, right=VIEW, render=consents),)
