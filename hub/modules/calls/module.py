"""The manifest of calls."""

from __future__ import annotations

from pathlib import Path

from hub.events.calls import CALL_FACTS, CallMerged, PbxGapDeclared, PbxLinkLost, PbxLinkRestored
from hub.events.crm import CallerErased, ClientErased, ClientNumberReleased, ClientPhoneAdded
from hub.events.lines import TrunksUsed
from hub.events.recordings import RecordingLinked, RecordingStored
from hub.kernel.jobs.definition import every
from hub.kernel.manifest import LiveTopic, MenuItem, Module, Permission, Scope, on, on_batch
from hub.kernel.web import SettingsItem, SystemPart
from hub.modules.calls import (
    exports,
    handlers,
    jobs,
    operations_capacity,
    operations_lines,
    operations_route,
    service_clients,
    web,
    web_forgotten,
    web_lines,
    web_live,
    web_system,
)
from hub.modules.calls.api import CallsApi
from hub.modules.calls.operations import operations

_DESK: dict[str, Scope] = {"owner": "all", "manager": "shop", "receptionist": "shop", "master": "shop"}

MODULE = Module(
    name="calls",
    title="Calls",
    feature="3.7",
    folder=Path(__file__).parent,
    requires=("access", "crm"),
    api=CallsApi,
    exports=exports.exports,
    handlers=(
        on_batch((*CALL_FACTS, CallMerged, PbxLinkRestored), handlers.on_call_facts),
        on(ClientPhoneAdded, handlers.on_client_phone_added),
        on(ClientNumberReleased, handlers.on_client_number_released),
        on(ClientErased, handlers.on_client_erased),
        on(CallerErased, handlers.on_caller_erased),
        on(PbxLinkLost, handlers.on_pbx_link_lost),
        on_batch((TrunksUsed, PbxLinkLost), handlers.on_line_use),
        on(PbxLinkRestored, handlers.on_pbx_link_restored),
        on(PbxGapDeclared, handlers.on_pbx_gap_declared),
        on(RecordingStored, handlers.on_recording_stored),
        on(RecordingLinked, handlers.on_recording_linked),
    ),
    routes=(*web_live.routes, *web_lines.routes, *web_forgotten.routes, *web.routes),
    operations=(
        *operations,
        *operations_lines.operations,
        *operations_capacity.operations,
        *operations_route.operations,
    ),
    menu=(
        MenuItem("Calls", "/calls", "calls.view", "phone", order=20),
        MenuItem("Live board", "/calls/live", "calls.view", "phone-call", order=21),
    ),
    permissions=(
        Permission("calls.view", "See calls and the live board", {**_DESK, "integration": "shop"}),
        Permission("calls.note", "Write notes to calls, say who it was", {**_DESK, "integration": "shop"}),
        Permission("calls.lines", "Name the lines", {"owner": "all", "manager": "shop"}),
    ),
    system=(
        SystemPart(
            name="outages",
            order=20,
            title="Outages of the last 7 days",
            icon="history",
            look=web_system.outages,
        ),
    ),
    settings=(
        SettingsItem(
            title="Lines",
            text="Numbers that the world dials, and the advertising that carries them",
            path="/settings/lines",
            right="calls.lines",
            icon="phone",
            group="phone",
            order=20,
        ),
    ),
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
    jobs=(every(minutes=30, run=jobs.add_up_days, title="Add up the calls of days that are over"),),
    topics=(LiveTopic("call", "calls.view"), LiveTopic("pbx", "calls.view")),
)
