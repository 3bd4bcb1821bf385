"""The bot in the API."""

from __future__ import annotations

import secrets

from pydantic import BaseModel, ConfigDict, Field

from hub.errors import Conflict, Invalid
from hub.kernel.listing import Moment, Strict
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.bot.api import BotApi, StartLink
from hub.modules.crm.api import CrmApi, number_kind

LINK = "bot.link"


class LinkIn(Strict):
    """For whom."""

    client_id: str | None = Field(None, max_length=64)
    number: str | None = Field(
        None, max_length=64, description="A telephone number in any writing, where nobody knows whose it is"
    )
    days: int = Field(14, ge=1, le=90, description="So long it is good")


class LinkOut(BaseModel):
    """The link. The first chat that follows it is this client's."""

    model_config = ConfigDict(from_attributes=True)

    url: str
    expires_at: Moment


async def make_link(request: PageRequest, body: LinkIn) -> StartLink:
    """A new link into the bot. 409 `bot.none` where no bot is connected."""
    if (body.client_id is None) == (body.number is None):
        raise Invalid(
            "bot.whom", "Say for whom: a client or a number.", fields={"client_id": "A client, or a number"}
        )
    if body.client_id is not None:
        await request.apis.of(CrmApi).client(body.client_id)
    country = request.deps.places.of(request.viewer.shop_id).country
    if body.number is not None and number_kind(body.number, country) != "public":
        raise Invalid(
            "bot.number", "This is not a telephone number.", fields={"number": "A telephone number"}
        )
    made = await request.apis.of(BotApi).start_link(
        f"link:{secrets.token_hex(16)}", client_id=body.client_id, number=body.number, days=body.days
    )
    if made is None:
        raise Conflict(
            "bot.none", "There is no bot that a link could lead to.",
            "Set the Telegram bot up in the settings, and wait until it is connected.",
        )  # fmt: skip
    return made


operations = (
    ApiOperation(
        method="POST", path="/bot/links", handler=make_link, right=LINK, name="bot.make_link",
        summary="A link that ties a client’s chat to the client", body=LinkIn, result=LinkOut, status=201,
        errors=(401, 403, 404, 409, 415, 422, 429),
    ),
)  # fmt: skip
