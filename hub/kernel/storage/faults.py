"""Tells a fault of the storage (locked, full, away, damaged) from a fault of the statement.

A storage fault is nobody's mistake: intake and relay wait and try again without counting it against
the handler, pages answer 503 with the text. A damaged file is never replaced by an empty one.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hub.errors import Unavailable

_BUSY = Unavailable(
    "database.busy", "The database is busy.", "Try again in a moment; another program may hold it open."
)
_SQLITE: dict[str, tuple[str, str, str]] = {
    "SQLITE_BUSY": (_BUSY.code, _BUSY.text, _BUSY.hint),
    "SQLITE_LOCKED": (_BUSY.code, _BUSY.text, _BUSY.hint),
    "SQLITE_INTERRUPT": ("database.closed", "The database is not open.", ""),
    "SQLITE_FULL": ("database.full", "The disk is full.", "Free some space; work goes on by itself."),
    "SQLITE_READONLY": (
        "database.read_only",
        "The database cannot be written.",
        "Check that the file, its folder and the disk are writable for this user.",
    ),
    "SQLITE_CANTOPEN": (
        "database.cannot_open",
        "The database file cannot be opened.",
        "Check HUB_DATABASE__URL and the rights of the file and its folder.",
    ),
    "SQLITE_IOERR": (
        "database.disk_fault",
        "The disk reports a fault.",
        "Check the disk (dmesg, smartctl) and restore from a backup if it is broken.",
    ),
    "SQLITE_CORRUPT": (
        "database.corrupt",
        "The database file is damaged.",
        "Keep the file, stop Pitline and restore the latest backup (pitline restore).",
    ),
    "SQLITE_NOTADB": (
        "database.corrupt",
        "The file is not a database, or it is damaged.",
        "Keep the file, stop Pitline and restore the latest backup (pitline restore).",
    ),
}
_UNCONFIRMED = ("SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_IOERR_WRITE")
_STOPPED = (
    "database.disk_fault",
    "The disk reports a fault: nothing is written any more.",
    "Check the disk (dmesg, smartctl), then start Pitline anew; restore from a backup if it is broken.",
)
_POSTGRES_RACES = ("40001", "40P01")
_POSTGRES_CLASSES = ("08", "53", "57", "58", "25006", "55P03", "XX001", "XX002")
_CONFLICTS = ("40001", "40P01")
_CONFLICT = (
    "database.conflict",
    "Somebody else changed the same thing at the same moment.",
    "Try again.",
)
_POSTGRES = (
    "database.away",
    "The database server is away or refuses work.",
    "Check that PostgreSQL runs, has space and accepts connections.",
)


def storage_fault(error: BaseException) -> Unavailable | None:
    """What to tell a person when the storage is at fault; None when it is not."""
    if isinstance(error, Unavailable):
        return error if error.code.startswith("database.") else None
    found = _find(error)
    if found is None:
        return None
    code, text, hint = found
    return Unavailable(code, text, hint, data={"detail": str(getattr(error, "orig", error))[:200]})


def away(error: OSError) -> Unavailable:
    """The server cannot be reached at all."""
    code, text, hint = _POSTGRES
    return Unavailable(code, text, hint, data={"detail": str(error)[:200]})


def damaged(detail: str) -> Unavailable:
    """The file was examined and is broken: waiting cannot help."""
    code, text, hint = _SQLITE["SQLITE_CORRUPT"]
    return Unavailable(code, text, hint, data={"detail": detail[:200]})


def unconfirmed(error: BaseException) -> Unavailable | None:
    """The disk did not confirm what was written. Whatever it says of the same bytes later proves nothing:
    the system may have dropped them, so that nothing more may be written by this process."""
    origin: object = error.orig if isinstance(error, DBAPIError) else error
    if getattr(origin, "sqlite_errorname", None) not in _UNCONFIRMED:
        return None
    code, text, hint = _STOPPED
    return Unavailable(code, text, hint, data={"detail": str(origin)[:200]})


def _find(error: BaseException) -> tuple[str, str, str] | None:
    if isinstance(error, PoolTimeout):
        return _BUSY.code, _BUSY.text, _BUSY.hint
    origin: object = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(origin, "sqlite_errorname", None)
    if isinstance(name, str):
        return next((told for prefix, told in _SQLITE.items() if name.startswith(prefix)), None)
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _POSTGRES
    state = getattr(origin, "sqlstate", None)
    if state in _CONFLICTS:
        return _CONFLICT
    if state in _POSTGRES_RACES:
        return _BUSY.code, _BUSY.text, _BUSY.hint  # two transactions crossed; the next try succeeds
    if isinstance(state, str) and state.startswith(_POSTGRES_CLASSES):
        return _POSTGRES
    return None
