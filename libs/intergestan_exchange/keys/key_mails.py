"""What a verified mail of kind `key` does here: an announced key is kept apart, a confirmation is noted.

Nothing that a mail says makes a key count: that takes a person (`partner_keys.confirm_key`).
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, func, insert, select, update

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import Budget, HoldReason
from intergestan_db.tables import InboundMail, Partner, PartnerKey
from intergestan_exchange.budgets.limits import Limits
from intergestan_exchange.budgets.spending import beyond, may
from intergestan_exchange.findings.finding import Finding, diagnosed
from intergestan_exchange.keys.keys import lock_keys
from intergestan_exchange.keys.own_keys import confirmed_by_partner, unanswered_announcements
from intergestan_exchange.transfers.transfer import BY, ClaimedMail, Transfer
from intergestan_exchange.transfers.transfers import finish_mail
from intergestan_msg.diagnosis import Diagnosis, Wrong
from intergestan_msg.key_notice import KeyNotice
from intergestan_msg.kinds import KeyAction


def take_notice(
    connection: Connection,
    mail: ClaimedMail,
    transfer: Transfer,
    notice: KeyNotice,
    archived_at: datetime,
    now: datetime,
    limits: Limits,
) -> Finding | None:
    """Do what a notice says, as far as a mail may, and finish the mail; else say why it waits for a person.

    It may come any number of times: a key is known once, and one that was turned down stays so.

    :param archived_at: when we first had the mail, by our clock.
    :param limits: among them how many new keys of one partner are kept apart in a day: each is read for every mail of
        everybody.
    """
    lock_keys(connection)
    if notice.action is KeyAction.ANNOUNCE and _known(connection, notice.kid) is None:
        if not may(connection, transfer.partner.id, Budget.ANNOUNCEMENTS, limits, now):
            return beyond(Budget.ANNOUNCEMENTS, transfer.partner.name, limits)
        _keep_apart(connection, transfer, notice, now)
    finding = foresee_notice(connection, transfer, notice, archived_at)
    if finding is not None:
        return finding
    if notice.action is KeyAction.CONFIRM:
        confirmed_by_partner(connection, transfer.partner.id, notice.kid, by=BY, at=now)
        _record(connection, transfer.partner.id, "confirmed_our_key", notice.kid, now)
    if notice.action is KeyAction.WITHDRAW:
        _withdraw(connection, transfer, notice.kid, archived_at, now)
    finish_mail(connection, mail, transfer, now)
    return None


def foresee_notice(
    connection: Connection, transfer: Transfer, notice: KeyNotice, archived_at: datetime
) -> Finding | None:
    """Why a mail with this notice waits for a person, or None. Writes nothing."""
    key = _known(connection, notice.kid)
    if notice.action is KeyAction.CONFIRM or (notice.action is KeyAction.WITHDRAW and key is None):
        return None
    if key is not None and key.partner_id != transfer.partner.id:
        return _refused(Wrong.KEY_OF_ANOTHER, notice)
    if notice.action is KeyAction.ANNOUNCE:
        settled = key is not None and (key.revoked_at is not None or not key.pending)
        return None if settled else _announced(transfer, notice)
    assert key is not None
    if key.revoked_at is None and (key.valid_from is None or _newest(connection, key, archived_at) >= key.valid_from):
        return _refused(Wrong.KEY_MAY_SIGN, notice)
    return None


def _refused(why: Wrong, notice: KeyNotice) -> Finding:
    return diagnosed(HoldReason.BAD_MESSAGE, Diagnosis.of(why, {"kid": notice.kid}))


def nothing_to_do(connection: Connection, partner_id: int, notice: KeyNotice) -> bool:
    """Whether a notice of this partner was dealt with for good, so that it may come again under any key."""
    if notice.action is KeyAction.CONFIRM:
        return not unanswered_announcements(connection, partner_id, notice.kid)
    key = _known(connection, notice.kid)
    return key is not None and key.partner_id == partner_id and (key.revoked_at is not None or not key.pending)


def _newest(connection: Connection, key: AnyRow, archived_at: datetime) -> datetime:
    """How late it is, for the withdrawal of a key: by when it came; of a key that counts, by what came since, too."""
    last = None if key.pending else connection.scalar(select(func.max(InboundMail.archived_at)))
    return archived_at if last is None else max(last, archived_at)


def _announced(transfer: Transfer, notice: KeyNotice) -> Finding:
    assert notice.signs_from is not None
    start = datetime.fromtimestamp(notice.signs_from, UTC)
    values = {
        "partner": transfer.partner.name,
        "new_key": notice.kid,
        "signs_from": f"{start:%Y-%m-%d %H:%M} UTC",
    }
    return Finding(HoldReason.KEY_ANNOUNCED, values)


def _keep_apart(connection: Connection, transfer: Transfer, notice: KeyNotice, now: datetime) -> None:
    assert notice.signs_from is not None
    until = notice.signs_until
    connection.execute(
        insert(PartnerKey).values(
            partner_id=transfer.partner.id,
            kid=notice.kid,
            public_key=notice.announced().raw,
            pending=True,
            known_at=now,
            valid_from=datetime.fromtimestamp(notice.signs_from, UTC),
            valid_until=None if until is None else datetime.fromtimestamp(until, UTC),
        )
    )
    _record(connection, transfer.partner.id, "key_announced", notice.kid, now)


def _withdraw(connection: Connection, transfer: Transfer, kid: str, archived_at: datetime, now: datetime) -> None:
    """The new key will never sign, so the one before it goes on: the database sees to that (`withdrawn_key`)."""
    mine = (PartnerKey.partner_id == transfer.partner.id, PartnerKey.kid == kid, PartnerKey.revoked_at.is_(None))
    if connection.execute(update(PartnerKey).where(*mine).values(revoked_at=archived_at)).rowcount:
        _record(connection, transfer.partner.id, "key_withdrawn", kid, now)


def _known(connection: Connection, kid: str) -> AnyRow | None:
    return connection.execute(select(PartnerKey.__table__).where(PartnerKey.kid == kid)).one_or_none()


def _record(connection: Connection, partner_id: int, event: str, kid: str, now: datetime) -> None:
    detail = {"kid": kid}
    states.record(connection, Partner.__tablename__, [(partner_id, None, None)], event, by=BY, at=now, detail=detail)
