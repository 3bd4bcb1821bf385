"""The manifest of backup."""

from __future__ import annotations

from pathlib import Path

from hub.kernel.jobs.definition import every, on_demand
from hub.kernel.manifest import Module, Permission
from hub.kernel.web import SystemPart
from hub.modules.backup import jobs, operations, operations_list, web, web_system

MODULE = Module(
    name="backup",
    title="Backups",
    feature="0.4",
    folder=Path(__file__).parent,
    requires=("access",),
    routes=web.routes,
    operations=(*operations.operations, *operations_list.operations),
    permissions=(
        Permission("backup.make", "Make a backup now", {"owner": "all", "manager": "shop"}),
        Permission("backup.download", "Download a backup", {"owner": "all"}),
        Permission("backup.release", "Let a restored system send again", {"owner": "all"}),
    ),
    system=(
        SystemPart(
            name="quarantine", order=1, title="Quarantine", icon="shield-lock", look=web_system.quarantine
        ),
        SystemPart(name="backup", order=47, title="Backups", icon="archive", look=web_system.backups),
    ),
    jobs=(
        every(minutes=5, run=jobs.backup_when_due, title="Nightly backup", longest=6 * 3600.0),
        on_demand(run=jobs.make_backup, title="Backup", right="backup.make", longest=6 * 3600.0),
        every(minutes=1, run=jobs.mirror_tombstones, title="Note what was revoked and erased"),
    ),
)
