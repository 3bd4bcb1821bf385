"""What `pitline doctor ami` says of a PBX, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.ami.connector import AmiConnector
from hub.clock import SystemClock
from hub.ports.telephony import Finding
from tests.connectors.ami.ami_server import AmiServer, Script, channel, frame, serving
from tests.connectors.ami.hub_side import KeptJournal, config_for, hub_on, until

LINES = [("101", "Not in use"), ("102", "Unavailable"), ("trunk", "Not in use")]
ALL_EVENTS = ("Newchannel", "Newexten", "VarSet", "HangupRequest", "NewConnectedLine", "DialBegin", "Hangup")


async def examined(server: AmiServer) -> list[Finding]:
    """As the command line asks: without a running connector."""
    connector = AmiConnector(config_for(server), KeptJournal(), SystemClock())
    return list(await connector.examine())


def told(findings: list[Finding], words: str) -> Finding:
    (finding,) = [finding for finding in findings if words in finding.text]
    return finding


async def test_a_well_set_pbx_is_told_so_after_a_call() -> None:
    async with serving(Script(endpoints=LINES)) as server, hub_on(server) as hub:
        await until(lambda: hub.connector.link().is_up)
        for name in ALL_EVENTS:
            server.session.send(frame(f"Event: {name}", **channel("PJSIP/trunk-1", "1.1")))
        await until(lambda: any(call.state == "ended" for call in hub.calls.values()))
        findings = list(await hub.connector.examine())
        assert {finding.level for finding in findings} == {"ok"}
        assert len(server.sessions) == 1


async def test_without_a_call_it_asks_for_one() -> None:
    async with serving(Script(endpoints=LINES)) as server:
        finding = told(await examined(server), "No call has been seen yet")
        assert finding.level == "warning"
        assert "test call" in finding.hint


async def test_a_filter_that_hides_an_event_is_named_with_what_it_costs() -> None:
    async with serving(Script(endpoints=LINES)) as server, hub_on(server) as hub:
        await until(lambda: hub.connector.link().is_up)
        for name in ALL_EVENTS:
            if name not in ("HangupRequest", "Newexten"):
                server.session.send(frame(f"Event: {name}", **channel("PJSIP/trunk-1", "1.1")))
        await until(lambda: any(call.state == "ended" for call in hub.calls.values()))
        findings = list(await hub.connector.examine())
        assert "who hung up" in told(findings, "HangupRequest").text
        assert "voicemail" in told(findings, "Newexten").text
        assert "dialplan" in told(findings, "Newexten").hint


async def test_nobody_listening_is_a_problem_with_a_hint() -> None:
    async with serving() as server:
        config = config_for(server)
    (finding,) = await AmiConnector(config, KeptJournal(), SystemClock()).examine()
    assert finding.level == "problem"
    assert "nobody listens there" in finding.text
    assert "manager.conf" in finding.hint


async def test_a_wrong_password_is_a_problem_that_does_not_show_it() -> None:
    async with serving(Script(secret="other")) as server:
        (finding,) = await examined(server)
        assert finding.level == "problem"
        assert "refused the user 'hub'" in finding.text
        assert "geheim" not in finding.text + finding.hint


async def test_the_version_is_told_and_an_old_one_is_warned_of() -> None:
    async with serving(Script(endpoints=LINES)) as server:
        assert told(await examined(server), "Asterisk 22.10.1").level == "ok"
        server.script.version = "13.38.3"
        assert told(await examined(server), "Asterisk 13.38.3").level == "warning"


async def test_a_missing_system_right_is_seen_by_the_silence_about_booting() -> None:
    async with serving(Script(endpoints=LINES, boot_delay=None)) as server:
        finding = told(await examined(server), "fully booted")
        assert finding.level == "warning"
        assert "`system`" in finding.hint


@pytest.mark.parametrize(
    ("missing", "right"),
    [
        ("CoreStatus", "reporting"),
        ("Originate", "originate"),
        ("Redirect", "call"),
        ("MixMonitorMute", "call"),
        ("StopMixMonitor", "call"),
    ],
)
async def test_a_missing_write_right_is_named_with_what_is_lost(missing: str, right: str) -> None:
    script = Script(endpoints=LINES)
    script.rights = " ".join(name for name in script.rights.split() if name != missing)
    async with serving(script) as server:
        finding = told(await examined(server), f"{missing} is not allowed")
        assert f"`{right}`" in finding.hint


async def test_the_right_that_recording_by_our_order_needs_is_looked_for_only_where_it_is_used() -> None:
    script = Script(endpoints=LINES)
    async with serving(script) as server:
        assert not [one for one in await examined(server) if "MixMonitor " in one.text]
        records = replace(config_for(server), record=("inbound",))
        connector = AmiConnector(records, KeptJournal(), SystemClock())
        finding = told(list(await connector.examine()), "MixMonitor is not allowed")
        assert "`system`" in finding.hint
        script.rights += " MixMonitor ModuleLoad"
        findings = list(await connector.examine())
        assert not [one for one in findings if "MixMonitor" in one.text or "ModuleLoad" in one.text]


@pytest.mark.parametrize(
    ("rights", "is_blind"),
    [("Originate", True), ("Originate Status", False), ("Originate CoreShowChannels", False)],
)
async def test_only_where_calls_can_be_listed_in_no_way_is_it_said_what_follows(
    rights: str, is_blind: bool
) -> None:
    async with serving(Script(rights=rights, endpoints=LINES)) as server:
        texts = [finding.text for finding in await examined(server)]
        is_told = any(text.startswith("Status is not allowed: after an interrupted line") for text in texts)
        assert is_told is is_blind


async def test_a_pbx_that_says_nothing_of_its_start_is_not_known_after_a_restart() -> None:
    async with serving(Script(rights="Originate", boot_delay=None)) as server:
        finding = told(await examined(server), "a restart of the PBX cannot be told")
        assert "`reporting`" in finding.hint


async def test_a_shell_for_whoever_has_the_password_is_warned_of() -> None:
    script = Script(endpoints=LINES)
    async with serving(replace(script, rights=script.rights + " Command")) as server:
        finding = told(await examined(server), "too much (Command)")
        assert finding.level == "warning"
        assert "`command`" in finding.hint


async def test_events_without_a_time_are_told() -> None:
    async with serving(Script(endpoints=LINES, user_event_time=False)) as server:
        assert "timestampevents = yes" in told(await examined(server), "carry no time").hint


async def test_user_events_that_do_not_come_back_are_told() -> None:
    async with serving(Script(endpoints=LINES, silent={"UserEvent"})) as server:
        assert "class `user`" in told(await examined(server), "does not reach us").hint


async def test_a_pbx_that_answers_nothing_but_the_log_in_is_examined_to_the_end() -> None:
    class Mute(set[str]):
        def __contains__(self, name: object) -> bool:
            return name not in ("Login", "Ping")

    async with serving(Script(silent=Mute(), boot_delay=None)) as server:
        findings = await examined(server)
        assert {finding.level for finding in findings} == {"warning"}
        assert len(findings) >= 5


async def test_outside_lines_are_listed() -> None:
    async with serving(Script(endpoints=LINES)) as server:
        finding = told(await examined(server), "3 endpoints")
        assert finding.level == "ok"
        assert "outside lines: trunk" in finding.text


async def test_without_the_system_right_the_devices_tell_the_endpoints() -> None:
    async with serving(Script(endpoints=LINES, refused={"PJSIPShowEndpoints"})) as server:
        finding = told(await examined(server), "3 endpoints")
        assert (finding.level, finding.hint) == ("ok", "All endpoints: 101, 102, trunk.")


async def test_a_pbx_that_refuses_both_lists_is_told() -> None:
    script = Script(endpoints=LINES, refused={"PJSIPShowEndpoints", "DeviceStateList"})
    async with serving(script) as server:
        assert "`reporting`" in told(await examined(server), "does not list its endpoints").hint


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["101", "kyivstar_1"], "No endpoint is an outside line"),
        (["trunk", "trunk2"], "Every endpoint is an outside line"),
        ([], "has no endpoints"),
    ],
)
async def test_patterns_that_match_none_or_all_are_a_problem(names: list[str], words: str) -> None:
    async with serving(Script(endpoints=[(name, "Not in use") for name in names])) as server:
        assert told(await examined(server), words).level == "problem"


async def test_examining_leaves_no_line_behind() -> None:
    async with serving(Script(endpoints=LINES)) as server:
        await examined(server)
        await until(lambda: len(server.actions("Logoff")) == 1)
