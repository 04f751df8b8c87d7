"""What can be set about polling. What belongs to one mailbox (poll_seconds, idle …) stands in its row instead."""

from __future__ import annotations

from intergestan_operations.starting.startup import ServiceProcess
from intergestan_runtime.sections import key
from intergestan_runtime.settings import ServiceSettings

MIB = 1 << 20
AUTO = "auto"


class PollerSettings(ServiceSettings):
    """How mails are collected from the mailboxes."""

    threads: int = key(1, ge=1, le=64, description="Requests to collect now that are heard at the same time.")
    mailboxes: tuple[str, ...] = key(
        (), description="Names of the only mailboxes this poller takes; empty: its share of all."
    )
    shard: str = key(
        AUTO,
        pattern=r"^(auto|([0-9]+|ordinal)/[1-9][0-9]*)$",
        description="auto: the pollers that live share the mailboxes. 0/3: the first of three fixed shares; "
        "ordinal/3: the share of the number at the end of the host's name.",
    )
    name: str | None = key(
        None,
        max_length=100,
        pattern=r"^\S+$",
        description="The poller's name, by which mailboxes are pinned and shared out; a second of the same name waits. "
        "By default the host's name, with -2, -3 … where several run.",
    )
    batch_mails: int = key(50, ge=1, le=500, description="Mails fetched and archived at once, at most.")
    batch_bytes: int = key(16 * MIB, ge=1, description="Their octets, at most; a single mail may have more.")
    mail_bytes: int = key(
        25 * MIB, ge=1, description="Octets of the largest mail that is fetched; a larger one is only noted."
    )
    window: int = key(50_000, ge=1, description="Mails listed by one command.")
    full_listing_seconds: float = key(
        3600, gt=0, description="How often a mailbox is listed whole, in case the server kept a mail from us."
    )
    idle_seconds: float = key(
        540, gt=0, le=1740, description="How long one IDLE lasts at most; RFC 2177 allows 29 minutes."
    )
    silence_seconds: float = key(45, gt=0, description="A server that says nothing for so long is hung up on.")
    hello_seconds: float = key(15, gt=0, description="The same for a connection and the server's first words.")
    command_seconds: float = key(600, gt=0, description="Time for one command altogether, however it drips.")
    pop3_session_seconds: float = key(
        300, gt=0, description="A POP3 session locks the mailbox for others; a longer one is ended and begun anew."
    )


class PollerProcess(ServiceProcess):
    """All that a poller process reads."""

    poller: PollerSettings
