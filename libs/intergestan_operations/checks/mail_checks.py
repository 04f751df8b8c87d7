"""The checks of `doctor` about what becomes of mails: reports, answers, notices."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.problem import Act
from intergestan_operations.checks.account_checks import accounts_of
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_operations.language.language import _, ngettext
from intergestan_operations.language.wording import wording


def check_reports(checkup: Checkup) -> Iterator[Finding]:
    """Whether reports of undelivered mail can prove themselves, and where mail servers send them."""
    from intergestan_operations.opening.opening import read_bounce_key
    from intergestan_runtime.secrets import SecretError

    subject = _("Reports of undelivered mail")
    try:
        if read_bounce_key(checkup.site) is None:
            text = _("{file} is missing: no report counts").format(file=checkup.site.bounce_key_file)
            yield Finding(
                subject, False, text, _("An upgrade makes it; start the services again then."), (Act.UPGRADE,)
            )
            return
    except SecretError as error:
        yield Finding(subject, False, wording(error), f"chmod 600 {checkup.site.bounce_key_file}")
        return
    relays = accounts_of(checkup.database, "relay")
    address = relays[0].bounce_address if relays else None
    text = _("they go to {address}: one of our mailboxes must receive what is sent there")
    yield Finding(subject, True, text.format(address=address or _("the sender of each mail")))


def check_answers(checkup: Checkup) -> Iterator[Finding]:
    """Whether every partner answers in time."""
    from intergestan_exchange.health.unanswered import list_unanswered

    subject = _("Answers")
    with checkup.database.read() as connection:
        orders = list_unanswered(connection, checkup.site.answer_hours, checkup.database.now())
    if not orders:
        yield Finding(subject, True, _("no order waits longer than was agreed"))
        return
    text = ngettext(
        "{count} order has no answer after the hours agreed: {first}",
        "{count} orders have no answer after the hours agreed, {first} the longest",
        len(orders),
    )
    said = text.format(count=len(orders), first=orders[0]["number"])
    yield Finding(subject, False, said, _("Call the partner."), (Act.LIST_UNANSWERED,))


def check_notices(checkup: Checkup) -> Iterator[Finding]:
    """Whether somebody is told what waits, and whether the last notice left."""
    from intergestan_db.problem import Problem
    from intergestan_exchange.holds.notices import check_reader, last_given_up

    subject, to = _("Notices"), checkup.notices.to
    if to is None:
        text = _('off: `[notices] to = "…"` in the configuration names who gets a mail about what waits')
        yield Finding(subject, True, text)
        return
    cure = _("Correct `notices.to` in the configuration.")
    with checkup.database.read() as connection:
        try:
            check_reader(connection, to)
        except Problem as problem:
            yield Finding(subject, False, wording(problem), cure)
            return
        error = last_given_up(connection)
    if error is not None:
        yield Finding(subject, False, _("the last one was given up: {error}").format(error=error), cure)
        return
    yield Finding(subject, True, _("what waits for a person is told to {to}").format(to=to))
