"""`pitline demo`: the demo shop on the practice exchange, with log-ins printed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from hub.cli.demo.people import SHOP_NAME, WORKERS
from hub.cli.running import address
from hub.errors import Invalid
from hub.settings import DatabaseSettings, JournalSettings, RecordingsSettings, Settings

_FOLDER = Path("var/demo")


async def demo(settings: Settings) -> None:
    """Fill an empty database with the sample data, then serve until told to stop."""
    from hub.main import serve

    missing = {"access", "crm", "calls"} & set(settings.modules.off)
    if missing:
        raise Invalid(
            "demo.module_off", f"The demo shop needs {', '.join(sorted(missing))}, which is switched off.",
            "Take it out of HUB_MODULES__OFF.",
        )  # fmt: skip
    shop = demo_settings(settings)
    password = demo_password(_FOLDER / "password")
    await _fill(shop, password)
    await serve(shop, lambda port: print(welcome(address(shop, port), password), flush=True))


def demo_settings(settings: Settings) -> Settings:
    """The settings with the demo's own places, so that it never touches a real shop's data, and the
    practice exchange on. What somebody has set stays."""
    default = Settings()
    database, journal, recordings = settings.database, settings.journal, settings.recordings
    if database == default.database:
        database = DatabaseSettings(url=f"sqlite+aiosqlite:///{_FOLDER}/pitline.db")
    if journal == default.journal:
        journal = JournalSettings(folder=str(_FOLDER / "journal"))
    if settings.backup == default.backup:
        settings = replace(settings, backup=replace(settings.backup, folder=str(_FOLDER / "backups")))
    if recordings == default.recordings:
        recordings = RecordingsSettings(
            spool=str(_FOLDER / "spool"), store=str(_FOLDER / "recordings"), rest_seconds=2.0
        )
    server = settings.server
    if not server.public_url and server.port:
        server = replace(server, public_url=address(settings, server.port))
    return replace(
        settings, server=server, database=database, journal=journal, recordings=recordings,
        shop=replace(settings.shop, name=settings.shop.name or SHOP_NAME),
        practice=replace(settings.practice, enabled=True),
    )  # fmt: skip


def demo_password(path: Path) -> str:
    """The one password of all demo people: made at the first start, kept where only we can read it."""
    from hub.modules.access.api import new_password

    if path.is_file():
        return path.read_text(encoding="ascii").strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    password = new_password()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password + "\n")
    return password


def welcome(url: str, password: str) -> str:
    """What a person reads when the demo stands."""
    rows = [(w.login, w.name, w.role, ", ".join(w.extensions)) for w in WORKERS]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    table = "\n".join("  " + "  ".join(f"{cell:<{widths[i]}}" for i, cell in enumerate(row)) for row in rows)
    return (
        f"\nThe demo shop answers on {url}\n\n"
        f"Sign in as any of them, with the password {password}\n\n{table}\n\n"
        "The practice exchange rings every minute or so; /system makes it ring at once. Ctrl-C stops.\n"
        "Commands speak of this shop with --demo: pitline --demo doctor\n"
    )


async def _fill(settings: Settings, password: str) -> None:
    """The sample data goes in through a hub that runs without any PBX: its handlers write the past
    calls, as they would have written them then."""
    from hub.cli.demo.filling import fill, is_filled
    from hub.main import build, opened

    async with opened(settings) as installation:
        if await is_filled(installation):
            return
    print("The demo shop is being set up ...", flush=True)
    alone = replace(settings, practice=replace(settings.practice, enabled=False))
    hub = build(replace(alone, ami=replace(settings.ami, host="")))
    try:
        await hub.start()
        await fill(hub.installation, password)
    finally:
        await hub.stop()
