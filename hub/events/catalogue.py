"""Every event there is, by its wire name: explicit, so that a stored row can always be read."""

from __future__ import annotations

from hub.events.base import Event
from hub.events.calls import (
    CALL_FACTS,
    CallbackAsked,
    CallMerged,
    CallNoted,
    CallWrappedUp,
    PbxGapDeclared,
    PbxLinkLost,
    PbxLinkRestored,
)
from hub.events.commands import CommandGiven, CommandSeen, CommandSettled
from hub.events.consents import ConsentChanged, StopWordHeard, StopWordSaid
from hub.events.crm import (
    CallerChosen,
    CallerErased,
    ClientErased,
    ClientNumberReleased,
    ClientPhoneAdded,
    ClientsMerged,
    ClientsUnmerged,
)
from hub.events.groups import GroupChanged, GroupPressed, GroupSaid
from hub.events.lines import LineFreed, LineFull, TrunksUsed
from hub.events.links import LinkConfirmed
from hub.events.messages import (
    MessageArrived,
    MessageBarred,
    MessageReceived,
    MessagesDeleted,
    MessageSentElsewhere,
    MessageSettled,
    MessageStatusChanged,
    ReachChanged,
)
from hub.events.phones import PhonesChanged
from hub.events.presence import PresenceChosen
from hub.events.recordings import (
    RecordingErased,
    RecordingGroundNoticed,
    RecordingLinked,
    RecordingNamed,
    RecordingNoticed,
    RecordingRefused,
    RecordingReviewed,
    RecordingStored,
)
from hub.events.tasks import (
    TaskCallNoticed,
    TaskClosed,
    TaskEscalated,
    TaskOpened,
    TaskShared,
    TaskTaken,
    TaskWriterNoticed,
)
from hub.events.triggers import TriggerFired

EVENTS: tuple[type[Event], ...] = (
    *CALL_FACTS,
    CallMerged,
    CallbackAsked,
    CallNoted,
    CallWrappedUp,
    PbxLinkLost,
    PbxLinkRestored,
    PbxGapDeclared,
    PhonesChanged,
    TrunksUsed,
    LineFull,
    LineFreed,
    PresenceChosen,
    ClientPhoneAdded,
    ClientNumberReleased,
    CallerChosen,
    ClientsMerged,
    ClientsUnmerged,
    CallerErased,
    ClientErased,
    TaskCallNoticed,
    TaskWriterNoticed,
    TaskOpened,
    TaskShared,
    TaskTaken,
    TaskEscalated,
    TaskClosed,
    CommandGiven,
    CommandSeen,
    CommandSettled,
    MessageReceived,
    MessageStatusChanged,
    MessageArrived,
    MessageSettled,
    MessageBarred,
    MessageSentElsewhere,
    MessagesDeleted,
    ReachChanged,
    GroupChanged,
    GroupSaid,
    GroupPressed,
    LinkConfirmed,
    ConsentChanged,
    StopWordSaid,
    StopWordHeard,
    RecordingNamed,
    RecordingNoticed,
    RecordingGroundNoticed,
    RecordingStored,
    RecordingLinked,
    RecordingErased,
    RecordingReviewed,
    RecordingRefused,
    TriggerFired,
)

BY_NAME: dict[str, type[Event]] = {event.name: event for event in EVENTS}
