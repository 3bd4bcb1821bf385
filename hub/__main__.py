"""`pitline`, the same as `python -m hub`."""

from __future__ import annotations

import os
import sys

from hub.cli.commands import run_command


def main() -> None:
    """The console script."""
    sys.exit(run_command(sys.argv[1:], os.environ))


if __name__ == "__main__":
    main()
