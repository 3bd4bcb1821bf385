"""A made-up archive is refused with what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import Invalid
from hub.kernel.backup.archive import FORMAT, Header
from hub.kernel.backup.reading import unpack
from tests.kernel.backup.made_up import write_archive

HEADER = Header(format=FORMAT, program="1", schema="0001_kernel", database="sqlite", created_at="2026-01-05")


@pytest.mark.parametrize("second", ["files/archive/x", "files/archive/x/y"])
def test_an_archive_with_two_members_of_one_name_is_damaged_not_a_full_disk(
    tmp_path: Path, second: str
) -> None:
    path = tmp_path / "made.backup"
    write_archive(path, HEADER, "files/archive/x", second)
    with pytest.raises(Invalid) as caught:
        unpack(path, b"", tmp_path / "work", {"archive": tmp_path / "archive"})
    assert caught.value.code == "backup.damaged"
