"""The faults that Pitline is to survive, by their numbers: what is provoked, and what must come of it.

A number that stands here without a test is shown as untested by `make faults` and in README.md beside.
"""

from __future__ import annotations

from collections.abc import Mapping

FAULTS: Mapping[str, str] = {
    "F01": "AMI cut in the middle of an event: no half event, the call's state is right again",
    "F02": "AMI swallows everything: noticed in time, nothing stale is shown as live",
    "F03": "stopped while AMI swallows everything: no hang",
    "F04": "Asterisk restarts during calls: all end as unknown, no ghost",
    "F05": "calls change while the line is down: the snapshot puts them right",
    "F06": "FullyBooted late or never: no wrong end",
    "F07": "events doubled: one call, one card",
    "F08": "events out of order: no call is stuck",
    "F09": "event storm: the reader never blocks, nothing is lost",
    "F10": "the hub is slow: no silent loss",
    "F11": "a name cut by TCP: every letter stays",
    "F12": "broken frames: the next good one is handled",
    "F13": "a huge line: capped, memory stays",
    "F14": "random bytes: no crash, no stall",
    "F15": "a click to call whose answer is lost: dialled once",
    "F16": "log-in refused: patient back-off",
    "F17": "Uniqueid used again: two calls",
    "F44": "killed between commit and sending: sent exactly once",
    "F45": "killed after the provider got it: no silent double",
    "F46": "killed after an answer of success: what was acknowledged is there",
    "F47": "killed inside a change of many tables: all or nothing",
    "F48": "power cut: what was committed is there",
    "F49": "disk full while a recording is taken in",
    "F50": "disk full under the database: writes refused, reads go on, resumes by itself",
    "F51": "storage errors: no writes, an alarm",
    "F52": "slow database: what can wait waits, nothing is lost",
    "F53": "database is locked: bounded retries, no lost update",
    "F54": "the log of the database grows: bounded",
    "F55": "database file damaged: found, refused, never a silent empty one",
    "F56": "PostgreSQL restarts: nothing lost, nothing doubled",
    "F57": "Redis away: no message lost, log-in fails closed",
    "F58": "migration killed half-way: can be run again",
    "F82": "live sockets that never read: dropped, the others do not notice",
    "F83": "live sockets abused: capped, closed with a code",
    "F84": "stored scripts in everything from outside: none runs, text is shown as it is",
    "F85": "SQL injection: no difference from an honest question",
    "F86": "template injection: shown as it is",
    "F88": "formulas in exports: inert and still readable, phone numbers unharmed",
    "F91": "log forgery and secrets in logs and errors: one event one line, no secret",
    "F92": "session fixation: a new session at log-in, the old one is dead",
    "F93": "stale rights: refused, the socket closed, within a second",
    "F94": "cross-site requests and framing: refused",
    "F95": "cross-site sockets: refused at the handshake",
    "F96": "objects of others by their address: 404, no leak by text",
    "F97": "fields that one may not set, doubled and mistyped ones: ignored or refused",
    "F99": "guessing passwords: not more tries are looked at than the brakes let through",
    "F100": "finding out who has an account, locking somebody out: neither",
}
