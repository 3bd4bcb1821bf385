"""What each event, and each area of events, is called on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from hub.events.catalogue import BY_NAME
from hub.kernel.web import PageRequest

TITLES: Mapping[str, str] = {
    "call.started": "A call began.",
    "call.queued": "A call joined a queue.",
    "call.ringing": "A phone of ours rings.",
    "call.answered": "A person talks.",
    "call.held": "A call was put on hold.",
    "call.resumed": "A call was taken up again.",
    "call.transferred": "A call was transferred or parked.",
    "call.ended": "A call ended.",
    "call.changed": "Something else of a call changed.",
    "call.corrected": "The history of a call was put right.",
    "call.merged": "A call became a part of another.",
    "call.wrapped_up": "Somebody said what came of a call.",
    "pbx.link_lost": "The line to the PBX was lost.",
    "pbx.link_restored": "The line to the PBX is back.",
    "pbx.gap_declared": "Messages of the PBX were lost.",
    "crm.client_phone_added": "A client got a phone number.",
    "crm.number_released": "A number belongs to nobody any more.",
    "crm.caller_chosen": "Somebody said who the caller is.",
    "crm.clients_merged": "Two records of a client became one.",
    "crm.clients_unmerged": "A merged record of a client came apart again.",
    "crm.client_erased": "A client's data were erased.",
    "crm.caller_erased": "The data of a caller who was no client were erased.",
    "task.call_noticed": "A call changed something of a task.",
    "task.opened": "There is something to do: a call-back or a task.",
    "task.shared": "A further shop waits for the same client to be called back.",
    "task.escalated": "A task is so late that a superior should know.",
    "task.closed": "A task is done or not needed.",
    "command.given": "Somebody told the PBX to do something: a call, a transfer.",
    "command.seen": "A call that was begun by a click went on.",
    "command.settled": "It is known what became of a call or an order by a click.",
    "call.noted": "Somebody wrote a note to a call.",
    "call.callback_asked": "Somebody in a queue asked to be called back.",
    "pbx.phones_changed": "Phones, or who is in a queue, changed.",
    "pbx.trunks_used": "Outside lines carry another number of calls.",
    "presence.chosen": "A person said how they are: away, not to be disturbed, back.",
    "line.full": "An outside line is full: callers hear busy.",
    "line.freed": "A full line takes calls again.",
    "link.confirmed": "A client said yes by a link.",
    "consent.changed": "What a client wants to be told changed.",
    "consent.word_said": "A client wrote STOP, START or a word like them.",
    "consent.word_heard": "Such a word has changed something.",
    "message.received": "Somebody wrote to the shop.",
    "message.arrived": "A message of theirs stands in its thread.",
    "message.sent_elsewhere": "The shop wrote past us, in the messenger itself.",
    "message.deleted": "Messages were taken back where they were written.",
    "message.reach_changed": "An address takes nothing of us any more, or does again.",
    "message.status_changed": "A provider told how far a message has come.",
    "message.settled": "It is known what became of a message of ours.",
    "message.barred": "A provider told that this address takes nothing of us.",
    "group.changed": "The bot came into a group, or left it.",
    "group.said": "Somebody in a group spoke to the bot.",
    "group.pressed": "Somebody in a group pressed a button.",
    "recording.named": "The PBX began to record a call.",
    "recording.noticed": "A caller heard of the recording, or was asked.",
    "recording.ground_noticed": "A recorded call ended: may the recording be kept?",
    "recording.stored": "A recording was taken in.",
    "recording.linked": "A recording found its call.",
    "recording.erased": "A recording was erased.",
    "recording.reviewed": "A talk was scored.",
    "recording.refused": "A file was not taken for a recording.",
    "task.taken": "Somebody has taken a task in hand.",
    "task.writer_noticed": "Somebody who waits to be called back wrote.",
    "trigger.fired": "Something happened that automatic messages are written for.",
}
AREAS: Mapping[str, str] = {
    "call": "Calls",
    "command": "Orders to the PBX",
    "consent": "Consents",
    "crm": "Clients",
    "group": "Groups of the staff",
    "line": "Full lines",
    "link": "Links for clients",
    "message": "Messages",
    "pbx": "The PBX",
    "presence": "Who is free",
    "recording": "Recordings",
    "task": "Tasks",
    "trigger": "Occasions for automatic messages",
}


Named = tuple[str, str]
"""A wire name, and its words in the viewer's language."""


def choices(request: PageRequest) -> list[tuple[Named, list[Named]]]:
    """Areas, each with its events."""
    areas = groupby(sorted(BY_NAME), key=lambda name: name.partition(".")[0])
    return [
        (
            (area, request.t(AREAS.get(area, area))),
            [(name, request.t(TITLES.get(name, name))) for name in names],
        )
        for area, names in areas
    ]
