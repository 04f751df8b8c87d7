"""States and verdicts as words: a table each, whose keys are what is stored and whose values are in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping

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
