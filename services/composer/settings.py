"""The composer's own settings."""

from __future__ import annotations

from intergestan_operations.starting.startup import ServiceProcess
from intergestan_runtime.sections import key
from intergestan_runtime.settings import BudgetSettings, ServiceSettings

MEGABYTE = 10**6


class ComposerSettings(ServiceSettings):
    """Turns requests into frozen, signed mails."""

    max_mail_bytes: int = key(
        15 * MEGABYTE,
        ge=100_000,
        le=25 * MEGABYTE,
        description="The largest mail that is composed, in bytes.",
    )


class ComposerProcess(ServiceProcess):
    """All that a composer process reads."""

    composer: ComposerSettings
    budgets: BudgetSettings
