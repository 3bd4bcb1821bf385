"""What each event is called on the screen; one that is not named here is shown by its wire name."""

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
}


def choices(request: PageRequest) -> list[tuple[str, list[tuple[str, str]]]]:
    """Areas, each with its events: wire name and words in the viewer's language."""
    areas = groupby(sorted(BY_NAME), key=lambda name: name.partition(".")[0])
    return [(area, [(name, request.t(TITLES.get(name, name))) for name in names]) for area, names in areas]
