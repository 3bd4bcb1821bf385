"""One AMI session of the practice exchange: log-in, actions, and which events it hears."""

from __future__ import annotations

from collections.abc import Callable

from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.filters import BadFilter, Filter, lets_through, parse_filter
from connectors.practice_pbx.model import Headers
from connectors.practice_pbx.orders import ORDERS, Orders
from connectors.practice_pbx.replies import LISTS, Reply, list_commands

_BEFORE_LOGIN = frozenset({"login", "logoff", "challenge"})


def _text(raw: bytes) -> str:
    return raw.decode(errors="backslashreplace").strip()


class Action:
    """What the client sent: headers by lower-case name, the first value of each."""

    def __init__(self, frame: bytes) -> None:
        self._headers: dict[str, str] = {}
        for line in frame.split(b"\n"):
            name, colon, value = line.rstrip(b"\r").partition(b":")
            if colon:
                self._headers.setdefault(_text(name).lower(), _text(value))
        self.name = self.get("action")

    def get(self, header: str) -> str:
        """The header's value, or nothing."""
        return self._headers.get(header.lower(), "")


class Session:
    """Takes whole frames, answers through `send`; heard events go the same way, in order."""

    def __init__(
        self,
        exchange: Exchange,
        orders: Orders,
        may_enter: Callable[[str, str], bool],
        send: Callable[[Headers], None],
    ) -> None:
        self._exchange = exchange
        self._orders = orders
        self._may_enter = may_enter
        self._send = send
        self._mask: frozenset[str] | None = None
        self._filters: list[Filter] = []
        self._stop_listening: Callable[[], None] | None = None
        self.is_finished = False

    def take(self, frame: bytes) -> None:
        """One action."""
        action = Action(frame)
        name = action.name.lower()
        if self._stop_listening is None and name not in _BEFORE_LOGIN:
            self._error(action, "Permission denied")
            return
        own = {
            "login": self._login, "logoff": self._logoff, "challenge": self._challenge,
            "events": self._events, "filter": self._filter, "ping": self._ping,
            "userevent": self._user_event, "listcommands": self._list_commands,
        }.get(name)  # fmt: skip
        if own is not None:
            own(action)
        elif name in LISTS:
            for message in LISTS[name](self._exchange, Reply(action.get("ActionID"), action.get)):
                self._send(message)
        elif name in ORDERS:
            for message in ORDERS[name](self._orders, Reply(action.get("ActionID"), action.get)):
                self._send(message)
        else:
            hint = "Use Action: ListCommands to show available commands."
            self._error(action, f"Invalid/unknown command: {action.name}. {hint}")

    def close(self) -> None:
        """The client is gone."""
        if self._stop_listening is not None:
            self._stop_listening()
            self._stop_listening = None

    def _hear(self, name: str, privilege: str, message: Headers) -> None:
        if self._mask is not None and privilege not in self._mask:
            return
        if lets_through(self._filters, name, message):
            self._send(message)

    def _login(self, action: Action) -> None:
        if self._stop_listening is not None:
            self._answer(action, ("Message", "Already authenticated"))
            return
        if not self._may_enter(action.get("Username"), action.get("Secret")):
            self._error(action, "Authentication failed")
            self.is_finished = True
            return
        self._set_mask(action.get("Events") or "on")
        self._answer(action, ("Message", "Authentication accepted"))
        up = str(int((self._exchange.clock.now() - self._exchange.booted_at).total_seconds()))
        booted = [("Uptime", up), ("LastReload", up), ("Status", "Fully Booted")]
        self._stop_listening = self._exchange.listen(self._hear)
        if self._mask is None or "system" in self._mask:
            self._send([("Event", "FullyBooted"), ("Privilege", "system,all"), *booted])

    def _logoff(self, action: Action) -> None:
        bye = ("Message", "Thanks for all the fish.")
        self._send([("Response", "Goodbye"), *self._id(action), bye])
        self.is_finished = True

    def _challenge(self, action: Action) -> None:
        self._error(action, "Authentication type not supported")

    def _set_mask(self, mask: str) -> None:
        words = frozenset(filter(None, (word.strip().lower() for word in mask.split(","))))
        self._mask = frozenset() if words & {"off", "no", "false"} else None
        if not words & {"on", "all", "yes", "true", "off", "no", "false"}:
            self._mask = words

    def _events(self, action: Action) -> None:
        self._set_mask(action.get("EventMask"))
        self._answer(action, ("Events", "Off" if self._mask == frozenset() else "On"))

    def _filter(self, action: Action) -> None:
        if action.get("Operation").lower() != "add":
            self._error(action, "Unknown operation")
            return
        try:
            self._filters.append(parse_filter(action.get("MatchCriteria"), action.get("Filter")))
        except BadFilter as error:
            self._error(action, str(error))
            return
        self._answer(action, ("Message", "Success"))

    def _ping(self, action: Action) -> None:
        stamp = f"{self._exchange.clock.now().timestamp():.6f}"
        self._answer(action, ("Ping", "Pong"), ("Timestamp", stamp))

    def _user_event(self, action: Action) -> None:
        self._answer(action, ("Message", "Event Sent"))
        said = [*self._id(action), ("UserEvent", action.get("UserEvent"))]
        self._exchange.emit("UserEvent", said, "user")

    def _list_commands(self, action: Action) -> None:
        self._answer(action, *list_commands())

    def _answer(self, action: Action, *headers: tuple[str, str]) -> None:
        self._send([("Response", "Success"), *self._id(action), *headers])

    def _error(self, action: Action, text: str) -> None:
        self._send([("Response", "Error"), *self._id(action), ("Message", text)])

    @staticmethod
    def _id(action: Action) -> Headers:
        given = action.get("ActionID")
        return [("ActionID", given)] if given else []
