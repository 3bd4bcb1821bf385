"""What stays so when a backup is put back: sessions end; what was revoked or used up, and who has left, stay
out."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.modules.access.models import Invitation, Person, RecoveryCode, Session, Token
from hub.modules.access.service_factors import CODE_STONE, code_mark

_TOKEN, _PERSON = "access.token", "access.person"


def _collect(connection: Connection) -> Iterable[tuple[str, str]]:
    """Revoked keys of programs, and people who may not sign in any more."""
    revoked = connection.scalars(select(Token.id).where(Token.revoked_at.is_not(None)))
    left = connection.scalars(select(Person.id).where(~Person.is_active))
    return [*((_TOKEN, one) for one in revoked), *((_PERSON, one) for one in left)]


def _bury(connection: Connection, burial: Burial) -> None:
    """Where marks may be missing, every key of a program is revoked: a new one is made in a minute, a
    stolen one that opens again is noticed by nobody."""
    for table in (Session, Invitation):
        connection.execute(update(table).where(table.revoked_at.is_(None)).values(revoked_at=burial.at))
    revoke = update(Token).where(Token.revoked_at.is_(None)).values(revoked_at=burial.at)
    if burial.is_whole:
        revoke = revoke.where(Token.id.in_(burial.marks.get(_TOKEN, ())))
    connection.execute(revoke)
    _bury_codes(connection, burial)
    gone = burial.marks.get(_PERSON, frozenset())
    connection.execute(update(Person).where(Person.id.in_(gone)).values(is_active=False, rev=Person.rev + 1))


def _bury_codes(connection: Connection, burial: Burial) -> None:
    ended = burial.marks.get(CODE_STONE, frozenset())
    for code_hash in connection.scalars(select(RecoveryCode.code_hash)).all():
        if code_mark(code_hash) in ended:
            this = update(RecoveryCode).where(RecoveryCode.code_hash == code_hash)
            connection.execute(this.values(used_at=burial.at))


TOMBSTONES = Tombstones(bury=_bury, collect=_collect)
