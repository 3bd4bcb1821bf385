"""The rights beside listening: their names and who has them at first (the roles' table of the manifest).
Programs have none: what they need is ticked in a role of their own."""

from __future__ import annotations

from hub.kernel.manifest import Permission

MARK = "recordings.mark"
REVIEW = "recordings.review"
ANSWER = "recordings.answer"
CARDS = "recordings.cards"
LOG = "recordings.log"
EXPORT = "recordings.export"
EXPORT_ALONE = "recordings.export_alone"
ERASE = "recordings.erase"
HOLD = "recordings.hold"
PROPOSE = "recordings.propose_hold"
KEEP = "recordings.keep"
CONTROL = "recordings.control"
STOP_ERASE = "recordings.stop_erase"
POLICY = "recordings.policy"

PERMISSIONS = (
    Permission(
        MARK, "Mark moments of recordings",
        {"owner": "all", "manager": "shop", "receptionist": "own", "master": "own"},
    ),
    Permission(
        REVIEW, "Review recordings by score cards", {"owner": "all", "manager": "shop"}
    ),
    Permission(
        ANSWER, "Read and answer the reviews of one's own talks",
        {"owner": "all", "manager": "shop", "receptionist": "own", "master": "own"},
    ),
    Permission(CARDS, "Write score cards", {"owner": "all", "manager": "all"}),
    Permission(LOG, "See who listened to a recording", {"owner": "all", "manager": "shop"}),
    Permission(
        EXPORT, "Download and share recordings, confirmed by a second person",
        {"owner": "all", "manager": "shop"},
    ),
    Permission(ERASE, "Erase recordings on request", {"owner": "all", "manager": "shop"}),
    Permission(
        CONTROL, "Pause the recording of a call that goes on; erase it when the caller does not want it",
        {"owner": "all", "manager": "shop", "receptionist": "own", "master": "own", "cashier": "own"},
    ),
    Permission(
        STOP_ERASE, "Stop and erase the recording of a call that goes on or has just ended",
        {"owner": "all", "manager": "shop"},
    ),
    Permission(POLICY, "Decide on what ground calls are recorded", {"owner": "all", "manager": "shop"}),
    Permission(KEEP, "Keep recordings until a day", {"owner": "all", "manager": "shop"}),
    Permission(PROPOSE, "Propose a legal hold on recordings", {"owner": "all", "manager": "shop"}),
    Permission(
        HOLD, "Put recordings under a legal hold and lift it, confirm their erasure on request",
        {"owner": "all"},
    ),
    Permission(EXPORT_ALONE, "Download and share recordings without a second person", {"owner": "all"}),
)  # fmt: skip
