"""Passwords by argon2id with the parameters that OWASP names; always in a thread, two at a time."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.modules.access.rules import new_secret


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, thread_name_prefix="passwords")


@cache
def hash_of_nobody() -> str:
    """A hash that no password fits: unknown accounts cost the same time as known ones."""
    return _hasher().hash(new_secret())


async def hash_password(password: str) -> str:
    """The hash to store. Never call it inside a unit of work: it takes some 25 ms."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), _hash, password)


async def password_fits(password_hash: str, password: str) -> bool:
    """Whether the password is the one; as slow for a wrong one as for the right one."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), _fits, password_hash, password)


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with other parameters than today's: make it anew while the password is known."""
    try:
        return _hasher().check_needs_rehash(password_hash)
    except InvalidHashError:
        return False


async def warm_up() -> None:
    """Make the hash of nobody before the first log-in needs it."""
    await asyncio.get_running_loop().run_in_executor(_threads(), hash_of_nobody)


def _hash(password: str) -> str:
    return _hasher().hash(password.encode("utf-8", "surrogatepass"))


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher().verify(password_hash, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
