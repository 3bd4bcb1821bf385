"""`doctor`: what is wrong, in words, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from hub.errors import HubError, Invalid
from hub.ports.telephony import Finding
from hub.reading import masked
from hub.settings import Settings

_SIGNS = {"ok": "ok      ", "warning": "warning ", "problem": "PROBLEM "}


async def doctor(settings: Settings, subject: str | None, anchors: Sequence[str] = ()) -> bool:
    """Examine one part, or all; whether nothing is a problem. Raises Invalid for an anchor that is none."""
    good = True
    if subject in (None, "config"):
        _show_config(settings)
    if subject is None:
        good = _show("The database", await _database(settings)) and good
    if subject is None:
        good = _show("Sealed secrets", await _sealing(settings)) and good
    if subject in (None, "audit"):
        good = _show("The audit log", await _audit(settings, anchors)) and good
    if subject in (None, "ami"):
        good = _show("The line to the PBX", await _ami(settings)) and good
    if subject in (None, "messages"):
        good = _show("Messages", await _messages(settings)) and good
    return good


def _show_config(settings: Settings) -> None:
    print("The settings (secrets are masked):")
    rows = list(masked(settings))
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")


def _show(title: str, findings: Sequence[Finding]) -> bool:
    print(f"{title}:")
    for finding in findings:
        print(f"  {_SIGNS.get(finding.level, finding.level)}{finding.text}")
        if finding.hint:
            print(f"          {finding.hint}")
    return all(finding.level != "problem" for finding in findings)


async def _database(settings: Settings) -> list[Finding]:
    from hub.main import opened

    try:
        async with opened(settings) as hub:
            report = await hub.system.report()
    except HubError as error:
        return [Finding(level="problem", text=error.text, hint=error.hint)]
    level = "ok" if report.database_ok else "problem"
    findings = [Finding(level=level, text=f"{report.database_text} Schema {report.schema_version}.")]
    if report.dead_deliveries:
        text = f"{report.dead_deliveries} deliveries were given up."
        findings.append(Finding(level="warning", text=text, hint="Open /system and look at them."))
    return findings


async def _sealing(settings: Settings) -> list[Finding]:
    from hub.main import opened

    try:
        async with opened(settings) as hub:
            state = await hub.sealing.state()
    except HubError as error:
        return [Finding(level="problem", text=error.text, hint=error.hint)]
    found = []
    if state.locked:
        text = f"The key of {state.locked} secrets is not in {state.where}."
        hint = "Put it there. If it is lost for good: pitline seal reset --lost"
        found.append(Finding(level="problem", text=text, hint=hint))
    if state.is_open_to_others:
        text = f"Other users of this computer can read {state.where}."
        found.append(Finding(level="warning", text=text, hint=f"chmod 600 {state.where}"))
    if state.older > state.locked:
        text = f"A former key has sealed {state.older - state.locked} secrets."
        found.append(Finding(level="warning", text=text, hint="pitline seal rotate seals them anew."))
    hint = "Keep a copy apart from the backups: nothing else opens them."
    text = f"{sum(state.counts.values())} secrets, sealed with the key {state.current} in {state.where}."
    return [*found, Finding(level="ok", text=text, hint=hint)]


async def _audit(settings: Settings, noted: Sequence[str]) -> list[Finding]:
    from hub.main import opened
    from hub.modules.access.api import AccessApi, Anchor

    anchors: list[Anchor] = []
    for text in noted:
        anchor = Anchor.parse(text)
        if anchor is None:
            raise Invalid("doctor.anchor", f"{text} is no anchor.", "Copy it from the log: number:hash.")
        anchors.append(anchor)
    try:
        async with (
            opened(settings) as hub,
            hub.transactions.reading(actor=None, shop_id=hub.default_shop) as uow,
        ):
            verdict = await AccessApi(uow, hub.deps).audit.verify(anchors)
    except HubError as error:
        return [Finding(level="problem", text=error.text, hint=error.hint)]
    if verdict.fault is None:
        return [
            Finding(level="ok", text=f"{verdict.count} entries, each as it was written. End: {verdict.last}")
        ]
    hint = (
        f"{verdict.count} entries before it are as they were written. Somebody changed the database past "
        "Pitline: keep a copy of it as it is, and compare with a backup."
    )
    return [Finding(level="problem", text=verdict.fault, hint=hint)]


async def _ami(settings: Settings) -> list[Finding]:
    if not settings.ami.host and settings.practice.enabled:
        text = "The practice exchange lives inside of the hub: while that runs, /system says how it is."
        return [Finding(level="ok", text=text)]
    if not settings.ami.host:
        hint = "Set HUB_AMI__HOST, HUB_AMI__USERNAME and HUB_AMI__SECRET, or ami.* in config/hub.toml."
        return [Finding(level="problem", text="No PBX is named, so no call can be followed.", hint=hint)]
    from hub.main import build

    link = build(settings).installation.deps.telephony
    if link is None:
        return [Finding(level="problem", text="The AMI connector is switched off.")]
    return list(await link.examine())


async def _messages(settings: Settings) -> list[Finding]:
    from hub.main import build
    from hub.ports.messaging import ExaminesItself

    try:
        senders = build(settings).installation.deps.senders
    except HubError as error:
        return [Finding(level="problem", text=error.text, hint=error.hint)]
    found: list[Finding] = []
    for sender in senders:
        if isinstance(sender, ExaminesItself):
            found += await sender.examine()
        else:
            names = ", ".join(sender.channels())
            found.append(
                Finding(level="ok", text=f"{names} is set up; while the hub runs, /system says how it is.")
            )
    return found or [Finding(level="ok", text="No channel for messages is set up.")]
