"""The manifest of alerts."""

from __future__ import annotations

from pathlib import Path

from hub.events.groups import GroupChanged, GroupPressed, GroupSaid
from hub.events.messages import MessageSettled
from hub.events.recordings import RecordingReviewed
from hub.events.tasks import TaskClosed, TaskOpened, TaskShared, TaskTaken
from hub.kernel.bot import BotMenu
from hub.kernel.jobs.definition import every
from hub.kernel.manifest import Module, Permission, Worker, on
from hub.kernel.web import SIGNED_IN, SettingsItem
from hub.modules.alerts import handlers, jobs, menus, operations, sender, service_clients, web
from hub.modules.alerts.api import AlertsApi
from hub.modules.alerts.rules import ACCOUNT
from hub.modules.alerts.scope import SETTINGS
from hub.modules.alerts.service_quarantine import HELD

MODULE = Module(
    name="alerts",
    title="Alerts",
    feature="3.6",
    folder=Path(__file__).parent,
    requires=("access", "crm", "dialling", "tasks", "messaging", "bot"),
    api=AlertsApi,
    handlers=(
        on(TaskOpened, handlers.on_task_opened),
        on(TaskShared, handlers.on_task_shared),
        on(TaskTaken, handlers.on_task_taken),
        on(TaskClosed, handlers.on_task_closed),
        on(MessageSettled, handlers.on_message_settled),
        on(RecordingReviewed, handlers.on_recording_reviewed),
        on(GroupSaid, handlers.on_group_said),
        on(GroupPressed, handlers.on_group_pressed),
        on(GroupChanged, handlers.on_group_changed),
    ),
    routes=web.routes,
    operations=operations.operations,
    bot=(BotMenu(name=ACCOUNT, title="Bind my account", answer=menus.bind, is_listed=False),),
    settings=(
        SettingsItem(
            title="Alerts",
            text="What the staff’s group in Telegram is told at once",
            path=web.HOME,
            right=SETTINGS,
            icon="bell",
            group="people",
            order=40,
        ),
    ),
    account=(
        SettingsItem(
            title="Telegram",
            text="Take alerts in the staff’s group by a button",
            path=web.ACCOUNT,
            right=SIGNED_IN,
            icon="send",
            group="people",
        ),
    ),
    jobs=(
        every(minutes=1, run=jobs.watch, title="Tell of links that are dead"),
        every(minutes=2, run=jobs.remind, title="Tell of who asked to be forgotten"),
        every(hours=24, run=jobs.forget, title="Forget old alerts"),
    ),
    workers=(Worker("alerts", sender.send),),
    held=HELD,
    permissions=(
        Permission(SETTINGS, "Say what the staff’s group is told", {"owner": "all", "manager": "shop"}),
    ),
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
)
