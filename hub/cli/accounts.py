"""`user add` and `token add`: also on a fresh database, also while the hub runs.

They open the database as a second process: every write waits for its turn (busy_timeout), and the
checkpoint stays with the hub, since two processes that checkpoint at once can harm an SQLite older
than 3.51.3."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from hub.errors import Invalid
from hub.kernel.manifest import ROLES
from hub.settings import Settings


async def add_user(settings: Settings, wanted: argparse.Namespace) -> list[str]:
    """A new person who may sign in; the last line is a one-time password."""
    from hub.kernel.context import Apis
    from hub.main import opened
    from hub.modules.access.api import AccessApi, hash_password, new_password

    password = new_password()
    password_hash = await hash_password(password)
    async with opened(settings) as hub, hub.transactions.writing(actor=None, shop_id=hub.default_shop) as uow:
        access = Apis(uow, hub.deps, hub.apis).of(AccessApi)
        access.audit.follow()
        with _roles_named():
            person = await access.create_person(
                wanted.name, wanted.role, extensions=wanted.extension, mobile=wanted.mobile,
                login=wanted.login, password_hash=password_hash,
            )  # fmt: skip
        access.audit.add("console.add_user", "done", subject=person.id)
    said = f"{person.name} ({person.role}) signs in as {person.login} with this one-time password:"
    return [said, password]


async def add_token(settings: Settings, wanted: argparse.Namespace) -> list[str]:
    """A new key for a program; the only line is the key."""
    from hub.kernel.context import Apis
    from hub.main import opened
    from hub.modules.access.api import AccessApi

    async with opened(settings) as hub, hub.transactions.writing(actor=None, shop_id=hub.default_shop) as uow:
        access = Apis(uow, hub.deps, hub.apis).of(AccessApi)
        access.audit.follow()
        with _roles_named():
            token, key = await access.tokens.create(wanted.name, wanted.role)
        access.audit.add("console.add_token", "done", subject=token.id)
    return [key]


@contextmanager
def _roles_named() -> Iterator[None]:
    """Whoever names a role that is none is told those there are."""
    try:
        yield
    except Invalid as error:
        if "role" not in error.fields:
            raise
        hint = f"Roles: {', '.join(ROLES)}."
        raise Invalid(error.code, error.text, hint, fields=error.fields) from error
