"""`intergestan setup`: from an empty folder to a site that runs, by questions.

What was answered is where it belongs, in the site; there is no other memory. So who leaves, by Ctrl-C or because the
terminal went away, comes back to the first question whose answer the site does not have.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _, spoken
from services.cli.asking import confirmed
from services.cli.context import Call, call_of, may_ask
from services.cli.output import say
from services.cli.setting_up import init

_LOOK_S = 0.1


def setup(context: typer.Context) -> None:
    """Make a site by answering questions: who you are, your mail account; then start it.

    Each answer is checked, and the login is tried, before anything is kept. You may leave at any question with Ctrl-C:
    the same command goes on there.
    """
    if not may_ask():
        raise typer.BadParameter(
            _(
                "`setup` asks questions, and there is no terminal to ask at. Without one: `intergestan init`, then "
                "`intergestan mailbox add`, `intergestan relay set`, `intergestan doctor` and `intergestan up`."
            )
        )
    call = call_of(context)
    init.place(call, None, None, spoken())
    try:
        with _alone(call):
            call = _go_through(context, call)
    except (typer.Abort, KeyboardInterrupt):
        say("")
        say(_left(call))
        raise typer.Abort from None
    raise typer.Exit(_start(call))


def _go_through(context: typer.Context, call: Call) -> Call:
    """All steps that are still to be done; the call that sees the site."""
    from intergestan_db.site_rows import has_site
    from services.cli.guide.identity import ask_postal_address, make_site
    from services.cli.guide.mail_account import set_up_account
    from services.cli.setting_up.site import card

    say(_("Ctrl-C leaves; `intergestan setup` goes on where you left."))
    if not has_site(call.unchecked_database):
        make_site(call)
    call = _as_configured(context, call)
    ask_postal_address(call)
    has_account = set_up_account(call)
    say("")
    say(_("Your card, for your partners:"))
    card(context)
    _say_next(call, has_account=has_account)
    return call


def _as_configured(context: typer.Context, call: Call) -> Call:
    """A call that reads the configuration, as all later ones do.

    A configuration that is missing beside a site, because somebody removed it, is not guessed.
    """
    made = Call(call.new_config or call.config, call.login)
    if call.new_config is not None and not call.new_config.exists():
        raise Problem(
            "There is a site in {url}, and its configuration {file} is missing: bring it back from a backup.",
            ProblemCode.SETTING_NEEDED,
            url=call.site.database_url,
            file=call.new_config,
        )
    root = context.find_root()
    root.obj = made
    root.call_on_close(made.close)
    return made


@contextmanager
def _alone(call: Call) -> Iterator[None]:
    """Nobody else answers these questions for the same folder; the lock ends with this process, however that ends."""
    from intergestan_runtime.private import make_folder

    folder = Path(call.site.data_dir)
    make_folder(folder)
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(
                "Another `intergestan setup` runs in {folder}: finish there, or end it with Ctrl-C.",
                ProblemCode.BUSY,
                folder=folder,
            ) from None
        yield
    finally:
        os.close(lock)


def _left(call: Call) -> str:
    from intergestan_db.site_rows import has_site

    if has_site(call.unchecked_database):
        return _("You left. What was stored stays; `intergestan setup` goes on from there.")
    return _("You left before the site was made, so nothing was kept. `intergestan setup` begins again.")


def _say_next(call: Call, *, has_account: bool) -> None:
    option = "" if call.config in {None, Path(init.CONFIGURATION_FILE)} else f" --config {call.config}"
    next_ones = {
        "site card > our.card": _("your card as a file, for your partners"),
        "partner add their.card": _("theirs; compare the twelve words over the telephone"),
        "catalog import products.csv": _("your products"),
        "orders import orders.csv": _("a first order"),
        "send": _("sends the orders to their supplier"),
        "up": _("runs the site, in a terminal of its own"),
        "doctor": _("whether all is well, and the cure of what is not"),
    }
    width = max(map(len, next_ones))
    say("")
    say(_("What is next:"))
    for command, text in next_ones.items():
        say(f"  intergestan{option} {command.ljust(width)}  {text}")
    if not has_account:
        say(_("The mail account is still missing: without it no order leaves or arrives."))


def _start(call: Call) -> int:
    """Run the site, if the person wants it, and show that it is well; the exit code."""
    from intergestan_db.leases import living_workers
    from services.cli.running.up import run_site

    with call.database.read() as connection:
        runs = bool(living_workers(connection, call.database.now()))
    if runs:
        say(_("The site runs already. This is how it is:"))
        return _look_at_it(call, threading.Event())
    try:
        wanted = confirmed(_("Start the site now? It runs in this terminal until Ctrl-C."))
    except typer.Abort:
        wanted = False
    if not wanted:
        say(_("It does not run yet: `intergestan up` starts it."))
        return 0
    return run_site(call, lambda stop: _look_at_it(call, stop))


def _look_at_it(call: Call, stop: threading.Event) -> int:
    """What `doctor` says, in a process of its own; its exit code."""
    from intergestan_runtime.die_with_parent import bound

    option = [] if call.config is None else ["--config", str(call.config)]
    command = [sys.executable, "-m", "services.cli", *option, "--lang", spoken(), "doctor"]
    doctor = subprocess.Popen(bound(command))
    while doctor.poll() is None and not stop.wait(_LOOK_S):
        pass
    if doctor.poll() is None:
        doctor.terminate()
    return doctor.wait()
