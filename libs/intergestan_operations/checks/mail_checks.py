"""The checks of `doctor` about what becomes of mails: reports, answers, notices."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.problem import Act
from intergestan_operations.checks.account_checks import relays_of
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Counted, Said


def check_reports(checkup: Checkup) -> Iterator[Finding]:
    """Whether reports of undelivered mail can prove themselves, and where mail servers send them."""
    from intergestan_operations.opening.opening import read_bounce_key
    from intergestan_runtime.secrets import SecretError

    subject = Said("Reports of undelivered mail")
    try:
        if read_bounce_key(checkup.site) is None:
            text = Said("{file} is missing: no report counts", file=checkup.site.bounce_key_file)
            yield Finding(
                subject, False, text, Said("An upgrade makes it; start the services again then."), (Act.UPGRADE,)
            )
            return
    except SecretError as error:
        yield Finding(subject, False, error, Said("chmod 600 {file}", file=checkup.site.bounce_key_file))
        return
    relays = relays_of(checkup.database)
    address = relays[0].bounce_address if relays else None
    where = address or Said("the sender of each mail")
    text = Said("they go to {address}: one of our mailboxes must receive what is sent there", address=where)
    yield Finding(subject, True, text)


def check_answers(checkup: Checkup) -> Iterator[Finding]:
    """Whether every partner answers in time."""
    from intergestan_exchange.health.unanswered import count_unanswered, list_unanswered

    subject, agreed = Said("Answers"), (checkup.site.answer_hours, checkup.database.now())
    with checkup.database.read() as connection:
        longest = list_unanswered(connection, *agreed, size=1).rows
        count = count_unanswered(connection, *agreed)
    if not longest or not count:
        yield Finding(subject, True, Said("no order waits longer than was agreed"))
        return
    said = Counted(
        "{count} order has no answer after the hours agreed: {first}",
        "{count} orders have no answer after the hours agreed, {first} the longest",
        count,
        first=longest[0].number,
    )
    yield Finding(subject, False, said, Said("Call the partner."), (Act.LIST_UNANSWERED,))


def check_notices(checkup: Checkup) -> Iterator[Finding]:
    """Whether somebody is told what waits, and whether the last notice left."""
    from intergestan_db.problem import Problem
    from intergestan_exchange.holds.notices import check_reader, last_given_up

    subject, to = Said("Notices"), checkup.notices.to
    if to is None:
        text = Said('off: `[notices] to = "…"` in the configuration names who gets a mail about what waits')
        yield Finding(subject, True, text)
        return
    cure = Said("Correct `notices.to` in the configuration.")
    with checkup.database.read() as connection:
        try:
            check_reader(connection, to)
        except Problem as problem:
            yield Finding(subject, False, problem, cure)
            return
        error = last_given_up(connection)
    if error is not None:
        yield Finding(subject, False, Said("the last one was given up: {error}", error=error), cure)
        return
    yield Finding(subject, True, Said("what waits for a person is told to {to}", to=to))
