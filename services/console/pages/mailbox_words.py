"""How a mailbox is, in words, for the pages that show some."""

from __future__ import annotations

from intergestan_exchange.listing.mailboxes import ListedMailbox
from intergestan_operations.language.labels import mailbox_state
from intergestan_operations.language.wording import sentence


def state_of(box: ListedMailbox, language: str) -> str:
    """What a person decided about it, else what its poller last said."""
    said = mailbox_state(box.state, active=box.active, rests_by=box.rests_by, rests_reason=box.rests_reason)
    return sentence(said, language)
