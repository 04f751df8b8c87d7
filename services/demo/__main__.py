"""`python -m services.demo`: two or more sites on this machine, each with its own processes, send each other orders.

Exit code 0 only if every order arrived exactly once with equal content and every purchase order got its answer.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

from intergestan_runtime.private import make_folder, narrow
from services.demo import settings
from services.demo.leave import Leave
from services.demo.settings import Options
from services.demo.texts import speaker

USAGE = 2
"""Exit code: the command line is wrong."""


def main(argv: Sequence[str]) -> int:
    """Run the demo; its exit code. A signal ends it, cleaned up, with SystemExit(128 + its number)."""
    started = process_started()
    os.umask(0o077)  # also of the servers and services that it starts: accounts, mails and logs are nobody else's
    options = settings.parse(argv)
    leave = Leave()
    leave.on_signals()
    if options.keep is not None and not _is_free(options.keep):
        sys.stderr.write(speaker(options.language)("not_empty", folder=options.keep) + "\n")
        return USAGE
    return _play(options, started, leave)


def _play(options: Options, started: datetime, leave: Leave) -> int:
    def play(folder: Path) -> int:
        if options.agencies:
            from services.demo import agencies

            return agencies.play(options, folder, leave)
        from services.demo import play

        return play.play(options, folder, started, leave)

    if options.keep is not None:
        make_folder(options.keep)
        narrow(options.keep)
        return play(options.keep)
    folder = Path(mkdtemp(prefix="intergestan-demo-"))
    is_needed = True  # for its logs
    try:
        code = play(folder)
        is_needed = code != 0
    except SystemExit:  # a signal
        is_needed = False
        raise
    finally:
        if not is_needed:
            shutil.rmtree(folder)
    return code


def process_started() -> datetime:
    """When this process began, which for `intergestan demo` is when the command was given (proc(5))."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return datetime.now(UTC) - timedelta(seconds=age)


def _is_free(folder: Path) -> bool:
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
