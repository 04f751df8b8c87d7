"""What a console process reads."""

from __future__ import annotations

from intergestan_operations.starting.startup import ServiceProcess
from intergestan_runtime.settings import ConsoleSettings, HeartbeatSettings, NoticeSettings


class ConsoleProcess(ServiceProcess):
    """All that a console process reads."""

    console: ConsoleSettings
    notices: NoticeSettings
    heartbeats: HeartbeatSettings
