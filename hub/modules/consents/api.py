"""What other modules and pages may ask of consents: who may be written to, for what, and since when not."""

from __future__ import annotations

from hub.kernel.parts import Composed, Part
from hub.modules.consents.rules_answers import LEAVE, answer_text
from hub.modules.consents.rules_gate import REASONS, reason_in_words
from hub.modules.consents.rules_hours import ContactRules, Quiet, quiet_until
from hub.modules.consents.rules_words import word_of
from hub.modules.consents.service_asking import AskingService
from hub.modules.consents.service_gate import GateService
from hub.modules.consents.service_ledger import LedgerService
from hub.modules.consents.service_words import WordService
from hub.modules.consents.views import (
    FORMS,
    PURPOSES,
    YES,
    Act,
    Choice,
    Code,
    ConsentEntry,
    ConsentView,
    EntryView,
    Form,
    Purpose,
    Sending,
    SendPurpose,
    Standing,
    Subject,
    Topic,
    Verdict,
    Word,
)
from hub.modules.links.api import LinkEntry, LinksApi

__all__ = [
    "FORMS", "LEAVE", "PURPOSES", "REASONS", "YES", "Act", "Choice", "Code", "ConsentEntry", "ConsentView",
    "ConsentsApi", "ContactRules", "EntryView", "Form", "Purpose", "Quiet", "SendPurpose", "Sending",
    "Standing", "Subject", "Topic", "Verdict", "Word", "answer_text", "quiet_until", "reason_in_words",
    "word_of",
]  # fmt: skip


class ConsentsApi(Composed):
    """Consents, for one unit of work. `ledger` holds what people have said, `gate` says what may be sent,
    `words` hears STOP and START, `asking` asks by a link."""

    ledger = Part(LedgerService)
    gate = Part(GateService)
    words = Part(WordService)
    asking = Part(AskingService)

    async def unsubscribe_link(self, subject: Subject) -> str:
        """The address by which somebody ends advertising, to be put into a text. Raises Conflict without a
        public address (`links.no_public_url`)."""
        entry = LinkEntry(
            kind="unsubscribe", object=subject.client_id or f"{subject.channel}:{subject.address}"[:128],
            client_id=subject.client_id, channel=subject.channel, address=subject.address,
        )  # fmt: skip
        return await LinksApi(self._uow, self._deps).link_for(entry)

    async def may_send(self, sending: Sending) -> Verdict:
        """Yes, or why not: by consent, blocks, the client's record, the kind of number, quiet hours (then
        `is_held`: queue it, messaging keeps it until `until`) and how often. Raises NotFound."""
        return await self.gate.may_send(sending)
