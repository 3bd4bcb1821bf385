"""`pitline`, the same as `python -m hub`."""

from __future__ import annotations

import gc
import os
import sys

from hub.cli.commands import run_command


def main() -> None:
    """The console script."""
    gc.set_threshold(100_000, 50, 1_000)  # what is being loaded is no garbage, and each round walks all of it
    sys.exit(run_command(sys.argv[1:], os.environ))


if __name__ == "__main__":
    main()
