"""What bars a message whatever was consented to, and the reasons in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hub.modules.consents.views import Code, Verdict
from hub.modules.crm.api import ClientView
from hub.values import is_landline

_FIXED = (
    "landline", "fixed", "fax", "городск", "стационар", "факс", "міськ", "стаціонар",
)  # fmt: skip
"""How the label of a phone that takes no text begins."""
REASONS: dict[Code, str] = {
    "no_consent": "They have not agreed to advertising.",
    "withdrawn": "They have withdrawn their consent.",
    "blocked": "They have asked for no messages at all.",
    "provider_blocked": "They take no messages of ours on this channel, the provider says.",
    "quiet_hours": "It is too late in the day or too early.",
    "too_often": "They have got an advertisement only lately.",
    "landline": "This number is a landline: it takes no texts.",
    "not_a_client": "This is no client of the shop.",
    "archived": "The client is archived.",
    "blacklisted": "The client stands on the black list.",
}


def barred(client: ClientView | None) -> Code:
    """Why nothing is sent to this record by itself. Somebody unknown may be written to."""
    if client is None:
        return ""
    if client.relation != "client":
        return "not_a_client"
    if client.is_archived:
        return "archived"
    return "blacklisted" if client.blocked_reason is not None else ""


def is_fixed(number: str, client: ClientView | None) -> bool:
    """Whether it takes no text: by the country's numbers, or by the label on the client's page."""
    labels = [phone.label for phone in client.phones if phone.number == number] if client is not None else []
    return is_landline(number) or any(label.strip().casefold().startswith(_FIXED) for label in labels)


def reason_in_words(t: Callable[..., str], verdict: Verdict, show: Callable[[datetime], str]) -> str:
    """Why not, in the reader's language; `show` writes a moment in the shop's zone. Empty: it may go."""
    until = show(verdict.until) if verdict.until is not None else ""
    said = {
        "": "",
        "no_consent": t("They have not agreed to advertising."),
        "withdrawn": t("They have withdrawn their consent."),
        "blocked": t("They have asked for no messages at all."),
        "provider_blocked": t("They take no messages of ours on this channel, the provider says."),
        "quiet_hours": t("Quiet hours: not before {until}.", until=until),
        "too_often": t("They have got an advertisement only lately: not before {until}.", until=until),
        "landline": t("This number is a landline: it takes no texts."),
        "not_a_client": t("This is no client of the shop."),
        "archived": t("The client is archived."),
        "blacklisted": t("The client stands on the black list."),
    }
    return said[verdict.code]
