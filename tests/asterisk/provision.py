"""Asterisk 22 or newer unpacked from Debian sid into a folder: no root, no chroot, the host stays as it is.

Run it as `python3 tests/asterisk/provision.py`; it needs apt-get and dpkg-deb, which every Debian has, and
nothing else. The folder is `var/asterisk` in the checkout or `PITLINE_ASTERISK_HOME`; a second run is
instant. The folder may be thrown away at any time: it is a cache, never a need.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

PACKAGES = ("asterisk", "asterisk-core-sounds-en")
OLDEST_MAJOR = 22
CHECKOUT = Path(__file__).resolve().parents[2]


class CannotProvision(RuntimeError):
    """This machine cannot have an Asterisk; the text says why."""


def home() -> Path:
    """Where the unpacked Asterisk lives."""
    return Path(os.environ.get("PITLINE_ASTERISK_HOME") or CHECKOUT / "var" / "asterisk").absolute()


def runner(folder: Path) -> Path:
    """The command that starts the unpacked Asterisk."""
    return folder / "ast" / "run-asterisk"


def provision(folder: Path | None = None) -> tuple[Path, str]:
    """Make sure that Asterisk stands in the folder; return its command and its version line."""
    target = (folder or home()).absolute()
    target.mkdir(parents=True, exist_ok=True)
    with _locked(target / "lock"):
        command = runner(target)
        if not command.exists():
            _build(target)
        version = _version(command)
    return command, version


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Two test runs at once must not unpack over one another."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _version(command: Path) -> str:
    """`Asterisk 22.x`, refused when it is older than what we test against."""
    line = _run([str(command), "-V"]).strip()
    found = re.search(r"(\d+)\.", line)
    if found is None or int(found.group(1)) < OLDEST_MAJOR:
        raise CannotProvision(f"this is {line!r}, but {OLDEST_MAJOR} or newer is needed")
    return line


def _build(target: Path) -> None:
    """Download, unpack, keep what Asterisk loads; the result appears by one rename."""
    for tool in ("apt-get", "apt-config", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise CannotProvision(f"{tool} is not on this machine: Debian and its like can unpack Asterisk")
    work = target / "work"
    shutil.rmtree(work, ignore_errors=True)
    root, result = work / "root", work / "ast"
    root.mkdir(parents=True)
    try:
        archives = _download(work)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            list(pool.map(lambda deb: _run(["dpkg-deb", "-x", str(deb), str(root)]), archives))
        _collect(root, result)
        shutil.rmtree(target / "ast", ignore_errors=True)
        result.rename(target / "ast")
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _download(work: Path) -> list[Path]:
    """Fetch the packages with an apt state of our own; apt itself checks the signatures."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (work / name).mkdir(parents=True)
    (work / "state/status").touch()
    (work / "sources.list").write_text(_source_line())
    (work / "apt.conf").write_text(_apt_settings(work))
    env = os.environ | {"APT_CONFIG": str(work / "apt.conf"), "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-qq"], env)
    _run(["apt-get", "install", "-y", "-qq", "--download-only", *PACKAGES], env)
    archives = sorted((work / "cache/archives").glob("*.deb"))
    if not archives:
        raise CannotProvision("apt-get downloaded no package")
    return archives


def _source_line() -> str:
    """The machine's own Debian mirror, asked for sid."""
    releases = {"stable", "oldstable", "testing", "unstable", "sid", _codename()}
    wanted = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    for line in _run(["apt-get", "indextargets", "--format", wanted, "Created-By: Packages"]).splitlines():
        address, release, component = line.split()
        if release in releases and component == "main":
            keyring = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
            option = f"[signed-by={keyring}] " if keyring.exists() else ""
            return f"deb {option}{address} sid main\n"
    raise CannotProvision("the machine's apt settings name no Debian mirror")


def _codename() -> str:
    """What this Debian is called."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(
        (line.partition("=")[2].strip('"') for line in lines if line.startswith("VERSION_CODENAME=")), ""
    )


def _apt_settings(work: Path) -> str:
    """Everything apt writes goes into our folder; of the host only the ways of fetching are taken over.

    The host's other settings stay out, since they may hold hooks that change the host.
    """
    fetching = [
        line
        for line in _run(["apt-config", "dump", "Acquire"]).splitlines()
        if not line.startswith(("Acquire::IndexTargets", "Acquire::Languages", 'Acquire "'))
    ]
    own = {
        "Dir::State": work / "state",
        "Dir::State::status": work / "state/status",
        "Dir::Cache": work / "cache",
        "Dir::Log": work / "log",
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": "/dev/null",
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
    }
    return "\n".join(fetching + [f'{name} "{value}";' for name, value in own.items()]) + "\n"


def _collect(root: Path, result: Path) -> None:
    """Copy the binary, all its modules that can be loaded, their libraries, sounds and documentation."""
    binary = root / "usr/sbin/asterisk"
    loader = _one(root, "usr/lib*/*/ld-linux*.so.*", "usr/lib*/ld-linux*.so.*", "lib*/ld-linux*.so.*")
    modules = _one(root, "usr/lib/*/asterisk/modules")
    libraries = modules.parent.parent
    wanted = [binary, *sorted(modules.glob("*.so"))]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        answers = pool.map(lambda path: _needs(loader, libraries, root, path), wanted)
    files = {path for needed in answers for path in needed} | {loader}
    for path in sorted(files):
        copy = result / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    share = root / "usr/share/asterisk"
    # The alternatives link that calls this voice "en" is made by a package script, which nobody ran here.
    shutil.copytree(share / "sounds/en_US_f_Allison", result / "usr/share/asterisk/sounds/en", symlinks=True)
    shutil.copytree(share / "documentation", result / "usr/share/asterisk/documentation", symlinks=True)
    _write_runner(result, loader.relative_to(root), libraries.relative_to(root))


def _one(root: Path, *patterns: str) -> Path:
    """The single file that the package layout promises."""
    for pattern in patterns:
        for path in sorted(root.glob(pattern)):
            return path
    raise CannotProvision(f"the packages hold no {patterns[0]}")


def _needs(loader: Path, libraries: Path, root: Path, path: Path) -> list[Path]:
    """The file and the libraries it loads; nothing when one is missing (a plug-in of another package)."""
    command = [str(loader), "--library-path", str(libraries), "--list", str(path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return []
    found = (Path(text) for text in re.findall(r"=> (\S+)", answer.stdout))
    return [path, *(library for library in found if library.is_relative_to(root))]


def _write_runner(result: Path, loader: Path, libraries: Path) -> None:
    """The start command. The library path is the loader's argument, so that no child process inherits it."""
    script = result / "run-asterisk"
    script.write_text(
        "#!/bin/sh\n"
        'R=$(dirname "$(readlink -f "$0")")\n'
        f'exec "$R/{loader}" --library-path "$R/{libraries}" "$R/usr/sbin/asterisk" "$@"\n'
    )
    script.chmod(0o755)


def _run(command: list[str], env: dict[str, str] | None = None) -> str:
    """Run a command; its own words are the error."""
    try:
        return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    except subprocess.CalledProcessError as error:
        words = (error.stderr or error.stdout or "").strip()
        raise CannotProvision(f"{' '.join(command[:2])} failed: {words[-500:]}") from error


if __name__ == "__main__":
    try:
        print(*provision(), sep="\n")
    except CannotProvision as reason:
        sys.exit(f"Asterisk cannot be had on this machine: {reason}")
