"""What pages, jobs and other modules may ask of imports."""

from __future__ import annotations

from hub.modules.imports.opening import opened
from hub.modules.imports.reading import BIGGEST, encoding_of, rows_of, sniff
from hub.modules.imports.rules import TARGETS
from hub.modules.imports.rules_calls import is_history
from hub.modules.imports.service import ImportService
from hub.modules.imports.views import FaultView, FileKind, FileView, Opened

__all__ = [
    "BIGGEST", "TAKE_IN", "TARGETS", "FaultView", "FileKind", "FileView", "ImportsApi", "Opened",
    "encoding_of", "is_history", "opened", "rows_of", "sniff",
]  # fmt: skip

TAKE_IN = "imports.take_in"
"""The job that takes a stored file in: payload `{"file_id": …}`."""


class ImportsApi(ImportService):
    """Uploaded files, for one unit of work."""
