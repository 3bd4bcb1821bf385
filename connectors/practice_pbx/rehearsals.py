"""The calls of the practice exchange, as tables with their truth: what the hub must say of each."""

from __future__ import annotations

from typing import Any

from connectors.practice_pbx.script import Script, parse


def _script(name: str, title: str, caller: str, table: str, **truth: Any) -> Script:
    return Script(name=name, title=title, caller=caller, rows=parse(table), truth=truth)


REHEARSALS: tuple[Script, ...] = (
    _script(
        "known_client", "A client that we know rings the reception, and Anna answers", "kovalchuk",
        """
         0.0  caller  dials_in  0443001122
         0.2  caller  hears     welcome
         3.0  caller  waits_in  reception
         3.0  101     rings
         3.0  102     rings
         9.0  101     answers
        41.0  caller  hangs_up
        """,
        direction="inbound", result="answered", queue="reception", answered_by="101", last_extension="101",
        wait_seconds=9.0, talk_seconds=32.0, hold_seconds=0.0, transfers=[],
        parties={"101": "answered", "102": "answered_elsewhere"},
    ),
    _script(
        "stranger", "An unknown number asks for a price; Bohdan answers", "stranger",
        """
         0.0  caller  dials_in  0443001133
         0.2  caller  waits_in  reception
         0.2  101     rings
         0.2  102     rings
         5.2  101     declines
         8.2  102     answers
        36.2  102     hangs_up
        """,
        direction="inbound", result="answered", queue="reception", answered_by="102",
        wait_seconds=8.2, talk_seconds=28.0, transfers=[],
        parties={"101": "declined", "102": "answered"},
    ),
    _script(
        "missed", "Nobody is at the phone, and the caller gives up", "petrenko",
        """
         0.0  caller  dials_in  0443001122
         0.2  caller  hears     welcome
         3.0  caller  waits_in  reception
         3.0  101     rings
         3.0  102     rings
        22.0  caller  hangs_up
        """,
        direction="inbound", result="missed", missed_reason="rang_out", queue="reception", answered_by=None,
        wait_seconds=22.0, talk_seconds=0.0, transfers=[],
        parties={"101": "cancelled", "102": "cancelled"},
    ),
    _script(
        "short", "Somebody lets it ring twice and hangs up", "second_stranger",
        """
         0.0  caller  dials_in  0443001122
         0.2  caller  waits_in  reception
         0.2  101     rings
         0.2  102     rings
         3.2  caller  hangs_up
        """,
        direction="inbound", result="short_abandon", queue="reception", answered_by=None,
        wait_seconds=3.2, talk_seconds=0.0, parties={"101": "cancelled", "102": "cancelled"},
    ),
    _script(
        "voicemail", "Nobody answers in time; the caller leaves a message", "shevchuk",
        """
         0.0  caller  dials_in       0443001122
         0.2  caller  hears          welcome
         3.0  caller  waits_in       reception
         3.0  101     rings
         3.0  102     rings
        15.0  caller  is_given_up
        15.2  caller  leaves_message
        33.0  caller  hangs_up
        """,
        direction="inbound", result="voicemail", missed_reason="rang_out", queue="reception",
        answered_by=None, talk_seconds=0.0, transfers=[],
        parties={"101": "no_answer", "102": "no_answer"},
    ),
    _script(
        "place_kept", "A caller keeps the place in the queue by a key, and wants to be called back",
        "shevchuk",
        """
         0.0  caller  dials_in       0443001122
         0.2  caller  hears          welcome
         3.0  caller  waits_in       reception
         3.0  101     rings
         3.0  102     rings
        18.0  caller  keeps_place
        20.0  caller  is_sent_away
        """,
        direction="inbound", result="missed", missed_reason="rang_out", queue="reception",
        answered_by=None, talk_seconds=0.0, transfers=[],
    ),
    _script(
        "closed", "A call on a holiday: the message, and no phone rings", "shevchuk",
        """
         0.0  caller  dials_in      0443001122
         0.2  caller  hears         closed
         8.0  caller  is_sent_away
        """,
        direction="inbound", result="missed", missed_reason="before_ringing", queue=None,
        answered_by=None, talk_seconds=0.0, parties={}, transfers=[],
    ),
    _script(
        "busy", "A direct call to the master, who is on another call", "parts",
        """
         0.0  caller  dials_in  380955550144
         0.3  105     is_busy
         2.0  caller  is_sent_away
        """,
        direction="inbound", result="missed", missed_reason="busy", queue=None, answered_by=None,
        talk_seconds=0.0, parties={"105": "busy"},
    ),
    _script(
        "held", "Bohdan puts a client on hold to look something up", "petrenko",
        """
         0.0  caller  dials_in  0443001122
         0.2  caller  waits_in  reception
         0.2  101     rings
         0.2  102     rings
         6.2  102     answers
        14.2  102     holds
        26.2  102     resumes
        44.2  caller  hangs_up
        """,
        direction="inbound", result="answered", answered_by="102", wait_seconds=6.2, talk_seconds=38.0,
        hold_seconds=12.0, parties={"101": "answered_elsewhere", "102": "answered"},
    ),
    _script(
        "blind_transfer", "Anna sends a client straight to the master", "petrenko",
        """
         0.0  caller  dials_in  0443001122
         0.2  caller  waits_in  reception
         0.2  101     rings
         0.2  102     rings
         5.2  101     answers
        17.2  101     sends_to  105
        21.2  105     answers
        52.2  caller  hangs_up
        """,
        direction="inbound", result="answered", answered_by="101", last_extension="105",
        wait_seconds=5.2, talk_seconds=43.0, transfers=[("blind", "101", "105")],
        parties={"101": "answered", "102": "answered_elsewhere", "105": "answered"},
    ),
    _script(
        "attended_transfer", "Anna asks the master first, then hands the client over", "kovalchuk",
        """
         0.0  caller  dials_in            0443001122
         0.2  caller  waits_in            reception
         0.2  101     rings
         0.2  102     rings
         7.2  101     answers
        18.2  101     consults            105
        21.2  105     takes_consultation
        27.2  101     hands_over
        58.2  caller  hangs_up
        """,
        direction="inbound", result="answered", answered_by="101", last_extension="105",
        wait_seconds=7.2, talk_seconds=51.0, transfers=[("attended", "101", "105")],
        parties={"101": "answered", "102": "answered_elsewhere", "105": "answered"},
    ),
    _script(
        "parked", "Anna parks a client, Bohdan picks up", "taxi",
        """
         0.0  caller  dials_in  380955550144
         0.2  caller  waits_in  reception
         0.2  101     rings
         0.2  102     rings
         6.2  101     answers
        14.2  101     parks
        16.8  101     leaves
        29.2  102     picks_up
        55.2  caller  hangs_up
        """,
        direction="inbound", result="answered", answered_by="101", last_extension="102",
        wait_seconds=6.2, talk_seconds=34.0, transfers=[("park", "101", "701")],
        parties={"101": "answered", "102": "answered"},
    ),
    _script(
        "outbound", "Anna rings a client back", "",
        """
         0.0  101      dials       380670001001
         1.2  outside  is_ringing
         6.0  outside  answers
        31.0  101      hangs_up
        """,
        direction="outbound", result="answered", to_number="+380670001001", answered_by="101",
        wait_seconds=6.0, talk_seconds=25.0, transfers=[],
    ),
    _script(
        "outbound_busy", "Bohdan rings a number that is engaged", "",
        """
         0.0  102      dials       380500001002
         2.5  outside  is_engaged
        """,
        direction="outbound", result="busy", to_number="+380500001002", talk_seconds=0.0,
    ),
    _script(
        "internal", "Anna asks the master something", "",
        """
         0.0  101  dials    105
         0.1  105  rings
         3.6  105  answers
        15.6  101  hangs_up
        """,
        direction="internal", result="answered", talk_seconds=12.0, transfers=[],
    ),
    _script(
        "follow_me", "A stranger reaches the owner's mobile", "stranger",
        """
         0.0  caller  dials_in          0443001133
         0.4  100     rings_everywhere
         7.0  mobile  takes_the_mobile
        10.0  mobile  presses           1
        36.0  caller  hangs_up
        """,
        direction="inbound", result="answered", answered_by="+380671112233", wait_seconds=10.0,
        talk_seconds=26.0, transfers=[],
        parties={"100": "answered_elsewhere", "+380671112233": "answered"},
    ),
    _script(
        "withheld", "A caller hides the number", "withheld",
        """
         0.0  caller  dials_in  0443001122
         0.2  caller  waits_in  reception
         0.2  101     rings
         0.2  102     rings
         6.2  102     answers
        21.2  caller  hangs_up
        """,
        direction="inbound", result="answered", from_number=None, answered_by="102", talk_seconds=15.0,
    ),
    _script(
        "hostile_name", "A caller whose name is an attack", "hostile",
        """
         0.0  caller  dials_in  0443001122
         0.2  caller  waits_in  reception
         0.2  101     rings
         0.2  102     rings
         4.2  101     answers
        12.2  101     hangs_up
        """,
        direction="inbound", result="answered", from_number="+380991234500", answered_by="101",
        talk_seconds=8.0, parties={"101": "answered", "102": "answered_elsewhere"},
    ),
)  # fmt: skip
"""What can be played, in the order in which /system shows it."""


def by_name(name: str) -> Script:
    """The script of this name. Raises KeyError."""
    return {script.name: script for script in REHEARSALS}[name]
