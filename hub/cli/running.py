"""`run` and `migrate`."""

from __future__ import annotations

from hub.settings import Settings


async def run(settings: Settings) -> None:
    """Run the hub until SIGTERM or Ctrl-C; say where it answers."""
    from hub.main import serve

    await serve(settings, lambda port: print(f"Pitline answers on {address(settings, port)}", flush=True))


async def migrate(settings: Settings) -> str:
    """Bring the database to the schema of this version; tells which that is."""
    from hub.main import opened

    async with opened(settings) as installation:
        report = await installation.system.report()
    return f"The database has the schema {report.schema_version}."


def address(settings: Settings, port: int) -> str:
    """Where a browser finds it."""
    if settings.server.public_url:
        return settings.server.public_url
    host = settings.server.host
    shown = "127.0.0.1" if host in ("0.0.0.0", "") else "[::1]" if host == "::" else host  # noqa: S104 - compared only
    return f"http://{shown}:{port}"
