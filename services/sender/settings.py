"""The sender's own settings."""

from __future__ import annotations

from intergestan_operations.starting.startup import ServiceProcess
from intergestan_runtime.sections import key
from intergestan_runtime.settings import AlarmSettings, NoticeSettings, ServiceSettings

MINUTE, HOUR = 60, 3600


class SenderSettings(ServiceSettings):
    """Submits frozen mails to the relay."""

    threads: int = key(2, ge=1, le=16, description="Connections to the relay that are used at the same time.")
    before_dot_seconds: float = key(
        5 * MINUTE, gt=0, description="How long a conversation may take up to the final dot."
    )
    after_dot_seconds: float = key(
        10 * MINUTE,
        gt=0,
        description="How long the relay may take to answer the final dot (RFC 5321 §4.5.3.2.6).",
    )
    retry_seconds: tuple[int, ...] = key(
        (1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 1 * HOUR, 4 * HOUR),
        min_length=1,
        description="Waiting times between tries after a temporary refusal; the last one repeats.",
    )
    resend_seconds: tuple[int, ...] = key(
        (30 * MINUTE, 2 * HOUR, 8 * HOUR, 24 * HOUR),
        min_length=1,
        description="Waiting times for an answer before the same bytes are sent again; then a person is asked.",
    )
    hello_seconds: float = key(
        12, gt=0, description="How long the relay may take for a connection, and for its first words."
    )
    relay_rest_seconds: float = key(
        20,
        gt=0,
        description="How long a relay that is away or busy is left alone; orders go on within 30 s of its return.",
    )
    quota_rest_seconds: float = key(
        30 * MINUTE,
        gt=0,
        description="How long a relay is left alone that says that our account has sent all that it may for now.",
    )
    retry_days: int = key(5, ge=1, description="After so many days of temporary refusals a person is asked.")


class SenderProcess(ServiceProcess):
    """All that a sender process reads."""

    sender: SenderSettings
    notices: NoticeSettings
    alarms: AlarmSettings
