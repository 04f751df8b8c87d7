"""What went wrong, said as one clear paragraph, and the exit code that scripts rely on (`design.md` §15)."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from intergestan_db.problem import Act, EntryProblems, FileProblems, Problem, ProblemCode
from intergestan_operations.language.language import _, about
from services.cli.next_acts import with_acts
from services.cli.shown import wording

FAILED, USAGE, NOTHING_TO_SEND, NOT_YET, CONFIGURATION = 1, 2, 3, 75, 78
_CODES: Mapping[ProblemCode, int] = {ProblemCode.NOT_ONE_PARTY: USAGE, ProblemCode.NO_POLLER: NOT_YET}


def explain(error: Exception) -> tuple[str, int]:
    """The paragraph for the person, and the exit code."""
    from intergestan_operations.opening.opening import NoSite
    from services.cli.shown import faults_of

    if isinstance(error, FileProblems | EntryProblems):
        acts = dict.fromkeys(act for fault in error.faults for act in fault.next)
        return with_acts(faults_of(error), acts), FAILED
    if isinstance(error, NoSite):
        text = _(
            "There is no site here: {url} does not exist. Go to the site's folder, name its configuration with "
            "--config, or make a new site with `intergestan init`."
        )
        return text.format(url=error), CONFIGURATION
    return _of_the_machine(error)


def _of_the_machine(error: Exception) -> tuple[str, int]:
    from sqlalchemy.exc import DatabaseError

    from intergestan_db.database import AWAY, WeakDurability, first_line
    from intergestan_db.limited_child.children import NoReader
    from intergestan_db.migrate import NotMigrated
    from intergestan_msg.errors import MessageError
    from intergestan_operations.opening.high_water_file import OlderDatabase
    from intergestan_operations.opening.lost_database import LostDatabase
    from intergestan_operations.opening.opening import WrongKey
    from intergestan_operations.opening.private_files import OpenToOthers
    from intergestan_runtime.archive import ArchiveError, Unreachable
    from intergestan_runtime.embedded_redis import EmbeddedRedisError
    from intergestan_runtime.redis_client import REDIS_FAILURES
    from intergestan_runtime.secrets import SecretError
    from intergestan_runtime.settings_load import ConfigurationError
    from intergestan_runtime.tracing import NotInstalled

    machine = (
        *(ConfigurationError, SecretError, WeakDurability, NotMigrated, WrongKey, OlderDatabase, OpenToOthers),
        *(EmbeddedRedisError, LostDatabase, NotInstalled),
    )
    if isinstance(error, machine):
        return with_acts(wording(error), _acts_of(error)), CONFIGURATION
    if isinstance(error, Unreachable):
        return wording(error), NOT_YET
    if isinstance(error, Problem):
        return with_acts(wording(error), error.next), _CODES.get(error.code, FAILED)
    if isinstance(error, MessageError):
        return wording(error), FAILED
    if isinstance(error, AWAY) or type(error) is DatabaseError:
        said = first_line(error).rstrip(". ")
        return _of_the_base(error).format(error=f"{said}."), NOT_YET
    if isinstance(error, REDIS_FAILURES):
        text = _("Redis does not answer or takes no writes: {error} Try again; `intergestan doctor` tells more.")
        return text.format(error=f"{str(error).rstrip('. ')}."), NOT_YET
    if isinstance(error, ArchiveError):
        return _("The archive could not do it: {error}").format(error=wording(error)), FAILED
    if isinstance(error, MemoryError):
        return _("There is not enough memory on this machine for it; nothing more was done."), NOT_YET
    if isinstance(error, NoReader):
        text = _("The file could not be read now, and nothing of it was taken: {error} Try again.")
        return text.format(error=error), NOT_YET
    if isinstance(error, OSError):
        return _of_the_system(error), FAILED
    text = _(
        "The program failed in a way that nobody foresaw ({kind}: {error}). What it had begun in the base was "
        "undone. Please report it, with what the same command prints when INTERGESTAN_DEBUG=1 is set."
    )
    return text.format(kind=type(error).__name__, error=error), FAILED


def _acts_of(error: Exception) -> tuple[Act, ...]:
    """What to do about what is wrong with the machine."""
    from intergestan_db.migrate import LaterRelease, NotMigrated
    from intergestan_operations.opening.high_water_file import OlderDatabase
    from intergestan_operations.opening.lost_database import LostDatabase
    from intergestan_operations.opening.opening import WrongKey

    if isinstance(error, NotMigrated):
        return () if isinstance(error, LaterRelease) else (Act.MAKE_SITE, Act.UPGRADE)
    if isinstance(error, OlderDatabase):
        return Act.NOTE_RESTORE, Act.REPLAY_ALL
    if isinstance(error, LostDatabase):
        return (Act.NOTE_RESTORE,)
    return (Act.MAKE_SITE,) if isinstance(error, WrongKey) else ()


def _of_the_base(error: Exception) -> str:
    """What it means that the base is away, by what its driver says."""
    orig = getattr(error, "orig", None)
    state = getattr(orig, "sqlstate", None) or getattr(orig, "sqlite_errorname", "")
    if state in {"53100", "SQLITE_FULL"}:
        return _(
            "There is no room for the base, so nothing was changed: {error} Make room on its disk and try again; what "
            "waits goes on by itself."
        )
    if state in {"25006", "SQLITE_READONLY"}:
        return _(
            "The base can only be read, so nothing was changed: {error} Let site.database_url lead to the primary, or "
            "let us write to the file; then try again."
        )
    return _("The base does not answer, nothing was changed: {error} Try again; `intergestan doctor` tells more.")


def _of_the_system(error: OSError) -> str:
    """What the operating system refused: a file, or what has no name, such as our own output and a connection."""
    from intergestan_operations.language.file_problems import OF_FILES

    words = OF_FILES.get(error.errno or 0)
    said = _(words) if words else error.strerror or str(error) or type(error).__name__
    if error.filename is not None:
        return about(str(error.filename), f"{said}.")
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return _(
            "The output could not be written: {reason}. Make room, and look with `intergestan status` what was done "
            "before you repeat the command."
        ).format(reason=said)
    return _("The operating system refused it: {reason}. `intergestan doctor` tells more.").format(reason=said)
