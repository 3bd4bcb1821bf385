"""Another program that writes into the hub's SQLite file, as anything with the library may.

`python -m tests.faults.outside_writer FILE RATE HOLD` counts up the row `outside` of `test_totals` so many
times a second, keeping the lock for HOLD seconds each time, until its input ends; then it tells how often."""

from __future__ import annotations

import sqlite3
import sys
import threading
import time


def main(path: str, rate: float, hold: float) -> None:
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    database = sqlite3.connect(path, isolation_level=None, timeout=60)
    done, begun = 0, time.monotonic()
    while not over.wait(max(0.0, begun + done / rate - time.monotonic())):
        database.execute("BEGIN IMMEDIATE")
        database.execute("UPDATE test_totals SET n = n + 1 WHERE name = 'both'")
        time.sleep(hold)
        database.execute("COMMIT")
        done += 1
    print(done, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
