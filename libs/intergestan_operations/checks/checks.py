"""The checks of `doctor`, in the order in which one builds on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from intergestan_operations.checks.account_checks import check_mailboxes, check_relay
from intergestan_operations.checks.agency_checks import check_agencies, check_all_books, check_allocator, check_stock
from intergestan_operations.checks.base_checks import (
    check_archive,
    check_base,
    check_configuration,
    check_history,
    check_own_keys,
    check_redis,
    check_services,
)
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.checks.console_checks import check_console
from intergestan_operations.checks.heartbeat_checks import check_clocks, check_heartbeats, check_mails_a_day
from intergestan_operations.checks.key_checks import check_keys
from intergestan_operations.checks.mail_checks import check_answers, check_notices, check_reports
from intergestan_operations.checks.party_checks import check_codes, check_documents, check_search
from intergestan_operations.checks.payment_checks import check_due, check_working_days
from intergestan_operations.checks.privacy_checks import check_bell_is_guarded, check_private_files
from intergestan_operations.checks.statement_checks import check_statements
from intergestan_operations.checks.told_checks import check_base_answers, check_told_mailboxes, check_told_relay
from intergestan_operations.finding import Finding


def run_checks(checkup: Checkup) -> Iterator[Finding]:
    """All checks, one after the other. Without a configuration or a base the rest makes no sense."""
    for check in _CHECKS:
        stop = False
        for finding in check(checkup):
            yield replace(finding, code=check.__name__.removeprefix("check_"))
            stop = stop or (not finding.ok and check in {check_configuration, check_base})
        if stop:
            return


def run_told_checks(checkup: Checkup) -> Iterator[Finding]:
    """What can be seen with the base alone, by a process that may read neither the site's files nor its passwords."""
    for check in _TOLD:
        for finding in check(checkup):
            yield replace(finding, code=check.__name__.removeprefix("check_"))


Check = Callable[[Checkup], Iterator[Finding]]

_CHECKS: tuple[Check, ...] = (
    *(check_configuration, check_base, check_history, check_own_keys, check_keys, check_redis),
    *(check_bell_is_guarded, check_private_files, check_services),
    *(check_relay, check_mailboxes, check_archive, check_reports, check_answers, check_heartbeats),
    *(check_mails_a_day, check_clocks, check_statements, check_notices, check_search, check_codes),
    check_documents,
    *(check_due, check_working_days, check_agencies, check_stock, check_allocator, check_all_books),
    check_console,
)

_TOLD: tuple[Check, ...] = (
    *(check_base_answers, check_services, check_told_relay, check_told_mailboxes, check_keys, check_answers),
    *(check_heartbeats, check_mails_a_day, check_clocks, check_statements, check_notices, check_search, check_codes),
    *(check_documents, check_due, check_working_days, check_agencies, check_stock, check_allocator, check_all_books),
    check_console,
)
