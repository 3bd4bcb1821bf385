"""One call of a scripted PBX that is recorded, and who steers its recording."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, AuditFilter
from hub.modules.calls.api import CallsApi
from recordings.api import RecordingsApi
from recordings.rules_basis import Policy
from tests.connectors.ami.ami_server import channel, frame
from tests.factories.site import Client, send_json
from tests.kernel.waiting import until
from tests.modules.dialling.shop import Shop
from tests.recordings.stage import SOUND, Spool

UP = {"ChannelState": "6", "ChannelStateDesc": "Up"}


@dataclass
class Desk:
    """A test's hands. `number` counts calls, so that each has names of its own."""

    shop: Shop
    site: Client
    spool: Spool
    number: int = 0
    call: str = ""
    legs: list[dict[str, str]] = field(default_factory=list)

    def say(self, event: str, **headers: str) -> None:
        """The PBX tells of something."""
        self.shop.pbx.session.send(frame(f"Event: {event}", **headers))

    @property
    def linkedid(self) -> str:
        """By which the call is known, and its file named."""
        return self.legs[0]["Linkedid"]

    async def talk(self, *, is_recorded: bool = True, is_outbound: bool = False) -> str:
        """A new call of which both sides talk; its id."""
        self.number += 1
        first = f"1795860000.{self.number}0"
        outside = channel(f"PJSIP/trunk-{self.number:08x}", first, Exten="380441112233")
        own = channel(
            f"PJSIP/101-{self.number:08x}", f"1795860000.{self.number}1", Linkedid=first, CallerIDNum="101",
            Exten="s",
        )  # fmt: skip
        if is_outbound:
            own = {**own, "Uniqueid": first, "Exten": "0501234567", "Context": "from-internal"}
            outside = {**outside, "Uniqueid": f"1795860000.{self.number}1", "Exten": "", "Linkedid": first}
        caller, called = (own, outside) if is_outbound else (outside, own)
        self.legs = [caller, called]
        self.say("Newchannel", **caller)
        self.say("Newchannel", **called)
        dialled = "0501234567" if is_outbound else "101"
        self.say("DialBegin", **caller, **_dest(called), DialString=dialled)
        for leg in (called, caller):
            self.say("Newstate", **{**leg, **UP})
        self.say("DialEnd", **{**caller, **UP}, **_dest({**called, **UP}), DialStatus="ANSWER")
        bridge = {"BridgeUniqueid": f"b{self.number}", "BridgeType": "basic"}
        for many, leg in enumerate((called, caller), 1):
            self.say("BridgeEnter", **bridge, BridgeNumChannels=str(many), **{**leg, **UP})
        if is_recorded:
            self.record(f"{first}.wav")
        self.call = await self._stored()
        return self.call

    def record(self, name: str) -> None:
        """The PBX begins to record the caller's channel into a file."""
        self.say("VarSet", **{**self.legs[0], **UP}, Variable="MIXMONITOR_FILENAME", Value=f"/spool/{name}")

    def user_event(self, name: str, **headers: str) -> None:
        """The dialplan says something of the caller's channel."""
        self.say("UserEvent", **self.legs[0], UserEvent=name, **headers)

    async def hang_up(self) -> None:
        """Both sides go; the call stands ended in the history."""
        for leg in self.legs:
            self.say("Hangup", **{**leg, **UP}, Cause="16")

        async def is_over() -> bool:
            async with self.shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
                return not (await CallsApi(uow, self.shop.hub.installation.deps).call(self.call)).is_live

        await until(is_over)

    async def asks(self, what: str = "", status: int = 202, **body: object) -> dict[str, Any]:
        """The recording of the call, or an order about it."""
        method, path = ("POST", f"/{what}") if what else ("GET", "")
        answered, said = await send_json(
            self.site, method, f"/api/v1/calls/{self.call}/recording{path}", body or ({} if what else None)
        )
        assert answered == (status if what else 200), said
        return dict(said)

    async def becomes(self, **wanted: object) -> dict[str, Any]:
        """Wait until the recording of the call stands so."""
        now: dict[str, Any] = {}

        async def is_so() -> bool:
            now.update(await self.asks())
            return all(now[name] == value for name, value in wanted.items())

        try:
            await until(is_so)
        except AssertionError:
            raise AssertionError(now) from None
        return now

    def told(self, action: str) -> list[dict[str, str]]:
        """What reached the PBX, of this call's channels."""
        mine = {leg["Channel"] for leg in self.legs}
        return [one for one in self.shop.pbx.actions(action) if one["channel"] in mine]

    async def reached(self, action: str, least: int = 1) -> list[dict[str, str]]:
        """Wait until so many have."""

        async def is_so() -> bool:
            return len(self.told(action)) >= least

        await until(is_so)
        return self.told(action)

    def leave(self, data: bytes = SOUND, name: str = "") -> None:
        """The file of the call is complete."""
        self.spool.write(f"done/{name or self.linkedid + '.wav'}", data)

    async def decide(self, **policy: object) -> None:
        """The shop's policy."""
        async with self.shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            api = RecordingsApi(uow, self.shop.hub.installation.deps)
            await api.basis.save(FIRST_SHOP, Policy(**policy))  # type: ignore[arg-type]  # a test's words

    async def audited(self) -> list[tuple[str, str]]:
        """What the audit log says of recordings: action and outcome, the last first."""
        async with self.shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            access = AccessApi(uow, self.shop.hub.installation.deps)
            page = await access.audit.page(AuditFilter(shops={FIRST_SHOP}))
        return [(one.action, one.outcome) for one in page if one.action.startswith("recordings.")]

    async def _stored(self) -> str:
        found: list[str] = []

        async def is_so() -> bool:
            async with self.shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
                live = await CallsApi(uow, self.shop.hub.installation.deps).live_calls()
            found[:] = [one.id for one in live if one.state == "talking"]
            return len(found) == 1

        await until(is_so)
        return found[0]


def _dest(leg: dict[str, str]) -> dict[str, str]:
    return {f"Dest{name}": value for name, value in leg.items()}
