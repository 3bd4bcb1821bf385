"""What pages, jobs and other modules may ask of imports."""

from __future__ import annotations

from hub.modules.imports.service import ImportService
from hub.modules.imports.views import FaultView, FileView, Opened

__all__ = ["FaultView", "FileView", "ImportsApi", "Opened"]


class ImportsApi(ImportService):
    """Uploaded files, for one unit of work."""
