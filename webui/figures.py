"""What the figures of /metrics mean: their HELP lines, and the table of the README."""

from __future__ import annotations

from collections.abc import Mapping

HELP: Mapping[str, str] = {
    "pitline_system_level": "How a part of /system is: 0 well, 1 wants a look, 2 needs somebody now.",
    "pitline_up_seconds": "Seconds since the start.",
    "pitline_database_up": "1 while the database can be read and written.",
    "pitline_database_bytes": "Size of the database.",
    "pitline_database_log_bytes": "Size of SQLite's log; it grows while somebody reads without an end.",
    "pitline_commits_total": "Transactions that were committed.",
    "pitline_database_wait_seconds": "How long a session waits for its connection and the first answer.",
    "pitline_relay_up": "1 while the relay moves.",
    "pitline_deliveries_pending": "Facts that wait for a handler.",
    "pitline_deliveries_oldest_seconds": "How long the oldest of them waits.",
    "pitline_deliveries_dead": "Deliveries that were given up and wait for a person.",
    "pitline_relay_deliveries_total": "Deliveries that were handled.",
    "pitline_relay_failures_total": "Tries that failed and are repeated.",
    "pitline_intake_facts_total": "Facts that came in and were new.",
    "pitline_intake_duplicates_total": "Facts that came in a second time.",
    "pitline_intake_waiting": "Facts that wait for their commit.",
    "pitline_hooks_waiting": "Requests of providers that wait to be worked on.",
    "pitline_hooks_failed": "Genuine requests of providers that could not be read.",
    "pitline_hooks_quarantined": "Refused requests that are kept.",
    "pitline_hooks_taken_total": "Genuine requests of providers that were new.",
    "pitline_hooks_repeated_total": "Genuine ones that came a second time.",
    "pitline_hooks_refused_total": "Requests that could not be proved to be genuine.",
    "pitline_hooks_turned_away_total": "Genuine ones that could not be stored in time.",
    "pitline_connector_state": "1 for the state that a connector is in.",
    "pitline_outages_week": "Times in the last 7 days when the PBX was away.",
    "pitline_outage_seconds_week": "How long it was away in all.",
    "pitline_tasks_open": "Tasks that wait: call-backs and others.",
    "pitline_tasks_late": "Tasks whose time is over.",
    "pitline_tasks_escalated": "Tasks so late that a superior was told.",
    "pitline_tasks_oldest_seconds": "How long the oldest open task waits.",
    "pitline_misses_short_today": "Single callers of today who hung up at once and were not talked to since.",
    "pitline_misses_withheld_today": "Missed callers of today who cannot be called back.",
    "pitline_recordings_spool_up": "1 while the folder that the PBX records into can be read.",
    "pitline_recordings_waiting": "Recordings that could not be taken in yet.",
    "pitline_recordings_refused": "Files of the spool that are no recordings that we take.",
    "pitline_recordings_taken_age_seconds": "How long ago a recording was taken in last; -1: never.",
    "pitline_recordings_store_free_bytes": "Free bytes on the disk of the recordings; -1: it is away.",
    "pitline_journal_up": "1 while the journal can be written.",
    "pitline_journal_bytes": "Size of the journal.",
    "pitline_journal_records_total": "Raw messages in the journal since the start.",
    "pitline_journal_dropped_total": "Raw messages that found no room in it.",
    "pitline_disk_free_bytes": "Free bytes on the disk of the database.",
    "pitline_live_sockets": "Open WebSockets of browsers and programs.",
    "pitline_live_hints_total": "Hints that were published.",
    "pitline_https": "1 when the public address is https.",
    "pitline_secrets_locked": "Sealed secrets whose key is not here.",
    "pitline_secrets_older": "Sealed secrets that a former key has sealed.",
    "pitline_loop_lag_seconds": "How late the event loop wakes: what every request feels.",
}


def readme_table() -> str:
    """The table as it stands in the README."""
    rows = [f"| `{name}` | {text} |" for name, text in HELP.items()]
    return "\n".join(["| figure | |", "|---|---|", *rows])
