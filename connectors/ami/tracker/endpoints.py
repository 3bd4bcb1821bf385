"""What a channel's name tells: technology, endpoint, half of a Local pair, number in a dial string."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Literal

Kind = Literal["outside", "phone", "local", "machine"]

_MACHINES = frozenset(
    {
        "announcer", "audiosocket", "bridge", "cbann", "cbrec", "message", "multicastrtp", "rec",
        "recorder", "snoop", "surrogate", "unicastrtp", "websocket",
    }
)  # fmt: skip
_KEPT = 4096
_ZOMBIE = "<ZOMBIE>"


def technology(name: str) -> str:
    """`PJSIP/101-0000000a` gives `pjsip`."""
    return name.partition("/")[0].lower()


def endpoint(name: str) -> str:
    """`PJSIP/101-0000000a` gives `101`; a dash inside the endpoint's own name stays."""
    rest = name.partition("/")[2].removesuffix(_ZOMBIE)
    return rest.rpartition("-")[0] or rest


def is_zombie(name: str) -> bool:
    """Whether the channel is only the husk that a masquerade leaves behind."""
    return name.endswith((_ZOMBIE, "<MASQ>"))


def local_half(name: str) -> tuple[str, str] | None:
    """`Local/101@ctx-0000;1` gives the pair's name and `1`; None for anything that is no half."""
    if name[:6].lower() == "local/" and name[-2:] in (";1", ";2"):
        return name[:-2], name[-1]
    return None


def target(resource: str) -> tuple[str, str, str]:
    """What a Dial argument names: technology, endpoint and the number sent to it (may be empty).

    `PJSIP/380931234567@kyivstar_1` and `PJSIP/trunk/sip:380931234567@10.0.0.1` are lines with a
    number; `PJSIP/101` and `PJSIP/103/sip:x@10.0.0.7` are phones, whose address is no number to us.
    """
    tech, _, rest = resource.strip().partition("/")
    if "/" in rest:
        name, _, address = rest.partition("/")
        return tech.lower(), name, dialled_number(address)
    number, at, name = rest.partition("@")
    return (tech.lower(), name, number) if at else (tech.lower(), number, "")


def dialled_number(dial_string: str) -> str:
    """The number in a dial string: `380931234567@trunk`, `trunk/sip:38093…@host`, `g0/38093…`."""
    text = dial_string.rpartition("/")[2]
    for scheme in ("sip:", "sips:", "tel:"):
        text = text.removeprefix(scheme)
    return text.partition("@")[0].partition(";")[0]


class Endpoints:
    """Tells outside lines, phones and machines apart by the settings."""

    def __init__(self, trunks: Sequence[str], machines: Sequence[str]) -> None:
        self._trunks = tuple(trunks)
        self._machines = tuple(machines)
        self._known: dict[str, Kind] = {}
        self.edition = 0
        """Another one, other answers: for those who remember what follows from them."""

    def set_trunks(self, patterns: Sequence[str]) -> None:
        """The owner ticked other endpoints as outside lines."""
        self._trunks = tuple(patterns)
        self._known.clear()
        self.edition += 1

    def kind_of_channel(self, name: str) -> Kind:
        """What stands behind a channel."""
        return self.kind(technology(name), endpoint(name))

    def kind(self, tech: str, name: str) -> Kind:
        """What an endpoint is; remembered, for there are few of them and many events."""
        if tech == "local":
            return "local"
        if tech in _MACHINES:
            return "machine"
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[name] = self._judge(name)
        return known

    def _judge(self, name: str) -> Kind:
        if any(fnmatchcase(name, pattern) for pattern in self._trunks):
            return "outside"
        if name == "pseudo" or any(fnmatchcase(name, pattern) for pattern in self._machines):
            return "machine"
        return "phone"
