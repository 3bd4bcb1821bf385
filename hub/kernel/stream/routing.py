"""Which handlers get which events: the manifests of the installed modules, as one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hub.kernel.manifest import Module, Subscription


class Routing:
    """Subscriptions by name, and per event in the order of the modules."""

    def __init__(self, modules: Iterable[Module]) -> None:
        self.batch: dict[str, Subscription] = {}
        self.ordinary: dict[str, Subscription] = {}
        routes: dict[str, list[str]] = {}
        made = tuple(modules)
        for module in made:
            for subscription in module.handlers:
                side = self.batch if subscription.handle_batch is not None else self.ordinary
                side[subscription.name] = subscription
                for event in subscription.events:
                    routes.setdefault(event.name, []).append(subscription.name)
        self.observers = {one.name: one.observer for one in made if one.observer is not None}
        self.routes: Mapping[str, tuple[str, ...]] = {name: tuple(names) for name, names in routes.items()}

    @property
    def senders(self) -> frozenset[str]:
        """The names of the handlers that reach outside."""
        return frozenset(name for name, one in self.ordinary.items() if one.sends)

    @property
    def at_once(self) -> dict[str, list[str]]:
        """By an event's name the handlers that mostly run in the transaction that stores it."""
        return {
            name: found
            for name, handlers in self.routes.items()
            if (found := [one for one in handlers if one in self.batch])
        }

    @property
    def hot(self) -> frozenset[str]:
        """The names of the handlers that take batches."""
        return frozenset(self.batch)


def installed(modules: Iterable[Module], off: Iterable[str]) -> tuple[Module, ...]:
    """The modules that are not switched off, in order."""
    switched_off = set(off)
    return tuple(module for module in modules if module.name not in switched_off)
