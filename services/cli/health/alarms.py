"""`intergestan watch`: is the site well? For firms that have no Prometheus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_operations.language.language import _, spoken
from intergestan_runtime.said import marked
from services.cli.context import Call, call_of
from services.cli.errors import FAILED
from services.cli.next_acts import with_acts
from services.cli.output import AsJson, print_json, print_table, say

if TYPE_CHECKING:
    from intergestan_exchange.health.alarms import Alarm
    from intergestan_operations.alerting.watching import Watcher

SEVERITIES = (marked("critical"), marked("warning"))
"""What `_(alarm.kind.severity)` shows: listed for the catalogue."""


def watch(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Look once; exit code 1 when something is wrong.")] = False,
    tell: Annotated[
        bool, typer.Option("--tell", help="With --once: mail and post what is new, as the configuration says.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look whether the site is well, and tell people by mail or webhook what is not (table [alarms]).

    Each trouble is told when it begins, once a day, and when it ends. The dispatcher does the same by itself where
    [alarms] names somebody; this command also tells, by webhook, that the dispatcher or the sender is down.
    """
    call = call_of(context)
    watcher = _watcher(call)
    if once:
        alarms = watcher.look_and_tell() if tell else watcher.look()
        _show(alarms, as_json=as_json)
        raise typer.Exit(FAILED if alarms else 0)
    _watch(call, watcher)


def _watcher(call: Call) -> Watcher:
    from intergestan_db.site_rows import read_site
    from intergestan_operations.alerting.watching import watcher_of
    from intergestan_operations.opening.opening import redis_url
    from intergestan_operations.opening.stores import open_archive
    from intergestan_runtime import logs
    from intergestan_runtime.broker import make_broker

    logs.configure("watch", form=call.settings.log.form, level=call.settings.log.level)
    with call.database.read() as connection:
        code = read_site(connection).code
    broker = make_broker(redis_url(call.site), code)
    settings = call.settings
    archive = open_archive(call.site)
    return watcher_of(call.database, broker, archive, call.site, settings.alarms, settings.heartbeats, settings.credit)


def _watch(call: Call, watcher: Watcher) -> None:
    from intergestan_db.problem import Problem, ProblemCode
    from intergestan_operations.alerting.watching import watch
    from intergestan_runtime.stopping import stop_on_signals

    if not watcher.can_tell:
        raise Problem(
            "Nobody is to be told: name an address (`to`) or a webhook (`webhook_url`) in the table [alarms] of the "
            "configuration, or look once with --once.",
            ProblemCode.SETTING_NEEDED,
        )
    watch(watcher, call.settings.alarms.every_seconds, stop_on_signals())


def _show(alarms: Sequence[Alarm], *, as_json: bool) -> None:
    from intergestan_exchange.health.alarm_text import acts_of, cure, sentence
    from intergestan_operations.alerting.watching import view_of

    if as_json:
        print_json([view_of(alarm, spoken()) for alarm in alarms])
        return
    if not alarms:
        say(_("All is well."))
        return
    titles = [_("How bad"), _("Since"), _("What"), _("Next")]
    rows = [
        [
            _(alarm.kind.severity),
            alarm.since,
            sentence(alarm, spoken()),
            with_acts(cure(alarm, spoken()), acts_of(alarm)),
        ]
        for alarm in alarms
    ]
    print_table(titles, rows)
