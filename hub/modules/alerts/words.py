"""What an alert says, in the shop's language: its text, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.kernel.texts import Texts
from hub.modules.alerts.models import Post

_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Voice:
    """A language, and the clock of the shop."""

    texts: Texts
    language: str
    zone: ZoneInfo

    def t(self, text: str, **values: object) -> str:
        """In this language, `{name}` filled in."""
        return self.texts.say(self.language, text, values)

    def heard(self, text: str) -> str:
        """What was said elsewhere with its values in it already."""
        return self.texts.heard(self.language, text)

    def clock(self, at: datetime) -> str:
        """`12:34`."""
        return at.astimezone(self.zone).strftime("%H:%M")


def text_of(post: Post, voice: Voice) -> str:
    """The whole message; without what was erased of it."""
    about: Mapping[str, str] = post.about
    since = about.get("since")
    at = voice.clock(datetime.fromisoformat(since)) if since else ""
    details = " · ".join(part for part in (at, about.get("who", ""), about.get("what", "")) if part)
    why = voice.heard(about["why"]) if about.get("why") else ""
    lines = (_headline(post, voice), details, why, ending_of(post, voice))
    return "\n".join(line for line in lines if line)[:_LONGEST]


def ending_of(post: Post, voice: Voice) -> str:
    """What became of it; empty while nothing has."""
    at = voice.clock(post.changed_at)
    if post.state == "taken" and not post.taken_by:
        return voice.t("✋ taken at another shop {at}", at=at)
    if post.state == "taken":
        return voice.t("✋ taken by {who} {at}", who=post.taken_by, at=at)
    if post.state != "closed":
        return ""
    said = {
        "answered": voice.t("✅ they were talked to, {at}", at=at),
        "reached": voice.t("✅ they were reached, {at}", at=at),
        "wrote": voice.t("✅ they wrote themselves, {at}", at=at),
        "unreached": voice.t("✅ given up, nobody was reached, {at}", at=at),
        "not_needed": voice.t("✅ not needed, {at}", at=at),
        "not_client": voice.t("✅ not a client, {at}", at=at),
        "withdrawn": voice.t("✅ it was not missed after all, {at}", at=at),
        "merged": voice.t("✅ it is part of another call-back now, {at}", at=at),
        "back": voice.t("✅ works again, {at}", at=at),
        "corrected": voice.t("✅ the score was put right, {at}", at=at),
        "decided": voice.t("✅ they have their answer, {at}", at=at),
        "delivered": voice.t("✅ it has arrived after all, {at}", at=at),
    }
    return said.get(post.reason, voice.t("✅ done, {at}", at=at))


def _headline(post: Post, voice: Voice) -> str:
    shop = str(post.about.get("shop", ""))
    said = {
        "missed": voice.t("📞 Missed call"),
        "message": voice.t("✉️ A message may not have arrived"),
        "connector": voice.t("🔌 A link to the outside is dead"),
        "low_score": voice.t("👎 A low score"),
        "forgotten": voice.t("🗑 Somebody asks to be forgotten"),
        "test": voice.t("🔔 A test: alerts of {shop} arrive here.", shop=shop),
        "paired": voice.t("🔔 This group gets the alerts of {shop} from now on.", shop=shop),
        "unpaired": voice.t("This code is not good (any more). Make a new one: Settings, Alerts."),
    }
    return said.get(post.kind, post.kind)
