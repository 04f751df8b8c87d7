"""The checks of `doctor` about pauses after a restore, and about mails that are missing."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_operations.language.figures import cell
from intergestan_operations.language.language import _, ngettext


def check_statements(checkup: Checkup) -> Iterator[Finding]:
    """All of them; nothing is said where all is well with a partner."""
    from intergestan_exchange.statements.paused import list_paused
    from intergestan_exchange.statements.statements import count_missing

    with checkup.database.read() as connection:
        paused, missing = list_paused(connection), count_missing(connection)
    found = []
    for row in paused:
        text = ngettext(
            "booking for {partner} rests since the restore of {since}; {count} mail waits",
            "booking for {partner} rests since the restore of {since}; {count} mails wait",
            row.mails,
        )
        cure = _("It goes on once their statement agrees, or when somebody says so; their code is {code}.")
        said = text.format(partner=row.name, since=cell(row.paused_at), count=row.mails)
        found.append(Finding(_("Booking"), False, said, cure.format(code=row.site_code), (Act.RESUME_BOOKING,)))
    for code, count in missing.items():
        if count:
            text = ngettext(
                "{count} mail of {code} is missing; our statement asked for it",
                "{count} mails of {code} are missing; our statement asked for them",
                count,
            )
            cure = _("What is missing comes by itself; if not, look with your partner ({code}).")
            found.append(
                Finding(
                    _("Statements"),
                    False,
                    text.format(count=count, code=code),
                    cure.format(code=code),
                    (Act.SHOW_STATEMENT,),
                )
            )
    yield from found or [Finding(_("Statements"), True, _("no mail of a partner is missing, booking rests for none"))]
