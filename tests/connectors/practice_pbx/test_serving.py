"""The practice exchange over TCP: log-in, questions, orders, filters, calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from connectors.practice_pbx.connector import USERNAME, PracticeConfig, PracticePbx
from hub.clock import SystemClock
from hub.errors import Unavailable
from tests.connectors.contract import stops_in_time
from tests.patience import within

Frame = list[tuple[str, str]]


class NoIntake:
    """The exchange must never bring a fact itself."""

    async def accept(self, arrivals: object) -> None:
        raise AssertionError(f"the practice exchange brought {arrivals!r}")


class SeenStatus:
    """What the exchange said of itself."""

    def __init__(self) -> None:
        self.states: list[str] = []

    def report(self, state: str, text: str, **details: str) -> None:
        self.states.append(state)


class Client:
    """A plain AMI client: sends actions, keeps every frame that comes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.frames: list[Frame] = []
        self.banner = b""

    async def log_in(self, secret: str, **headers: str) -> None:
        self.banner = await self._reader.readline()
        self.send("Login", Username=USERNAME, Secret=secret, **headers)

    def send(self, action: str, **headers: str) -> None:
        lines = [f"Action: {action}", *(f"{name}: {value}" for name, value in headers.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def until(self, wanted: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """Read on until a frame of this kind comes, and give it."""
        async with asyncio.timeout(within(10)):
            while True:
                raw = (await self._reader.readuntil(b"\r\n\r\n")).decode()
                pairs = [line.partition(": ") for line in raw.strip("\r\n").split("\r\n")]
                self.frames.append([(name, value) for name, _, value in pairs])
                if wanted(frame := dict(reversed(self.frames[-1]))):
                    return frame

    async def ask(self, action: str, **headers: str) -> dict[str, str]:
        self.send(action, ActionID=f"t-{action}", **headers)
        return await self.until(lambda f: f.get("ActionID") == f"t-{action}" and "Response" in f)

    async def rows(self, action: str, end: str, **headers: str) -> list[dict[str, str]]:
        await self.ask(action, **headers)
        begun = len(self.frames)
        await self.until(lambda f: f.get("Event") == end)
        own = [dict(frame) for frame in self.frames[begun:-1]]
        return [row for row in own if row.get("ActionID") == f"t-{action}"]

    async def is_closed(self) -> bool:
        async with asyncio.timeout(within(5)):
            while await self._reader.read(4096):
                pass
        return True


@asynccontextmanager
async def _serving(pace: float = 60.0) -> AsyncIterator[PracticePbx]:
    practice = PracticePbx(PracticeConfig(pace=pace, is_quiet=True), SystemClock())
    status = SeenStatus()
    task = asyncio.create_task(practice.run(NoIntake(), status))
    while not status.states:
        await asyncio.sleep(0.001)
    assert status.states == ["ready"]
    try:
        yield practice
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _client(practice: PracticePbx) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", practice.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


@pytest.fixture
async def practice() -> AsyncIterator[PracticePbx]:
    async with _serving() as practice:
        yield practice


@pytest.fixture
async def client(practice: PracticePbx) -> AsyncIterator[Client]:
    async with _client(practice) as client:
        await client.log_in(practice.secret)
        await client.until(lambda frame: frame.get("Event") == "FullyBooted")
        yield client


async def test_login_is_answered_by_banner_success_and_fully_booted(client: Client) -> None:
    assert client.banner == b"Asterisk Call Manager/11.0.0\r\n"
    assert [frame[0] for frame in client.frames] == [("Response", "Success"), ("Event", "FullyBooted")]


async def test_a_wrong_password_is_refused_and_the_session_closed(practice: PracticePbx) -> None:
    async with _client(practice) as client:
        await client.log_in("not the secret")
        frame = await client.until(lambda _: True)
        assert frame == {"Response": "Error", "Message": "Authentication failed"}
        assert await client.is_closed()


async def test_before_the_login_nothing_is_told(practice: PracticePbx) -> None:
    async with _client(practice) as client:
        await client.log_in("", ActionID="x")  # read the banner; this log-in is refused
        await client.is_closed()
    async with _client(practice) as client:
        client.send("CoreShowChannels", ActionID="t-1")
        frame = await client.until(lambda f: "Message" in f)
        assert frame["Message"] == "Permission denied"


async def test_the_answer_to_everything_that_is_like_a_shell_is_no(client: Client) -> None:
    assert (await client.ask("Command", Command="core show version"))["Message"] == "Permission denied"
    unknown = await client.ask("NoSuchAction")
    assert unknown["Message"].startswith("Invalid/unknown command: NoSuchAction.")


async def test_ping_core_and_lists_say_what_is(client: Client) -> None:
    assert (await client.ask("Ping"))["Ping"] == "Pong"
    assert (await client.ask("CoreSettings"))["AsteriskVersion"].startswith("22.")
    assert (await client.ask("CoreStatus"))["CoreCurrentCalls"] == "0"
    endpoints = await client.rows("PJSIPShowEndpoints", "EndpointListComplete")
    assert {"101", "102", "105", "trunk-kyivstar"} <= {row["ObjectName"] for row in endpoints}
    queue = await client.rows("QueueStatus", "QueueStatusComplete")
    assert [row["Event"] for row in queue] == ["QueueParams", *["QueueMember"] * 3]
    assert [row["Name"] for row in queue[1:]] == ["Анна Коваль", "Богдан Мельник", "Ірина Бойко"]
    assert await client.rows("CoreShowChannels", "CoreShowChannelsComplete") == []
    assert await client.rows("ParkedCalls", "ParkedCallsComplete") == []
    assert [r["BridgeType"] for r in await client.rows("BridgeList", "BridgeListComplete")] == ["parking"]


async def test_a_call_that_is_asked_for_rings_and_ends(practice: PracticePbx, client: Client) -> None:
    await practice.play("known_client")
    born = await client.until(lambda f: f.get("Event") == "Newchannel")
    assert born["CallerIDName"] == "Ковальчук Олена"
    await client.until(lambda f: f.get("Event") == "DialBegin" and f["DialString"] == "PJSIP/102")
    channels = await client.rows("CoreShowChannels", "CoreShowChannelsComplete")
    assert len(channels) == 3
    (caller,) = [r for r in await client.rows("Status", "StatusComplete") if r["DNID"]]
    assert caller["DNID"] == "0443001122"
    await client.until(lambda f: f.get("Event") == "Hangup" and f["Uniqueid"] == born["Uniqueid"])
    assert await client.rows("CoreShowChannels", "CoreShowChannelsComplete") == []


async def test_two_clients_hear_the_same_call(practice: PracticePbx, client: Client) -> None:
    async with _client(practice) as second:
        await second.log_in(practice.secret)
        await second.until(lambda f: f.get("Event") == "FullyBooted")
        await practice.play("internal")
        mine = await client.until(lambda f: f.get("Event") == "Newchannel")
        theirs = await second.until(lambda f: f.get("Event") == "Newchannel")
        assert mine == theirs


async def test_a_class_that_is_not_asked_for_stays_away(practice: PracticePbx) -> None:
    async with _client(practice) as client:
        await client.log_in(practice.secret, Events="call")
        await client.until(lambda f: f.get("Response") == "Success")
        await practice.play("short")
        await client.until(lambda f: f.get("Event") == "Hangup" and f["Context"] == "from-trunk")
        events = {dict(frame).get("Event") for frame in client.frames}
        assert "Newchannel" in events
        assert "QueueCallerJoin" not in events


@pytest.mark.parametrize(
    "rule",
    [
        {"MatchCriteria": "action(exclude),name(DialBegin)", "Filter": ""},
        {"Filter": "!Event: DialBegin"},
        {
            "MatchCriteria": "action(exclude),name(DialBegin),header(DialString),method(regex)",
            "Filter": "PJSIP",
        },
    ],
)
async def test_a_filter_keeps_its_events_away(
    practice: PracticePbx, client: Client, rule: dict[str, str]
) -> None:
    assert (await client.ask("Filter", Operation="Add", **rule))["Message"] == "Success"
    await practice.play("short")
    await client.until(lambda f: f.get("Event") == "Hangup" and f["Context"] == "from-trunk")
    events = [dict(frame).get("Event") for frame in client.frames]
    assert "DialEnd" in events
    assert "DialBegin" not in events


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (
            {"Operation": "Add", "Filter": "(("},
            "Filter did not compile.  Check the syntax of the filter given.",
        ),
        (
            {"Operation": "Add", "MatchCriteria": "rubbish(exclude)"},
            "Filter was formatted incorrectly.  Check the syntax of the filter given.",
        ),
        ({"Operation": "Del", "Filter": "x"}, "Unknown operation"),
    ],
)
async def test_a_wrong_filter_is_refused_in_asterisks_words(
    client: Client, headers: dict[str, str], message: str
) -> None:
    assert (await client.ask("Filter", **headers))["Message"] == message


async def test_originate_rings_our_phone_then_the_number(client: Client) -> None:
    queued = await client.ask(
        "Originate", Channel="PJSIP/101", Exten="380671239988", Context="internal", Priority="1",
        Async="true", ChannelId="pitline-7",
    )  # fmt: skip
    assert queued["Message"] == "Originate successfully queued"
    answer = await client.until(lambda f: f.get("Event") == "OriginateResponse")
    assert (answer["Response"], answer["Reason"], answer["Uniqueid"]) == ("Success", "4", "pitline-7")
    assert answer["ActionID"] == "t-Originate"
    far = await client.until(lambda f: f.get("Event") == "DialBegin" and "Channel" in f)
    assert (far["DialString"], far["Linkedid"]) == ("380671239988@trunk-kyivstar", "pitline-7")
    await client.until(lambda f: f.get("Event") == "Hangup" and f["Uniqueid"] == "pitline-7")


async def test_originate_to_a_phone_that_is_not_there_fails_with_reason_0(client: Client) -> None:
    await client.ask("Originate", Channel="PJSIP/999", Exten="101", Context="internal", Priority="1")
    answer = await client.until(lambda f: f.get("Event") == "OriginateResponse")
    assert (answer["Response"], answer["Reason"], answer["Uniqueid"]) == ("Failure", "0", "<unknown>")


async def test_hangup_ends_the_whole_call(practice: PracticePbx, client: Client) -> None:
    await practice.play("known_client")
    lead = await client.until(lambda f: f.get("Event") == "Newchannel")
    await client.until(lambda f: f.get("Event") == "DialBegin")
    assert (await client.ask("Hangup", Channel=lead["Channel"]))["Message"] == "Channel Hungup"
    await client.until(lambda f: f.get("Event") == "Hangup" and f["Uniqueid"] == lead["Uniqueid"])
    assert await client.rows("CoreShowChannels", "CoreShowChannelsComplete") == []
    assert (await client.ask("Hangup", Channel=lead["Channel"]))["Message"] == "No such channel"


async def test_redirect_sends_the_caller_to_another_phone(practice: PracticePbx, client: Client) -> None:
    await practice.play("known_client")
    lead = await client.until(lambda f: f.get("Event") == "Newchannel")
    await client.until(lambda f: f.get("Event") == "BridgeEnter")
    answer = await client.ask(
        "Redirect", Channel=lead["Channel"], Exten="105", Context="internal", Priority="1"
    )
    assert answer["Message"] == "Redirect successful"
    dial = await client.until(lambda f: f.get("Event") == "DialBegin")
    assert (dial["DialString"], dial["Linkedid"]) == ("105", lead["Linkedid"])
    await client.until(lambda f: f.get("Event") == "BridgeEnter" and f["Uniqueid"] == lead["Uniqueid"])
    await client.until(lambda f: f.get("Event") == "Hangup" and f["Uniqueid"] == lead["Uniqueid"])


@pytest.mark.parametrize(
    "rubbish", [b"\r\n\r\n", b"\xff\xfe: \x00\r\n\r\n", b"Action\r\n\r\n", b"A" * 200_000]
)
async def test_rubbish_ends_at_most_its_own_session(practice: PracticePbx, rubbish: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", practice.port)
    writer.write(rubbish)
    await asyncio.sleep(0.05)
    writer.close()
    async with _client(practice) as client:
        await client.log_in(practice.secret)
        assert (await client.ask("Ping"))["Ping"] == "Pong"


async def test_it_plays_the_day_by_itself_unless_it_is_quiet() -> None:
    loud = PracticePbx(PracticeConfig(pace=400.0), SystemClock())
    task = asyncio.create_task(loud.run(NoIntake(), SeenStatus()))
    try:
        async with _client(loud) as client:
            await client.log_in(loud.secret)
            for _ in range(3):
                await client.until(
                    lambda f: f.get("Event") == "Newchannel" and f["Linkedid"] == f["Uniqueid"]
                )
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_second_life_of_the_exchange_takes_the_same_port() -> None:
    practice = PracticePbx(PracticeConfig(is_quiet=True), SystemClock())
    for _ in range(2):
        task = asyncio.create_task(practice.run(NoIntake(), SeenStatus()))
        await asyncio.sleep(0.05)
        async with _client(practice) as client:
            await client.log_in(practice.secret)
            assert (await client.ask("Ping"))["Ping"] == "Pong"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_asking_it_to_ring_while_it_is_down_is_said_plainly() -> None:
    practice = PracticePbx(PracticeConfig(), SystemClock())
    with pytest.raises(Unavailable):
        await practice.play("missed")
    with pytest.raises(KeyError):
        await practice.play("no such call")
    assert {rehearsal.name for rehearsal in practice.rehearsals()} >= {"missed", "parked", "follow_me"}


async def test_it_stops_in_time() -> None:
    exchange = PracticePbx(PracticeConfig(pace=50.0), SystemClock())
    await stops_in_time(exchange, lambda heard: "ready" in dict(heard.states))
