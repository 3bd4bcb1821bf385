"""The call tracker of the AMI connector.

Owns: nothing outside its memory; it is a pure function of the messages it is fed, in their order.
In: messages of the PBX (`Tracker.WANTED` names them), the loss of the line, snapshots after it.
Out: facts of `hub.events.calls`, each with the whole call as it stands then.
How: channels are legs (`legs`), gathered into conversations (`exchange`, `conversation`) by
Linkedid, transfers, pickups and common bridges; who hears whom (`meeting`) moves the talk's clock;
`people`, `outcome` and `snapshots` fold a conversation into a call as product.md defines it.
Lost or swapped messages end in `is_complete = False`, never in a call that is stuck (`patience`).
"""

from connectors.ami.tracker.contract import PbxSnapshot, Reconciliation, TrackedFact, TrackerSettings
from connectors.ami.tracker.tracker import Tracker

__all__ = ["PbxSnapshot", "Reconciliation", "TrackedFact", "Tracker", "TrackerSettings"]
