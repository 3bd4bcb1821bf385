"""What a row of the ledger must have."""

from __future__ import annotations

from hub.modules.consents.views import ConsentEntry

LONGEST_EVIDENCE = 2000
LONGEST_SOURCE = 200


def faults_of(entry: ConsentEntry, *, needs_evidence: bool) -> dict[str, str]:
    """What is missing or wrong, by field (English source texts)."""
    faults: dict[str, str] = {}
    if entry.act == "granted" and entry.topic == "all":
        faults["topic"] = "Say what they agree to."
    if entry.act == "blocked" and entry.topic != "all":
        faults["topic"] = "A block is of everything."
    if entry.act == "withdrawn" and entry.topic == "all":
        faults["topic"] = "Say what they withdraw."
    if needs_evidence and not entry.evidence.strip():
        faults["evidence"] = "What proves it? Their words, or where the paper lies."
    if len(entry.evidence) > LONGEST_EVIDENCE:
        faults["evidence"] = "At most 2000 characters."
    if len(entry.source) > LONGEST_SOURCE:
        faults["source"] = "At most 200 characters."
    if "\x00" in entry.evidence + entry.source:
        faults["evidence"] = "NUL is no character"
    if len(entry.channel) > 32 or (entry.channel and not entry.channel.isidentifier()):
        faults["channel"] = "There is no such channel."
    return faults
