"""Processes of a test's own that begin in a moment: forked from one that has imported what they need."""

from __future__ import annotations

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [
        "hub.main", "uvloop", "aiosqlite", "asyncpg", "sqlalchemy.dialects.sqlite.aiosqlite",
        "sqlalchemy.dialects.postgresql.asyncpg", "connectors.telegram.speech", "connectors.twilio_sms.api",
        "tests.connectors.telegram.stage", "tests.connectors.http_sms.stage",
        "tests.connectors.twilio_sms.stage", "tests.modules.messaging.wire",
    ]
)  # fmt: skip
