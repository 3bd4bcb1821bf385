"""What is wrong with a PBX's settings, in words for whoever looks after it.

Write rights are told by the PBX (`ListCommands` lists what we may do). Read rights are not told by
anything: they are judged by what came, so some lines ask for a test call first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from connectors.ami.actions import Action, Answer
from connectors.ami.identity import Pbx
from connectors.ami.link import AmiLink
from connectors.ami.message import Message
from hub.ports.errors import NotReady, TransientError
from hub.ports.telephony import Endpoint, Finding

ENDPOINTS = Action("PJSIPShowEndpoints", complete="EndpointListComplete")
# Wants no more than `reporting`, where the list of endpoints wants `system`.
DEVICES = Action("DeviceStateList", complete="DeviceStateListComplete")
_ENDPOINT_DEVICES = ("PJSIP/", "SIP/", "IAX2/")
READ_RIGHTS = "read = system,call,agent,user,dtmf,dialplan"
WRITE_RIGHTS = "write = call,originate,reporting,agent,user"
_OLDEST = 16
_HOME = "In manager.conf of the PBX"


@dataclass(frozen=True, slots=True)
class _Need:
    """An action that we may need, and what is lost without it."""

    action: str
    right: str
    loss: str


BLIND = "its AMI user may not list calls: add `call` or `reporting` to write="
"""Said on /system; what follows from it the check-up says."""

_LIST = _Need(
    "Status",
    "call",
    "after an interrupted line Pitline cannot ask which calls ended meanwhile, and closes those of which it"
    " hears nothing as unknown: a ringing one after 3 minutes, a talk after an hour",
)
_RESTART = _Need("CoreStatus", "reporting", "a restart of the PBX cannot be told from an interrupted line")
_NEEDS = (
    _Need("CoreStatus", "reporting", "a restart of the PBX is recognised less exactly"),
    _Need("Originate", "originate", "nobody can call by a click, or listen in"),
    _Need("Redirect", "call", "calls cannot be hung up, put through or parked from the screen"),
    _Need("QueuePause", "agent", "nobody can be taken out of a queue for a while from the screen"),
    _Need("MixMonitorMute", "call", "a recording cannot be paused while a card number is said"),
    _Need("StopMixMonitor", "call", "a recording cannot be stopped when the caller does not want it"),
)
_RECORD = _Need("MixMonitor", "system", "HUB_AMI__RECORD is set, and yet no call is recorded by our order")

_TOO_WIDE = (
    ("Command", "command", "whoever knows this password can run any command on the PBX"),
    ("ModuleLoad", "system", "whoever knows this password can load and change parts of the PBX"),
    ("UpdateConfig", "config", "whoever knows this password can rewrite the settings of the PBX"),
)


@dataclass(frozen=True, slots=True)
class _Sign:
    """Events of which at least one comes with nearly every call, and what is lost without them."""

    event: str
    loss: str
    hint: str


_SIGNS = (
    _Sign("Newexten", "a voicemail looks like a missed call", "the read right `dialplan`"),
    _Sign("VarSet", "recordings are found by their file names only", "the read right `dialplan`"),
    _Sign("HangupRequest", "it is not known who hung up", "the read right `call`"),
    _Sign("NewConnectedLine", "names of the other side may be missing", "the read right `call`"),
    _Sign("DialBegin", "it is not known which phones rang", "the read right `call`"),
)


async def endpoints_of(link: AmiLink, trunks: Sequence[str]) -> tuple[Endpoint, ...]:
    """The endpoints, by name. Raises NotReady or TransientError where the PBX does not say."""
    answer = await link.ask(ENDPOINTS)
    if answer.kind == "refused":
        answer = await link.ask(DEVICES)
    if answer.kind == "refused":
        raise TransientError(f"The PBX does not list its endpoints: {answer.text}")
    if answer.kind == "unknown":
        raise NotReady(f"The PBX did not list its endpoints: {answer.text}")
    states = dict(pair for row in answer.rows if (pair := _endpoint(row)) is not None)
    return tuple(
        Endpoint(name=name, state=state, is_trunk=is_trunk(name, trunks))
        for name, state in sorted(states.items())
    )


def _endpoint(row: Message) -> tuple[str, str] | None:
    """Name and state, from a row of either list."""
    if row.get("ObjectName"):
        return row.get("ObjectName"), row.get("DeviceState")
    technology, _, name = row.get("Device").partition("/")
    is_endpoint = f"{technology}/" in _ENDPOINT_DEVICES and bool(name)
    return (name, row.get("State").replace("_", " ").capitalize()) if is_endpoint else None


def is_trunk(name: str, trunks: Sequence[str]) -> bool:
    """Whether an endpoint is an outside line by the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in trunks)


def not_connected(error: Exception, address: str, *, is_refused: bool) -> list[Finding]:
    """The findings when there is no session at all."""
    if is_refused:
        hint = f"{_HOME}: a section with the user's name, its secret, and our address in permit=."
        return [Finding(level="problem", text=str(error), hint=hint)]
    hint = f"{_HOME}: enabled = yes, bindaddr and port as {address}; then a firewall between us."
    return [Finding(level="problem", text=str(error), hint=hint)]


async def examine_link(
    link: AmiLink, pbx: Pbx, trunks: Sequence[str], names_seen: frozenset[str], record: Sequence[str] = ()
) -> list[Finding]:
    """Everything that can be found out over a session, in the order in which it matters. `record`: what is
    recorded by our own order (HUB_AMI__RECORD)."""
    findings = [_version(pbx), _booted(link)]
    commands = await link.ask(Action("ListCommands"))
    findings += _rights(commands, is_booted=link.fully_booted.is_set(), records=bool(record))
    findings.append(await _clock_of_events(link))
    findings += _events(names_seen)
    findings += await _lines(link, trunks)
    return findings


def _version(pbx: Pbx) -> Finding:
    main, _ = pbx.number
    if not pbx.version:
        return Finding(
            level="warning",
            text="The PBX does not say which version it is.",
            hint=f"{_HOME}: {WRITE_RIGHTS}",
        )
    if 1 < main < _OLDEST:
        return Finding(
            level="warning",
            text=f"Asterisk {pbx.version} is older than what Pitline is tested with.",
            hint="Calls may be followed incompletely; Asterisk 18 or newer is better.",
        )
    return Finding(level="ok", text=f"Logged in. The PBX is {pbx.version}.")


def _booted(link: AmiLink) -> Finding:
    if link.fully_booted.is_set():
        return Finding(level="ok", text="The PBX says that it is fully booted.")
    return Finding(
        level="warning",
        text="The PBX did not say that it is fully booted, so after every log-in Pitline waits before it"
        " compares calls.",
        hint=f"{_HOME}: {READ_RIGHTS} (the class `system` is missing), unless the PBX is just starting.",
    )


def _needs(allowed: Collection[str], *, is_booted: bool, records: bool) -> list[_Need]:
    wanted = (*_NEEDS, _RECORD) if records else _NEEDS
    needs = [need for need in wanted if need.action.lower() not in allowed]
    if not {"coreshowchannels", "status"} & set(allowed):
        needs.insert(0, _LIST)
    return needs if is_booted else [_RESTART if need.action == _RESTART.action else need for need in needs]


def _rights(commands: Answer, *, is_booted: bool, records: bool = False) -> list[Finding]:
    if commands.response is None or not commands.is_told:
        return [
            Finding(
                level="warning",
                text=f"The PBX does not say what we may do: {commands.text}.",
                hint=f"{_HOME}: {WRITE_RIGHTS}",
            )
        ]
    allowed = commands.response.headers()
    findings = [
        Finding(
            level="warning",
            text=f"{need.action} is not allowed: {need.loss}.",
            hint=f"{_HOME}: add `{need.right}` to write=.",
        )
        for need in _needs(allowed, is_booted=is_booted, records=records)
    ]
    findings += [
        Finding(
            level="warning",
            text=f"The user may do too much ({action}): {danger}.",
            hint=f"{_HOME}: take `{right}` out of write=. Pitline does not need it.",
        )
        for action, right, danger in _TOO_WIDE
        if action.lower() in allowed and not (records and right == _RECORD.right)
    ]
    return findings or [Finding(level="ok", text="The user may do what Pitline needs, and no more.")]


async def _clock_of_events(link: AmiLink) -> Finding:
    """A harmless event of our own comes back as any other: with a Timestamp, or without."""
    answer = await link.ask(Action("UserEvent", (("UserEvent", "PitlineDoctor"),), complete="UserEvent"))
    if answer.kind == "refused":
        return Finding(
            level="warning",
            text="Whether events carry the PBX's time could not be tried.",
            hint=f"{_HOME}: timestampevents = yes, and `user` in write=.",
        )
    if answer.kind == "unknown":
        return Finding(
            level="warning",
            text="An event that the dialplan sends (UserEvent) does not reach us: a voicemail may look like"
            " a missed call.",
            hint=f"{_HOME}: {READ_RIGHTS} (the class `user` is missing).",
        )
    return _timestamp(answer.last)


def _timestamp(event: Message | None) -> Finding:
    if event is not None and event.get("Timestamp"):
        return Finding(level="ok", text="Events carry the PBX's own time.")
    return Finding(
        level="warning",
        text="Events carry no time, so calls are timed by their arrival here.",
        hint=f"{_HOME}, [general]: timestampevents = yes",
    )


def _events(names_seen: frozenset[str]) -> list[Finding]:
    if "Hangup" not in names_seen:
        return [
            Finding(
                level="warning",
                text="No call has been seen yet, so it is not known whether all events reach us.",
                hint=f"Make a test call, then look here again. {_HOME}: {READ_RIGHTS}",
            )
        ]
    missing = [
        Finding(
            level="warning",
            text=f"No {sign.event} event came with the calls so far: {sign.loss}.",
            hint=f"{_HOME}: {sign.hint}, and no eventfilter that hides {sign.event}.",
        )
        for sign in _SIGNS
        if sign.event not in names_seen
    ]
    return missing or [Finding(level="ok", text="The events that calls are followed by arrive.")]


async def _lines(link: AmiLink, trunks: Sequence[str]) -> list[Finding]:
    patterns = ", ".join(trunks) or "none"
    try:
        endpoints = await endpoints_of(link, trunks)
    except (NotReady, TransientError) as error:
        hint = f"{_HOME}: `reporting` in write=; the PBX must use PJSIP."
        return [Finding(level="warning", text=f"{error.text}.", hint=hint)]
    outside = [endpoint.name for endpoint in endpoints if endpoint.is_trunk]
    names = ", ".join(endpoint.name for endpoint in endpoints)
    if not endpoints:
        return [Finding(level="problem", text="The PBX has no endpoints.", hint="Add phones and a trunk.")]
    if not outside:
        hint = f"The endpoints are {names}. Tell in the settings which of them are outside lines."
        text = f"No endpoint is an outside line by the patterns {patterns}: every call would look internal."
        return [Finding(level="problem", text=text, hint=hint)]
    if len(outside) == len(endpoints):
        hint = f"The endpoints are {names}. Tell in the settings which of them are outside lines."
        text = f"Every endpoint is an outside line by the patterns {patterns}: no phone would be ours."
        return [Finding(level="problem", text=text, hint=hint)]
    text = f"{len(endpoints)} endpoints, outside lines: {', '.join(outside)}."
    return [Finding(level="ok", text=text, hint=f"All endpoints: {names}.")]
