"""The stage on which a recorded scenario is played: a PBX, the world outside, phones, and a note-taker."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.asterisk.ami_tap import AmiTap
from tests.asterisk.dialog import PhoneCall
from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.phone import Phone

Range = list[float]


def span(*moments: float, tolerance: float = 0.6) -> Range:
    """The range in which a duration must lie: the sum of stretches (from, to, from, to...), give or take."""
    pairs = zip(moments[::2], moments[1::2], strict=True)
    seconds = sum(end - begin for begin, end in pairs)
    return [max(0.0, round(seconds - tolerance, 2)), round(seconds + tolerance, 2)]


class Stage:
    """What a scenario may use; it keeps the truth while it is made."""

    def __init__(self, name: str, what: str, pbx: AsteriskPbx, folder: Path) -> None:
        self.name, self.what, self.pbx, self.folder = name, what, pbx, folder
        self.trunks: dict[str, Phone] = {}
        self.phones: list[Phone] = []
        self.expected: list[dict[str, Any]] = []
        self.calls_in_all: int | None = 1
        self.remark = ""
        self._notes: list[tuple[float, str, str]] = []
        self._taps: list[AmiTap] = []
        self._sessions: list[str] = []

    # ------------------------------------------------------------------ for the scenario

    async def phone(self, user: str, *, name: str = "") -> Phone:
        """Plug in a phone of ours."""
        phone = self.pbx.phone(user, name=name)
        await phone.start()
        self.phones.append(phone)
        return phone

    async def plug_in(self, *users: str) -> list[Phone]:
        """Plug in several phones."""
        return [await self.phone(user) for user in users]

    @property
    def tap(self) -> AmiTap:
        """The present AMI session, with every event class."""
        return self._taps[0]

    @property
    def kyivstar(self) -> Phone:
        """The mobile operator's trunk."""
        return self.trunks["kyivstar_1"]

    @property
    def city(self) -> Phone:
        """The city line's trunk (sip044)."""
        return self.trunks["sip044"]

    @property
    def world(self) -> Phone:
        """The one trunk of the sample."""
        return self.trunks["trunk"]

    def note(self, who: str, what: str) -> float:
        """Write something on the time line."""
        now = time.time()
        self._notes.append((now, who, what))
        return now

    def expect(self, match: Mapping[str, Any], **fields: Any) -> None:
        """One call as the hub must show it."""
        complete = {"state": "ended", "is_complete": True}
        self.expected.append({"match": dict(match), "call": complete | fields})

    async def settle(self, seconds: float = 1.0) -> None:
        """Let the last events come."""
        await asyncio.sleep(seconds)

    # ------------------------------------------------------------------ AMI sessions

    async def begin(self) -> None:
        """Plug in the trunks, log in, ask for the snapshot."""
        for name in self.pbx.trunk_ports:
            trunk = self.pbx.trunk(name)
            await trunk.start()
            self.trunks[name] = trunk
        await self.log_in()

    async def log_in(self) -> None:
        """A session: once with every event class, once with what our own AMI user sees."""
        number = len(self._sessions) + 1
        name = self.name if number == 1 else f"{self.name}.{number}"
        self._sessions.append(name)
        everything = AmiTap(
            self.pbx.ami_host, self.pbx.ami_port, "everything", "everything", self.folder / f"{name}.ami"
        )
        ours = AmiTap(
            self.pbx.ami_host,
            self.pbx.ami_port,
            self.pbx.ami_user,
            self.pbx.ami_secret,
            self.folder / f"{name}.lean.ami",
        )
        self._taps = [everything, ours]
        await asyncio.gather(*(tap.open(snapshot=True) for tap in self._taps))
        self.note("ami", f"session {number} logged in")

    async def cut_link(self) -> None:
        """The cable to the PBX is out."""
        self.note("ami", "link cut")
        for tap in self._taps:
            tap.cut()

    async def end(self) -> None:
        """Put everything away; write the recordings and the truth."""
        for tap in self._taps:
            await tap.close()
        for phone in [*self.phones, *self.trunks.values()]:
            await phone.stop()
        truth = {
            "what": self.what,
            "trunks": list(self.trunks),
            "sessions": self._sessions,
            "calls_in_all": self.calls_in_all,
            "remark": self.remark,
            "timeline": self._timeline(),
            "expect": self.expected,
        }
        (self.folder / f"{self.name}.json").write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n")
        for path in self.folder.glob(f"{self.name}.*"):
            if path.suffix in {".ami", ".idx"}:
                path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
                path.unlink()

    def _timeline(self) -> list[list[object]]:
        lines = list(self._notes)
        for phone in [*self.trunks.values(), *self.phones]:
            for number, call in enumerate(phone.calls, 1):
                lines += self._moments(phone, number, call)
        return [[round(moment, 3), who, what] for moment, who, what in sorted(lines)]

    def _moments(self, phone: Phone, number: int, call: PhoneCall) -> list[tuple[float, str, str]]:
        who = f"{phone.name} call {number}"
        about = f"from {call.number}" if call.is_incoming else f"dials {call.dialled} as {call.number}"
        lines = []
        for moment, when in call.at.items():
            more = f" {about}" if moment == "invited" else ""
            if moment == "ended":
                more = f" by {call.ended_by}" + (f" with {call.code}" if call.code else "")
            lines.append((when, who, moment + more))
        for begin, end in call.holds:
            lines.append((begin, who, "hold"))
            lines += [(end, who, "unhold")] if end else []
        return lines
