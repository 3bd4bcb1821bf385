"""Which columns are sealed: the modules', and the kernel's own."""

from __future__ import annotations

from collections.abc import Iterable

from hub.kernel.idempotency import ANSWERS
from hub.kernel.manifest import Module
from hub.kernel.sealing.upkeep import SealedColumn


def columns_of(modules: Iterable[Module]) -> list[SealedColumn]:
    """Of every module, those that are switched off included: what is stored stays readable."""
    return [ANSWERS, *(column for module in modules for column in module.sealed)]
