"""What a form, or an address, says of a mailing; read and checked. Moments are by the clock of the shop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from multidict import MultiMapping

from hub.errors import Invalid
from hub.kernel.web import PageRequest
from hub.modules.mailings import jobs
from hub.modules.mailings.api import Audience, MailingEntry, MailingsApi, MailingView

PLACES = ("channel_1", "channel_2", "channel_3")
PACE = 60
BLANK = dict.fromkeys(
    ("title", "text", "kind", "segment", "tag", "source", "q", "pace", "starts_at", "rev", *PLACES), ""
)
"""An empty form."""
_LONGEST = 4000


def entry_of(request: PageRequest) -> MailingEntry:
    """Raises Invalid for a moment or a number that is none."""
    form, fields = request.form, dict[str, str]()
    pace, starts_at = _whole(form.get("pace", ""), fields), _moment(request, form, fields)
    if fields:
        raise Invalid(
            "mailings.invalid", "Something is missing or wrong.", "Look at the fields.", fields=fields
        )
    return MailingEntry(
        title=form.get("title", "")[:_LONGEST], text=form.get("text", "")[:_LONGEST],
        channels=tuple(one for place in PLACES if (one := form.get(place, "")[:32])),
        audience=Audience(
            kind="list" if form.get("kind") == "list" else "clients",
            segment=form.get("segment", "").strip()[:_LONGEST], tag=form.get("tag", "").strip()[:_LONGEST],
            source=form.get("source", "").strip()[:_LONGEST], text=form.get("q", "").strip()[:_LONGEST],
            whole_numbers=not request.viewer.sees_numbers,
        ),
        pace=pace, starts_at=starts_at,
    )  # fmt: skip


def typed(request: PageRequest) -> dict[str, str]:
    """As it was typed, for the form that comes back."""
    return {name: value for name, value in request.form.items() if len(value) <= _LONGEST}


def typed_of(request: PageRequest, mailing: MailingView) -> dict[str, str]:
    """A mailing as its form shows it."""
    zone = request.deps.places.of(request.viewer.shop_id).zone
    starts = mailing.starts_at.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if mailing.starts_at else ""
    places = dict(zip(PLACES, mailing.channels, strict=False))
    about = mailing.audience
    return {
        "title": mailing.title, "text": mailing.text, "kind": about.kind, "segment": about.segment,
        "tag": about.tag, "source": about.source, "q": about.text, "pace": str(mailing.pace),
        "starts_at": starts, "rev": str(mailing.rev), **places,
    }  # fmt: skip


def rev_of(form: Mapping[str, str] | MultiMapping[str]) -> int | None:
    """The revision that the person saw."""
    text = form.get("rev", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


async def ask_count(request: PageRequest, mailing: MailingView) -> str | None:
    """The job makes its list, if there is anybody to look at; its run."""
    drafts = request.apis.of(MailingsApi).drafts
    if mailing.audience.kind == "list" and not await drafts.lines(mailing.id):
        return None
    content = await drafts.content(mailing.id)
    asked = {"mailing_id": mailing.id}
    run_id = await request.deps.jobs.enqueue(request.uow, jobs.count, asked, key=f"{mailing.id}:{content}")
    await drafts.counts(mailing.id, run_id)
    return run_id


def _whole(text: str, fields: dict[str, str]) -> int:
    text = text.strip() or str(PACE)
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        fields["pace"] = "A whole number from 1 to 1800."
        return 0
    return int(text)


def _moment(request: PageRequest, form: MultiMapping[str], fields: dict[str, str]) -> datetime | None:
    text = form.get("starts_at", "").strip()
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
        zone = request.deps.places.of(request.viewer.shop_id).zone
        return (local if local.tzinfo is not None else local.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        fields["starts_at"] = "A day and a time, like 2026-12-31 10:00."
        return None
