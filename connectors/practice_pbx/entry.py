"""Builds the practice exchange where the demo asks for it."""

from __future__ import annotations

from connectors.entry import Entry, PracticeLine, Site
from connectors.practice_pbx.connector import USERNAME, PracticeConfig, PracticePbx
from hub.ports.connector import Connector


def build(site: Site) -> Connector | None:
    """None unless `HUB_PRACTICE__ENABLED`; tells the site where it listens."""
    wanted = site.settings.practice
    if not wanted.enabled:
        return None
    spool = site.settings.recordings.spool
    config = PracticeConfig(pace=wanted.pace, is_quiet=wanted.quiet, spool=spool)
    made = PracticePbx(config, site.clock)
    site.practice = PracticeLine(port=made.port, username=USERNAME, secret=made.secret)
    return made


ENTRY = Entry("practice_pbx", build)
