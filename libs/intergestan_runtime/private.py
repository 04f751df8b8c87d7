"""What other accounts of this machine may do with what is ours: nothing, whatever the umask and whoever made the
folder.

A folder with the set-group-ID bit was made by an administrator for a group of users, such as the services that share
the archive (`deploy/systemd/tmpfiles.conf`); its members may do there what its mode says.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_OTHERS, _OTHERS_LOOK = 0o077, 0o066
_OTHERS_WRITE = 0o022

_PEOPLE = 1000
"""The first user id of a person (login.defs(5)); below it only root has a home with more in it than a site."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done about a folder or a file.

    :ivar state: `fine`; `wide`, which its owner narrows to `mode`; `open`: others may read or change it, and it is not
        ours to narrow, or was made so on purpose.
    """

    state: Literal["fine", "wide", "open"]
    mode: int = 0


FINE, OPEN = Verdict("fine"), Verdict("open")


def judge_folder(mode: int, owner: int, me: int, *, is_home: bool = False) -> Verdict:
    """A folder that others may pass through is fine (0711): what lies in it says for whom it is.

    :param mode: as stat(2) has it.
    :param owner: its user id; `me` is ours.
    :param is_home: it is a person's home: there is more in it than the site, so others may go on reading.
    """
    if mode & stat.S_ISGID:
        return OPEN if mode & stat.S_IWOTH else FINE
    if owner != me:
        return OPEN if mode & _OTHERS_WRITE else FINE
    forbidden, kept = (_OTHERS_WRITE, 0o755) if is_home else (_OTHERS_LOOK, 0o700)
    return Verdict("wide", mode & kept) if mode & forbidden else FINE


def judge_file(mode: int, owner: int, me: int) -> Verdict:
    """A file that is for its owner only."""
    if not mode & _OTHERS:
        return FINE
    return Verdict("wide", mode & 0o700) if owner == me else OPEN


def judge(path: Path) -> Verdict:
    """What is to be done about what lies there; nothing about what does not. Raises OSError."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return FINE
    if stat.S_ISDIR(status.st_mode):
        is_home = _is_person(os.geteuid()) and path.resolve() == Path.home().resolve()
        return judge_folder(stat.S_IMODE(status.st_mode), status.st_uid, os.geteuid(), is_home=is_home)
    return judge_file(stat.S_IMODE(status.st_mode), status.st_uid, os.geteuid())


def open_above(path: Path) -> Path | None:
    """The nearest folder above, through links, in which others may put one of theirs in the place of what is there.

    One with the sticky bit is none (`/tmp`): what is there only its owner renames. Raises OSError.
    """
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return folder
    return None


def _is_person(user: int) -> bool:
    return user == 0 or user >= _PEOPLE


def leave_no_core() -> None:
    """Let this process, and those that it starts, leave no core file when they crash: it has passwords and orders."""
    import resource  # who only judges files does without

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def make_folder(folder: Path) -> None:
    """Make a folder that is for us alone, and those above it that are missing; one that is there stays as it is.

    `Path.mkdir` makes those above it for everybody. Raises OSError.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise


def narrow(path: Path) -> bool:
    """Close to others what is wide, if it is ours; whether it was. Raises OSError."""
    verdict = judge(path)
    if verdict.state == "wide":
        path.chmod(verdict.mode)
    return verdict.state == "wide"


def is_shared(folder: Path) -> bool:
    """Whether an administrator made this folder for a group."""
    return folder.is_dir() and bool(folder.stat().st_mode & stat.S_ISGID)


def mode_in(folder: Path) -> int:
    """Of a new file in a folder: 0600, and also for a group to read where the folder was made for one."""
    return 0o640 if is_shared(folder) else 0o600
