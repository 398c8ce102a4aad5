#!/usr/bin/env python3
"""Unpack Debian packages, with all that they depend on, into one folder.

Nothing is installed and no root is needed: apt works on a state of its own below the folder, the
machine's dpkg database is neither read nor written, and no maintainer script runs. apt checks the
archive's signatures as always. A folder that is complete is left alone without asking the network.

    unpack_debs.py --into .cache/tool/root [--suite sid] PACKAGE...

Without ``--suite`` the packages come from the machine's own apt sources. With it they come from
that suite of Debian, on the mirror that those sources name or that ``PBXBRIDGE_DEBIAN_MIRROR``
gives (a URI ending in the folder that holds ``dists/``).
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

MIRROR_VARIABLE = "PBXBRIDGE_DEBIAN_MIRROR"
STAMP = ".unpacked.json"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MACHINE_APT = Path("/etc/apt")
# Documentation and translations are a third of the files, and nothing here reads them.
LEFT_OUT = ("./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/share/info")
# Debian merged these into /usr; packages of either age must meet in the same folders.
MERGED_INTO_USR = ("bin", "sbin", "lib", "lib64")


class UnpackError(Exception):
    """The packages cannot be had here; the message says why and what to do."""


def say(text: str) -> None:
    """Show one line of progress."""
    sys.stderr.write(f"   {text}\n")
    sys.stderr.flush()


def is_unpacked(into: Path, packages: Sequence[str], suite: str | None) -> bool:
    """Tell whether the folder holds exactly these packages, completely."""
    try:
        stamp = json.loads((into / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(stamp == _stamp(packages, suite))


def unpack(
    into: Path,
    packages: Sequence[str],
    suite: str | None = None,
    without: Collection[str] = (),
) -> bool:
    """Make the folder hold these packages and all that they depend on, but for ``without``.

    Returns whether anything had to be done. Raises UnpackError if the packages cannot be had.
    An interrupted run leaves no half-filled folder: it is filled beside its place, then renamed.
    """
    into = into.absolute()
    if is_unpacked(into, packages, suite):
        return False
    _require_tools()
    with _only_one(into):
        if is_unpacked(into, packages, suite):
            return False
        started = time.monotonic()
        apt = PrivateApt(_beside(into, "apt"), suite)
        apt.update()
        downloaded = apt.download(packages)
        archives = [each for each in downloaded if each.name.split("_")[0] not in without]
        filling = _beside(into, "filling")
        say(f"unpacking {len(archives)} packages into {into}")
        _fill(filling, archives)
        (filling / STAMP).write_text(json.dumps(_stamp(packages, suite)), encoding="utf-8")
        shutil.rmtree(into, ignore_errors=True)
        filling.rename(into)
        shutil.rmtree(apt.folder, ignore_errors=True)
        say(f"done in {time.monotonic() - started:.0f} s")
    return True


class PrivateApt:
    """apt with lists, archives and an (empty) dpkg status of its own, below ``folder``."""

    def __init__(self, folder: Path, suite: str | None) -> None:
        self.folder = folder
        self._suite = suite
        for name in ("lists/partial", "archives/partial", "sources.d", "preferences.d"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "status").touch()
        (folder / "apt.conf").write_text(self._configuration(), encoding="utf-8")

    def update(self) -> None:
        """Fetch the package lists."""
        if self._suite is not None:
            self._write_source(self._suite)
        say(f"reading the package lists of {self._suite or 'this machine'}")
        self._run("apt-get", "-qq", "update")

    def candidate(self, package: str) -> str | None:
        """Give the version that would be taken, after update()."""
        policy = self._run("apt-cache", "policy", package)
        for line in policy.splitlines():
            name, _, value = line.strip().partition(": ")
            if name == "Candidate" and value != "(none)":
                return value
        return None

    def download(self, packages: Sequence[str]) -> list[Path]:
        """Fetch the packages and all that they depend on, after update()."""
        wanted = [
            line.split()
            for line in self._run(
                "apt-get", "-qq", "--print-uris", "install", *packages
            ).splitlines()
            if line.startswith("'")
        ]
        megabytes = sum(int(size) for _, _, size, *_ in wanted) / 1e6
        if wanted:
            say(f"downloading {len(wanted)} packages, {megabytes:.0f} MB")
            self._run("apt-get", "-qq", "-y", "--download-only", "install", *packages)
        archives = sorted((self.folder / "archives").glob("*.deb"))
        if not archives:
            raise UnpackError(f"apt downloaded nothing for {' '.join(packages)}")
        return archives

    def source_uris(self) -> list[str]:
        """List the archives of the machine's own apt sources, in their order.

        apt itself reads them, so deb822 and one-line files are both understood.
        """
        targets = self._run(
            "apt-get",
            "indextargets",
            "--no-release-info",
            "--format",
            "$(REPO_URI)",
            "Created-By: Packages",
        )
        return list(dict.fromkeys(targets.split()))

    def _configuration(self) -> str:
        here, machine = self.folder, MACHINE_APT
        own_source = self._suite is not None
        settings = {
            "Dir::State::status": here / "status",
            "Dir::State::lists": here / "lists",
            "Dir::State::extended_states": here / "extended_states",
            "Dir::Cache": here,
            "Dir::Cache::archives": here / "archives",
            "Dir::Etc::preferences": here / "preferences",
            "Dir::Etc::preferencesparts": here / "preferences.d",
            "Dir::Etc::parts": here / "preferences.d",
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::sourcelist": "/dev/null" if own_source else machine / "sources.list",
            "Dir::Etc::sourceparts": here / "sources.d"
            if own_source
            else machine / "sources.list.d",
            "Dir::Etc::trusted": machine / "trusted.gpg",
            "Dir::Etc::trustedparts": machine / "trusted.gpg.d",
            "Dir::Etc::netrc": machine / "auth.conf",
            "Dir::Etc::netrcparts": machine / "auth.conf.d",
            "APT::Sandbox::User": "",
            "APT::Install-Recommends": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        if own_source:
            # A mirror's copy of a moving suite may be past its date; signatures still hold.
            settings["Acquire::Check-Valid-Until"] = "false"
        lines = [f'{name} "{value}";' for name, value in settings.items()]
        return "\n".join([*lines, *_machine_transport(), ""])

    def _write_source(self, suite: str) -> None:
        mirror = os.environ.get(MIRROR_VARIABLE) or _debian_mirror(self.folder)
        keyring = KEYRING if KEYRING.exists() else _fetch_keyring(self.folder)
        (self.folder / "sources.d" / "debian.sources").write_text(
            f"Types: deb\nURIs: {mirror}\nSuites: {suite}\nComponents: main\n"
            f"Signed-By: {keyring}\n",
            encoding="utf-8",
        )

    def _run(self, *command: str) -> str:
        # APT_CONFIG is read before anything else, so the machine's apt.conf.d (whose hooks clean
        # and notify system-wide) never gets a say. https://manpages.debian.org/apt.conf
        environment = {**os.environ, "APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise UnpackError(
                f"{' '.join(command)} failed:\n{_last_lines(done.stderr or done.stdout)}\n"
                "Check the network, or name another Debian mirror in " + MIRROR_VARIABLE + "."
            )
        return done.stdout


def _debian_mirror(scratch: Path) -> str:
    uris = PrivateApt(scratch / "machine", None).source_uris()
    # Debian's archive is published as <host>/debian everywhere; its security archive and those of
    # derived distributions have other names and do not hold Debian's suites.
    # (Debian's cloud images name a file of mirrors instead: mirror+file:/etc/.../debian.list.)
    for uri in uris:
        if uri.removesuffix("/").removesuffix(".list").endswith("/debian"):
            return uri
    raise UnpackError(
        f"this machine's apt sources name no Debian mirror. Set {MIRROR_VARIABLE} to one: the URI "
        "of the folder that holds dists/."
    )


def _fetch_keyring(scratch: Path) -> Path:
    """Get Debian's signing keys from the machine's own, already trusted, archive."""
    into = scratch / "keyring"
    try:
        unpack(into, ["debian-archive-keyring"])
    except UnpackError as error:
        raise UnpackError(
            f"Debian's signing keys are missing ({KEYRING}). Install debian-archive-keyring.\n"
            f"{error}"
        ) from error
    return into / KEYRING.relative_to("/")


def _machine_transport() -> list[str]:
    """Give the machine's proxies, certificates and the like in apt.conf's form."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    prefixes = ("Acquire::http", "Acquire::ftp")
    return [line for line in dump.stdout.splitlines() if line.startswith(prefixes)]


def _fill(folder: Path, archives: Sequence[Path]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name in MERGED_INTO_USR:
        (folder / "usr" / name).mkdir(parents=True)
        (folder / name).symlink_to(f"usr/{name}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda archive: _extract(archive, folder), archives))


def _extract(archive: Path, folder: Path) -> None:
    reader = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE)
    tar = ["tar", "--extract", "--directory", str(folder), "--keep-directory-symlink"]
    # --skip-old-files: base-files brings the merged folders' links again, while others write there.
    options = ["--skip-old-files", "--no-same-owner", "--no-same-permissions"]
    with reader:
        written = subprocess.run(
            [*tar, *options, *(f"--exclude={path}" for path in LEFT_OUT)],
            stdin=reader.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
    if written.returncode or reader.returncode:
        raise UnpackError(f"cannot unpack {archive.name}:\n{_last_lines(written.stderr)}")


@contextmanager
def _only_one(into: Path) -> Iterator[None]:
    into.parent.mkdir(parents=True, exist_ok=True)
    with _beside(into, "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _beside(into: Path, what: str) -> Path:
    return into.with_name(f".{into.name}.{what}")


def _stamp(packages: Sequence[str], suite: str | None) -> dict[str, object]:
    return {"packages": sorted(packages), "suite": suite, "form": 1}


def _require_tools() -> None:
    missing = [tool for tool in ("apt-get", "dpkg-deb", "tar") if shutil.which(tool) is None]
    if missing:
        raise UnpackError(f"{', '.join(missing)} not found: this needs Debian, Ubuntu or the like")


def _last_lines(text: str, count: int = 8) -> str:
    return "\n".join(text.strip().splitlines()[-count:])


def main(arguments: Sequence[str]) -> int:
    """Run the command line; give the exit code."""
    import argparse  # noqa: PLC0415  the complete case must answer at once

    parser = argparse.ArgumentParser(description="Unpack Debian packages into one folder.")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--suite", help="a suite of Debian; default: the machine's apt sources")
    parser.add_argument("packages", nargs="+", metavar="PACKAGE")
    options = parser.parse_args(arguments)
    try:
        unpack(options.into, options.packages, options.suite)
    except UnpackError as error:
        sys.stderr.write(f"unpack_debs: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
