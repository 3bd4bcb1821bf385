"""What other modules and pages may ask of webhooks."""

from __future__ import annotations

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.stream.facts import FactLog
from hub.modules.webhooks.service import EndpointService
from hub.modules.webhooks.service_log import LogService
from hub.modules.webhooks.views import (
    AttemptView,
    DeliveryState,
    DeliveryView,
    EndpointEntry,
    EndpointView,
    Health,
)  # fmt: skip

__all__ = [
    "AttemptView", "DeliveryState", "DeliveryView", "EndpointEntry", "EndpointView", "Health", "WebhooksApi",
]  # fmt: skip


class WebhooksApi:
    """Endpoints, the log of what they were told, and the facts themselves, for one unit of work."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self.endpoints = EndpointService(uow, deps)
        self.log = LogService(uow, deps)
        self.facts = FactLog(uow)
