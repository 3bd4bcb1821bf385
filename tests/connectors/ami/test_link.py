"""One session with the PBX: log-in, answers, liveness, and what may never happen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

import pytest

from connectors.ami import actions
from connectors.ami.actions import Action, Refused, Sent, Unknown, UnsafeText, outcome_of
from connectors.ami.config import AmiConfig, AmiLimits, AmiWaits
from connectors.ami.link import AmiLink, open_link
from connectors.ami.message import Message
from hub.clock import SystemClock
from hub.ports.errors import AuthFailed, NotReady
from tests.connectors.ami.ami_server import AmiServer, Script, channel, frame, serving
from tests.patience import within

WANTED = frozenset({"Newchannel", "Hangup", "ParkedCall", "UserEvent"})
CHANNELS = Action("CoreShowChannels", complete="CoreShowChannelsComplete")
CONTACTS = Action("PJSIPShowContacts", complete="ContactListComplete")
QUICK = AmiWaits(
    connect=0.5, banner=0.1, login=0.3, identify=0.1, boot=0.3, answer=0.3,
    ping_interval=0.1, ping_deadline=0.2, settle=0.01, close=0.2,
)  # fmt: skip


class Heard:
    """What the link passed on, in order."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, messages: Sequence[Message], at: datetime) -> None:
        self.messages += messages

    @property
    def names(self) -> list[str]:
        return [message.name for message in self.messages]


def config_for(server: AmiServer, waits: AmiWaits = QUICK, secret: str = "geheim") -> AmiConfig:
    limits = AmiLimits(list_rows=50)
    return AmiConfig(
        host="127.0.0.1", port=server.port, username="hub", secret=secret, waits=waits, limits=limits
    )


@asynccontextmanager
async def linked(server: AmiServer, waits: AmiWaits = QUICK) -> AsyncIterator[tuple[AmiLink, Heard]]:
    heard = Heard()
    link = await open_link(config_for(server, waits), SystemClock(), WANTED, "call", heard)
    try:
        yield link, heard
    finally:
        await link.close()


async def until(condition: object, seconds: float = 2.0) -> None:
    assert callable(condition)
    end = time.monotonic() + within(seconds)
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        await asyncio.sleep(0.005)


async def test_the_log_in_carries_the_user_and_the_event_mask() -> None:
    async with serving() as server, linked(server):
        (login,) = server.actions("Login")
        assert (login["username"], login["secret"], login["events"]) == ("hub", "geheim", "call")


async def test_a_wrong_password_is_a_state_of_its_own() -> None:
    async with serving() as server:
        with pytest.raises(AuthFailed, match="Authentication failed") as caught:
            await open_link(config_for(server, secret="falsch"), SystemClock(), WANTED, "", Heard())
        assert "falsch" not in caught.value.text


async def test_nobody_listening_is_not_ready() -> None:
    async with serving() as server:
        config = config_for(server)
    with pytest.raises(NotReady, match="cannot be reached"):
        await open_link(config, SystemClock(), WANTED, "", Heard())


async def test_a_pbx_that_never_answers_the_log_in_is_not_ready() -> None:
    async with serving(Script(silent={"Login"})) as server:
        with pytest.raises(NotReady, match="did not answer the log-in"):
            await open_link(config_for(server), SystemClock(), WANTED, "", Heard())


async def test_something_else_at_the_port_is_named_by_what_it_said() -> None:
    async with serving(Script(banner=b"HTTP/1.1 400 Bad Request\r\n", silent={"Login"})) as server:
        with pytest.raises(NotReady, match=r"HTTP/1\.1 400"):
            await open_link(config_for(server), SystemClock(), WANTED, "", Heard())


async def test_a_foreign_success_during_log_in_is_accepted() -> None:
    async with serving(Script(login_id="lab-1")) as server, linked(server) as (link, _):
        assert not link.closed.done()


async def test_a_pbx_without_a_banner_is_logged_in_to() -> None:
    async with serving(Script(banner=b"")) as server, linked(server) as (link, _):
        assert not link.closed.done()


async def test_a_foreign_answer_changes_nothing() -> None:
    async with serving() as server, linked(server) as (link, heard):
        server.session.send(frame("Response: Error", ActionID="lab-18", Message="No"))
        server.session.send(frame("Response: Success", ActionID="c2c-1"))
        server.session.send(frame("Event: ParkedCall", ActionID="lab-10", ParkeeUniqueid="9.9"))
        server.session.send(frame("Event: Hangup", Uniqueid="1.1"))
        await until(lambda: "Hangup" in heard.names)
        assert "ParkedCall" not in heard.names
        assert link.strays == 2


async def test_an_action_gets_its_own_answer_and_is_forgotten() -> None:
    async with serving() as server, linked(server) as (link, _):
        core, settings = await asyncio.gather(
            link.ask(Action("CoreStatus")), link.ask(Action("CoreSettings"))
        )
        assert core.response is not None
        assert settings.response is not None
        assert core.response.get("CoreStartupTime") == "08:00:00"
        assert settings.response.get("AsteriskVersion") == "22.10.1"
        assert link.waiting == 0
        assert link.framer.watch is None


async def test_ten_thousand_finished_actions_leave_nothing_behind() -> None:
    async with serving() as server, linked(server) as (link, _):
        for _ in range(100):
            await asyncio.gather(*(link.ask(Action("Ping")) for _ in range(100)))
        assert link.waiting == 0


async def test_a_list_is_whole_and_does_not_reach_the_tracker() -> None:
    script = Script(channels=[channel("PJSIP/101-1", "1.1"), channel("PJSIP/102-1", "1.2")])
    async with serving(script) as server, linked(server) as (link, heard):
        answer = await link.ask(CHANNELS)
        assert answer.kind == "done"
        assert [row.get("Uniqueid") for row in answer.rows] == ["1.1", "1.2"]
        assert "CoreShowChannel" not in heard.names


async def test_a_list_that_misses_a_row_is_not_believed() -> None:
    script = Script(channels=[channel("PJSIP/101-1", "1.1")], drop_row_of="CoreShowChannels")
    async with serving(script) as server, linked(server) as (link, _):
        answer = await link.ask(CHANNELS)
        assert (answer.kind, answer.text) == ("unknown", "0 of 1 rows came")


async def test_a_list_without_rows_is_empty_although_it_is_said_as_an_error() -> None:
    async with serving() as server, linked(server) as (link, _):
        assert (await link.ask(CONTACTS)).kind == "empty"


async def test_a_refused_list_is_no_empty_list() -> None:
    async with serving(Script(refused={"CoreShowChannels"})) as server, linked(server) as (link, _):
        answer = await link.ask(CHANNELS)
        assert (answer.kind, answer.text) == ("refused", "Permission denied")


async def test_an_unknown_command_ends_as_refused() -> None:
    async with serving() as server, linked(server) as (link, _):
        assert (await link.ask(Action("NoSuchAction"))).kind == "refused"


async def test_a_list_without_end_is_given_up() -> None:
    script = Script(before_list={"CoreShowChannels": b""}, silent={"CoreShowChannels"})
    async with serving(script) as server, linked(server) as (link, _):
        asking = asyncio.create_task(link.ask(CHANNELS, 2.0))
        await until(lambda: server.actions("CoreShowChannels"))
        action_id = server.actions("CoreShowChannels")[0]["actionid"]
        for _ in range(60):
            server.session.send(frame("Event: CoreShowChannel", ActionID=action_id, Uniqueid="1.1"))
        assert (await asking).text == "the list does not end"


async def test_silence_ends_as_unknown_and_a_late_answer_is_nobodys() -> None:
    async with serving(Script(silent={"CoreStatus"})) as server, linked(server) as (link, _):
        answer = await link.ask(Action("CoreStatus"), 0.05)
        assert answer.kind == "unknown"
        action_id = server.actions("CoreStatus")[0]["actionid"]
        server.session.send(frame("Response: Success", ActionID=action_id))
        await until(lambda: link.strays == 1)


@pytest.mark.fault("F15")
async def test_an_order_whose_answer_is_lost_with_the_line_is_unknown_and_sent_once() -> None:
    order = actions.originate("PJSIP/101", number="380671112233", context="internal")
    async with serving(Script(silent={"Originate"})) as server:
        async with linked(server) as (link, _):
            ordering = asyncio.create_task(link.ask(order, 2.0))
            await until(lambda: server.actions("Originate"))
            server.session.reset()
            assert isinstance(outcome_of(await ordering), Unknown)
            assert isinstance(outcome_of(await link.ask(order)), Unknown)
        async with linked(server):
            await asyncio.sleep(0.05)
        assert len(server.actions("Originate")) == 1


async def test_an_order_is_sent_or_refused() -> None:
    order = actions.originate("PJSIP/101", number="105", context="internal", channel_id="hub-1")
    async with serving() as server, linked(server) as (link, _):
        assert isinstance(outcome_of(await link.ask(order)), Sent)
        server.script.refused = {"Originate"}
        assert outcome_of(await link.ask(order)) == Refused("Permission denied")


async def test_a_dead_line_is_noticed_although_nobody_closes_it() -> None:
    async with serving() as server, linked(server) as (link, _):
        began = time.monotonic()
        server.session.swallow()
        reason = await asyncio.wait_for(link.closed, within(2))
        assert "no sign of life" in reason
        assert time.monotonic() - began < within(QUICK.ping_interval + QUICK.ping_deadline + 0.25)


def test_the_usual_waits_notice_a_dead_line_within_ten_seconds() -> None:
    usual = AmiWaits()
    assert usual.ping_interval + usual.ping_deadline < 10


async def test_a_quiet_line_lives_by_its_pings() -> None:
    async with serving() as server, linked(server) as (link, _):
        await asyncio.sleep(0.7)
        assert not link.closed.done()
        assert len(server.actions("Ping")) >= 3


async def test_an_error_as_the_answer_to_a_ping_is_life() -> None:
    async with serving(Script(refused={"Ping"})) as server, linked(server) as (link, _):
        await asyncio.sleep(0.7)
        assert not link.closed.done()


async def test_any_data_is_life_for_a_pbx_that_ignores_pings() -> None:
    async with serving(Script(silent={"Ping"})) as server, linked(server) as (link, _):
        for _ in range(14):
            server.session.send(frame("Event: Hangup", Uniqueid="1.1"))
            await asyncio.sleep(0.05)
        assert not link.closed.done()


@pytest.mark.parametrize("how", ["cut", "reset"])
async def test_a_closed_line_is_noticed_at_once(how: str) -> None:
    async with serving() as server, linked(server) as (link, _):
        getattr(server.session, how)()
        assert "closed the line" in await asyncio.wait_for(link.closed, within(0.5))


async def test_closing_in_a_black_hole_takes_no_longer_than_its_wait() -> None:
    async with serving() as server:
        async with linked(server) as (link, _):
            server.session.swallow()
            server.script.silent = {"Logoff"}
            began = time.monotonic()
        assert time.monotonic() - began < within(QUICK.close + 0.3)
        assert link.closed.done()


@pytest.mark.parametrize("text", ["a\r\nAction: Command", "a\nb", "a\rb", "a\0b"])
def test_no_text_can_add_a_header(text: str) -> None:
    with pytest.raises(UnsafeText):
        Action("Originate", (("CallerID", text),)).frame("1")
    with pytest.raises(UnsafeText):
        Action("Originate", ((text, "x"),)).frame("1")
    with pytest.raises(UnsafeText):
        Action(text).frame("1")
    with pytest.raises(UnsafeText):
        Action("Ping").frame(text)


@pytest.mark.parametrize(
    "target",
    ["PJSIP/101&PJSIP/trunk/3809", "PJSIP/101,30", "PJSIP/101|x", "PJSIP/", "PJSIP/${EXTEN}", "", "101",
     "PJSIP/101\r\nAction: Command", "PJSIP/101 ", "Console/dsp", "PJSIP/a/b/c"],
)  # fmt: skip
def test_no_text_can_dial_a_second_target(target: str) -> None:
    with pytest.raises(UnsafeText):
        actions.originate(target, number="100", context="internal")


@pytest.mark.parametrize("number", ["", "12&34", "12,34", "12|34", "abc", "+", "1" * 33, "12\r\n", "0\n"])
def test_a_number_is_what_the_keys_of_a_phone_can_dial(number: str) -> None:
    with pytest.raises(UnsafeText):
        actions.originate("PJSIP/101", number=number, context="internal")
    with pytest.raises(UnsafeText):
        actions.redirect("PJSIP/101-00000001", number=number, context="internal")


def test_a_channel_pattern_is_no_channel() -> None:
    with pytest.raises(UnsafeText):
        actions.hang_up("/^PJSIP.*/")


def test_orders_are_written_as_asterisk_reads_them() -> None:
    frames = [
        actions.originate(
            "Local/101@from-internal/n", number="+380671112233", context="from-internal",
            caller_id='"Олена" <100>', channel_id="hub-7", variables={"__CARD": "7"},
        ),
        actions.redirect("PJSIP/101-00000001", number="105", context="internal"),
        actions.park("PJSIP/trunk-00000001", announce="PJSIP/101-00000002"),
        actions.attended_transfer("PJSIP/101-00000001", number="105", context="internal"),
        actions.blind_transfer("Local/101@q-00000001;2", number="105", context="internal"),
        actions.hang_up("PJSIP/101-00000001"),
    ]  # fmt: skip
    written = [order.frame("7").decode() for order in frames]
    assert written[0] == (
        "Action: Originate\r\nActionID: 7\r\nChannel: Local/101@from-internal/n\r\nExten: +380671112233\r\n"
        "Context: from-internal\r\nPriority: 1\r\nTimeout: 30000\r\nAsync: true\r\n"
        'CallerID: "Олена" <100>\r\nChannelId: hub-7\r\nVariable: __CARD=7\r\n\r\n'
    )
    assert [text.split("\r\n")[0] for text in written[1:]] == [
        "Action: Redirect", "Action: Park", "Action: Atxfer", "Action: BlindTransfer", "Action: Hangup",
    ]  # fmt: skip


def test_the_secret_is_in_no_text_of_the_settings() -> None:
    config = AmiConfig(host="pbx", username="hub", secret="geheim")
    assert "geheim" not in repr(config)


async def test_the_transport_need_not_be_of_a_class_of_asyncio() -> None:
    class Foreign:
        """As uvloop's: it has the methods, and no class in common."""

        written = b""

        def write(self, data: bytes) -> None:
            self.written += data

        def close(self) -> None:
            self.written += b"closed"

        abort = close

    async with serving() as server:
        link, transport = AmiLink(config_for(server), SystemClock(), WANTED, Heard()), Foreign()
        link.connection_made(transport)
        await link.close()
    assert b"Action: Logoff" in transport.written
