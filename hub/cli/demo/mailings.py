"""What the demo shop's clients have agreed to, a mailing of the past week, and one that is being written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hub.cli.demo.clients import is_mobile
from hub.kernel.context import Apis
from hub.modules.consents.api import ConsentEntry, ConsentsApi, Subject
from hub.modules.crm.api import ClientFilter, ClientView, CrmApi
from hub.modules.mailings.api import Audience, MailingEntry, MailingsApi, PastRow

_TYRES = "{name}, незабаром заморозки: час на зимові шини. Запис: {phone}, {shop}."
_CHECK = "{name}, перевіримо вашу {car} перед зимою: акумулятор, антифриз, гальма. {shop}, {address}."
_SOURCE = "Анкета на стійці"
_REPLIES = (2, 9, 14)
_LEAVES = 11
_FAILS = 6
_APART = timedelta(seconds=4)


async def fill_mailings(apis: Apis, begun: datetime) -> None:
    """Once; `begun` is when the demo's week of calls begins."""
    mailings = apis.of(MailingsApi)
    if (await mailings.reading.page(None, limit=1)).items:
        return
    page = await apis.of(CrmApi).clients(ClientFilter(is_archived=None), cursor=None, limit=200)
    clients = sorted(page.items, key=lambda one: one.id)
    agreed = await _consents(apis.of(ConsentsApi), clients, begun - timedelta(days=60))
    rows, ended = _rows(clients, agreed, begun)
    tyres = MailingEntry(title="Зимові шини", text=_TYRES, channels=("sms",), audience=Audience())
    await mailings.past.record(
        tyres, rows, begun_at=begun, ended_at=ended, author="Ірина Бойко", approver="Олег Савчук"
    )
    check = MailingEntry(title="Огляд перед зимою", text=_CHECK, channels=("sms",), audience=Audience())
    await mailings.past.draft(check, "Ірина Бойко")


async def _consents(
    consents: ConsentsApi, clients: Sequence[ClientView], at: datetime
) -> frozenset[str]:  # fmt: skip
    """Two of three clients have signed; their ids."""
    agreed = [one.id for place, one in enumerate(clients) if one.relation == "client" and place % 3]
    for client_id in agreed:
        await consents.ledger.record(
            ConsentEntry(
                subject=Subject(client_id=client_id), topic="marketing", act="granted", form="signature",
                source=_SOURCE, evidence="Папка 1", at=at, cause=f"demo:{client_id}", author="Анна Коваль",
            )
        )  # fmt: skip
    return frozenset(agreed)


def _rows(
    clients: Sequence[ClientView], agreed: frozenset[str], begun: datetime
) -> tuple[list[PastRow], datetime]:
    rows: list[PastRow] = []
    went = 0
    for client in clients:
        reason = _reason(client, agreed)
        if reason:
            rows.append(PastRow(client_id=client.id, state="skipped", reason=reason))
            continue
        at = begun + went * _APART
        rows.append(
            PastRow(
                client_id=client.id, state="failed" if went == _FAILS else "delivered", channel="sms",
                address=client.phones[0].number, parts=2, at=at,
                replied_at=at + timedelta(hours=1 + 7 * went) if went in _REPLIES else None,
                left_at=at + timedelta(minutes=20) if went == _LEAVES else None,
            )
        )  # fmt: skip
        went += 1
    return rows, begun + went * _APART


def _reason(client: ClientView, agreed: frozenset[str]) -> str:
    if client.relation != "client":
        return "not_a_client"
    if client.id not in agreed:
        return "no_consent"
    number = client.phones[0].number if client.phones else ""
    return "" if is_mobile(number) else "landline"
