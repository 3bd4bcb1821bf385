"""What the PBX says of calls: Iryna's, and somebody else's beside it."""

from __future__ import annotations

from collections.abc import Mapping

from hub.kernel.shops import FIRST_SHOP
from hub.modules.calls.api import CallsApi
from tests.connectors.ami.ami_server import channel, frame
from tests.kernel.waiting import until
from tests.modules.dialling.shop import Shop

Leg = Mapping[str, str]

TRUNK, OWN = "PJSIP/trunk-0000000a", "PJSIP/101-0000000b"
OUTSIDE = channel(TRUNK, "1795860000.10", Exten="380441112233")
PHONE = channel(
    OWN, "1795860000.11", Linkedid="1795860000.10", ChannelState="5", CallerIDNum="101", Exten="s"
)
OTHER_TRUNK, OTHER_OWN = "PJSIP/trunk-0000000c", "PJSIP/102-0000000d"
OTHER_OUTSIDE = channel(OTHER_TRUNK, "1795860000.20", CallerIDNum="380671112233", Exten="380441112233")
OTHER_PHONE = channel(
    OTHER_OWN, "1795860000.21", Linkedid="1795860000.20", ChannelState="5", CallerIDNum="102", Exten="s"
)


def say(shop: Shop, event: str, **headers: str) -> None:
    shop.pbx.session.send(frame(f"Event: {event}", **headers))


async def stored(shop: Shop, state: str, but: str = "") -> str:
    """The one call, or the one beside this, once it stands so in the history."""
    found: list[str] = []

    async def is_so() -> bool:
        async with shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            live = await CallsApi(uow, shop.hub.installation.deps).live_calls()
        found[:] = [one.id for one in live if one.state == state and one.id != but]
        return len(found) == 1

    await until(is_so)
    return found[0]


async def ringing(shop: Shop, phone: Leg = PHONE, outside: Leg = OUTSIDE, but: str = "") -> str:
    """Iryna rings at 101, or whoever at this phone."""
    say(shop, "Newchannel", **outside)
    say(shop, "Newchannel", **phone)
    dest = {f"Dest{name}": value for name, value in phone.items()}
    say(shop, "DialBegin", **outside, **dest, DialString=phone["CallerIDNum"])
    return await stored(shop, "ringing", but)


async def talking(shop: Shop, phone: Leg = PHONE, outside: Leg = OUTSIDE, but: str = "") -> str:
    """Iryna talks with 101, or whoever with this phone."""
    await ringing(shop, phone, outside, but)
    up = {"ChannelState": "6", "ChannelStateDesc": "Up"}
    for leg in (phone, outside):
        say(shop, "Newstate", **{**leg, **up})
    dest = {f"Dest{name}": value for name, value in {**phone, **up}.items()}
    say(shop, "DialEnd", **{**outside, **up}, **dest, DialStatus="ANSWER")
    bridge = {"BridgeType": "basic", "BridgeTechnology": "simple_bridge"}
    for number, leg in enumerate((phone, outside), 1):
        headers = {**bridge, "BridgeUniqueid": f"b{outside['Uniqueid']}", "BridgeNumChannels": str(number)}
        say(shop, "BridgeEnter", **headers, **{**leg, **up})
    return await stored(shop, "talking", but)


async def parked(shop: Shop) -> str:
    """Iryna talked with 101, who parked her."""
    await talking(shop)
    say(shop, "Hangup", **PHONE, Cause="16")
    bridge = {"BridgeUniqueid": "b-lot", "BridgeType": "parking", "BridgeTechnology": "holding_bridge"}
    up = {**OUTSIDE, "ChannelState": "6", "ChannelStateDesc": "Up"}
    parkee = {f"Parkee{name}": value for name, value in up.items()}
    say(shop, "BridgeLeave", **{**bridge, "BridgeUniqueid": f"b{OUTSIDE['Uniqueid']}"}, **up)
    say(shop, "ParkedCall", **parkee, ParkerDialString="PJSIP/101", Parkinglot="default", ParkingSpace="701")
    say(shop, "BridgeEnter", **bridge, BridgeNumChannels="1", **up)
    return await stored(shop, "parked")


async def another_rings(shop: Shop, but: str) -> str:
    """Somebody else rings at 102, beside this call."""
    return await ringing(shop, OTHER_PHONE, OTHER_OUTSIDE, but)


async def another_talks(shop: Shop, but: str) -> str:
    """Somebody else talks with 102, beside this call."""
    return await talking(shop, OTHER_PHONE, OTHER_OUTSIDE, but)


def hang_up(shop: Shop, *legs: Leg) -> None:
    for leg in legs:
        say(shop, "Hangup", **leg, Cause="16")
