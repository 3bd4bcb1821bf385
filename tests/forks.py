"""Processes of a test's own that begin in a moment: forked from one that has imported what they need."""

from __future__ import annotations

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.preloaded"])
