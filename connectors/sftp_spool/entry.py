"""Builds the way to another box. The library for SSH is an extra, so it is asked for late."""

from __future__ import annotations

from pathlib import Path

from connectors.entry import Entry, Site
from connectors.sftp_spool.config import SftpSpoolConfig
from hub.errors import Unavailable
from hub.ports.connector import Connector


def build(site: Site) -> Connector | None:
    """None where no host is named. Raises Unavailable without a spool here or without the library."""
    config, spool = site.own(SftpSpoolConfig), site.settings.recordings.spool
    if not config.host:
        return None
    if not spool:
        raise Unavailable(
            "sftp_spool.no_spool", "HUB_SFTP_SPOOL__HOST is set, but there is no folder here to fetch into.",
            "Set HUB_RECORDINGS__SPOOL to an empty folder of this computer.",
        )  # fmt: skip
    try:
        from connectors.sftp_spool.connector import SftpSpool
    except ModuleNotFoundError as error:
        raise Unavailable(
            "sftp_spool.not_installed",
            "HUB_SFTP_SPOOL__HOST is set, but the program's part for SFTP is not installed.",
            "Install it: pip install 'pitline[sftp]'.",
        ) from error  # fmt: skip
    return SftpSpool(config, Path(spool))


ENTRY = Entry("sftp_spool", build, SftpSpoolConfig)
