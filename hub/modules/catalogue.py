"""The modules of this installation, in order: one line each. Switched off by `[modules] off`."""

from __future__ import annotations

from hub.kernel.manifest import Module
from hub.modules.access.module import MODULE as ACCESS
from hub.modules.alerts.module import MODULE as ALERTS
from hub.modules.autotexts.module import MODULE as AUTOTEXTS
from hub.modules.backup.module import MODULE as BACKUP
from hub.modules.bot.module import MODULE as BOT
from hub.modules.calls.module import MODULE as CALLS
from hub.modules.consents.module import MODULE as CONSENTS
from hub.modules.crm.module import MODULE as CRM
from hub.modules.desk.module import MODULE as DESK
from hub.modules.dialling.module import MODULE as DIALLING
from hub.modules.imports.module import MODULE as IMPORTS
from hub.modules.links.module import MODULE as LINKS
from hub.modules.mailings.module import MODULE as MAILINGS
from hub.modules.messaging.module import MODULE as MESSAGING
from hub.modules.presence.module import MODULE as PRESENCE
from hub.modules.queues.module import MODULE as QUEUES
from hub.modules.reports.module import MODULE as REPORTS
from hub.modules.tasks.module import MODULE as TASKS
from hub.modules.webhooks.module import MODULE as WEBHOOKS
from hub.modules.wrapup.module import MODULE as WRAPUP

MODULES: tuple[Module, ...] = (
    ACCESS,
    CRM,
    CALLS,
    PRESENCE,
    DIALLING,
    DESK,
    TASKS,
    LINKS,
    CONSENTS,
    MESSAGING,
    BOT,
    ALERTS,
    IMPORTS,
    MAILINGS,
    REPORTS,
    QUEUES,
    WEBHOOKS,
    BACKUP,
    WRAPUP,
    AUTOTEXTS,
)
