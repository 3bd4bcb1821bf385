"""The manifest of tasks."""

from __future__ import annotations

from pathlib import Path

from hub.events.calls import CallbackAsked, CallCorrected, CallEnded, CallMerged
from hub.events.crm import CallerChosen, ClientNumberReleased, ClientPhoneAdded
from hub.events.tasks import TaskCallNoticed, TaskWriterNoticed
from hub.kernel.jobs.definition import every
from hub.kernel.manifest import (
    LiveTopic,
    MenuBadge,
    MenuItem,
    Module,
    PageScript,
    Permission,
    Scope,
    on,
    on_batch,
)
from hub.kernel.web import SystemPart
from hub.modules.tasks import (
    exports,
    handlers,
    jobs,
    operations,
    operations_call,
    operations_mobile,
    service_clients,
    web,
    web_card,
    web_strip,
    web_system,
)
from hub.modules.tasks.api import TasksApi
from hub.modules.tasks.scope import DO, VIEW

_DESK: dict[str, Scope] = {
    "owner": "all",
    "manager": "shop",
    "receptionist": "shop",
    "master": "shop",
    "integration": "shop",
}

MODULE = Module(
    name="tasks",
    title="Tasks",
    feature="4.7",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls", "dialling"),
    api=TasksApi,
    exports=exports.exports,
    handlers=(
        on_batch((CallEnded, CallCorrected, CallMerged), handlers.on_call_facts),
        on(TaskCallNoticed, handlers.on_task_call_noticed),
        on(TaskWriterNoticed, handlers.on_task_writer_noticed),
        on(CallbackAsked, handlers.on_callback_asked),
        on(ClientPhoneAdded, handlers.on_client_phone_added),
        on(ClientNumberReleased, handlers.on_client_number_released),
        on(CallerChosen, handlers.on_caller_chosen),
    ),
    routes=(*web_strip.routes, *web.routes),
    strips=web_strip.strips,
    operations=(
        *operations_mobile.operations,
        *operations_call.operations,
        *operations.operations,
    ),
    card=web_card.parts,
    menu=(
        MenuItem(
            "Tasks", "/tasks", VIEW, "clipboard-list", order=15, badge=MenuBadge(web.badge, ("task", "call"))
        ),
    ),
    scripts=(PageScript("tasks/sound.js", VIEW),),
    system=(
        SystemPart(name="tasks", order=25, title="Call-backs", icon="phone-calling", look=web_system.waiting),
    ),
    permissions=(
        Permission(VIEW, "See the tasks: whom to call back", _DESK),
        Permission(DO, "Do tasks: call back, close, add", _DESK),
    ),
    topics=(LiveTopic("task", VIEW),),
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
    jobs=(every(minutes=1, run=jobs.escalate, title="Tell superiors of late call-backs"),),
)
