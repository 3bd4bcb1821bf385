"""Takes a recording away for good, in the one transaction that says so: everything but the fact. It is
synchronous Core, since a restored backup runs it again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, or_, select, update

from recordings.models import NamedFile, Recording, Rendition, SpoolFile
from recordings.models_library import Shelf, Writing
from recordings.models_privacy import ErasedRecording, Keep, Leaving, LegalHold, Rule
from recordings.models_review import Mark, Pick, Review
from recordings.models_sharing import Bundle, Clip, Share
from recordings.rules_names import last_part

_MOST = 400
"""Ids in one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What is kept of an erasure. `reason` names nobody."""

    rule: Rule
    at: datetime
    reason: str = ""
    actor: str | None = None
    name: str = ""
    second: str | None = None


def is_held() -> ColumnElement[bool]:
    """A legal hold keeps the recording, or all of its call's."""
    mine = or_(LegalHold.recording_id == Recording.id, LegalHold.call_id == Recording.call_id)
    return exists().where(mine, LegalHold.lifted_at.is_(None)).correlate(Recording)


def is_kept(now: datetime) -> ColumnElement[bool]:
    """Its days of keeping are prolonged beyond now, or those of all of its call's."""
    mine = or_(Keep.recording_id == Recording.id, Keep.call_id == Recording.call_id)
    return exists().where(mine, Keep.ended_at.is_(None), Keep.until > now).correlate(Recording)


def erase(connection: Connection, recording_ids: Collection[str], why: Why) -> list[str]:
    """These are erased from now on; a second time does nothing. Which ones were."""
    erased: list[str] = []
    for ids in _parts(recording_ids):
        alive = select(Recording.id, Recording.source_name).where(
            Recording.id.in_(ids), Recording.state != "erased"
        )
        rows = connection.execute(alive).all()
        found = [row.id for row in rows]
        if found:
            _forget_files(connection, found, {last_part(row.source_name) for row in rows})
            _forget_words(connection, found, with_reviews=why.rule != "retention")
            _end_sharing(connection, found, why.at)
            _keep_the_fact(connection, found, why)
        erased += found
    return erased


def files_of(connection: Connection, recording_ids: Collection[str]) -> list[str]:
    """What the store has of these: their forms, their parts."""
    found: list[str] = []
    for ids in _parts(recording_ids):
        forms = select(Rendition.path).where(Rendition.recording_id.in_(ids))
        clips = select(Clip.key).where(Clip.recording_id.in_(ids), Clip.key != "")
        found += [*connection.execute(forms).scalars(), *connection.execute(clips).scalars()]
    return found


def leave(connection: Connection, keys: Iterable[str]) -> None:
    """These files of the store belong to nobody and are to be removed."""
    for key in sorted(set(filter(None, keys))):
        connection.execute(delete(Leaving).where(Leaving.key == key))
        connection.execute(insert(Leaving).values(key=key))


def wait(connection: Connection, recording_ids: Collection[str], why: Why) -> None:
    """To be erased once no legal hold keeps them."""
    for one in recording_ids:
        connection.execute(
            delete(ErasedRecording).where(ErasedRecording.recording_id == one, ErasedRecording.at.is_(None))
        )
        connection.execute(insert(ErasedRecording).values({"recording_id": one, **_told(why), "at": None}))


def _forget_files(connection: Connection, ids: list[str], names: set[str]) -> None:
    mine = Rendition.recording_id.in_(ids)
    leave(connection, connection.execute(select(Rendition.path).where(mine)).scalars().all())
    connection.execute(delete(Rendition).where(mine))
    taken = update(SpoolFile).where(
        SpoolFile.recording_id.in_(ids), SpoolFile.state.in_(("taken", "duplicate"))
    )
    connection.execute(taken.values(path=""))  # names of files hold numbers
    connection.execute(delete(NamedFile).where(NamedFile.name.in_(sorted(names))))


def _forget_words(connection: Connection, ids: list[str], *, with_reviews: bool) -> None:
    """Scores outlive the days of keeping: they are the employee's. A request takes them too."""
    for table in (Writing, Pick, Mark):
        connection.execute(delete(table).where(table.recording_id.in_(ids)))
    if with_reviews:
        connection.execute(delete(Review).where(Review.recording_id.in_(ids)))
        connection.execute(update(Shelf).where(Shelf.recording_id.in_(ids)).values(percent=None))


def _end_sharing(connection: Connection, ids: list[str], at: datetime) -> None:
    """Links open nothing, parts go, ZIPs that hold one of them are thrown away."""
    still = and_(Share.recording_id.in_(ids), Share.revoked_at.is_(None))
    connection.execute(update(Share).where(still).values(revoked_at=at, rev=Share.rev + 1))
    # The keys are those that the rows have as they go: one may be written at this moment.
    cut = delete(Clip).where(Clip.recording_id.in_(ids)).returning(Clip.key)
    leave(connection, connection.execute(cut).scalars().all())
    gone = set(ids)
    for bundle in connection.execute(select(Bundle.id, Bundle.recording_ids)).all():
        if gone & set(bundle.recording_ids):
            packed = delete(Bundle).where(Bundle.id == bundle.id).returning(Bundle.key)
            leave(connection, connection.execute(packed).scalars().all())


def _keep_the_fact(connection: Connection, ids: list[str], why: Why) -> None:
    """The hash stays, so that the same sound is not taken in again."""
    connection.execute(
        update(Recording).where(Recording.id.in_(ids)).values(
            state="erased", fault="", loudness=None, source_name="", rev=Recording.rev + 1
        )
    )  # fmt: skip
    connection.execute(delete(ErasedRecording).where(ErasedRecording.recording_id.in_(ids)))
    connection.execute(insert(ErasedRecording), [{"recording_id": one, **_told(why)} for one in ids])


def _told(why: Why) -> dict[str, object]:
    return {
        "at": why.at, "rule": why.rule, "reason": why.reason, "actor": why.actor, "name": why.name,
        "second": why.second,
    }  # fmt: skip


def _parts(ids: Collection[str]) -> list[list[str]]:
    whole = sorted(set(ids))
    return [whole[begin : begin + _MOST] for begin in range(0, len(whole), _MOST)]
