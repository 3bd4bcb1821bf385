"""Which addresses may be asked. Pure: text and numbers in, a verdict out."""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NOT_OPEN = "This address is not on the open Internet."
_LONGEST = 2000
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?")
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::254/128",
        "0.0.0.0/8",
        "::/128",
        "224.0.0.0/4",
        "ff00::/8",
    )
)
"""Link-local (where clouds keep their metadata), nowhere, multicast: not even where the settings say so."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_OLD_MAPPED = ipaddress.ip_network("::/96")
_OWN_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".intranet", ".corp", ".home")


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts of the own network that the settings name: names and networks."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = field(default=())

    @classmethod
    def of(cls, hosts: Iterable[str]) -> Allowed:
        """Raises ValueError for what is neither a name nor a network."""
        names, networks = set(), []
        for host in hosts:
            try:
                networks.append(ipaddress.ip_network(host, strict=False))
            except ValueError:
                name = clean_host(host)
                if name is None or isinstance(name, Address):
                    raise ValueError(host) from None
                names.add(name)
        return cls(frozenset(names), tuple(networks))

    def names_host(self, host: str | Address) -> bool:
        """Whether the settings name this very host."""
        if isinstance(host, str):
            return host in self.names
        return any(host in network for network in self.networks if network.version == host.version)


@dataclass(frozen=True, slots=True)
class Target:
    """Where an URL leads: a clean name or an address, and the port."""

    host: str | Address
    port: int
    is_tls: bool


def target_of(url: str, allowed: Allowed) -> Target | str:
    """Where it leads, or why it may not be asked (an English source text). Looks at the text only."""
    if len(url) > _LONGEST or any(c.isspace() or not c.isprintable() or c == "\\" for c in url):
        return "This is no web address."
    try:
        parts = urlsplit(url)
        port = parts.port
        host = clean_host(parts.hostname or "")
    except ValueError:
        return "This is no web address."
    if parts.scheme not in ("http", "https") or host is None:
        return "This is no web address."
    if parts.username is not None or parts.password is not None:
        return "Leave name and password out of the address."
    if parts.fragment:
        return "Leave the part after # out of the address."
    is_named = allowed.names_host(host)
    if isinstance(host, str):
        if not is_named and ("." not in host or host.endswith(_OWN_NAMES)):
            return NOT_OPEN
    elif not may_be_asked(host, allowed):
        return NOT_OPEN
    if parts.scheme == "http" and not is_named:
        return "Use https: what is sent speaks of people."
    number = port if port is not None else (443 if parts.scheme == "https" else 80)
    if not is_named and number not in (80, 443) and number < 1024:
        return "This port belongs to another service."
    return Target(host, number, parts.scheme == "https")


def clean_host(text: str) -> str | Address | None:
    """A host as it will be looked up: an address in whatever spelling (decimal, octal, hexadecimal,
    short, full-width) as the address that it is, a name in ASCII. None when it is neither."""
    host = unicodedata.normalize("NFKC", text).strip().lower().replace("。", ".").rstrip(".")
    if not host or "%" in host:
        return None
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError, UnicodeError):
        pass
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    labels = name.split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit():
        return None
    return name


def may_be_asked(address: Address, allowed: Allowed) -> bool:
    """Whether a connection to this address may be opened."""
    meant = _meant(address)
    if any(
        one in network for one in (address, meant) for network in _NEVER if network.version == one.version
    ):
        return False
    if allowed.names_host(meant):
        return True
    return meant.is_global and not meant.is_multicast and not meant.is_reserved


def is_never_asked(address: Address) -> bool:
    """Whether not even the settings can allow it."""
    return any(
        one in network
        for one in (address, _meant(address))
        for network in _NEVER
        if network.version == one.version
    )


def _meant(address: Address) -> Address:
    """The IPv4 address inside of an IPv6 one that only carries it."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _OLD_MAPPED and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
