"""What the processes of tests have imported before they begin (`tests.forks`): nearly all of the program, and
what a process reads once: texts, the shapes of events and operations."""

from __future__ import annotations

import gc
import threading
from importlib import import_module

from hub.kernel.storage.migrating import revisions
from hub.main import build
from hub.settings import Settings
from webui.app import SITE, make_app

_LATER = (
    "aiosqlite", "alembic.command", "asyncpg", "uvloop", "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.sqlite.aiosqlite", "hub.cli.running", "hub.kernel.storage.migrating",
    "connectors.telegram.speech", "connectors.twilio_sms.api", "tests.connectors.http_sms.stage",
    "tests.connectors.telegram.stage", "tests.connectors.twilio_sms.stage", "tests.modules.messaging.wire",
)  # fmt: skip
"""What the program, or a test, imports when it needs it."""

for name in _LATER:
    import_module(name)
make_app(build(Settings()).installation)[SITE].texts.learn()
revisions()
assert threading.active_count() == 1, "what is forked has no threads"
gc.collect()
gc.freeze()  # what is shared with the children stays shared
