"""The dispatcher's own settings."""

from __future__ import annotations

from intergestan_operations.starting.startup import ServiceProcess
from intergestan_runtime.sections import key
from intergestan_runtime.settings import (
    AlarmSettings,
    BudgetSettings,
    CreditSettings,
    HeartbeatSettings,
    NoticeSettings,
    ServiceSettings,
)


class DispatcherSettings(ServiceSettings):
    """Rings for every row that is due, and measures what the base says."""

    scan_seconds: float = key(5, gt=0, description="How often the base is searched for due rows.")
    ring_again_seconds: float = key(20, gt=0, description="A row that was rung for is rung for again after this.")
    gauge_seconds: float = key(15, gt=0, description="How often the gauges are read from the base.")
    statement_hours: int = key(24, ge=1, le=168, description="A statement goes to each partner every so many hours.")
    alien_days: int = key(7, ge=1, description="After so many days the bytes of strangers' mails are dropped.")
    stranger_days: int = key(
        30,
        ge=1,
        description="The same for mails that wait and that nobody vouches for; they wait no more then.",
    )
    stranger_megabytes: int = key(
        500,
        ge=26,
        description="So much of mails that nobody vouches for is kept; beyond it the oldest go.",
    )


class DispatcherProcess(ServiceProcess):
    """All that a dispatcher process reads."""

    dispatcher: DispatcherSettings
    notices: NoticeSettings
    heartbeats: HeartbeatSettings
    alarms: AlarmSettings
    credit: CreditSettings
    budgets: BudgetSettings
