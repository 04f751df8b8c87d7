"""States and verdicts as words: a table each, whose keys are what is stored and whose values are in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

from intergestan_db.enums import HoldReason
from intergestan_runtime.said import Said, marked

MAILBOX_STATES: Mapping[str, str] = {
    "new": marked("not polled yet"),
    "connecting": marked("connecting"),
    "connected": marked("collected"),
    "connectError": marked("cannot be reached"),
    "authenticationError": marked("login refused"),
    "certificateError": marked("certificate refused"),
    "folderError": marked("folder missing"),
    "protocolError": marked("server unfit"),
    "diskFull": marked("archive full"),
    "overQuota": marked("daily limit reached"),
}
"""`mailbox.state` in words."""


MAILBOX_CURES: Mapping[str, str] = {
    "connectError": marked("Correct host, port and security, or look whether a firewall is in between."),
    "authenticationError": marked("Correct login and password; many providers want a password made for programs."),
    "certificateError": marked("Have the certificate renewed, and look whether this machine's clock is right."),
    "folderError": marked("Correct the name of the folder, or make one of that name at the provider."),
    "protocolError": marked("Use IMAP: over POP3 each poll would fetch every mail again."),
    "diskFull": marked("Make room on the disk; polling pauses until then."),
    "overQuota": marked("It goes on by itself tomorrow; where the provider allows more, say so."),
}
"""What to do about it, by `mailbox.state`."""


def mailbox_state(state: str, *, active: bool, rests_by: str | None, rests_reason: str | None) -> Said:
    """How a mailbox is: what a person decided about it, else what its poller last said."""
    if not active:
        return Said("out of use")
    if rests_by is not None:
        return Said("paused by {who}: {why}", who=rests_by, why=rests_reason or "")
    return Said(MAILBOX_STATES.get(state, state))


PURGE_VERDICTS: Mapping[str, str] = {
    "young": marked("not as old as asked"),
    "alien": marked("a stranger's mail, none of ours"),
    "new": marked("not collected yet"),
    "too_big": marked("larger than is fetched"),
    "archived": marked("not imported yet"),
    "held": marked("waits for a person"),
    "refused": marked("not imported: a person refused the mail, or it carried nothing to import"),
    "unanswered": marked("the answer has not left yet"),
    "missing": marked("the archive does not have it: bring the file back from a backup"),
    "altered": marked("its file in the archive was altered: bring it back from a backup"),
    "differs": marked("another mail than the archived one under the same name: it is collected anew"),
    "gone": marked("vanished meanwhile"),
    "stayed": marked("the server did not remove it: purge again later"),
    "removing": marked("under way"),
    "remove": marked("not dealt with"),
}
"""Why a mail stays, by verdict; the last two where a purge broke off."""


HOLD_REASONS: Mapping[HoldReason, str] = {
    HoldReason.UNKNOWN_SIGNER: marked("unknown signer"),
    HoldReason.UNCONFIRMED_KEY: marked("key not confirmed"),
    HoldReason.REVOKED_KEY: marked("revoked key"),
    HoldReason.KEY_ANNOUNCED: marked("new key announced"),
    HoldReason.PARTNER_BUDGET: marked("more than a partner may send"),
    HoldReason.BAD_SIGNATURE: marked("wrong signature"),
    HoldReason.BAD_MESSAGE: marked("mail that is not as it should be"),
    HoldReason.DAMAGED: marked("damaged mail"),
    HoldReason.NEWER_RELEASE: marked("of a newer release"),
    HoldReason.WRONG_RECIPIENT: marked("meant for another site"),
    HoldReason.TOO_OLD: marked("too old"),
    HoldReason.CLAIM_MISMATCH: marked("says otherwise than its order"),
    HoldReason.TRANSFER_CONFLICT: marked("two mails contradict each other"),
    HoldReason.POISON: marked("mail that cannot be read"),
    HoldReason.ARCHIVE: marked("copy in the archive damaged"),
    HoldReason.BAD_DOCUMENT: marked("document that contradicts itself"),
    HoldReason.UNKNOWN_PRODUCT: marked("unknown product"),
    HoldReason.TWO_CUSTOMERS: marked("several customers fit"),
    HoldReason.TOTAL_DIFFERENCE: marked("difference of totals"),
    HoldReason.PRICE_DIFFERENCE: marked("difference of prices"),
    HoldReason.VAT_DIFFERENCE: marked("difference of VAT"),
    HoldReason.UNIT_MISMATCH: marked("unit that cannot be converted"),
    HoldReason.CURRENCY: marked("other currency"),
    HoldReason.CONFLICT: marked("contradicts an order that stands"),
    HoldReason.GAP: marked("came before what it builds on"),
    HoldReason.DELIVERED: marked("goods have left already"),
    HoldReason.OWN_CHANGE: marked("changes what we had changed"),
    HoldReason.OTHER_START: marked("starts from another order"),
    HoldReason.ORDER_CLOSED: marked("order that is closed"),
    HoldReason.CHANGE_REVIEW: marked("change to look at"),
    HoldReason.UNMATCHED_ANSWER: marked("answer to nothing of ours"),
    HoldReason.STATEMENT: marked("numbers that do not agree"),
    HoldReason.FAILED: marked("booking failed"),
    HoldReason.REFUSED_BY_SERVER: marked("refused by the server"),
    HoldReason.UNDELIVERED: marked("came back"),
    HoldReason.NO_ANSWER: marked("no answer"),
    HoldReason.NOT_COMPOSED: marked("cannot be composed"),
    HoldReason.CREDIT: marked("credit maximum"),
}
"""Why something waits, in as few words as a list has room for."""

DRIFTS: Mapping[str, str] = {
    "unknown": marked("The seller does not have it"),
    "name": marked("Name"),
    "unit": marked("Unit"),
    "price": marked("Price"),
    "vat": marked("VAT"),
}
"""What differs between two catalogues."""
