"""What crm adds to the caller's card: a warning before anything else, and what the caller is to whom."""

from __future__ import annotations

from hub.kernel.web import CardPart, CardSubject, PageRequest
from hub.modules.crm.api import CrmApi
from hub.modules.crm.web_ties import named

_MOST_ROLES = 6


async def warning(request: PageRequest, subject: CardSubject) -> str:
    """Who of those that it may be stands on the black list, and why."""
    ids = [subject.client_id] if subject.client_id is not None else list(subject.candidate_ids)
    found = await request.apis.of(CrmApi).clients_by_ids(ids)
    blocked = [found[one] for one in ids if one in found and found[one].blocked_reason]
    return request.html("crm/part_warning.html", blocked=blocked) if blocked else ""


async def roles(request: PageRequest, subject: CardSubject) -> str:
    """Whose cars they drive, for whom they pay, whom to ask."""
    if subject.client_id is None:
        return ""
    found = (await request.apis.of(CrmApi).roles.of_clients([subject.client_id]))[:_MOST_ROLES]
    if not found:
        return ""
    return request.html("crm/part_roles.html", about=subject.client_id, **await named(request, found))


parts = (
    CardPart(name="crm.warning", order=1, right="clients.view", render=warning, feature="3.1"),
    CardPart(name="crm.roles", order=22, right="clients.view", render=roles, feature="3.1"),
)
