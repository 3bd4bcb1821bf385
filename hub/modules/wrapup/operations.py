"""Wrap-up in the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.wrapup.api import ChoiceView, Kind, WrapUpApi, WrapUpView
from hub.modules.wrapup.scope import EDIT, MARK, all_in_words, call_of, in_words


class ChoiceModel(BaseModel):
    """A word to choose."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    kind: Kind
    title: str


class ChoicesModel(BaseModel):
    """All of them, in their order."""

    items: list[ChoiceModel]
    next: None = None


class ChoicesIn(Strict):
    """The new lists; one that is left out stays as it is. The same words keep their ids."""

    dispositions: list[Annotated[str, Field(max_length=40)]] | None = Field(None, max_length=20)
    tags: list[Annotated[str, Field(max_length=40)]] | None = Field(None, max_length=20)


class WrapUpModel(BaseModel):
    """What was said of a call."""

    call_id: str
    disposition: ChoiceModel | None
    tags: list[ChoiceModel]
    author_name: Words
    at: datetime | None


class WrapUpIn(Strict):
    """What is to be said of a call, by the ids of the words; it replaces what was said before."""

    disposition: str | None = Field(None, max_length=26)
    tags: list[Annotated[str, Field(max_length=26)]] = Field(default_factory=list, max_length=20)


async def list_choices(request: PageRequest) -> ChoicesModel:
    """The words that calls are wrapped up with."""
    choices = all_in_words(request, await request.apis.of(WrapUpApi).choices())
    return ChoicesModel(
        items=[ChoiceModel.model_validate(one) for words in choices.values() for one in words]
    )


async def save_choices(request: PageRequest, body: ChoicesIn) -> ChoicesModel:
    """Other words. Calls keep those that are gone."""
    wrapup = request.apis.of(WrapUpApi)
    shown = all_in_words(request, await wrapup.choices())
    given: dict[Kind, list[str] | None] = {"disposition": body.dispositions, "tag": body.tags}
    for kind, titles in given.items():
        if titles is not None:
            await wrapup.service.save(kind, [" ".join(title.split()) for title in titles], shown[kind])
    return await list_choices(request)


async def read(request: PageRequest) -> WrapUpModel:
    """What was said of the call."""
    call = await call_of(request)
    said = (await request.apis.of(WrapUpApi).of([call.id])).get(call.id)
    return _model(request, said or WrapUpView(call_id=call.id))


async def replace(request: PageRequest, body: WrapUpIn) -> WrapUpModel:
    """Say this of the call and nothing else."""
    call, wrapup = await call_of(request), request.apis.of(WrapUpApi)
    before = (await wrapup.of([call.id])).get(call.id) or WrapUpView(call_id=call.id)
    wanted = {*body.tags, *((body.disposition,) if body.disposition else ())}
    await wrapup.service.change(
        call, request.viewer.name, say=wanted - before.chosen, take_back=before.chosen - wanted
    )
    return await read(request)


def _model(request: PageRequest, said: WrapUpView) -> WrapUpModel:
    def model(choice: ChoiceView) -> ChoiceModel:
        return ChoiceModel.model_validate(in_words(request, choice))

    return WrapUpModel(
        call_id=said.call_id,
        disposition=model(said.disposition) if said.disposition else None,
        tags=[model(tag) for tag in said.tags],
        author_name=said.author_name,
        at=said.at,
    )


operations = (
    ApiOperation(
        method="GET", path="/wrap-up-choices", handler=list_choices, right="calls.view",
        name="wrapup.choices", summary="The words that calls are wrapped up with", result=ChoicesModel,
    ),
    ApiOperation(
        method="PUT", path="/wrap-up-choices", handler=save_choices, right=EDIT, name="wrapup.save_choices",
        summary="Change the words that calls are wrapped up with", body=ChoicesIn, result=ChoicesModel,
    ),
    ApiOperation(
        method="GET", path="/calls/{id}/wrap-up", handler=read, right="calls.view", name="wrapup.read",
        summary="What was said of a call", result=WrapUpModel,
    ),
    ApiOperation(
        method="PUT", path="/calls/{id}/wrap-up", handler=replace, right=MARK, name="wrapup.replace",
        summary="Say what came of a call", body=WrapUpIn, result=WrapUpModel,
    ),
)  # fmt: skip
