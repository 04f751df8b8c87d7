"""What programs import, each in a process of its own, forked from one that has imported what all of them need anyway.

The one that forks is `python -m tests.imported PACKAGE …`, which imports these third parties and nothing of ours. What
a program needs beyond them it imports itself: a dozen programs cost a few seconds in place of one each and more.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True)
class Program:
    """Python code.

    :ivar floor: third parties that are imported before.
    :ivar arguments: its `sys.argv[1:]`.
    :ivar folder: where it runs.
    """

    code: str
    floor: Sequence[str] = ()
    arguments: Sequence[str] = ()
    folder: str = "."


@dataclass(frozen=True)
class Imported:
    """The modules that a process has, when its floor is there and when the program has ended."""

    floor: frozenset[str]
    modules: frozenset[str]


class Importer:
    """The process that forks; a context manager."""

    def __init__(self, packages: Iterable[str], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, *packages],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        assert self._process.returncode == 0

    def run(self, program: Program) -> Imported:
        """Run a program to its end. An exit code other than 0 raises an AssertionError with what it wrote."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(asdict(program)), file=self._process.stdin, flush=True)
        code, written, floor, modules = json.loads(self._process.stdout.readline())
        assert code == 0, written
        return Imported(frozenset(floor), frozenset(modules))


def _main(packages: Sequence[str]) -> None:
    for package in packages:
        importlib.import_module(package)
    for line in sys.stdin:
        print(json.dumps(_run(Program(**json.loads(line)))), flush=True)


def _run(program: Program) -> tuple[int, str, list[str], list[str]]:
    """Run a program in a child; its exit code, what it wrote, and the modules of `Imported`."""
    written, shown = os.memfd_create("written"), os.memfd_create("shown")
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(written, 1)
        os.dup2(written, 2)
        os._exit(_be(program, shown))
    _, status = os.waitpid(child, 0)
    with os.fdopen(written, errors="replace") as output, os.fdopen(shown) as modules:
        output.seek(0)
        modules.seek(0)
        floor, after = (line.split() for line in modules.read().split("\n"))
        return os.waitstatus_to_exitcode(status), output.read(), floor, after


def _be(program: Program, shown: int) -> int:
    """Be the program, to its exit code. The modules are shown however it ends."""
    floor: list[str] = []
    code: object = 0
    try:
        for package in program.floor:
            importlib.import_module(package)
        floor = [*sys.modules]
        os.chdir(program.folder)
        sys.argv[1:] = program.arguments
        exec(program.code, {"__name__": "__main__"})
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:  # noqa: BLE001 - that a program fails is a result
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(shown, f"{' '.join(floor)}\n{' '.join(sys.modules)}".encode())
    return code if isinstance(code, int) else 1


if __name__ == "__main__":
    _main(sys.argv[1:])
