"""An api of a module that consists of services, each made when it is first asked for: most requests need
one of a dozen, and making all of them cost more than reading a call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar, overload

from hub.kernel.context import Deps, UnitOfWork

S = TypeVar("S")


class Composed:
    """Base of such an api, for one unit of work: `people = Part(PeopleService)`."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps

    def _make(self, service: Callable[[UnitOfWork, Deps], S]) -> S:
        return service(self._uow, self._deps)


class Part(Generic[S]):
    """One service of it; the same one however often it is asked for."""

    def __init__(self, service: Callable[[UnitOfWork, Deps], S]) -> None:
        self._service = service
        self._name = ""

    def __set_name__(self, owner: type[Composed], name: str) -> None:
        self._name = name

    @overload
    def __get__(self, api: None, owner: type[Composed]) -> Part[S]: ...

    @overload
    def __get__(self, api: Composed, owner: type[Composed]) -> S: ...

    def __get__(self, api: Composed | None, owner: type[Composed]) -> S | Part[S]:
        if api is None:
            return self
        made = api._make(self._service)
        api.__dict__[self._name] = made  # found before this descriptor from now on
        return made
