"""The checks of `doctor` about the other accounts of this machine: files, and who may ring the bell."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Said


def check_private_files(checkup: Checkup) -> Iterator[Finding]:
    """Whether what the site keeps on this machine is for its user only."""
    from intergestan_operations.opening.private_files import open_to_others, replaceable, wide_places

    subject, found = Said("Private files"), False
    places = (checkup.site, checkup.database)
    for said in (*map(open_to_others, wide_places(*places)), *replaceable(*places)):
        found = True
        cure = Said("Services close what is theirs when they start; else an administrator does.")
        yield Finding(subject, False, said, cure)
    if not found:
        yield Finding(subject, True, Said("the files of the site are for its user only"))


def check_bell_is_guarded(checkup: Checkup) -> Iterator[Finding]:
    """Whether Redis takes commands from us only; where it does not answer it has its own line."""
    from intergestan_operations.opening.opening import redis_url
    from intergestan_runtime.redis_client import REDIS_FAILURES, takes_strangers
    from intergestan_runtime.secrets import SecretError

    subject = Said("Password of Redis")
    try:
        if takes_strangers(redis_url(checkup.site), patience=5):
            yield Finding(
                subject,
                False,
                Said(
                    "it has none: whoever reaches it can ring for nothing and take bells away, so that orders are "
                    "late. None is lost or invented by that."
                ),
                Said(
                    "Set requirepass in its configuration, write the same password into {file} (chmod 600), and say "
                    'redis_password = "redis" in [site]. Or let it listen on a unix socket of mode 0700 only.',
                    file=checkup.site.secrets_dir / "redis",
                ),
            )
        else:
            yield Finding(subject, True, Said("only who has it, or may open its socket, rings"))
    except (*REDIS_FAILURES, SecretError, OSError):
        return
