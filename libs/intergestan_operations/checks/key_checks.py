"""The checks of `doctor` about keys that end, and keys that nobody confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from intergestan_db.problem import Act
from intergestan_operations.checks.checkup import Checkup
from intergestan_operations.finding import Finding
from intergestan_operations.language.figures import cell
from intergestan_operations.language.language import _

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
        when = (
            _("signs already")
            if start is None or start <= now
            else _("signs from {start} on").format(start=cell(start))
        )
        text = _("{partner} has not confirmed our new key, which {when}").format(partner=row.name, when=when)
        cure = _("Call them and read them its words; {mail} told them, and may be sent again.")
        found.append(
            Finding(
                _("Our new key"),
                False,
                text,
                cure.format(mail=f"out-{row.mail_id}"),
                (Act.SHOW_OUR_KEY, Act.RESEND_MAIL),
            )
        )
    for row in theirs:
        text = _("{partner} announced the key {kid}, and nobody here confirmed it").format(
            partner=row.name, kid=row.kid
        )
        cure = _("Call them, then type their words: their code is {code}.")
        found.append(Finding(_("Keys of partners"), False, text, cure.format(code=row.site_code), (Act.CONFIRM_KEY,)))
    for row in of_anybody:
        text = _("the key {kid} of {partner} is one for which anybody can sign, and counts no more")
        cure = _("Ask them how they made it, and for a card with another key.")
        found.append(
            Finding(_("Keys of partners"), False, text.format(kid=row.kid, partner=row.name), cure, (Act.CONFIRM_CARD,))
        )
    yield from found or [Finding(_("Keys of partners"), True, _("none ends soon, none waits for a person"))]


def _ending(each: Ending) -> Finding:

    assert each.ends is not None
    if each.ours:
        text = _("our key ends on {end}").format(end=cell(each.ends))
        return Finding(_("Key of the site"), False, text, next=(Act.ROTATE_KEY,))
    text = _("the key of {partner} ends on {end}").format(partner=each.name, end=cell(each.ends))
    return Finding(_("Keys of partners"), False, text, _("Ask them for a new one."))
