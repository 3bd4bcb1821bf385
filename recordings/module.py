"""The manifest of recordings."""

from __future__ import annotations

from pathlib import Path

from hub.events.calls import CallMerged
from hub.events.recordings import RecordingNamed
from hub.kernel.backup.areas import FileArea
from hub.kernel.manifest import LiveTopic, Module, Permission, on
from recordings import handlers, operations, web
from recordings.api import RecordingsApi
from recordings.scope import LISTEN

MODULE = Module(
    name="recordings",
    title="Recordings",
    feature="3.8",
    folder=Path(__file__).parent,
    requires=("access", "calls"),
    api=RecordingsApi,
    handlers=(
        on(RecordingNamed, handlers.on_recording_named),
        on(CallMerged, handlers.on_call_merged),
    ),
    routes=web.routes,
    operations=operations.operations,
    permissions=(
        Permission(
            LISTEN,
            "See recordings and listen to them",
            {
                "owner": "all",
                "manager": "shop",
                "receptionist": "own",
                "master": "own",
                "integration": "shop",
            },
        ),
    ),
    topics=(LiveTopic("recording", LISTEN),),
    files=(FileArea("recordings", lambda settings: Path(settings.recordings.store)),),
)
