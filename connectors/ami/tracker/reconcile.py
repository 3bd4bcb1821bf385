"""After a gap: what the PBX says lives now, compared with what was believed to live."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from connectors.ami.message import Message
from connectors.ami.tracker import queueing, recall
from connectors.ami.tracker.bridging import bridge_of
from connectors.ami.tracker.closing import close_unknown
from connectors.ami.tracker.contract import STEPS_FROM, PbxSnapshot
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.dialling import begin, place
from connectors.ami.tracker.endpoints import target
from connectors.ami.tracker.exchange import EPOCH, Exchange
from connectors.ami.tracker.legs import RINGING, UP, Leg, hearing
from connectors.ami.tracker.meeting import meet, refresh
from connectors.ami.tracker.moments import Moment

_A_DAY = 86_400.0
_CALLED = frozenset({"appdial", "appqueue", "appdial2"})


def _all(exchange: Exchange) -> list[Conversation]:
    return list({id(one): one for one in exchange.by_linkedid.values()}.values())


def doubt_everything(exchange: Exchange, now: Moment) -> None:
    """Every living call is no longer seen whole."""
    exchange.lost = exchange.lost or now
    for conversation in _all(exchange):
        if not conversation.is_over:
            conversation.is_complete = False
            conversation.touched = now
            exchange.tell(conversation)


def leave_the_old_boot(exchange: Exchange) -> None:
    """The PBX was restarted: its Uniqueids begin anew, and nothing of the old life goes on."""
    for conversation in _all(exchange):
        if not conversation.is_over:
            conversation.is_complete = False
            if conversation.is_call:
                exchange.orphans.append(conversation)
    exchange.legs.clear()
    exchange.halves.clear()
    exchange.bridges.clear()
    exchange.by_linkedid.clear()
    exchange.gone.clear()
    exchange.ended.clear()
    exchange.waiting.clear()


def compare(exchange: Exchange, pbx: PbxSnapshot, now: Moment) -> tuple[int, int]:
    """Close, keep, adopt; returns how many calls were closed and how many adopted."""
    for row in pbx.queues:
        if row.name == "QueueMember":
            queueing.on_member_status(exchange, row, now)
    rows = _rows(pbx)
    recall.claim(exchange, (row.get("Linkedid") for row, _ in rows.values()), now)
    for row, _ in rows.values():
        if row.get("Uniqueid") in exchange.legs:
            exchange.leg(row, now)
    closed = close_orphans(exchange)
    if pbx.is_whole:
        closed += _close_what_is_gone(exchange, rows, now)
    leave_unproven(exchange, now, None if pbx.is_whole else _shown(pbx, rows))
    exchange.lost = None
    known = set(map(id, _all(exchange)))
    numbers = _numbers(rows)
    legs = [_keep_or_adopt(exchange, row, status, now, numbers) for row, status in rows.values()]
    _place_in_bridges(exchange, rows, now)
    _place_in_queues_and_spaces(exchange, pbx, now)
    for conversation in dict.fromkeys(leg.conversation for leg in legs if leg is not None):
        refresh(exchange, conversation, now._replace(is_guess=True))
    fresh = [one for one in _all(exchange) if id(one) not in known]
    for conversation in fresh:
        conversation.step = max(conversation.step, int(now.arrival) - STEPS_FROM)
        exchange.tell(conversation)
    return closed, sum(1 for conversation in fresh if conversation.is_call)


def _rows(pbx: PbxSnapshot) -> dict[str, tuple[Message, Message | None]]:
    """One row per channel, with its Status row where there is one; roots before those they called."""
    status = {row.get("Uniqueid"): row for row in pbx.status if row.get("Uniqueid")}
    rows = {row.get("Uniqueid"): row for row in pbx.channels if row.get("Uniqueid")}
    merged = {uniqueid: (row, status.get(uniqueid)) for uniqueid, row in rows.items()}
    for uniqueid, row in status.items():
        merged.setdefault(uniqueid, (row, row))
    roots_first = sorted(merged.items(), key=lambda item: item[0] != item[1][0].get("Linkedid"))
    return dict(roots_first)


def close_orphans(exchange: Exchange) -> int:
    """The calls of a former life of the PBX."""
    orphans, exchange.orphans = exchange.orphans, []
    for conversation in orphans:
        close_unknown(exchange, conversation, conversation.touched)
    return len(orphans)


def leave_unproven(exchange: Exchange, now: Moment, shown: Collection[str] | None) -> None:
    """Calls of which no channel is shown live by hearsay from here on. None: everything was shown."""
    for conversation in _all(exchange):
        is_shown = shown is None or any(leg.uniqueid in shown for leg in conversation.living)
        conversation.unproven = None if is_shown else conversation.unproven or now


def _shown(pbx: PbxSnapshot, rows: Collection[str]) -> set[str]:
    waiting = {row.get("Uniqueid") for row in pbx.queues} | {row.get("ParkeeUniqueid") for row in pbx.parked}
    return waiting | set(rows)


def _close_what_is_gone(
    exchange: Exchange, rows: dict[str, tuple[Message, Message | None]], now: Moment
) -> int:
    closed = 0
    for conversation in _all(exchange):
        was_over = conversation.is_over
        gone = [leg for leg in conversation.living if leg.uniqueid not in rows]
        for leg in gone:
            exchange.bury(leg, now)
            leg.is_end_unseen = True
        if not was_over and conversation.is_call and _has_lost_its_other_side(conversation):
            close_unknown(exchange, conversation, exchange.lost)
            closed += 1
        if not conversation.living:
            exchange.forget(conversation)
    return closed


def _has_lost_its_other_side(conversation: Conversation) -> bool:
    if conversation.direction == "inbound" or (conversation.direction == "outbound" and conversation.anchor):
        return not conversation.outside_parties()
    if conversation.direction == "outbound" and conversation.caller is not None:
        return conversation.caller.ended is not None
    return sum(1 for leg in conversation.living if leg.is_real) < 2


def _numbers(rows: dict[str, tuple[Message, Message | None]]) -> dict[tuple[str, str], str]:
    """What was dialled on an outside line, by Linkedid and endpoint: only the Dial that waits for it
    still says so."""
    numbers = {}
    for row, _ in rows.values():
        if row.get("Application").lower() == "dial":
            for resource in row.get("ApplicationData").partition(",")[0].split("&"):
                _, name, number = target(resource)
                numbers[row.get("Linkedid"), name] = number
    return numbers


def _keep_or_adopt(
    exchange: Exchange,
    row: Message,
    status: Message | None,
    now: Moment,
    numbers: Mapping[tuple[str, str], str],
) -> Leg | None:
    uniqueid = row.get("Uniqueid")
    leg = exchange.legs.get(uniqueid)
    if leg is None:
        if not row.get("Channel"):
            return None
        exchange.gone.pop(uniqueid, None)
        leg = _adopt(exchange, row, status, now, numbers)
    state = row.get("ChannelState")
    if state == str(UP) and leg.up is None:
        leg.up = now
    if state == str(RINGING) and leg.rang is None and leg.is_real and not leg.is_caller:
        leg.rang = now
        leg.is_dialled = True
    return leg


def _adopt(
    exchange: Exchange,
    row: Message,
    status: Message | None,
    now: Moment,
    numbers: Mapping[tuple[str, str], str],
) -> Leg:
    """A leg met on its way: when it began its duration says, what it is its application."""
    born = now.back(_duration(row, status, now))
    application = row.get("Application").lower()
    is_root = row.get("Uniqueid") == (row.get("Linkedid") or row.get("Uniqueid"))
    is_called = application in _CALLED or (not is_root and row.get("ChannelState") != "4")
    leg = exchange.bear(row, born, is_caller=is_root and application not in _CALLED)
    leg.conversation.is_complete = False
    leg.conversation.touched = now
    dialled = status.get("DNID") if status is not None else ""
    if leg.is_caller:
        leg.exten = dialled or leg.exten
    begin(exchange, leg)
    if is_called:
        leg.is_dialled = True
        if leg.kind == "outside":
            leg.dial_string = numbers.get((leg.linkedid, leg.endpoint)) or row.get("CallerIDNum")
        place(exchange, leg, None)
    return leg


def _duration(row: Message, status: Message | None, now: Moment) -> float:
    """`00:01:05` in a channel's row, seconds in its Status row; where neither is shown, the second of
    its birth stands in its Uniqueid."""
    text = status.get("Seconds") if status is not None else ""
    if not text and not row.get("Duration"):
        found = EPOCH.search(row.get("Uniqueid"))
        age = now.arrival - int(found.group(1)) if found else 0.0
        return age if 0 < age < _A_DAY else 0.0
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    parts = row.get("Duration").split(":")
    if all(part.isascii() and part.isdigit() and len(part) < 7 for part in parts) and len(parts) == 3:
        return float(int(parts[0]) * 3600 + int(parts[1]) * 60 + int(parts[2]))
    return 0.0


def _place_in_bridges(
    exchange: Exchange, rows: dict[str, tuple[Message, Message | None]], now: Moment
) -> None:
    kinds = {uniqueid: bridge.is_holding for uniqueid, bridge in exchange.bridges.items()}
    moved = []
    for uniqueid, (row, status) in rows.items():
        leg = exchange.legs.get(uniqueid)
        if leg is None:
            continue
        wanted = row.get("BridgeId") or (status.get("BridgeID") if status is not None else "")
        if (leg.bridge.uniqueid if leg.bridge is not None else "") == wanted:
            continue
        exchange.leave_bridge(leg)
        if wanted:
            is_parked = kinds.get(wanted) or row.get("Application").lower().startswith(("park", "bridgewait"))
            bridge = bridge_of(exchange, wanted, "parking" if is_parked else "basic", "")
            exchange.enter_bridge(leg, bridge)
            moved.append(leg)
    by_then = now._replace(is_guess=True)
    met: set[Leg] = set()
    for leg in moved:
        if leg not in met:
            meet(exchange, leg, by_then)
            met.update(hearing(leg))


def _place_in_queues_and_spaces(exchange: Exchange, pbx: PbxSnapshot, now: Moment) -> None:
    for row in pbx.queues:
        if row.name == "QueueEntry" and row.get("Uniqueid") in exchange.legs and row.get("Queue"):
            leg = exchange.legs[row.get("Uniqueid")]
            if leg.conversation.phase != "queued" and not leg.conversation.is_over:
                queueing.enter(exchange, row, _waited(row, now), row.get("Queue"))
    for row in pbx.parked:
        parked = exchange.legs.get(row.get("ParkeeUniqueid"))
        if parked is not None and not parked.conversation.is_over:
            parked.conversation.phase = "parked"
            parked.conversation.parked_at_space = row.get("ParkingSpace")
            if parked.bridge is not None:
                parked.bridge.is_holding = True


def _waited(row: Message, now: Moment) -> Moment:
    text = row.get("Wait")
    return now.back(float(text)) if text.isascii() and text.isdigit() and len(text) < 9 else now


def on_agent_complete(exchange: Exchange, message: Message, now: Moment) -> None:
    """Of an adopted call it says what the snapshot could not: how long the person had talked."""
    leg = exchange.leg(message, now)
    text = message.get("TalkTime")
    if (
        leg is None
        or leg.conversation.is_complete
        or not (text.isascii() and text.isdigit() and len(text) < 9)
    ):
        return
    conversation = leg.conversation
    if conversation.answered is None or conversation.is_over or not conversation.answered.is_guess:
        return
    conversation.clock.turn(now, conversation.clock.is_talking, conversation.clock.is_holding)
    conversation.clock.talk = max(conversation.clock.talk, float(text))
    conversation.answered = max(now.back(float(text)), conversation.started, key=lambda one: one.arrival)
    exchange.tell_later(conversation)
