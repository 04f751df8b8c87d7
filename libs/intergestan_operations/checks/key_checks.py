"""The checks of `doctor` about keys that end, and keys that nobody confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_runtime.said import Said, marked

if TYPE_CHECKING:
    from intergestan_exchange.keys.key_health import Ending


def check_keys(checkup: Checkup) -> Iterator[Finding]:
    """All of them; nothing is said where all is well with a partner."""
    from intergestan_exchange.keys import key_health

    now = checkup.database.now()
    with checkup.database.read() as connection:
        ends = key_health.endings(connection, now)
        start, waiting = key_health.our_key_is_unconfirmed_by(connection)
        theirs = key_health.their_unconfirmed_keys(connection)
        of_anybody = key_health.keys_of_anybody(connection)
    found = [_ending(each) for each in ends if each.is_near(now)]
    for row in waiting:
        when = Said("signs already") if start is None or start <= now else Said("signs from {start} on", start=start)
        text = Said("{partner} has not confirmed our new key, which {when}", partner=row.name, when=when)
        cure = marked("Call them and read them its words; {mail} told them, and may be sent again.")
        found.append(
            Finding(
                Said("Our new key"),
                False,
                text,
                Said(cure, mail=f"out-{row.mail_id}"),
                (Act.SHOW_OUR_KEY, Act.RESEND_MAIL),
            )
        )
    for each in theirs:
        text = Said("{partner} announced the key {kid}, and nobody here confirmed it", partner=each.name, kid=each.kid)
        cure = marked("Call them, then type their words: their code is {code}.")
        found.append(
            Finding(Said("Keys of partners"), False, text, Said(cure, code=each.site_code), (Act.CONFIRM_KEY,))
        )
    for old in of_anybody:
        text = Said(
            "the key {kid} of {partner} is one for which anybody can sign, and counts no more",
            kid=old.kid,
            partner=old.name,
        )
        ask = Said("Ask them how they made it, and for a card with another key.")
        found.append(Finding(Said("Keys of partners"), False, text, ask, (Act.CONFIRM_CARD,)))
    yield from found or [Finding(Said("Keys of partners"), True, Said("none ends soon, none waits for a person"))]


def _ending(each: Ending) -> Finding:

    assert each.ends is not None
    if each.ours:
        text = Said("our key ends on {end}", end=each.ends)
        return Finding(Said("Key of the site"), False, text, next=(Act.ROTATE_KEY,))
    text = Said("the key of {partner} ends on {end}", partner=each.name, end=each.ends)
    return Finding(Said("Keys of partners"), False, text, Said("Ask them for a new one."))
