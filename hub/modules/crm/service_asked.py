"""Who asked to be forgotten, until when that must be answered, and what was answered. Whoever talks with the
caller writes it down; whoever may erase decides. Never commits."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, or_, select

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.crm.living import merged_ids, own_numbers, owner_ids
from hub.modules.crm.models import ErasureRequest
from hub.modules.crm.rules import number_key
from hub.modules.crm.rules_erasure import due_after
from hub.modules.crm.service import ClientService
from hub.modules.crm.service_erasure import TOPIC, TURN, ErasureService
from hub.modules.crm.views import ClientView, ErasureRequestView, ErasureView, RequestState
from hub.values import ShopId

_LONGEST = 300
Shops = Collection[ShopId] | None
"""None: of every shop."""


class ErasureRequestService:
    """Requests, and the two answers to them."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow, self._deps = uow, deps
        self._session, self._clock = uow.session, deps.clock
        self._clients = ClientService(uow, deps)
        self._erasing = ErasureService(uow, deps)

    async def ask(
        self, *, client_id: str | None = None, number: str | None = None, words: str = ""
    ) -> ErasureRequestView:
        """Written down; asked again it is the same request with its first deadline. A number that one client
        has is that client. Raises NotFound, Invalid; Conflict where several clients have the number."""
        words = _clean(words, "words", is_needed=False)
        await self._uow.take_turn(TURN)
        client_id, key = await self._subject(client_id, number)
        known = await self.open_of(client_id, key)
        if known is not None:
            return known
        now, shop_id = self._clock.now(), self._uow.shop_id
        row = ErasureRequest(
            id=new_id(self._clock), rev=1, shop_id=shop_id, client_id=client_id, number=key, words=words,
            state="open", asked_at=now, asked_by=self._uow.actor,
            due_at=due_after(now, self._deps.places.of(shop_id).zone), decided_at=None, decided_by=None,
            answer="",
        )  # fmt: skip
        self._session.add(row)
        return await self._changed(row)

    async def one(self, request_id: str, shops: Shops) -> ErasureRequestView:
        """Raises NotFound, also for another shop's."""
        return _view(await self._row(request_id, shops))

    async def open_of(self, client_id: str | None, number: str | None) -> ErasureRequestView | None:
        """What waits for an answer to this client, also what was asked of a record that was merged into it
        or by a number that is its alone; or to a caller who is no client (`number` in any writing)."""
        whose = self._whose(client_id, number)
        if whose is None:
            return None
        query = select(ErasureRequest).where(whose, ErasureRequest.state == "open")
        row = (await self._session.scalars(query.order_by(ErasureRequest.due_at, ErasureRequest.id))).first()
        return _view(row) if row is not None else None

    async def all(self, state: RequestState, shops: Shops, limit: int = 100) -> list[ErasureRequestView]:
        """The open ones by their deadline, the others newest first."""
        query = select(ErasureRequest).where(ErasureRequest.state == state)
        if shops is not None:
            query = query.where(ErasureRequest.shop_id.in_(sorted(shops)))
        by = ErasureRequest.due_at if state == "open" else ErasureRequest.decided_at.desc()
        rows = await self._session.scalars(query.order_by(by, ErasureRequest.id).limit(limit))
        return [_view(row) for row in rows.all()]

    async def first(self, shops: Shops) -> ErasureRequestView | None:
        """Whose answer is due first."""
        return next(iter(await self.all("open", shops, limit=1)), None)

    async def count(self, shops: Shops) -> int:
        """How many wait for an answer."""
        query = select(func.count()).select_from(ErasureRequest).where(ErasureRequest.state == "open")
        if shops is not None:
            query = query.where(ErasureRequest.shop_id.in_(sorted(shops)))
        return int(await self._session.scalar(query) or 0)

    async def refuse(self, request_id: str, answer: str, shops: Shops) -> ErasureRequestView:
        """With the reason that the person is told. Raises NotFound, Invalid, Conflict."""
        answer = _clean(answer, "answer", is_needed=True)
        row = await self._undecided(request_id, shops)
        row.state, row.answer, row.rev = "refused", answer, row.rev + 1
        row.decided_at, row.decided_by = self._clock.now(), self._uow.actor
        return await self._changed(row)

    async def fulfil(self, request_id: str, reason: str, shops: Shops, second: str | None) -> ErasureView:
        """The data of whom the request names go, for good: of its client, else of a number that no client
        has. Raises NotFound, Invalid, Conflict."""
        row = await self._undecided(request_id, shops)
        if row.client_id is not None:
            return await self._erasing.erase(row.client_id, reason, second)
        return await self._erasing.erase_number(_number(row), reason, second)

    async def fulfil_number(
        self, request_id: str, reason: str, shops: Shops, second: str | None
    ) -> ErasureView:
        """As `fulfil`, for whoever was shown a number and no client."""
        row = await self._undecided(request_id, shops)
        return await self._erasing.erase_number(_number(row), reason, second)

    async def owners(self, asked: ErasureRequestView) -> list[ClientView]:
        """Which clients, archived ones too, have the number of a request by now."""
        if asked.number is None:
            return []
        ids = (await self._session.scalars(owner_ids(asked.number))).all()
        return list((await self._clients.by_ids(ids)).values())

    async def tie(self, request_id: str, client_id: str, shops: Shops) -> ErasureRequestView:
        """A person says which of those who have the number asks; nothing is erased by this. Raises NotFound,
        Conflict."""
        row = await self._undecided(request_id, shops)
        if client_id not in (await self._session.scalars(owner_ids(_number(row)))).all():
            raise Conflict(
                "crm.not_of_number", "This client does not have the number of the request.",
                "Reload the page and choose again.",
            )  # fmt: skip
        row.client_id, row.number, row.rev = client_id, None, row.rev + 1
        return await self._changed(row)

    async def _changed(self, row: ErasureRequest) -> ErasureRequestView:
        """Stored, and told to whoever decides."""
        await self._session.flush()
        self._uow.hint(TOPIC, row.id, row.rev, shop_id=ShopId(row.shop_id))
        return _view(row)

    def _whose(self, client_id: str | None, number: str | None) -> ColumnElement[bool] | None:
        if client_id is not None:
            ids = merged_ids(client_id)
            return or_(ErasureRequest.client_id.in_(ids), ErasureRequest.number.in_(own_numbers(ids)))
        key = self._key(number) if number is not None else None
        return ErasureRequest.number == key if key is not None else None

    async def _subject(self, client_id: str | None, number: str | None) -> tuple[str | None, str | None]:
        if client_id:
            return (await self._clients.one(client_id)).id, None
        key = self._key(number or "")
        if key is None:
            raise Invalid(
                "crm.invalid", "Some fields need another look.",
                fields={"number": "This is not a phone number."},
            )  # fmt: skip
        found = (await self._clients.caller(key)).candidates
        if len(found) > 1:
            raise Conflict(
                "crm.several_have_number", "Several clients have this number.",
                "Open the client who asks, and write it down there.",
            )  # fmt: skip
        return (found[0].client_id, None) if found else (None, key)

    def _key(self, number: str) -> str | None:
        return number_key(number, self._deps.places.of(self._uow.shop_id).country)

    async def _row(self, request_id: str, shops: Shops, *, is_locked: bool = False) -> ErasureRequest:
        row = None
        if "\x00" not in request_id:
            row = await self._session.get(
                ErasureRequest, request_id, populate_existing=is_locked, with_for_update=is_locked
            )  # fmt: skip
        if row is None or (shops is not None and row.shop_id not in shops):
            raise NotFound("crm.erasure_request_unknown", "There is no such request.")
        return row

    async def _undecided(self, request_id: str, shops: Shops) -> ErasureRequest:
        """Whoever answers is alone with it till the end of the transaction."""
        await self._uow.take_turn(TURN)
        row = await self._row(request_id, shops, is_locked=True)
        if row.state != "open":
            raise _decided()
        return row


def _number(row: ErasureRequest) -> str:
    if row.number is None:
        raise Conflict(
            "crm.request_of_client", "This request is tied to a client by now.",
            "Open it anew from the list, and look whose data go.",
        )  # fmt: skip
    return row.number


def _decided() -> Conflict:
    return Conflict("crm.erasure_request_decided", "This request was answered already.")


def _clean(text: str, name: str, *, is_needed: bool) -> str:
    text = text.strip()
    if len(text) > _LONGEST or "\x00" in text:
        fault = "This is too long."
    elif is_needed and not text:
        fault = "Write why; the person is told so."
    else:
        return text
    raise Invalid("crm.invalid", "Some fields need another look.", fields={name: fault})


def _view(row: ErasureRequest) -> ErasureRequestView:
    return ErasureRequestView(
        id=row.id, rev=row.rev, shop_id=ShopId(row.shop_id), client_id=row.client_id, number=row.number,
        words=row.words, state=row.state, asked_at=row.asked_at, asked_by=row.asked_by, due_at=row.due_at,
        decided_at=row.decided_at, decided_by=row.decided_by, answer=row.answer,
    )  # fmt: skip
