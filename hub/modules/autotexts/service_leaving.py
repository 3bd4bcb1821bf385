"""The way out that stands in every advertisement: a link in the client's language. Never commits."""

from __future__ import annotations

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.triggers import Occurrence
from hub.modules.autotexts.service_facts import FactService
from hub.modules.autotexts.views import RuleEntry
from hub.modules.consents.api import LEAVE, ConsentsApi, Subject
from hub.modules.crm.api import ClientView


class LeavingService:
    """Makes it for whoever would get the text."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._deps = deps
        self._facts = FactService(uow, deps)
        self._consents = ConsentsApi(uow, deps)

    def is_possible(self, rule: RuleEntry) -> bool:
        """Whether there is an address of ours to which a link can lead, where the rule needs one."""
        return rule.purpose != "marketing" or bool(self._deps.settings.server.public_url)

    async def link(self, rule: RuleEntry, one: Occurrence, client: ClientView | None) -> str:
        """Empty where none is needed: it is no advertisement, or they get none (messaging says why). Raises
        Conflict without a public address."""
        if rule.purpose != "marketing":
            return ""
        to = await self._facts.sending(rule, one, client)
        channel = to.channel or ("sms" if to.address else "")
        whose = Subject(client_id=to.client_id, channel=channel, address=to.address)
        known = await self._consents.ledger.read(whose, is_strict=False)
        if "granted" not in (known.marketing, *(standing for _, standing in known.by_channel)):
            return ""
        return await self._consents.unsubscribe_link(whose)

    async def signed(self, text: str, link: str, one: Occurrence, client: ClientView | None) -> str:
        """The text with the link at its end."""
        if not link:
            return text
        said = await self._facts.language(one, client) or self._deps.settings.shop.language
        return f"{text}\n{LEAVE.get(said, LEAVE['uk'])} {link}"
