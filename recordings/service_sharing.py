"""Links by which somebody outside listens to one recording: they end by themselves, are counted, and can be
taken back. Many recordings as a ZIP. Never commits."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.values import ShopId
from recordings.erasing import leave
from recordings.models_sharing import Bundle, Share
from recordings.views import RecordingView
from recordings.views_library import BundleView, ShareView

MOST_DAYS = 30
LONGEST_REASON = 500
SHORTEST_REASON = 5
MOST_BUNDLED = 200
BUNDLE_HOURS = 24


class SharingService:
    """What leaves the house, and why."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock

    async def share(
        self, recording: RecordingView, *, days: int, reason: str, made_name: str, second: str | None,
        clip_id: str | None = None,
    ) -> tuple[ShareView, str]:  # fmt: skip
        """A new link, to a part of it where one is named, and its secret, which is told only now. Raises
        Invalid, Conflict."""
        if not 1 <= days <= MOST_DAYS:
            raise Invalid(
                "recordings.share_days", "A link lives from 1 to 30 days.", "Choose a shorter time.",
                fields={"days": "From 1 to 30 days."},
            )  # fmt: skip
        if recording.playable is None:
            raise Conflict(
                "recordings.nothing_to_share", "There is nothing to hear.", "Choose another recording."
            )
        secret, now = secrets.token_urlsafe(24), self._clock.now()
        row = Share(
            id=new_id(self._clock), rev=1, recording_id=recording.id, shop_id=recording.shop_id,
            clip_id=clip_id, secret_hash=_hash(secret), reason=clean_reason(reason), made_by=self._uow.actor,
            made_name=made_name, second=second, created_at=now, expires_at=now + timedelta(days=days),
            revoked_at=None, opened=0, last_opened_at=None,
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return self._view(row), secret

    async def of(self, recording_id: str) -> tuple[ShareView, ...]:
        """The links of a recording, the newest first."""
        query = select(Share).where(Share.recording_id == recording_id).order_by(Share.id.desc())
        return tuple(self._view(row) for row in (await self._session.scalars(query)).all())

    async def revoke(self, recording_id: str, share_id: str) -> ShareView:
        """It opens nothing from now on. Raises NotFound."""
        row = await self._session.get(Share, share_id) if "\x00" not in share_id else None
        if row is None or row.recording_id != recording_id:
            raise NotFound("recordings.share_unknown", "There is no such link.")
        if row.revoked_at is None:
            row.revoked_at, row.rev = self._clock.now(), row.rev + 1
            await self._session.flush()
        return self._view(row)

    async def by_secret(self, secret: str) -> ShareView:
        """The link that is still open. Raises NotFound for every other one, with the same words."""
        query = select(Share).where(Share.secret_hash == _hash(secret))
        row = (await self._session.scalars(query)).one_or_none()
        if row is None or self._view(row).state != "open":
            raise NotFound(
                "recordings.link_over", "This link opens nothing any more.",
                "Ask whoever sent it for a new one.",
            )  # fmt: skip
        return self._view(row)

    async def opened(self, share_id: str) -> None:
        """Somebody began to listen by it."""
        change = update(Share).where(Share.id == share_id)
        await self._session.execute(
            change.values(opened=Share.opened + 1, last_opened_at=self._clock.now()),
            execution_options={"synchronize_session": False},
        )

    async def bundle(self, recording_ids: Sequence[str], *, reason: str, second: str | None) -> BundleView:
        """A ZIP to be made of these. Raises Invalid: none, or too many."""
        if not 1 <= len(set(recording_ids)) <= MOST_BUNDLED:
            raise Invalid(
                "recordings.bundle_size", "A ZIP holds from 1 to 200 recordings.",
                "Narrow the filter, or choose fewer.",
            )  # fmt: skip
        now = self._clock.now()
        row = Bundle(
            id=new_id(self._clock), shop_id=self._uow.shop_id, made_by=self._uow.actor, second=second,
            reason=clean_reason(reason), recording_ids=list(dict.fromkeys(recording_ids)), key="", size=0,
            created_at=now, expires_at=now + timedelta(hours=BUNDLE_HOURS),
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return _bundle(row)

    async def bundle_of(self, bundle_id: str) -> BundleView:
        """Raises NotFound, also for somebody else's and for one that is over."""
        row = await self._session.get(Bundle, bundle_id) if "\x00" not in bundle_id else None
        if row is None or row.made_by != self._uow.actor or row.expires_at <= self._clock.now():
            raise NotFound(
                "recordings.no_bundle", "There is no such ZIP any more.", "Have it made once more."
            )
        return _bundle(row)

    async def bundled(self, bundle_id: str, key: str, size: int) -> None:
        """It lies there now; of one in which something was erased meanwhile nothing stays."""
        row = await self._session.get(Bundle, bundle_id)
        if row is None:
            await self._uow.read(lambda connection: leave(connection, [key]))
            return
        row.key, row.size = key, size
        await self._session.flush()

    async def over(self) -> tuple[BundleView, ...]:
        """The ZIPs whose time is over."""
        query = select(Bundle).where(Bundle.expires_at <= self._clock.now())
        return tuple(_bundle(row) for row in (await self._session.scalars(query)).all())

    async def drop_bundle(self, bundle_id: str) -> None:
        """Its file is gone."""
        row = await self._session.get(Bundle, bundle_id)
        if row is not None:
            await self._session.delete(row)

    def _view(self, row: Share) -> ShareView:
        now = self._clock.now()
        state = "revoked" if row.revoked_at is not None else "expired" if row.expires_at <= now else "open"
        return ShareView(
            id=row.id, rev=row.rev, recording_id=row.recording_id, shop_id=ShopId(row.shop_id),
            clip_id=row.clip_id, reason=row.reason, made_by=row.made_by, made_name=row.made_name,
            created_at=row.created_at, expires_at=row.expires_at, revoked_at=row.revoked_at,
            opened=row.opened, last_opened_at=row.last_opened_at, state=state,
        )  # fmt: skip


def clean_reason(text: str) -> str:
    """Why it leaves the house. Raises Invalid: empty, too short to say anything, too long."""
    clean = " ".join(text.replace("\x00", "").split())
    if not SHORTEST_REASON <= len(clean) <= LONGEST_REASON:
        raise Invalid(
            "recordings.reason", "It needs a reason.", "Write in a few words what it is needed for.",
            fields={"reason": "Write in a few words what it is needed for."},
        )  # fmt: skip
    return clean


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _bundle(row: Bundle) -> BundleView:
    return BundleView(
        id=row.id, shop_id=ShopId(row.shop_id), made_by=row.made_by, recording_ids=tuple(row.recording_ids),
        key=row.key, size=row.size, created_at=row.created_at, expires_at=row.expires_at,
    )  # fmt: skip
