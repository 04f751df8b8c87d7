"""What the command line reads from the configuration."""

from __future__ import annotations

from typing import Literal

from intergestan_runtime.sections import key
from intergestan_runtime.settings import (
    AlarmSettings,
    ConsoleSettings,
    CreditSettings,
    HeartbeatSettings,
    LogSettings,
    NoticeSettings,
    Section,
    Settings,
    SiteSettings,
    TracingSettings,
)


class CliSettings(Section):
    """The command line."""

    user: str | None = key(
        None, description="Login of the user who acts when neither --as nor INTERGESTAN_USER says so."
    )
    deployment: Literal["systemd", "compose", "kubernetes"] = key(
        "systemd", description="What runs the services of this site; `intergestan scale` asks it."
    )
    silent_seconds: float = key(
        90,
        gt=0,
        description="`up` and `run` kill a process that gives no sign of life for so long, and start it again.",
    )


class PagesSettings(Settings):
    """What of the configuration the pages alone concern; other commands do not read it."""

    console: ConsoleSettings


class CliProcess(Settings):
    """All that the command line reads."""

    site: SiteSettings
    log: LogSettings
    cli: CliSettings
    notices: NoticeSettings
    heartbeats: HeartbeatSettings
    tracing: TracingSettings
    alarms: AlarmSettings
    credit: CreditSettings
