"""The manifest of recordings."""

from __future__ import annotations

from pathlib import Path

from hub.events.calls import CallCorrected, CallEnded, CallHeld, CallMerged, CallNoted, CallResumed
from hub.events.crm import CallerErased, ClientErased
from hub.events.recordings import (
    RecordingErased,
    RecordingGroundNoticed,
    RecordingLinked,
    RecordingNamed,
    RecordingNoticed,
    RecordingStored,
)
from hub.events.tasks import TaskEscalated
from hub.kernel.backup.areas import FileArea
from hub.kernel.jobs.definition import Job, every, on_demand
from hub.kernel.manifest import LiveTopic, MenuItem, Module, PageScript, Permission, Worker, on, on_batch
from hub.kernel.web import SettingsItem, SystemPart
from recordings import (
    cutting,
    guarding,
    handlers,
    intake,
    jobs,
    operations,
    operations_basis,
    operations_clips,
    operations_keeps,
    operations_library,
    operations_marks,
    operations_privacy,
    operations_review,
    rehearsal,
    service_clients,
    triggers,
    upkeep,
    web,
    web_basis,
    web_clips,
    web_keeping,
    web_library,
    web_player,
    web_policy,
    web_privacy,
    web_review,
    web_sharing,
    web_system,
)
from recordings.api import RecordingsApi
from recordings.rights import CARDS, EXPORT, PERMISSIONS, POLICY
from recordings.scope import LISTEN

MODULE = Module(
    name="recordings",
    title="Recordings",
    feature="3.8",
    folder=Path(__file__).parent,
    requires=("access", "crm", "calls", "tasks"),
    api=RecordingsApi,
    handlers=(
        on_batch((RecordingNamed,), handlers.on_recording_named),
        on_batch((RecordingNoticed,), handlers.on_recording_noticed),
        on(RecordingGroundNoticed, handlers.on_recording_ground_noticed),
        on(CallMerged, handlers.on_call_merged),
        on(RecordingStored, handlers.on_recording_stored),
        on(RecordingLinked, handlers.on_recording_linked),
        on(RecordingErased, handlers.on_recording_erased),
        on_batch((CallHeld, CallResumed, CallEnded), handlers.on_call_facts),
        on(CallCorrected, handlers.on_call_corrected),
        on(CallNoted, handlers.on_call_noted),
        on(ClientErased, handlers.on_client_erased),
        on(CallerErased, handlers.on_caller_erased),
        on(TaskEscalated, handlers.on_task_escalated),
    ),
    triggers=triggers.TRIGGERS,
    routes=(
        *web_basis.routes,
        *web_policy.routes,
        *web_review.routes,
        *web_privacy.routes,
        *web_keeping.routes,
        *web_sharing.routes,
        *web_clips.routes,
        *web.routes,
        *web_player.routes,
        *web_library.routes,
    ),
    operations=(
        *operations_library.operations,
        *operations.operations,
        *operations_marks.operations,
        *operations_review.operations,
        *operations_clips.operations,
        *operations_privacy.operations,
        *operations_keeps.operations,
        *operations_basis.operations,
    ),
    card=(*web_basis.parts, *web_player.parts),
    menu=(MenuItem("Recordings", "/recordings", LISTEN, "microphone", order=25),),
    scripts=(PageScript("recordings/player.js", LISTEN),),
    settings=(
        SettingsItem(
            title="Score cards",
            text="What a good talk has: questions for the review of recordings",
            path="/settings/score-cards",
            right=CARDS,
            icon="star",
            group="phone",
            order=40,
        ),
        SettingsItem(
            title="Recording and consent",
            text="Whether callers are told or asked, what is not kept, pauses for card data",
            path="/settings/recording",
            right=POLICY,
            icon="microphone",
            group="phone",
            order=41,
        ),
    ),
    jobs=(
        *upkeep.JOBS,
        on_demand(run=jobs.pack, title="Pack recordings into a ZIP", right=EXPORT, alone=False),
        Job(
            name=cutting.JOB,
            run=cutting.cut,
            title="Cut a part out of a recording",
            right=EXPORT,
            alone=False,
        ),
        on_demand(run=jobs.transcribe, title="Write down what is said in a recording", longest=4 * 3600.0),
        every(hours=1, run=jobs.erase_over, title="Erase recordings whose days are over"),
        every(minutes=1, run=jobs.drop_leavings, title="Remove the files of erased recordings"),
        every(hours=1, run=jobs.drop_gone_notes, title="Forget copies of notes that are erased"),
        every(hours=1, run=jobs.drop_bundles, title="Throw away ZIPs of recordings whose time is over"),
    ),
    permissions=(
        Permission(
            LISTEN,
            "See recordings and listen to them",
            {
                "owner": "all",
                "manager": "shop",
                "receptionist": "own",
                "master": "own",
            },
        ),
        *PERMISSIONS,
    ),
    topics=(LiveTopic("recording", LISTEN),),
    system=(
        SystemPart(
            name="recordings", order=44, title="Recordings", icon="microphone", look=web_system.intake
        ),
    ),
    clients=service_clients.RECORDS,
    tombstones=service_clients.TOMBSTONES,
    workers=(
        Worker("recordings.intake", intake.watch),
        Worker("recordings.guard", guarding.guard),
        Worker("recordings.rehearsal", rehearsal.rehearse),
    ),
    files=(FileArea("recordings", lambda settings: Path(settings.recordings.store)),),
)
