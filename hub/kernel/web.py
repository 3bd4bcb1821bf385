"""What a module's page or API operation is given and gives back. The only file of the kernel that
knows aiohttp; the web admin (webui/) builds these objects and serves the routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

from aiohttp import web
from multidict import MultiMapping
from pydantic import BaseModel

from hub.kernel.context import Apis, Deps, UnitOfWork
from hub.kernel.masking import NUMBERS
from hub.values import CallId, ShopId

T = TypeVar("T")
PUBLIC = "public"
"""In place of a right: anybody, signed in or not. Say why in the route's docstring."""
SIGNED_IN = "signed_in"
"""In place of a right: anybody who is signed in."""

Traffic = Literal["page", "hook"]
"""What kind of traffic a route carries: people and programs, whose rate is limited, or a provider's
callbacks, which are not: the route itself refuses what is forged."""

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who asks. `rights` maps a right to how far it reaches (`all`, `shop`, `own`); `shop_ids` are the
    shops that the page's own right reaches (see `reaching`), `own_shops` those one works in."""

    kind: Literal["person", "token", "nobody"]
    id: str
    name: str
    role: str
    rights: Mapping[str, str]
    shop_id: ShopId
    shop_ids: frozenset[ShopId]
    language: str
    extensions: tuple[str, ...] = ()
    mobile: str | None = None
    session_id: str | None = None
    per_minute: int | None = None
    """A token's own limit of requests."""
    own_shops: frozenset[ShopId] = frozenset()

    def reaching(self, right: str) -> Viewer:
        """The same viewer with the shops that this right reaches: one's own, unless it reaches all.
        Pages and operations get it so for their route's right."""
        if right not in self.rights or self.rights[right] == "all" or not self.own_shops:
            return self
        return replace(self, shop_ids=self.own_shops)

    def can(self, right: str) -> bool:
        """Whether the right is held at all (how far it reaches is the query's business)."""
        return right == PUBLIC or (self.kind != "nobody" and right == SIGNED_IN) or right in self.rights

    @property
    def sees_numbers(self) -> bool:
        """Whether phone numbers are shown whole; else masked, and found by the whole number only."""
        return NUMBERS in self.rights

    @property
    def actor(self) -> str | None:
        """As written into events and the audit log."""
        return None if self.kind == "nobody" else f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent with a form, as it came: hostile."""

    name: str
    data: bytes


class PageRequest(Protocol):
    """A request with everything a page needs. GET has a read-only unit of work, every other method
    a writing one that the web admin commits before the answer is sent."""

    @property
    def http(self) -> web.Request: ...

    @property
    def viewer(self) -> Viewer: ...

    @property
    def uow(self) -> UnitOfWork: ...

    @property
    def apis(self) -> Apis: ...

    @property
    def deps(self) -> Deps: ...

    @property
    def path(self) -> Mapping[str, str]: ...

    @property
    def query(self) -> MultiMapping[str]: ...

    @property
    def form(self) -> MultiMapping[str]:
        """The posted fields, read and checked (no NUL, no broken UTF-8) before the page runs."""
        ...

    @property
    def upload(self) -> Upload | None:
        """The file of a form whose route takes one."""
        ...

    @property
    def prepared(self) -> Any:
        """What the route's `before` gave."""
        ...

    @property
    def second(self) -> str | None:
        """Who confirmed it, as an actor, where the route asks for a second person."""
        ...

    @property
    def is_fragment(self) -> bool:
        """Whether a script asked for a part of a page, not for a person's navigation."""
        ...

    def t(self, text: str, **values: object) -> str:
        """The text in the viewer's language, `{name}` filled in."""
        ...

    def speak(self, language: str) -> None:
        """Another language from here on, for what is shown to nobody in particular: a screen on the wall."""
        ...

    def seen(self, value: T) -> T:
        """What the viewer may see of a view: with phone numbers masked, if need be. Pages and operations
        get it so by themselves; for whatever is answered in another way (a CSV)."""
        ...

    def page(self, template: str, *, status: int = 200, **values: object) -> web.Response:
        """Render `<module>/<name>.html` with the shell around it."""
        ...

    def fragment(self, template: str, *, status: int = 200, **values: object) -> web.Response:
        """Render a part of a page without the shell."""
        ...

    def html(self, template: str, **values: object) -> str:
        """Render to text, for card parts."""
        ...

    def redirect(self, location: str, *, notice: str = "") -> web.Response:
        """See Other; `notice` is shown once on the next page."""
        ...


Noting = Callable[["PageRequest"], Awaitable[str | None]]
"""Runs in a writing unit of work, before the answer to a GET is sent: what the entry of the audit log names;
None when this was noted already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A page. A route without a right cannot be written down: `right` is a permission's name,
    PUBLIC or SIGNED_IN. Paths are aiohttp's (`/calls/{id}`). `name` is `<module>.<verb>`.

    `second` names the right that a second person must hold to confirm a change (POST): the page runs
    only after that person has typed log-in and password, or, where nobody else holds the right, after the
    owner has typed his own again. The web admin asks for it and audits it; `request.second` says who."""

    method: Method
    path: str
    handler: Callable[[PageRequest], Awaitable[web.StreamResponse]]
    right: str
    name: str
    traffic: Traffic = "page"
    is_noted: bool = False
    """A GET that is audited like a change: an export, a recording that is listened to."""
    is_quiet: bool = False
    """A change that nobody wants to read of in the audit log: that somebody types, that they have looked."""
    noting: Noting | None = None
    """With `is_noted`: what the entry is about."""
    before: Callable[[PageRequest], Awaitable[Any]] | None = None
    """What has to be asked outside before the unit of work opens; found as `request.prepared`."""
    second: str = ""
    second_shop: Callable[[PageRequest, UnitOfWork], Awaitable[ShopId]] | None = None
    """Whose shop the second person must hold the right in; None: the viewer's. Raises NotFound."""
    feature: str = ""
    """The function of the price matrix (config/plans.toml) that it belongs to; "" = its module's."""
    is_heavy: bool = False
    """It reads much: while the database is slow it is refused (503 `database.slow`), so that calls go on."""
    is_guessable: bool = False
    """Its address is a secret: nobody may try many."""
    upload: int = 0
    """A form with one file of so many bytes at most (multipart), found as `request.upload`; its fields stand
    before the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOperation:
    """An operation of /api/v1 (`path` without that prefix), described by its pydantic models.
    The handler is `async def (request, query=..., body=...)` with those it declares, and returns the
    result model (or None for 204). Errors are HubErrors."""

    method: Method
    path: str
    handler: Callable[..., Awaitable[Any]]
    right: str
    name: str
    summary: str
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    result: Any = None
    status: int = 200
    errors: tuple[int, ...] = field(default=(401, 403, 404, 422, 429))
    is_noted: bool = False
    """A GET that is audited like a change."""
    noting: Noting | None = None
    """As a route's."""
    before: Callable[..., Awaitable[Any]] | None = None
    """As a route's, with the handler's arguments."""
    second: str = ""
    """As a route's, for changes only: a request is refused with `second.needed` until somebody else who
    holds this right has approved it on the page /approvals; `request.second` says who."""
    check: Callable[..., Awaitable[Any]] | None = None
    """With `second`: raises what the handler would (nothing is there, it is done already) before anybody
    is asked to approve; with the handler's arguments, in its unit of work."""
    narrows: str = ""
    """The module whose list it gives: filters that others add to that list are parameters of its query."""
    is_heavy: bool = False
    """As a route's."""
    media: str = ""
    """The media type of an answer that is a file and no JSON; the handler returns the response itself."""
    feature: str = ""
    """The function of the price matrix (config/plans.toml) that it belongs to; "" = its module's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSubject:
    """Whom the caller's card is about, as far as it is known."""

    call_id: CallId | None
    client_id: str | None
    candidate_ids: tuple[str, ...]
    number: str | None
    direction: str
    line: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPart:
    """A module's part of the caller's card; parts stand in order. Renders HTML, or "" for nothing."""

    name: str
    order: int
    right: str
    render: Callable[[PageRequest, CardSubject], Awaitable[str]]
    is_about_call: bool = False
    """It speaks of the call itself, so it stands on the call's page too."""
    feature: str = ""
    """The function of the price matrix (config/plans.toml) that it belongs to; "" = its module's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskStrip:
    """A module's line at the top of the desk, also while nobody calls; strips stand in order. `path` is a
    page of the module that answers the line's HTML (nothing: no line); it is asked for again when one of
    the live `topics` tells of a change. `style` is the sheet that it needs, such as `tasks/strip.css`."""

    name: str
    order: int
    right: str
    path: str
    topics: tuple[str, ...]
    style: str = ""
    feature: str = ""
    """The function of the price matrix (config/plans.toml) that it belongs to; "" = its module's."""


Level = Literal["good", "idle", "warning", "problem"]
"""How something is: works; off or not needed; wants a look; needs somebody now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """How many things wait behind an entry of the menu (0: no badge), in words of the viewer's language,
    and how urgent they are. `newest` names the newest of them and grows with it: a page may make a sound."""

    count: int
    text: str = ""
    level: Level = "warning"
    newest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One line of /system: what is so or happened, since when, what to do. Texts are in the viewer's
    language already (`request.t`)."""

    level: Level
    text: str
    hint: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSection:
    """What a part of /system found: the worst of the conditions colours it, `template` (with `values`)
    is shown below them, `figures` stand in /metrics by their Prometheus names, labels included."""

    conditions: tuple[Condition, ...] = ()
    template: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemPart:
    """A section of /system and of /metrics. `look` runs in a reading unit of work of its own; when it
    raises a HubError the section says so and the others stand. It must be quick: figures are fetched
    often."""

    name: str
    order: int
    title: str
    icon: str
    look: Callable[[PageRequest], Awaitable[SystemSection]]
    right: str = "system.view"


SettingsGroup = Literal["shop", "phone", "people", "programs", "care"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsItem:
    """An entry of the settings' side list. Its page extends `settings_shell.html` (block `settings`)."""

    title: str
    text: str
    path: str
    right: str
    icon: str
    group: SettingsGroup
    order: int = 100
