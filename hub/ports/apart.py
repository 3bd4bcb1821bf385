"""How a connector works in a process of its own: what the two sides may ask and tell each other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

A = TypeVar("A")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Question(Generic[A, R]):
    """Something that is answered. `asked` and `answered` are the types that stand on the wire."""

    name: str
    asked: Any
    answered: Any


@dataclass(frozen=True, slots=True)
class News(Generic[A]):
    """Something that is told, with no answer. `told` is the type that stands on the wire."""

    name: str
    told: Any


class Peer(Protocol):
    """The process on the other end. What is asked and told arrives in the order in which it was said."""

    @property
    def closed(self) -> asyncio.Future[None]:
        """Done once the other side is gone."""
        ...

    def answer(
        self, question: Question[A, R], work: Callable[[A], Awaitable[R]], *, outlives: bool = False
    ) -> None:
        """Who answers this question, each time in a task of its own, which ends with the other side unless it
        `outlives` it."""
        ...

    def hear(self, news: News[A], work: Callable[[A], None]) -> None:
        """Who is told this."""
        ...

    async def ask(self, question: Question[A, R], value: A) -> R:
        """The answer, however long it takes. Raises Gone when the other side ends before it, a
        ConnectorError as the other side raised it, AnswerFailed for anything else."""
        ...

    def tell(self, news: News[A], value: A) -> None:
        """Say it; nothing happens where the other side is gone."""
        ...


class Apart(Protocol):
    """A process beside the hub."""

    async def peer(self) -> Peer:
        """The process that lives; another one is begun where it has ended. Raises NotReady."""
        ...

    async def give_up(self) -> None:
        """End the process that lives, whatever it does."""
        ...


class RunsApart(Protocol):
    """Where processes of their own can be had: by the name of what one works for."""

    def __call__(self, name: str) -> Apart:
        """Begin it at once: it loads what it needs while the hub loads its own."""
        ...
