"""Fetches the files of what people wrote: asked for with no transaction open, bounded, sniffed, stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.errors import Unavailable
from hub.kernel.context import WorkerContext
from hub.modules.messaging import store
from hub.modules.messaging.channels import receivers
from hub.modules.messaging.service_files import FileService, Wanted
from hub.ports.errors import ConnectorError, PermanentError, TransientError
from hub.ports.messaging import MessageSender, Refused

_AT_ONCE = 4
_MEGABYTE = 1_000_000


async def fetch(ctx: WorkerContext) -> None:
    """The worker: until it is cancelled. Without a channel it does nothing."""
    if not ctx.deps.senders:
        return
    fetcher = Fetcher(ctx)
    while True:
        found = await fetcher.step()
        if not found:
            await asyncio.sleep(ctx.deps.settings.messaging.poll)


@dataclass(slots=True)
class Fetcher:
    """One process's fetcher."""

    ctx: WorkerContext

    async def step(self) -> int:
        """Fetch what is due. How many there were."""
        every = receivers(self.ctx.deps.senders)
        up = {name: sender for name, sender in every.items() if sender.takes_messages}
        async with self.ctx.transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
            if not up or not await FileService(uow, self.ctx.deps).is_wanted(up):
                return 0
        async with self._writing() as files:
            wanted = await files.wanted(up, _AT_ONCE)
        await asyncio.gather(*(self._fetch(one, up[one.channel]) for one in wanted))
        return len(wanted)

    async def _fetch(self, one: Wanted, sender: MessageSender) -> None:
        folder = Path(self.ctx.deps.settings.messaging.files)
        try:
            data = await self._read(one, sender)
            stored = await asyncio.to_thread(store.write, folder, one.id, data)
            async with self._writing() as files:
                is_kept = await files.fetched(one.id, stored)
            if not is_kept:
                await asyncio.to_thread(store.remove, folder, (stored.path,))
        except (Refused, PermanentError) as fault:
            self.ctx.log.warning("a file of a message is gone", file=one.id, said=fault.text)
            async with self._writing() as files:
                await files.gone(one.id)
        except (ConnectorError, OSError) as fault:
            self.ctx.log.warning("a file of a message cannot be fetched yet", file=one.id, said=str(fault))
            async with self._writing() as files:
                await files.not_yet(one.id, fault.retry_after if isinstance(fault, TransientError) else 0.0)
        except Unavailable as fault:
            self.ctx.log.warning("a file of a message waits for the database", file=one.id, code=fault.code)

    async def _read(self, one: Wanted, sender: MessageSender) -> bytes:
        most = self.ctx.deps.settings.messaging.largest_file_mb * _MEGABYTE
        data = bytearray()
        chunks = sender.fetch(one.channel, one.ref)
        async with aclosing(chunks) as reading:
            async for chunk in reading:
                data += chunk
                if len(data) > most:
                    raise Refused("The file is too large.")
        return bytes(data)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[FileService]:
        async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
            yield FileService(uow, self.ctx.deps)
