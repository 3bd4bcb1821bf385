"""The manifest of automatic messages."""

from __future__ import annotations

from pathlib import Path

from hub.events.calls import CallEnded, CallWrappedUp
from hub.events.messages import MessageArrived, MessageSettled
from hub.events.tasks import TaskClosed, TaskOpened, TaskShared
from hub.events.triggers import TriggerFired
from hub.kernel.jobs.definition import every
from hub.kernel.manifest import Module, Permission, Worker, on, on_batch
from hub.kernel.web import SettingsItem
from hub.modules.autotexts import handlers, jobs, operations, service_clients, triggers, web, worker
from hub.modules.autotexts.api import AutoTextsApi
from hub.modules.autotexts.scope import EDIT, VIEW

MODULE = Module(
    name="autotexts",
    title="Automatic messages",
    feature="3.6",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls", "tasks", "consents", "messaging", "bot", "wrapup"),
    api=AutoTextsApi,
    handlers=(
        on_batch((CallEnded,), handlers.on_call_ended),
        on(TriggerFired, handlers.on_trigger_fired),
        on(TaskOpened, handlers.on_task_opened),
        on(TaskShared, handlers.on_task_shared),
        on(TaskClosed, handlers.on_task_closed),
        on(CallWrappedUp, handlers.on_call_wrapped_up),
        on(MessageArrived, handlers.on_message_arrived),
        on(MessageSettled, handlers.on_message_settled),
    ),
    triggers=triggers.TRIGGERS,
    routes=web.routes,
    operations=operations.operations,
    settings=(
        SettingsItem(
            title="Automatic messages",
            text="What the shop writes by itself: to whoever rang in vain, while we are closed, after a talk",
            path=web.PAGE,
            right=VIEW,
            icon="bolt",
            group="shop",
            order=65,
        ),
    ),
    permissions=(
        Permission(VIEW, "See automatic messages and their log", {"owner": "all", "manager": "all"}),
        Permission(EDIT, "Switch automatic messages on and change them", {"owner": "all", "manager": "all"}),
    ),
    workers=(Worker("autotexts", worker.run),),
    jobs=(
        every(hours=24, run=jobs.forget, title="Forget old decisions of automatic messages"),
        every(minutes=30, run=jobs.greet, title="Birthdays and seasons: who is written to today"),
    ),
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
)
