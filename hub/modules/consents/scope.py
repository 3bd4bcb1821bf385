"""The rights of consents."""

from __future__ import annotations

VIEW = "consents.view"
OPT_OUT = "consents.opt_out"
GRANT = "consents.grant"
EXPORT = "consents.export"
SETTINGS = "consents.settings"
