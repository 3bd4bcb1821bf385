"""Writes the configuration of one Asterisk under test: our sample or the FreePBX-shaped one, moved here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.asterisk.provision import CHECKOUT

Plan = Literal["sample", "freepbx"]
SAMPLE = CHECKOUT / "config" / "asterisk"
FREEPBX = Path(__file__).with_name("freepbx_shaped")
# Files that Asterisk looks for and that may be empty: without them it only grumbles.
EMPTY = ("ari", "ccss", "cdr", "cel", "queuerules", "udptl", "voicemail")
BLANK = ("acl", "pjproject", "websocket_client")

LOGGER = "[general]\ndateformat = %F %T.%3q\n[logfiles]\nmessages.log => notice,warning,error\n"
TONES = (
    "[general]\ncountry = us\n[us]\ndescription = none\nring = 440/1000,0/4000\n"
    "busy = 480/500,0/500\ncongestion = 480/250,0/250\n"
)


# A second AMI user that sees and may do everything: the yardstick for what ours does not see.
EVERYTHING = (
    "\n[everything]\nsecret = everything\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255\n"
    "read = all\nwrite = all\nwritetimeout = 5000\n"
)


class CannotRender(AssertionError):
    """A configuration file no longer has the line that a test must change."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where this Asterisk stands: its folder, its ports, its neighbours."""

    folder: Path
    asterisk: Path
    ami_port: int
    http_port: int
    sip_port: int
    rtp_start: int
    trunk_ports: Mapping[str, int]


def write_configuration(
    plan: Plan, place: Place, settings: Mapping[str, str], files: Mapping[str, str]
) -> None:
    """Fill the etc folder, and make the folders that Asterisk wants to find."""
    folders = ("etc", "spool/monitor/done", "spool/voicemail", "log", "run", "lib", "keys/keys", "agi")
    for name in folders:
        (place.folder / name).mkdir(parents=True, exist_ok=True)
    texts = {f"{name}.conf": "[general]\n" for name in EMPTY} | {f"{name}.conf": "" for name in BLANK}
    texts |= {path.name: path.read_text() for path in SAMPLE.glob("*.conf")}
    if plan == "freepbx":
        own = {path.name: path.read_text() for path in FREEPBX.glob("*.conf")}
        texts["modules.conf"] += own.pop("more_modules.conf")
        texts |= own | {
            "manager_custom.conf": pasted_from_readme("[pitline]", sample_filters(), "[general](+)")
        }
    texts |= files
    texts["manager.conf"] += EVERYTHING
    for name, old, new in _moves(plan, place):
        if old not in texts[name]:
            raise CannotRender(f"{name} no longer says {old!r}: the test cannot move it to this machine")
        texts[name] = texts[name].replace(old, new)
    texts |= {
        "asterisk.conf": _asterisk_conf(plan, place),
        "logger.conf": LOGGER,
        "indications.conf": TONES,
    }
    for setting, value in settings.items():
        name, _, key = setting.partition(":")
        texts[name] = _with_line(texts[name], key, value, setting)
    for name, text in texts.items():
        (place.folder / "etc" / name).write_text(text)


def pasted_from_readme(*parts: str) -> str:
    """What the README tells people to paste: its blocks by their first line; other text as it is."""
    blocks = re.findall(r"```\n(.*?)```", (SAMPLE / "README.md").read_text(), re.DOTALL)
    chosen = [next((block for block in blocks if block.startswith(part + "\n")), part) for part in parts]
    return "\n".join(chosen)


def sample_filters() -> str:
    """The event filters of the sample's AMI user."""
    lines = (SAMPLE / "manager.conf").read_text().splitlines()
    return "\n".join(line for line in lines if line.startswith("eventfilter"))


def _moves(plan: Plan, place: Place) -> list[tuple[str, str, str]]:
    """The same files on this machine: other ports, folders and neighbours, nothing else."""
    silence = place.asterisk / "usr/share/asterisk/sounds/en/silence"
    moves = [
        ("manager.conf", "port = 5038", f"port = {place.ami_port}"),
        ("http.conf", "bindport = 8088", f"bindport = {place.http_port}"),
        ("rtp.conf", "rtpstart = 10000", f"rtpstart = {place.rtp_start}"),
        ("rtp.conf", "rtpend = 10999", f"rtpend = {place.rtp_start + 199}"),
        ("musiconhold.conf", "/usr/share/asterisk/moh", str(silence)),
        ("extensions.conf", "/var/spool/asterisk/monitor", str(place.folder / "spool/monitor")),
        ("pjsip.conf", "bind = 0.0.0.0:5060", f"bind = 127.0.0.1:{place.sip_port}"),
    ]
    if plan == "freepbx":
        return moves + [
            ("pjsip.conf", f"TRUNK_PORT_{name}", str(port)) for name, port in place.trunk_ports.items()
        ]
    provider = f"contact = sip:127.0.0.1:{place.trunk_ports['trunk']}"
    return [
        *moves,
        # Nobody answers there: a Pitline that happens to run on this machine is none of a test's business.
        ("extensions.conf", "PITLINE = http://127.0.0.1:8080", "PITLINE = http://127.0.0.1:9"),
        ("pjsip.conf", "contact = sip:203.0.113.10:5060", provider),
        ("pjsip.conf", "match = 203.0.113.10", "match = 127.0.0.1"),
    ]


def _asterisk_conf(plan: Plan, place: Place) -> str:
    """The folders; FreePBX installations often have a system name, which then stands in every Uniqueid."""
    modules = next(place.asterisk.glob("usr/lib/*/asterisk/modules"))
    folders = {
        "astetcdir": place.folder / "etc",
        "astmoddir": modules,
        "astvarlibdir": place.folder / "lib",
        "astdbdir": place.folder / "lib",
        "astkeydir": place.folder / "keys",
        "astdatadir": place.asterisk / "usr/share/asterisk",
        "astagidir": place.folder / "agi",
        "astspooldir": place.folder / "spool",
        "astrundir": place.folder / "run",
        "astlogdir": place.folder / "log",
    }
    lines = ["[directories]", *(f"{name} => {path}" for name, path in folders.items())]
    lines += ["[options]", "nocolor = yes", "transmit_silence = yes", "hideconnect = yes"]
    if plan == "freepbx":
        lines.append("systemname = shop1")
    return "\n".join(lines) + "\n"


def _with_line(text: str, key: str, value: str, setting: str) -> str:
    """Change the one line of this key."""
    line = re.compile(rf"^{re.escape(key)}([^\S\n]*=>?[^\S\n]*).*$", re.MULTILINE)
    changed, count = line.subn(lambda found: f"{key}{found.group(1)}{value}", text)
    if count != 1:
        raise CannotRender(f"{setting} stands there {count} times, not once")
    return changed
