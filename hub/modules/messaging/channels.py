"""The channels of this installation, as its connectors declare them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.ports.messaging import Channel, MessageSender

PREFERRED = ("telegram", "viber", "whatsapp", "sms", "email")
"""Of channels that would do, the dearer ones last."""


_WORDS = {"sms": "SMS", "telegram": "Telegram", "viber": "Viber", "whatsapp": "WhatsApp", "email": "e-mail"}


def in_words(name: str) -> str:
    """A channel as people call it."""
    return _WORDS.get(name, name)


def carriers(senders: Iterable[MessageSender]) -> dict[str, MessageSender]:
    """Who sends on which channel: of several the first."""
    found: dict[str, MessageSender] = {}
    for sender in senders:
        for name in sender.channels():
            found.setdefault(name, sender)
    return found


def receivers(senders: Iterable[MessageSender]) -> dict[str, MessageSender]:
    """Whose files are fetched on which channel: theirs to whom one can answer."""
    able = (sender for sender in senders if any(one.can_reply for one in sender.channels().values()))
    return carriers(able)


class Channels:
    """Which connector carries which channel."""

    def __init__(self, senders: Sequence[MessageSender]) -> None:
        self._carried = {
            name: (sender, sender.channels()[name]) for name, sender in carriers(senders).items()
        }

    def __contains__(self, name: str) -> bool:
        return name in self._carried

    def of(self, name: str) -> Channel | None:
        """What a channel can do; None for one that is not set up."""
        carried = self._carried.get(name)
        return carried[1] if carried is not None else None

    def sender(self, name: str) -> MessageSender | None:
        """Who carries it."""
        carried = self._carried.get(name)
        return carried[0] if carried is not None else None

    def names(self) -> tuple[str, ...]:
        """All that are set up, the preferred ones first."""
        return tuple(sorted(self._carried, key=_place))

    def first(self, among: Iterable[str]) -> str | None:
        """The preferred one of these that is set up."""
        return min((name for name in among if name in self._carried), key=_place, default=None)


def _place(name: str) -> tuple[int, str]:
    return (PREFERRED.index(name) if name in PREFERRED else len(PREFERRED), name)
