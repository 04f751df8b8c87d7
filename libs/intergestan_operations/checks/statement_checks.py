"""The checks of `doctor` about pauses after a restore, and about mails that are missing."""

from __future__ import annotations

from collections.abc import Iterator

from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Counted, Said, marked


def check_statements(checkup: Checkup) -> Iterator[Finding]:
    """All of them; nothing is said where all is well with a partner."""
    from intergestan_exchange.statements.paused import list_paused
    from intergestan_exchange.statements.statements import count_missing

    with checkup.database.read() as connection:
        paused, missing = list_paused(connection), count_missing(connection)
    found = []
    for row in paused:
        cure = marked("It goes on once their statement agrees, or when somebody says so; their code is {code}.")
        said = Counted(
            "booking for {partner} rests since the restore of {since}; {count} mail waits",
            "booking for {partner} rests since the restore of {since}; {count} mails wait",
            row.mails,
            partner=row.name,
            since=row.since,
        )
        found.append(Finding(Said("Booking"), False, said, Said(cure, code=row.code), (Act.RESUME_BOOKING,)))
    for code, count in missing.items():
        if count:
            cure = marked("What is missing comes by itself; if not, look with your partner ({code}).")
            found.append(
                Finding(
                    Said("Statements"),
                    False,
                    Counted(
                        "{count} mail of {code} is missing; our statement asked for it",
                        "{count} mails of {code} are missing; our statement asked for them",
                        count,
                        code=code,
                    ),
                    Said(cure, code=code),
                    (Act.SHOW_STATEMENT,),
                )
            )
    yield from found or [
        Finding(Said("Statements"), True, Said("no mail of a partner is missing, booking rests for none"))
    ]
