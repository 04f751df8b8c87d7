"""`intergestan scale`: how many pollers stand ready for a mailbox."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _, ngettext
from intergestan_operations.starting.fleet import (
    LIST_UNITS,
    Plan,
    Platform,
    on_compose,
    on_kubernetes,
    on_systemd,
    shown,
)
from services.cli.context import Call, call_of
from services.cli.errors import NOT_YET
from services.cli.output import AsJson, print_json, say

if TYPE_CHECKING:
    from services.cli.progress import Far


@dataclass(frozen=True, slots=True)
class Ready:
    """Who stands ready for a mailbox. :ivar pollers: those that name it and live. :ivar holder: who reads it, if any.

    :ivar is_placed: whether the one that should hold it does; also where nobody should.
    """

    pollers: tuple[str, ...]
    holder: str | None
    is_placed: bool


def scale(
    context: typer.Context,
    *,
    mailbox: Annotated[str, typer.Option("--mailbox", metavar="NAME", help="The mailbox.")],
    replicas: Annotated[
        int, typer.Option(min=0, max=100, help="Pollers that stand ready for it; one reads it, the others stand by.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")] = False,
    on: Annotated[Platform | None, typer.Option("--on", help="What runs the services; a setting by default.")] = None,
    compose_file: Annotated[Path, typer.Option(help="The site's compose file.")] = Path("compose.yaml"),
    release: Annotated[str, typer.Option(help="The name of the Helm release.")] = "intergestan",
    through: Annotated[
        str | None,
        typer.Option(
            metavar="COMMAND",
            help="The site's own `intergestan`, where the base cannot be reached from here: docker compose run …, "
            "kubectl exec ….",
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait at most.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Start or stop pollers of one mailbox, and wait until its lease is held."""
    call = call_of(context)
    platform = on or call.settings.cli.deployment
    if platform == "systemd":
        _ask_the_base_as_its_owner(call.site.data_dir)
    ready = partial(_ready, partial(_status, call, shlex.split(through or "")), mailbox)
    now = ready()
    plan = _plan(platform, mailbox, replicas, compose_file, release)
    if not as_json:
        _print_plan(plan, now)
    in_time = dry_run
    if not dry_run:
        _apply(plan)
        in_time = _wait(ready, replicas, timeout)
    _tell(ready(), mailbox, plan, in_time=in_time, dry_run=dry_run, as_json=as_json)


def _ask_the_base_as_its_owner(folder: Path) -> None:
    """Only root commands units, and only who owns the site's folder has a role in the base: root goes on as both."""
    if os.geteuid() == 0 and folder.exists():
        owner = folder.stat()
        os.setegid(owner.st_gid)
        os.seteuid(owner.st_uid)


def _plan(platform: Platform, mailbox: str, replicas: int, compose_file: Path, release: str) -> Plan:
    if platform == "compose":
        return on_compose(mailbox, replicas, compose_file)
    if platform == "kubernetes":
        return on_kubernetes(mailbox, replicas, release)
    return on_systemd(mailbox, replicas, _run(LIST_UNITS))


def _print_plan(plan: Plan, ready: Ready) -> None:
    count = len(ready.pollers)
    now = ngettext(
        "Now: {count} poller of its own, read by {holder}.", "Now: {count} pollers of its own, read by {holder}.", count
    )
    typer.echo(now.format(count=count, holder=ready.holder or _("nobody")))
    if plan.file is not None:
        typer.echo(_("Write {file}:").format(file=plan.file[0]))
        typer.echo(plan.file[1].rstrip())
    for command in plan.commands:
        typer.echo(shown(command))
    if not plan.commands:
        typer.echo(_("Nothing to start or stop."))


def _apply(plan: Plan) -> None:
    if plan.file is not None:
        file, text = plan.file
        file.write_text(text, encoding="utf-8")
    for command in plan.commands:
        _run(command)


def _run(command: Sequence[str]) -> str:
    """What a program printed, which runs as the user who typed the command.

    :raises Problem: it is not there, or failed.
    """
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, user=os.getuid(), group=os.getgid()
        )
    except FileNotFoundError as error:
        raise Problem(
            "{program} is not on this machine: choose with --on what runs the services.",
            ProblemCode.EXTRA_NEEDED,
            program=command[0],
        ) from error
    if ended.returncode != 0:
        raise Problem(
            "«{command}» failed: {words}",
            ProblemCode.COMMAND_FAILED,
            command=shown(command),
            words=ended.stderr.strip(),
        )
    return ended.stdout


def _wait(ready: Callable[[], Ready], replicas: int, seconds: float) -> bool:
    from services.cli.progress import Far, wait

    def how_far() -> Far:
        now = ready()
        count = len(now.pollers)
        return Far(min(count, replicas) + now.is_placed, replicas + 1, count == replicas and now.is_placed)

    return wait(_("Waiting for the lease"), how_far, seconds)


def _status(call: Call, through: Sequence[str]) -> Mapping[str, Any]:
    """What `status --json` says, of the base or through a command that reaches it.

    :raises Problem: the command does not say it.
    """
    if not through:
        from intergestan_exchange.health.status import read_status

        with call.database.read() as connection:
            return asdict(read_status(connection, call.database.now(), call.site.answer_hours))
    command = [*through, "status", "--json"]
    try:
        said: Mapping[str, Any] = json.loads(_run(command))
    except ValueError as error:
        raise Problem(
            "«{command}» does not say how the site is.", ProblemCode.COMMAND_FAILED, command=shown(command)
        ) from error
    return said


def _ready(status: Callable[[], Mapping[str, Any]], mailbox: str) -> Ready:
    """Who stands ready now.

    :raises Problem: no such mailbox is polled.
    """
    from intergestan_exchange.mailboxes.placement import Takes

    found = status()
    box = next((one for one in found["mailboxes"] if one["name"] == mailbox and one["active"]), None)
    if box is None:
        raise Problem(
            "There is no mailbox {names} that is polled: `intergestan mailbox list` shows what there is.",
            ProblemCode.NO_MAILBOX,
            names=mailbox,
        )
    own = tuple(one["name"] for one in found["pollers"] if Takes.of_json(one["takes"]).name(mailbox))
    return Ready(own, box["poller"], box["poller"] == box["should"])


def _tell(ready: Ready, mailbox: str, plan: Plan, *, in_time: bool, dry_run: bool, as_json: bool) -> None:
    if as_json:
        commands = [list(command) for command in plan.commands]
        found = {"mailbox": mailbox, "dry_run": dry_run, "commands": commands, "in_time": in_time}
        print_json(found | {"pollers": ready.pollers, "holder": ready.holder})
    elif not in_time:
        say(_("Not all pollers are there yet, or the lease is not held: `intergestan status` shows who has what."))
    elif not dry_run and ready.holder is None:
        say(_("Nobody reads {mailbox} now; its mails wait on the server.").format(mailbox=mailbox))
    elif not dry_run:
        text = ngettext(
            "{mailbox} is read by {holder}; {count} poller of its own is ready.",
            "{mailbox} is read by {holder}; {count} pollers of its own are ready.",
            len(ready.pollers),
        )
        say(text.format(mailbox=mailbox, holder=ready.holder, count=len(ready.pollers)))
    raise typer.Exit(0 if in_time else NOT_YET)
