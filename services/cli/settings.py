"""What the command line reads from the configuration."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from intergestan_runtime.settings import (
    AlarmSettings,
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

    user: str | None = Field(
        None, description="Login of the user who acts when neither --as nor INTERGESTAN_USER says so."
    )
    deployment: Literal["systemd", "compose", "kubernetes"] = Field(
        "systemd", description="What runs the services of this site; `intergestan scale` asks it."
    )


class CliProcess(Settings):
    """All that the command line reads."""

    site: SiteSettings = SiteSettings()
    log: LogSettings = LogSettings()
    cli: CliSettings = CliSettings()
    notices: NoticeSettings = NoticeSettings()
    heartbeats: HeartbeatSettings = HeartbeatSettings()
    tracing: TracingSettings = TracingSettings()
    alarms: AlarmSettings = AlarmSettings()
