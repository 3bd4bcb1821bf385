"""Archives that are whole by their own account, with members that no backup of ours has."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from hub.kernel.backup.archive import ArchiveWriter, Header


def write_archive(path: Path, header: Header, *names: str) -> None:
    """One with members of these names, four bytes each."""
    with path.open("wb") as file:
        out = ArchiveWriter(file, header)
        with tarfile.open(fileobj=out, mode="w|") as tar:  # type: ignore[call-overload]  # it only writes
            for name in names:
                member = tarfile.TarInfo(name)
                member.size = 4
                tar.addfile(member, io.BytesIO(b"evil"))
        out.finish()
