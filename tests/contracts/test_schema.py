"""The models and the migrations say the same; the chain is one, and files are named after revisions."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import FOLDER, migrate, revisions
from hub.kernel.storage.orm import Base
from tests.contracts.sources import modules, package_of

NO_MODELS = ("test_", "bench_", "messaging_search", "recordings_words", "recordings_writings_words")
"""What tests make, and the full-text index, which each database has in a way of its own."""


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": False}
    )
    return compare_metadata(context, Base.metadata)


async def test_the_migrated_database_has_the_tables_of_the_models(database_url: str) -> None:
    importlib.import_module("hub.kernel.idempotency")
    for path in modules():
        if (path / "models.py").exists():
            importlib.import_module(f"{package_of(path)}.models")
    database = Database(database_url)
    await database.open()
    await migrate(database)
    found = await database.write(differences)
    await database.close()
    ours = [entry for entry in found if not any(name in str(entry) for name in NO_MODELS)]
    assert ours == []


def test_migrations_are_one_chain_and_their_files_are_named_after_it() -> None:
    directory = ScriptDirectory(str(FOLDER))
    chain = [script.revision for script in directory.walk_revisions()]
    assert list(reversed(chain)) == revisions()
    assert len(directory.get_heads()) == 1


@pytest.mark.parametrize("revision", revisions())
def test_a_file_has_the_name_of_its_revision(revision: str) -> None:
    directory = ScriptDirectory(str(FOLDER))
    script = directory.get_revision(revision)
    assert script is not None
    assert script.path.endswith(f"{revision}.py")
    assert script.doc
