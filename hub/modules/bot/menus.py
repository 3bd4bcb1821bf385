"""What the bot answers by itself: the client's cars, the way to the shop, and where nobody knows better."""

from __future__ import annotations

from hub.events.messages import Place
from hub.kernel.bot import BotAnswer, BotTalk
from hub.modules.access.api import AccessApi, ShopView
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import CrmApi, VehicleView
from hub.modules.messaging.api import MessagingApi, next_hours
from hub.values import ShopId

_MOST_CARS = 20


async def my_cars(talk: BotTalk) -> BotAnswer:
    """Those that they own now."""
    owned = await talk.apis.of(CrmApi).vehicles_of([talk.client_id or ""])
    cars = [car for car in owned.get(talk.client_id or "", ()) if not car.is_archived]
    if not cars:
        return BotAnswer(
            text=talk.t("We have no car of yours on record yet. Write its registration plate here.")
        )
    lines = [_line(talk, car) for car in cars[:_MOST_CARS]]
    return BotAnswer(text="\n".join((talk.t("Your cars:"), *lines)))


async def where(talk: BotTalk) -> BotAnswer:
    """Address with a point on the map, hours, number."""
    shop = await _shop(talk)
    if not shop.address:
        return BotAnswer(text=talk.t("A colleague tells you the way here in a moment."), is_for_people=True)
    hours = next_hours(shop, talk.deps.clock.now())
    phone = await _phone(talk, shop.id)
    lines = [shop.name, shop.address]
    lines += [talk.t("Open: {hours}", hours=hours)] if hours else []
    lines += [talk.t("Phone: {phone}", phone=phone)] if phone else []
    place = None
    if shop.latitude is not None and shop.longitude is not None:
        place = Place(latitude=shop.latitude, longitude=shop.longitude)
    return BotAnswer(text="\n".join(lines), place=place)


async def ready(talk: BotTalk) -> BotAnswer:
    """Until a module knows the state of repairs: a person looks, and answers in the thread."""
    hours = next_hours(await _shop(talk), talk.deps.clock.now())
    said = [talk.t("We look how far your car is, and answer here.")]
    said += [talk.t("Open: {hours}", hours=hours)] if hours else []
    return BotAnswer(text="\n".join(said), is_for_people=True)


async def _shop(talk: BotTalk) -> ShopView:
    thread = await talk.apis.of(MessagingApi).reading.conversation(talk.conversation_id, None)
    return await talk.apis.of(AccessApi).shop(ShopId(thread.shop_id))


async def _phone(talk: BotTalk, shop_id: ShopId) -> str:
    lines = await talk.apis.of(CallsApi).lines()
    return next((one.number for one in lines if one.shop_id == shop_id), "")


def _line(talk: BotTalk, car: VehicleView) -> str:
    parts = [car.name or car.title, car.plate or "", str(car.year or "")]
    if car.mileage_km:
        parts.append(talk.t("{km} km", km=f"{car.mileage_km:,}".replace(",", "\u00a0")))
    return "• " + ", ".join(part for part in parts if part)
