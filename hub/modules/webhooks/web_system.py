"""What webhooks tells /system: who cannot be reached, and what was given up."""

from __future__ import annotations

from hub.kernel.web import Condition, PageRequest, SystemSection
from hub.modules.webhooks.api import WebhooksApi
from hub.modules.webhooks.scope import shops_of


async def look(request: PageRequest) -> SystemSection:
    """Of the viewer's shops; nothing at all where there is no endpoint."""
    health = await request.apis.of(WebhooksApi).endpoints.health(shops_of(request, "system.view"))
    figures = {
        "pitline_webhooks_pending": float(health.pending),
        "pitline_webhooks_parked": float(health.parked),
        "pitline_webhooks_failing": float(len(health.failing)),
        "pitline_webhooks_switched_off": float(len(health.switched_off)),
    }
    t, found = request.t, list[Condition]()
    for one in health.switched_off:
        found.append(
            Condition(
                level="problem",
                text=t("Nothing is sent to {name} any more: it failed for days.", name=one.title),
                hint=t("Mend it, then switch it on again under Settings, Webhooks."),
                since=one.failing_since,
            )
        )
    for one in health.failing:
        found.append(
            Condition(
                level="warning",
                text=t("{name} does not take what is sent.", name=one.title),
                hint=t("It is tried again by itself; look at its log under Settings, Webhooks."),
                since=one.failing_since,
            )
        )
    if health.parked:
        found.append(
            Condition(
                level="warning",
                text=t("Deliveries that were given up: {count}", count=health.parked),
                hint=t("Send them anew from the endpoint's log once it works."),
            )
        )
    if not found and health.active:
        text = t(
            "Programs that are told: {count}. Waiting to be sent: {pending}.",
            count=health.active,
            pending=health.pending,
        )
        found.append(Condition(level="good", text=text))
    return SystemSection(conditions=tuple(found), figures=figures)
