"""How the phones of the practice exchange stand, and what the queue knows of its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.practice_pbx.model import RINGING, UP, Channel, Headers

if TYPE_CHECKING:
    from connectors.practice_pbx.exchange import Exchange

_QUEUE_STATUS = {"NOT_INUSE": 1, "INUSE": 2, "RINGING": 6}


class Devices:
    """The state of each device, told when it changes."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._states: dict[str, str] = {}
        self.calls_taken: dict[str, int] = {}
        self._paused: dict[str, tuple[str, int]] = {}

    def state(self, device: str) -> str:
        """How a device stands, in Asterisk's words."""
        legs = [c for c in self._exchange.channels if c.device == device]
        if not legs:
            return "NOT_INUSE"
        return "RINGING" if all(c.state == RINGING for c in legs) else "INUSE"

    def pause(self, extension: str, reason: str | None) -> None:
        """A member leaves the queue for a while, or (None) comes back."""
        self._paused.pop(extension, None)
        if reason is not None:
            self._paused[extension] = (reason, int(self._exchange.clock.now().timestamp()))
        self._exchange.emit("QueueMemberPause", self.member_headers(extension), "agent")

    def look_at(self, channel: Channel) -> None:
        """A channel was born, changed or died: say it if that changes its device."""
        device = channel.device
        state = self.state(device)
        if channel.is_local or self._states.get(device, "NOT_INUSE") == state:
            return
        self._states[device] = state
        self._exchange.emit("DeviceStateChange", [("Device", device), ("State", state)])
        member = next((m for m in self._exchange.cast.queue_members if f"PJSIP/{m}" == device), None)
        if member is not None:
            self._exchange.emit("QueueMemberStatus", self.member_headers(member), "agent")

    def member_headers(self, extension: str) -> Headers:
        """A queue member with its present state, as QueueMemberStatus writes it."""
        device = f"PJSIP/{extension}"
        state = self.state(device)
        reason, paused_at = self._paused.get(extension, ("", 0))
        talking = any(c.device == device and c.state == UP for c in self._exchange.channels)
        return [
            ("Queue", self._exchange.cast.queue),
            ("MemberName", self._exchange.cast.people[extension]),
            ("Interface", device),
            ("StateInterface", device),
            ("Membership", "static"),
            ("Penalty", "0"),
            ("CallsTaken", str(self.calls_taken.get(extension, 0))),
            ("LastCall", "0"),
            ("LastPause", str(paused_at)),
            ("LoginTime", str(int(self._exchange.booted_at.timestamp()))),
            ("InCall", str(int(talking))),
            ("Status", str(_QUEUE_STATUS[state])),
            ("Paused", str(int(extension in self._paused))),
            ("PausedReason", reason),
            ("Ringinuse", "0"),
            ("Wrapuptime", "0"),
        ]
