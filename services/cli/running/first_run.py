"""`intergestan console --new`: from an empty folder to a site that runs, in the browser.

A program of the console makes the site; then this one becomes `intergestan up`. Who leaves in between gives the same
command again: where the site is made already, it only runs.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import typer

from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _, spoken
from services.cli.context import Call, call_of
from services.cli.kept_files import files_to_keep
from services.cli.output import say
from services.cli.running.run import address_of
from services.cli.running.up import run_site

_FILE = "intergestan.toml"
_GUIDE = "commencer"
_INTERRUPTED = 130


def begin(context: typer.Context, folder: Path, *, opens: bool) -> int:
    """Make a site in a folder by the browser, unless there is one, and run it; the exit code."""
    given = call_of(context)
    if given.config is not None:
        raise typer.BadParameter(_("Give --config or --new, not both: the folder has its own configuration."))
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise Problem("The console is not installed: pip install 'intergestan[console]'.", ProblemCode.EXTRA_NEEDED)
    folder = folder.absolute()
    if not _is_made(folder, given.login):
        code = _make(folder, opens=opens)
        if code != 0:
            return code
    call = Call(folder / _FILE, given.login)
    root = context.find_root()
    root.obj = call
    root.call_on_close(call.close)
    _say_made(call)
    return run_site(call, lambda _stop: _say_where(call))


def _is_made(folder: Path, login: str | None) -> bool:
    """Whether the folder has a site, and not only what was left of one that was being made."""
    from intergestan_db.site_rows import has_site

    file = folder / _FILE
    if not file.exists():
        return False
    call = Call(file, login)
    try:
        return has_site(call.unchecked_database)
    finally:
        call.close()


def _make(folder: Path, *, opens: bool) -> int:
    """Serve the form until a site is made of it; the exit code of the program that does."""
    from intergestan_runtime.die_with_parent import bound

    command = [sys.executable, "-m", "services.console.beginning", str(folder), "--lang", spoken()]
    with subprocess.Popen(bound([*command, *(["--open"] if opens else [])])) as program:
        try:
            return program.wait()
        except KeyboardInterrupt:
            program.terminate()
            program.wait()
            say(_("You left before the site was made, so nothing was kept. The same command begins again."))
            return _INTERRUPTED


def _say_made(call: Call) -> None:
    from intergestan_db.site_rows import read_site

    text = _(
        "The site {code} is made, in {folder}.\n"
        "Keep a copy of {key_file}, {base_key_file}, {bounce_key_file} and {console_key_file} in a safe place: "
        "nobody can make them a second time."
    )
    with call.database.read() as connection:
        code = read_site(connection).code
    say(text.format(code=code, folder=call.site.data_dir, **files_to_keep(call.site)))


def _say_where(call: Call) -> None:
    say(_("The first steps: {address}").format(address=f"{address_of(call)}{_GUIDE}"))
