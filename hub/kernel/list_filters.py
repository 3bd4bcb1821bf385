"""Filters that a module adds to the list of another one: declared in the manifest, so that the list need not
know who knows what of its rows. They stand in the list's form, in its address, in its totals and in the API.

    filters=(ListFilter(of="calls", name="tag", title="Tag", …),)

A list that takes them asks `offered` for its form and `given` for what an address asks, and puts
`condition_of` beside its own conditions; its operation says `narrows="calls"`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, create_model
from sqlalchemy import ColumnElement

from hub.errors import Invalid

if TYPE_CHECKING:
    from hub.kernel.context import Deps, UnitOfWork
    from hub.kernel.web import PageRequest

LONGEST = 128
WITHOUT = "-"
"""In place of a value: rows that have none."""

Given = tuple[tuple[str, str], ...]
"""What is asked: names of filters with their values."""


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


FilterText = Annotated[str, Field(max_length=LONGEST), AfterValidator(_no_nul)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterChoice:
    """A value that may be chosen, in words of the viewer's language."""

    value: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What a condition is made of: the column with the row's id, what is asked of it, and since when the
    list's rows are (None: from the beginning)."""

    row_id: ColumnElement[str]
    value: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """One more filter of the list of module `of`. `without` is what the choice WITHOUT is called, `about` is
    for the API's description. `condition` is told of a value that nobody has like of any other one."""

    of: str
    name: str
    title: str
    without: str
    about: str
    choices: Callable[[PageRequest], Awaitable[Sequence[FilterChoice]]]
    condition: Callable[[UnitOfWork, Deps, Narrowing], Awaitable[ColumnElement[bool]]]
    feature: str = ""
    """The function of the price matrix (config/plans.toml) that it belongs to; "" = its module's."""
    is_offered: bool = True
    """Whether it is in the installed package; one that is not refuses to be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterField:
    """A field of the form."""

    name: str
    title: str
    choices: tuple[FilterChoice, ...]


async def offered(request: PageRequest, of: str) -> list[FilterField]:
    """The fields that others add to the form of this list."""
    found = []
    for one in request.deps.filters:
        if one.of == of and one.is_offered:
            without = FilterChoice(value=WITHOUT, title=request.t(one.without))
            choices = (*await one.choices(request), without)
            found.append(FilterField(name=one.name, title=request.t(one.title), choices=choices))
    return found


def names(deps: Deps, of: str) -> tuple[str, ...]:
    """What they are called in an address, those that the package lacks included: they are refused aloud."""
    return tuple(one.name for one in deps.filters if one.of == of)


def given(deps: Deps, of: str, values: Mapping[str, object]) -> Given:
    """What of these values, by name, asks one of them."""
    asked = ((one.name, values.get(one.name)) for one in deps.filters if one.of == of)
    return tuple((name, value) for name, value in asked if isinstance(value, str) and value)


async def condition_of(
    uow: UnitOfWork, deps: Deps, of: str, name: str, narrowing: Narrowing
) -> ColumnElement[bool]:
    """What one filter means in SQL. Raises Invalid for one that there is not, NotAllowed for one that the
    package lacks."""
    for one in deps.filters:
        if (one.of, one.name) == (of, name):
            return await one.condition(uow, deps, narrowing)
    raise Invalid("list.filter", "This list cannot be filtered so.", "Clear the filter.")


def widened(query: type[BaseModel] | None, filters: Sequence[ListFilter]) -> type[BaseModel] | None:
    """The query of an operation with the parameters that others add to its list."""
    return _widened(query, tuple((one.name, one.about) for one in filters)) if query and filters else query


@cache  # making one costs as much as a request
def _widened(query: type[BaseModel], added: tuple[tuple[str, str], ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (FilterText | None, Field(None, description=about)) for name, about in added
    }
    return create_model(query.__name__, __base__=query, **fields)
