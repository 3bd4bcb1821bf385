"""The modules of this installation, in order: one line each. Switched off by `[modules] off`."""

from __future__ import annotations

from hub.kernel.manifest import Module
from hub.modules.access.module import MODULE as ACCESS

MODULES: tuple[Module, ...] = (ACCESS,)
