"""How consent stands, computed from the ledger alone: pure, the same for any order of arrival."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from hub.modules.consents.views import Act, Form, Standing, Topic

EVIDENT: frozenset[Form] = frozenset({"signature", "web_form", "message", "link", "import"})
"""Forms that can be shown to somebody who asks: an oral word cannot."""
BLOCK = "all:"
_UNDOABLE: frozenset[Form] = frozenset({"message", "link"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A row of the ledger, as far as it decides anything. `took` are tokens: `marketing:`, `marketing:sms`,
    `all:`; of a `restored` row those that it gives back."""

    n: int
    at: datetime
    topic: Topic
    act: Act
    form: Form
    channel: str = ""
    took: tuple[str, ...] = ()
    mark: str = ""

    @property
    def token(self) -> str:
        """What it is about."""
        return f"{self.topic}:{self.channel}"


@dataclass(frozen=True, slots=True)
class State:
    """How it stands. `said` by token; `blocks` of providers by channel and mark; `undo` is what START
    (`message`) and the client's own link would give back."""

    said: Mapping[str, bool] = field(default_factory=dict)
    blocked_at: datetime | None = None
    blocks: frozenset[tuple[str, str]] = frozenset()
    undo: Mapping[Form, frozenset[str]] = field(default_factory=dict)

    @property
    def is_blocked(self) -> bool:
        """Whether they have asked for nothing at all."""
        return self.blocked_at is not None

    def standing(self, topic: Topic, channel: str = "") -> Standing:
        """Of one purpose, on a channel or (empty) on all that nothing else is said of."""
        if self.is_blocked:
            return "blocked"
        known = self.said.get(f"{topic}:{channel}", self.said.get(f"{topic}:"))
        if known is None:
            return "none"
        return "granted" if known else "withdrawn"

    def allows(self, topic: Topic, channel: str) -> bool:
        """Marketing needs a consent; service needs that nobody has said no."""
        standing = self.standing(topic, channel)
        return standing == "granted" or (topic == "service" and standing == "none")

    def granted(self, topic: Topic) -> frozenset[str]:
        """The tokens of a purpose that are on: what a STOP takes."""
        return frozenset(token for token, on in self.said.items() if on and token.startswith(f"{topic}:"))

    def restorable(self, *forms: Form) -> frozenset[str]:
        """What was taken by these and not spoken of since."""
        return frozenset().union(*(self.undo.get(form, frozenset()) for form in forms))

    @property
    def channels(self) -> tuple[str, ...]:
        """Those of which something of their own is said."""
        return tuple(sorted({channel for token in self.said if (channel := token.partition(":")[2])}))


class _Fold:
    """The state while rows are read, the oldest first."""

    def __init__(self) -> None:
        self.said: dict[str, bool] = {}
        self.blocked_at: datetime | None = None
        self.blocks: set[tuple[str, str]] = set()
        self.undo: dict[Form, set[str]] = {"message": set(), "link": set()}

    def read(self, fact: Fact) -> None:
        if fact.topic == "all" and fact.form == "provider":
            where = (fact.channel, fact.mark)
            self.blocks = self.blocks | {where} if fact.act == "blocked" else self.blocks - {where}
        elif fact.act == "granted":
            self._say(fact, is_on=True)
            self._forget(fact)
        elif fact.act == "restored":
            self._restore(fact)
        else:
            self._end(fact)

    def _say(self, fact: Fact, *, is_on: bool) -> None:
        """A yes to every channel replaces what was said of one; a no leaves an earlier no to one."""
        if not fact.channel:
            self.said = {
                token: known
                for token, known in self.said.items()
                if not token.startswith(f"{fact.topic}:") or known is is_on is False
            }
        self.said[fact.token] = is_on

    def _restore(self, fact: Fact) -> None:
        for token in fact.took:
            if token == BLOCK:
                self.blocked_at = None
            else:
                self.said[token] = True
        for tokens in self.undo.values():
            tokens -= set(fact.took)

    def _end(self, fact: Fact) -> None:
        if fact.topic == "all":
            self.blocked_at = fact.at
        else:
            self._say(fact, is_on=False)
        self._forget(fact)
        if fact.form in _UNDOABLE:
            self.undo[fact.form] |= set(fact.took)

    def _forget(self, fact: Fact) -> None:
        """A later word about the same thing: an older STOP is not what holds it off any more. A STOP after
        a STOP takes nothing of it away."""
        for form, tokens in self.undo.items():
            if form == fact.form and fact.act in ("withdrawn", "blocked"):
                continue
            about = {one for one in tokens if one.startswith(f"{fact.topic}:")}
            tokens -= about if not fact.channel else about & {fact.token}


def state_of(facts: Iterable[Fact]) -> State:
    """How it stands after all of them, by the time at which each was said."""
    fold = _Fold()
    for fact in sorted(facts, key=lambda one: (one.at, one.n)):
        fold.read(fact)
    return State(
        said=fold.said, blocked_at=fold.blocked_at, blocks=frozenset(fold.blocks),
        undo={form: frozenset(tokens) for form, tokens in fold.undo.items()},
    )  # fmt: skip


def taken(state: State, topic: Topic, form: Form) -> tuple[str, ...]:
    """What ending this takes away: what is on now, and what another of the client's own words took before
    (who goes on to the link after a STOP may come back by the link)."""
    now = state.granted(topic)
    if topic == "all":
        now = frozenset() if state.is_blocked else frozenset({BLOCK})
    others = state.restorable(*(_UNDOABLE - {form})) if form in _UNDOABLE else frozenset()
    return tuple(sorted(now | {one for one in others if one.startswith(f"{topic}:")}))


def mark_of(key: str) -> str:
    """How an address is remembered that must not be readable any more."""
    return hashlib.sha256(key.encode()).hexdigest()
