"""What modules add to the bot that clients talk to in their messenger, in their manifests.

    bot=(BotMenu(name="fleet.trucks", title="My trucks", answer=menus.trucks, needs_client=True),)

Every such entry stands as a button below the bot's answers, unless it is not listed: then only other answers
lead to it. `answer` runs in the unit of work of the press; it may run twice, and sends nothing itself.
A `slot` is a question that one module answers until a later one knows better: of those with the same slot the
last module's counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from hub.events.messages import Place
from hub.kernel.context import Apis, Deps, UnitOfWork

LONGEST_ARGUMENT = 200
LONGEST_TITLE = 60


class BotTalk(Protocol):
    """Who asks, by which chat. `client_id` None: we do not know who it is. `argument` is what the button was
    made with."""

    @property
    def uow(self) -> UnitOfWork: ...

    @property
    def apis(self) -> Apis: ...

    @property
    def deps(self) -> Deps: ...

    @property
    def client_id(self) -> str | None: ...

    @property
    def conversation_id(self) -> str: ...

    @property
    def channel(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def language(self) -> str:
        """en, ru or uk: the client's, else the chat's, else the shop's."""
        ...

    @property
    def argument(self) -> str: ...

    def t(self, text: str, **values: object) -> str:
        """The text in the language of the talk, `{name}` filled in."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BotChoice:
    """A button below an answer: leads to the entry `menu` with `argument` (which stays with us), or to an
    address of the web. `title` is in the language of the talk."""

    title: str
    menu: str = ""
    argument: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BotAnswer:
    """What the client reads. Below `choices` stands the menu, unless `has_menu` says no. `is_for_people`: a
    colleague is to answer, so the thread waits for one."""

    text: str
    choices: tuple[BotChoice, ...] = ()
    place: Place | None = None
    has_menu: bool = True
    is_for_people: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BotMenu:
    """An entry of the menu. `name` (`<module>.<word>`) is permanent: buttons in old messages bear it. `title`
    is an English source text. `needs_client`: whoever is not known is asked for their number instead."""

    name: str
    title: str
    answer: Callable[[BotTalk], Awaitable[BotAnswer]]
    order: int = 100
    needs_client: bool = False
    is_listed: bool = True
    slot: str = ""
    feature: str = ""
    """The function of the price matrix (config/plans.toml) that it belongs to; "" = its module's."""
