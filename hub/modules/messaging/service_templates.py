"""Templates and prepared answers. Never commits."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import ShopView, is_point, map_fault
from hub.modules.messaging.models import Template
from hub.modules.messaging.rules import clean_text
from hub.modules.messaging.rules_templates import LONGEST_TITLE, filled, unknown_in
from hub.modules.messaging.views import PlaceView, TemplateEntry, TemplateView

LONGEST_TEMPLATE = 2000
MOST_TEMPLATES = 200
KEYS = range(1, 10)


class TemplateService:
    """The shop's own texts."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._clock = deps.clock

    async def all(self) -> tuple[TemplateView, ...]:
        """Prepared answers by their keys, then the others by title."""
        query = select(Template).order_by(
            Template.place.is_(None), Template.place, Template.title, Template.id
        )
        return tuple(_view(row) for row in (await self._session.scalars(query)).all())

    async def prepared(self) -> tuple[TemplateView, ...]:
        """Those that have a key."""
        return tuple(one for one in await self.all() if one.place is not None)

    async def one(self, template_id: str) -> TemplateView:
        """Raises NotFound."""
        return _view(await self._row(template_id))

    async def save(
        self, entry: TemplateEntry, template_id: str | None = None, rev: int | None = None
    ) -> TemplateView:
        """A new one, or in place of what is there. Raises Invalid, NotFound, Conflict (stale, key taken)."""
        title, text = " ".join(entry.title.split()), clean_text(entry.text)
        self._check(title, text, entry)
        if entry.place is not None:
            taken = select(Template).where(Template.place == entry.place, Template.id != (template_id or ""))
            if (await self._session.scalars(taken)).first() is not None:
                raise Conflict(
                    "messaging.key_taken", "This key has an answer already.", "Choose another key."
                )
        row = await self._row(template_id) if template_id is not None else await self._new()
        if rev is not None and row.rev != rev:
            raise Conflict(
                "messaging.stale", "Somebody else has changed this meanwhile.", "Look at it again."
            )
        row.title, row.text, row.place = title, text, entry.place
        row.latitude = entry.point.latitude if entry.point is not None else None
        row.longitude = entry.point.longitude if entry.point is not None else None
        row.has_pin = entry.has_pin
        row.rev, row.updated_at = row.rev + 1, self._clock.now()
        await self._session.flush()
        return _view(row)

    async def remove(self, template_id: str) -> None:
        """Raises NotFound."""
        row = await self._row(template_id)
        await self._session.execute(delete(Template).where(Template.id == row.id))

    def _check(self, title: str, text: str, entry: TemplateEntry) -> None:
        fields: dict[str, str] = {}
        if not title or len(title) > LONGEST_TITLE or not title.isprintable():
            fields["title"] = "A short name is needed."
        if not text or len(text) > LONGEST_TEMPLATE or "\x00" in text:
            fields["text"] = "Write the text."
        if unknown_in(text):
            fields["text"] = "Something stands in braces that nobody can fill in."
        if entry.place is not None and entry.place not in KEYS:
            fields["place"] = "A key from 1 to 9."
        if entry.point is not None and not is_point(entry.point.latitude, entry.point.longitude):
            fields["point"] = map_fault("")
        if fields:
            raise Invalid(
                "messaging.template", "Something is missing or wrong.", "Look at the fields.", fields=fields
            )

    async def _new(self) -> Template:
        if len(await self.all()) >= MOST_TEMPLATES:
            raise Conflict("messaging.many_templates", "There are too many templates.", "Remove some first.")
        row = Template(
            id=new_id(self._clock), rev=0, place=None, title="", text="", latitude=None, longitude=None,
            has_pin=False, updated_at=self._clock.now(),
        )  # fmt: skip
        self._session.add(row)
        return row

    async def _row(self, template_id: str) -> Template:
        is_id = len(template_id) <= 26 and "\x00" not in template_id
        row = await self._session.get(Template, template_id) if is_id else None
        if row is None:
            raise NotFound("messaging.unknown_template", "There is no such template.")
        return row


def fill(template: TemplateView, values: Mapping[str, str]) -> str:
    """The text to be sent. Raises Invalid while a variable is empty."""
    text, missing = filled(template.text, values)
    if missing:
        raise Invalid(
            "messaging.not_filled", "Something in the template is still empty.",
            "Empty is: {names}. Write it where it belongs (the client, the shop), or write yourself.",
            fields=dict.fromkeys(missing, "Still empty"),
            data={"missing": missing, "filled": text, "names": ", ".join(missing)},
        )  # fmt: skip
    return text


def _view(row: Template) -> TemplateView:
    point = None
    if row.latitude is not None and row.longitude is not None:
        point = PlaceView(latitude=row.latitude, longitude=row.longitude)
    return TemplateView(
        id=row.id, rev=row.rev, place=row.place, title=row.title, text=row.text, point=point,
        has_pin=row.has_pin,
    )  # fmt: skip


def point_of(template: TemplateView, shop: ShopView) -> PlaceView | None:
    """The point that goes along with it from this shop; None: none, or the shop has none yet."""
    if template.point is not None or not template.has_pin:
        return template.point
    if shop.latitude is None or shop.longitude is None:
        return None
    return PlaceView(latitude=shop.latitude, longitude=shop.longitude)
