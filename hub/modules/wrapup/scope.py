"""Which calls a viewer may wrap up, and the words in their language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hub.errors import NotFound
from hub.kernel.web import PageRequest
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.wrapup.api import ChoiceView, Kind

MARK, EDIT = "calls.note", "wrapup.edit"


async def call_of(request: PageRequest) -> CallView:
    """The call in the address: of the viewer's shops, or one that they took part in. Raises NotFound."""
    call = await request.apis.of(CallsApi).call(request.path["id"])
    viewer = request.viewer
    phones = {*viewer.extensions, viewer.mobile} - {None}
    is_theirs = any(party.who in phones for party in call.parties)
    if is_theirs or viewer.rights.get(MARK) == "all" or call.shop_id in viewer.shop_ids:
        return call
    raise NotFound("calls.unknown", "There is no such call.")


def in_words(request: PageRequest, choice: ChoiceView) -> ChoiceView:
    """With its title as the viewer reads it."""
    return replace(choice, title=request.t(choice.title)) if choice.is_default else choice


def all_in_words(
    request: PageRequest, choices: Mapping[Kind, tuple[ChoiceView, ...]]
) -> dict[Kind, tuple[ChoiceView, ...]]:
    """The same for every word."""
    return {kind: tuple(in_words(request, one) for one in words) for kind, words in choices.items()}
