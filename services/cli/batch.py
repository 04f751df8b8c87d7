"""`python -m services.cli.batch`: command lines one after the other, each in a fork of a process that has imported all.

Who has many commands to type, as the demonstration has, pays for their imports once: what a command imported, this
process imports for the next ones. A line of standard input is a JSON list of words; for each comes a line of JSON: the
exit code, and what the command wrote on its two outputs.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import BinaryIO


def main() -> None:
    """Run what is asked for until nobody asks any more."""
    for line in sys.stdin:
        done, imported = _run(json.loads(line))
        print(json.dumps(done), flush=True)
        _import(imported)


def _run(words: Sequence[str]) -> tuple[dict[str, object], list[str]]:
    """What a command wrote, and the modules that it imported."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as modules:
        child = os.fork()
        if child == 0:
            _become(words, out, err, modules)
        _pid, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        return {"code": code, "out": _read(out), "err": _read(err)}, _read(modules).split()


def _become(words: Sequence[str], out: BinaryIO, err: BinaryIO, modules: BinaryIO) -> None:
    """Run a command as its process would, and end; nobody can be asked there."""
    code, known = 1, set(sys.modules)
    try:
        with Path(os.devnull).open("rb") as nothing:
            for file, number in ((nothing, 0), (out, 1), (err, 2)):
                os.dup2(file.fileno(), number)
        from services.cli.__main__ import main as run

        run(words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        modules.write(" ".join(set(sys.modules) - known).encode())
        modules.flush()
        os._exit(code)


def _import(names: Iterable[str]) -> None:
    """For the next commands; what cannot be imported by its name was made while the command ran."""
    for name in names:
        with suppress(ImportError):
            import_module(name)
    gc.collect()
    gc.freeze()  # what the children share stays shared


def _read(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode()


if __name__ == "__main__":
    main()
