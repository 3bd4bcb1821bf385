"""Four hub processes on one PostgreSQL and one Redis."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.faults.ledger import Row
from tests.faults.shop_pbx import ShopPbx
from tests.flows.black_hole import Cable
from tests.flows.hub_process import HubProcess
from tests.flows.several import Judge, holding, several
from tests.postgres import TemporaryPostgres
from tests.redis_server import TemporaryRedis, temporary_redis
from tests.soak.stage import AWAY, Deed, Stage

PROCESSES = 4
TAKE_OVER = 5.0
_NAME = "shop"
_SERVER_AWAY, _REDIS_AWAY = 10.0, 10.0
_LAST_RETRY = 180.0


class Together(Stage):
    """Any of them may die, the one that holds the line to the PBX too, and what they share."""

    def __init__(
        self, pbx: ShopPbx, cable: Cable, hubs: Sequence[HubProcess], judge: Judge,
        server: TemporaryPostgres, redis: TemporaryRedis, chance: random.Random,
    ) -> None:  # fmt: skip
        super().__init__(pbx, cable, hubs)
        self._judge = judge
        self._server = server
        self._redis = redis
        self._chance = chance
        self._took: list[float] = []

    def kinds(self) -> Sequence[Deed]:
        return (
            self.cut, self.swallow, self.restart_pbx, self.kill_holder, self.kill_other, self.restart_server,
            self.reset_connections, self.stop_redis, self.freeze_redis,
        )  # fmt: skip

    async def found(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for call in await self._judge.calls():
            row = (call.state, call.result, call.answered_by, call.is_complete)
            found.setdefault(call.from_number, []).append(row)
        return found

    async def settled(self) -> bool:
        """Every call over, and nothing left to be done: what failed meanwhile waits longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_RETRY):
                while (await self._judge.deliveries()).get("pending"):
                    await asyncio.sleep(0.5)
        return await super().settled()

    async def trouble(self) -> list[str]:
        """Deliveries that were given up or not done, and take-overs that took too long."""
        left = await self._judge.deliveries()
        longest = max(self._took, default=0.0)
        print(f"the line was taken over {len(self._took)} times, after {longest:.1f} s at most")
        return [
            *(f"{left[state]} deliveries are {state}" for state in ("dead", "pending") if left.get(state)),
            *([f"longer than {TAKE_OVER:g} s"] if longest > TAKE_OVER else []),
        ]

    async def kill_holder(self) -> None:
        """Another one takes the line over."""
        holder, _ = await holding(self._judge, [*self.hubs])
        holder.kill()
        _, took = await holding(self._judge, [hub for hub in self.hubs if hub is not holder])
        self._took.append(took)
        await self.come_back(holder)

    async def kill_other(self) -> None:
        """One that does not hold the line."""
        holder, _ = await holding(self._judge, [*self.hubs])
        other = self._chance.choice([hub for hub in self.hubs if hub is not holder])
        other.kill()
        await asyncio.sleep(AWAY)
        await self.come_back(other)

    async def restart_server(self) -> None:
        """It dies at once with all connections, and stays away longer than a lease runs."""
        await asyncio.to_thread(self._server.crash)
        await asyncio.sleep(_SERVER_AWAY)
        await asyncio.to_thread(self._server.revive)

    async def reset_connections(self) -> None:
        """Wherever each stands."""
        for _ in range(3):
            await asyncio.to_thread(self._server.reset_connections, _NAME)
            await asyncio.sleep(0.2)

    async def stop_redis(self) -> None:
        """It forgets everything."""
        self._redis.stop()
        await asyncio.sleep(_REDIS_AWAY)
        self._redis.start()

    async def freeze_redis(self) -> None:
        """It takes connections and answers nobody."""
        self._redis.freeze()
        await asyncio.sleep(_REDIS_AWAY)
        self._redis.thaw()


@asynccontextmanager
async def together(
    folder: Path, pbx: ShopPbx, cable: Cable, settings: Mapping[str, str], chance: random.Random
) -> AsyncIterator[Together]:
    """They run for the length of a soak, with servers of their own."""
    server = TemporaryPostgres.start(is_faithful=True)
    if server is None:
        raise SystemExit("PostgreSQL is missing: apt-get install postgresql")
    try:
        url = server.url(server.create(_NAME))
        with temporary_redis() as redis:
            shared = {**settings, "HUB_REDIS__URL": redis.url}
            async with several(PROCESSES, folder, url, shared) as (hubs, judge):
                await holding(judge, hubs, 30.0)
                yield Together(pbx, cable, hubs, judge, server, redis, chance)
    finally:
        server.stop()
