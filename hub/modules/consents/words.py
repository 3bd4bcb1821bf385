"""Consents in words of the viewer's language."""

from __future__ import annotations

from hub.kernel.web import PageRequest
from hub.modules.consents.views import EntryView, Form, Standing, Topic


def form_words(request: PageRequest) -> dict[Form, str]:
    """How it was said."""
    t = request.t
    return {
        "signature": t("signed on paper"),
        "web_form": t("a form on the web"),
        "message": t("a message of theirs"),
        "link": t("their own link"),
        "import": t("a list that was taken in"),
        "oral": t("said aloud"),
        "provider": t("the provider tells"),
    }


def topic_words(request: PageRequest) -> dict[Topic, str]:
    """What it is about."""
    t = request.t
    return {"marketing": t("Advertising"), "service": t("Service messages"), "all": t("All messages")}


def standing_words(request: PageRequest) -> dict[Standing, tuple[str, str]]:
    """How it stands, and the colour of it."""
    t = request.t
    return {
        "granted": (t("agreed"), "green"),
        "withdrawn": (t("withdrawn"), "red"),
        "none": (t("not asked"), "secondary"),
        "blocked": (t("blocked"), "red"),
    }


def entry_words(request: PageRequest, entry: EntryView) -> str:
    """What a row says."""
    t = request.t
    if entry.form == "provider":
        if entry.act == "blocked":
            return t("The provider says: {why}", why=request.t(entry.source))
        return t("They write again on this channel")
    if entry.source == "erasure":
        return t("A no from before an erasure")
    topic = topic_words(request)[entry.topic]
    said = {
        "granted": t("{what}: agreed", what=topic),
        "withdrawn": t("{what}: withdrawn", what=topic),
        "blocked": t("{what}: ended", what=topic),
        "restored": t("What was ended is on again"),
    }[entry.act]
    return f"{said} ({entry.channel})" if entry.channel else said
