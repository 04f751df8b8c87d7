"""What people do at the sites: order, send, change their minds, decide what waits, edit, deliver, rotate keys.

Each act is what a command does, in one transaction through the person's own process, and rings like a command. What the
product refuses with a sentence (`Problem`) was refused; what else it raises is a fault of the product.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Connection, select

from intergestan_db.bells import Bells
from intergestan_db.database import Database
from intergestan_db.enums import HoldReason
from intergestan_db.problem import Problem
from intergestan_db.states import StaleState
from intergestan_db.tables import Partner
from intergestan_erp.catalogue.catalogue import put_products
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.purchasing.change_edits import Edits
from intergestan_erp.selling.deliveries import deliver
from intergestan_exchange.changes import answer_seller_change
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from intergestan_exchange.history.archive_trace import unknown_mails
from intergestan_exchange.history.positions import ours_is_older
from intergestan_exchange.holds import hold_acts, review
from intergestan_exchange.holds.holds import Hold, list_holds
from intergestan_exchange.inbox import replay
from intergestan_exchange.keys import own_keys
from intergestan_exchange.keys.pairing import own_card
from intergestan_exchange.keys.partner_keys import confirm_key, enter_from_card
from intergestan_exchange.mailboxes import poll_runs
from intergestan_exchange.outbox import changes, outbound
from intergestan_exchange.outbox.request import request_orders
from intergestan_exchange.statements import pauses, statement_requests
from intergestan_exchange.statements.releases import takes
from intergestan_exchange.transfers.put_back import put_back
from intergestan_msg.kinds import Kind
from intergestan_msg.seal import SigningKey
from intergestan_msg.ubl import write_order
from intergestan_operations.opening.high_water_file import read_file, write_file
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.steps import COMPOSE, IMPORT, SEND
from services.cli.story.restored import begin_anew
from tests.factories import a_line, an_order
from tests.order_files import import_file
from tests.simulator.site import PRODUCTS, Note, Site
from tests.site_factories import a_product

BY = "anne"
_CHANGEABLE = "('waiting', 'accepted', 'changed')"
_LINES = ("L1", "L2", "L3")
DAMAGED = frozenset(
    {HoldReason.DAMAGED, HoldReason.BAD_SIGNATURE, HoldReason.BAD_MESSAGE, HoldReason.BAD_DOCUMENT, HoldReason.POISON}
)
"""Holds of mails that are not what was sent: refused, because the true ones come."""
ANY_HOLD = """
    SELECT 1 AS waits WHERE EXISTS (SELECT 1 FROM hold WHERE closed_at IS NULL)
        OR EXISTS (SELECT 1 FROM inbound_mail WHERE state = 'held')
        OR EXISTS (SELECT 1 FROM outbound_mail WHERE state = 'held')
"""
TO_AGREE = """
    o.state = 'changed' AND NOT EXISTS (
        SELECT 1 FROM purchase_order_change c WHERE c.purchase_order_id = o.id
            AND c.revision > o.revision AND c.state NOT IN ('rejected', 'abandoned'))
"""
"""Orders that the seller changed, and about which nothing is on its way."""
_LAST_CHANGE = """
    SELECT c.answer_code FROM purchase_order_change c JOIN purchase_order o ON o.id = c.purchase_order_id
    WHERE o.number = ? ORDER BY c.revision DESC LIMIT 1
"""
_CANCELLATION_UNDER_WAY = """
    SELECT 1 AS one FROM purchase_order_change c JOIN purchase_order o ON o.id = c.purchase_order_id
    WHERE o.number = ? AND c.type = 'cancel' AND c.state IN ('transmitting', 'waiting')
"""
"""It may be refused: until then a change is refused, and entered again after that."""
TELLS_OF_RESTORES = frozenset({HoldReason.TRANSFER_CONFLICT, HoldReason.STATEMENT})
"""Holds whose advice is to call, and to type `restored` where a backup was put back."""
PATIENCE = timedelta(hours=3)
"""So long people wait for the statements after a restore. A partner who never wrote may be one that sends none."""
ABOUT_KEYS = frozenset({HoldReason.UNKNOWN_SIGNER, HoldReason.UNCONFIRMED_KEY, HoldReason.KEY_ANNOUNCED})


class NoCure(AssertionError):
    """A hold comes back whatever its advice was followed."""


@dataclass
class People:
    """The people of all sites.

    :ivar tell: hears what each of them did.
    :ivar met: how often each hold was dealt with.
    """

    chance: random.Random
    sites: Sequence[Site]
    numbers: Iterator[int]
    tell: Callable[[str], object]
    refused: Counter[str] = field(default_factory=Counter)
    met: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    agreed: set[str] = field(default_factory=set)
    """Orders about which people of both sites talked on the telephone."""
    noted: dict[tuple[str, int], int] = field(default_factory=dict)
    """Where on paper the change or the cancellation stands that a mail of a site carries."""
    entered_again: dict[tuple[str, int], Note] = field(default_factory=dict)
    """The changes that were entered again after a restore, by site and mail."""

    def order(self, buyer: Site, seller: Site, count: int) -> None:
        """Enter some orders from a file, and send them in one mail."""
        numbers = [f"{buyer.name[0]}{next(self.numbers)}" for _ in range(count)]
        for number in numbers:
            file = write_order(self._drawn_order(number, buyer, seller))
            try:
                self._enter(buyer, number, file)
            finally:  # who dies after the commit finds it entered; before, a backup knows neither it nor the note
                if buyer.ask("SELECT 1 AS one FROM purchase_order WHERE number = ?", number):
                    buyer.notes.append(("order", number, file))
        self.send(buyer, numbers)

    def _enter(self, buyer: Site, number: str, file: bytes) -> None:
        import_file(self._database(buyer), f"{number}.xml", file, by=BY, options=Options(any_dates=True))

    def send(self, buyer: Site, numbers: Sequence[str]) -> None:
        """*Valider*."""
        marks = ", ".join("?" * len(numbers))
        rows = buyer.ask(f"SELECT id, version, supplier_id FROM purchase_order WHERE number IN ({marks})", *numbers)
        versions = {row["id"]: row["version"] for row in rows}

        def request(connection: Connection, database: Database) -> Bells:
            who: dict[str, Any] = {"by": BY, "at": database.now()}
            mail = request_orders(connection, rows[0]["supplier_id"], versions, 1, **who)
            return Bells(compose=(mail,))

        if rows and self._act(buyer, f"send {', '.join(numbers)}", request):
            buyer.sent += numbers

    def anything(self, site: Site) -> None:
        """Something that a person does on such a day."""
        acts: list[tuple[int, Callable[[Site], None]]] = [
            (6, self.change),
            (2, self.cancel),
            (4, self.change_as_seller),
            (4, self.decide_on_seller_change),
            (3, self.review),
            (2, self.leave),
            (4, self.decide_on_hold),
            (2, self.edit_catalogue),
            (1, self.rotate_key),
            (2, self.collect_now),
            (2, self.resend),
            (1, self.abandon),
            (3, self.send_again),
            (1, self.replay),
            (2, self.send_statement),
        ]
        (act,) = self.chance.choices([act for _, act in acts], [weight for weight, _ in acts])
        act(site)

    def change(self, site: Site) -> None:
        """The buyer wants an order otherwise."""
        number = self._one_of(site, f"SELECT number FROM purchase_order WHERE state IN {_CHANGEABLE}")
        if number is not None:
            line, figure = self.chance.choice(_LINES), self.chance.randint(1, 9)
            edits = [Edits(quantities={line: Decimal(figure)}), Edits(deleted=(line,)), Edits(note=f"Note {figure}")]
            self.ask_change(site, number, self.chance.choice(edits))

    def ask_change(self, site: Site, number: str, edits: Edits) -> None:
        """The buyer asks for a change."""
        self._act(
            site,
            f"change {number} {edits}",
            lambda connection, database: _of(
                changes.request_edits(connection, number, edits, 1, by=BY, at=database.now())
            ),
            note=("change", number, edits),
        )

    def cancel(self, site: Site) -> None:
        """The buyer wants nothing of an order any more."""
        number = self._one_of(site, f"SELECT number FROM purchase_order WHERE state IN {_CHANGEABLE}")
        if number is not None:
            self.ask_cancellation(site, number)

    def ask_cancellation(self, site: Site, number: str) -> None:
        """The buyer asks for a cancellation."""
        self._act(
            site,
            f"cancel {number}",
            lambda connection, database: _of(
                changes.request_cancellation(connection, number, None, 1, by=BY, at=database.now())
            ),
            note=("cancel", number, None),
        )

    def change_as_seller(self, site: Site) -> None:
        """The seller cannot deliver as ordered."""
        number = self._one_of(site, "SELECT number FROM sales_order WHERE state = 'accepted'")
        if number is not None:
            line, figure = self.chance.choice(_LINES), Decimal(self.chance.randint(0, 9))
            wanted = [OwnChanges(quantities={line: figure}), OwnChanges(prices={line: figure + 1}, note="Hausse")]
            self.change_own(site, number, self.chance.choice(wanted))

    def change_own(self, site: Site, number: str, wanted: OwnChanges) -> None:
        """The seller changes a sales order."""

        def change(connection: Connection, database: Database) -> Bells:
            return change_sales_order(connection, number, wanted, by=BY, at=database.now())

        self._act(site, f"change {number} as seller: {wanted}", change)

    def decide_on_seller_change(self, site: Site) -> None:
        """The buyer agrees to what the seller changed, or asks again for what was ordered."""
        number = self._one_of(site, "SELECT number FROM purchase_order WHERE state = 'changed'")
        if number is not None:
            agrees = self.chance.random() < 0.7
            decide = answer_seller_change.accept if agrees else answer_seller_change.refuse
            self._act(
                site,
                f"{'agree' if agrees else 'disagree'} to {number}",
                lambda connection, database: _of(decide(connection, number, (), 1, by=BY, at=database.now())),
            )

    def agree(self, site: Site, number: str) -> bool:
        """The buyer agrees to all that the seller changed."""
        return self._act(
            site,
            f"agree to {number}",
            lambda connection, database: _of(
                answer_seller_change.accept(connection, number, (), 1, by=BY, at=database.now())
            ),
        )

    def review(self, site: Site) -> None:
        """A clerk looks at an order that came."""
        number = self._one_of(site, "SELECT number FROM sales_order WHERE state = 'review'")
        if number is not None:
            self.decide_on_review(site, number, accepts=self.chance.random() < 0.8)

    def decide_on_review(self, site: Site, number: str, *, accepts: bool) -> bool:
        """A clerk accepts or refuses an order that came."""
        if accepts:
            return self._act(
                site,
                f"accept {number}",
                lambda connection, database: review.accept(connection, number, {}, by=BY, at=database.now()),
            )
        return self._act(
            site,
            f"refuse {number}",
            lambda connection, database: review.refuse(connection, number, None, by=BY, at=database.now()),
        )

    def leave(self, site: Site) -> None:
        """Goods leave."""
        number = self._one_of(site, "SELECT number FROM sales_order WHERE state = 'accepted'")
        if number is not None:
            self.deliver(site, number, {self.chance.choice(_LINES): Decimal(1)})

    def deliver(self, site: Site, number: str, wanted: Mapping[str, Decimal]) -> None:
        """Goods of a sales order leave."""

        def go(connection: Connection, database: Database) -> Bells:
            deliver(connection, number, wanted, by=BY, at=database.now())
            return Bells()

        self._act(site, f"deliver of {number} {wanted}", go)

    def edit_catalogue(self, site: Site) -> None:
        """A price changes."""
        code = self.chance.choice(list(PRODUCTS))
        price = PRODUCTS[code] + self.chance.randint(0, 1)

        def put(connection: Connection, _database: Database) -> Bells:
            put_products(connection, [a_product(code, str(price))])
            return Bells()

        self._act(site, f"price of {code}: {price}", put)

    def rotate_key(self, site: Site) -> None:
        """A new key is announced, or the announced one becomes the key. A backup of before is of no use any more."""
        site.backup = None
        if site.ask("SELECT 1 FROM site WHERE next_key IS NOT NULL"):
            self.finish_key(site)
            return
        key = SigningKey(self.chance.randbytes(32))
        site.keys[key.public.kid] = key
        hours = self.chance.choice([1, 24, 72])

        def announce(connection: Connection, database: Database) -> Bells:
            now = database.now()
            new = own_keys.NewKey(key.public, now.replace(microsecond=0) + timedelta(hours=hours))
            return Bells(compose=own_keys.announce(connection, new, by=BY, at=now))

        self._act(site, "announce a key", announce)

    def finish_key(self, site: Site) -> None:
        """The new key is the key from now on, if all partners confirmed it."""

        def end(connection: Connection, database: Database) -> Bells:
            own_keys.finish(connection, anyway=False, by=BY, at=database.now())
            return Bells()

        self._act(site, "finish a key", end)

    def collect_now(self, site: Site) -> None:
        """*Relever*."""

        def ask(connection: Connection, database: Database) -> Bells:
            poll_runs.ask(connection, (), by=BY, at=database.now())
            return Bells()

        self._act(site, "collect now", ask)

    def resend(self, site: Site) -> None:
        """*Renvoyer*."""
        states = "('sent', 'unknown', 'answered', 'held')"
        mail = self._one_of(site, f"SELECT id FROM outbound_mail WHERE kind = 'orders' AND state IN {states}")
        if mail is not None:
            self._resend(site, int(mail))

    def _resend(self, site: Site, mail: int) -> None:
        self._act(
            site,
            f"resend out-{mail}",
            lambda connection, database: outbound.resend(connection, [mail], by=BY, at=database.now()),
        )

    def abandon(self, site: Site) -> None:
        """A mail that has not left is given up; its orders are confirmed again."""
        states = "('requested', 'composed', 'held')"
        mail = self._one_of(site, f"SELECT id FROM outbound_mail WHERE kind = 'orders' AND state IN {states}")
        if mail is None:
            return

        def give_up(connection: Connection, database: Database) -> Bells:
            outbound.abandon(connection, [int(mail)], by=BY, at=database.now())
            return Bells()

        if self._act(site, f"abandon out-{mail}", give_up) and (site.name, mail) in self.noted:
            place = self.noted.pop((site.name, mail))
            site.notes[place] = ("given up", site.notes[place][1], None)

    def send_again(self, site: Site) -> None:
        """An order that was given up, or entered only, is sent after all."""
        number = self._one_of(site, "SELECT number FROM purchase_order WHERE state = 'confirmed'")
        if number is not None:
            self.send(site, [number])

    def replay(self, site: Site) -> None:
        """All archived mails go through the import again."""

        def again(connection: Connection, database: Database) -> Bells:
            chosen = replay.choose(connection, replay.Choice())
            return Bells(take_in=put_back(connection, [mail.id for mail in chosen], by=BY, at=database.now()))

        self._act(site, "replay all", again)

    def send_statement(self, site: Site) -> None:
        """Say what was sent and received, and ask the partners for the same."""

        def ask(connection: Connection, database: Database) -> Bells:
            partners = connection.execute(select(Partner.id).where(takes(Kind.STATEMENT))).scalars().all()
            return Bells(compose=statement_requests.request(connection, partners, at=database.now(), wanted=True))

        self._act(site, "send a statement", ask)

    def go_on_after_restore(self, site: Site) -> bool:
        """Do the next thing that the manual says, at a site that came back from a backup; whether there was any."""
        if site.is_back and self._is_told_to_be_older(site):
            site.stop()
        if site.is_stopped:
            self.restored(site)
        elif site.to_replay:
            self.replay_all(site)
        elif site.to_enter:
            return self.enter_again(site)
        else:
            return False
        return True

    def restored(self, site: Site) -> None:
        """Type `restored`, and start the services."""
        file, marks = site.ground.high_water, []
        seen = read_file(file)

        def begin(connection: Connection, database: Database) -> Bells:
            marks.append(begin_anew(connection, seen, by=BY, at=database.now())[1])
            return Bells()

        self._act(site, "restored", begin)
        write_file(file, *marks)
        site.is_stopped = site.is_back = False
        site.to_replay = True
        self.entered_again = {key: note for key, note in self.entered_again.items() if key[0] != site.name}

    def resume(self, site: Site) -> None:
        """Call the partners of whom no statement came for hours, and go on booking what they send."""
        since = int((site.ground.clock() - PATIENCE).timestamp() * 1e6)  # the base keeps microseconds
        late = [row["id"] for row in site.ask("SELECT id FROM partner WHERE paused_at < ?", since)]

        def go_on(connection: Connection, database: Database) -> Bells:
            return Bells(take_in=pauses.resume(connection, late, by=BY, at=database.now(), words="telephoned"))

        if late:
            self._act(site, "resume", go_on)

    def replay_all(self, site: Site) -> None:
        """Type `replay --all`."""

        def adopt(connection: Connection, database: Database) -> Bells:
            names = sorted(unknown_mails(connection, list(site.archive.names())))
            now = database.now()
            files = [replay.Stray(name, len(site.archive.get(name)), now) for name in names]
            return Bells(take_in=replay.adopt(connection, files, by=BY, at=now))

        self._act(site, "adopt", adopt)
        self.replay(site)
        site.to_replay = False

    def enter_again(self, site: Site) -> bool:
        """What people entered after the backup is entered again, of each order in its turn; whether anything was."""
        again, waiting = list(site.to_enter), set[str]()
        for note in again:
            what, number, content = note
            states = site.ask("SELECT state FROM purchase_order WHERE number = ?", number)
            state = str(states[0]["state"]) if states else None
            is_early = what != "order" and state in {None, "transmitting", "confirmed", "draft"}
            if number in waiting or is_early or (what == "change" and site.ask(_CANCELLATION_UNDER_WAY, number)):
                waiting.add(number)
                continue
            if what == "change":
                place = len(site.notes)
                self.ask_change(site, number, content)
                mails = [mail for (name, mail), its in self.noted.items() if (name, its) == (site.name, place)]
                self.entered_again |= {(site.name, mail): note for mail in mails}
            elif what == "cancel":
                self.ask_cancellation(site, number)
            elif state is None:
                self._enter(site, number, content)
            site.to_enter.remove(note)
        return len(site.to_enter) < len(again)

    def ask_once_more(self, site: Site) -> bool:
        """What was refused together with what followed it on paper was agreed on once: it is asked for by itself."""
        refused = [
            key
            for key in self.entered_again
            if key[0] == site.name
            and site.ask(
                "SELECT 1 AS one FROM purchase_order_change WHERE outbound_mail_id = ? AND state = 'rejected'", key[1]
            )
        ]
        for key in refused:
            _, number, content = self.entered_again.pop(key)
            self.ask_change(site, number, content)
        return bool(refused)

    def _is_told_to_be_older(self, site: Site) -> bool:
        """Whether the alarm IntergestanOwnDatabaseOlder is raised."""
        with site.ground.database.read() as connection:
            return connection.execute(select(Partner.id).where(ours_is_older()).limit(1)).first() is not None

    def decide_on_hold(self, site: Site) -> None:
        """Something that waits is decided, one way or the other."""
        waiting = self.holds(site)
        if waiting:
            self.cure(site, self.chance.choice(waiting))

    def come_to_an_end(self, site: Site) -> None:
        """All that waits for a person is decided. What waits for another document goes on by itself."""
        for hold in self.holds(site):
            if hold.reason is not HoldReason.GAP:
                self.cure(site, hold)
        self.resume(site)
        for row in site.ask("SELECT number FROM sales_order WHERE state = 'review' ORDER BY id"):
            self.decide_on_review(site, row["number"], accepts=True)
        for row in site.ask("SELECT number FROM purchase_order WHERE state = 'confirmed' ORDER BY id"):
            self.send(site, [row["number"]])
        for row in site.ask(f"SELECT number FROM purchase_order o WHERE {TO_AGREE} ORDER BY id"):
            if site.ask(f"SELECT 1 AS closed WHERE ({_LAST_CHANGE}) = 'RE'", row["number"]):
                self.ask_cancellation(site, row["number"])  # the seller says that the order is closed
            else:
                self.agree(site, row["number"])

    def holds(self, site: Site) -> list[Hold]:
        """What waits for a person."""
        if not site.ask(ANY_HOLD):
            return []  # to list them costs ten times as much
        with self._database(site).read() as connection:
            return list_holds(connection)

    def cure(self, site: Site, hold: Hold) -> None:
        """Do what the advice says; what comes back is refused, and must not come back then.

        :raises NoCure: it does.
        """
        for each in self.sites if hold.reason is HoldReason.TRANSFER_CONFLICT else [site]:
            if each.is_back and hold.reason in TELLS_OF_RESTORES:
                each.stop()
        self.met[site.name, hold.ref, hold.reason] += 1
        times = self.met[site.name, hold.ref, hold.reason]
        if times > 20:
            raise NoCure(f"{site.name}: {hold.ref} ({hold.reason}) comes back whatever is done about it.")
        was_replaced = hold.reason is HoldReason.BAD_SIGNATURE and hold.findings[0].variant == "outside"
        if (hold.reason in ABOUT_KEYS or was_replaced) and times <= 3:
            self._confirm_key(site, hold)
            return
        refuses = hold.is_conflict or (hold.kind == "in" and hold.reason in DAMAGED)
        if hold.kind == "order" and not refuses and hold.order not in self.agreed:
            refuses = times > 1 or self.chance.random() < 0.3
        if any(finding.variant == "earlier" for finding in hold.findings):
            refuses = not self.is_still_wanted(site, hold)
        if hold.kind == "in" and times > 1:
            refuses = True
        if hold.reason is HoldReason.STATEMENT and times > 1:
            refuses = True
        self._act(
            site,
            f"{'refuse' if refuses else 'release'} {hold.ref} of {hold.order}: {hold.reason}",
            lambda connection, database: _decide(connection, hold.ref, database, refuses=refuses),
        )
        for finding in hold.findings:
            if refuses and finding.variant == "reversed":
                self.make_equal(site, finding.values["number"])
        if refuses and hold.reason is HoldReason.CONFLICT:
            self.send_what_counts(site, hold)

    def is_still_wanted(self, site: Site, hold: Hold) -> bool:
        """The buyer is asked: whether a change is under way there, and was not given up."""
        query = "SELECT 1 AS one FROM outbound_mail WHERE transfer_id = ? AND state != 'abandoned'"
        return any(other.ask(query, hold.transfer_id) for other in self.sites if other is not site)

    def send_what_counts(self, site: Site, hold: Hold) -> None:
        """The partner is asked: what it still wants after a restore leaves in the new series."""
        query = """
            SELECT m.id FROM outbound_mail m JOIN partner p ON p.id = m.partner_id
            WHERE m.transfer_id = ? AND m.epoch < p.out_epoch
        """
        for other in self.sites:
            for row in other.ask(query, hold.transfer_id) if other is not site else ():
                self._resend(other, row["id"])

    def make_equal(self, buyer: Site, number: str) -> None:
        """What a restored seller answers otherwise is what counts now: the buyer asks for it, or orders anew."""
        self.agreed.add(number)
        query = "SELECT {columns} FROM {order}_line l JOIN {order} o ON o.id = l.{order}_id WHERE o.{number} = ?"
        here = query.format(columns="line_id, quantity, o.note", order="purchase_order", number="number")
        there = query.format(columns="line_id, quantity, o.note", order="sales_order", number="customer_order_number")
        ours = {row["line_id"]: row for row in buyer.ask(here, number)}
        others = (site.ask(there, number) for site in self.sites if site is not buyer)
        theirs = {row["line_id"]: row for rows in others for row in rows}
        if set(ours) != set(theirs):
            self.ask_cancellation(buyer, number)
            return
        quantities = {
            line: Decimal(row["quantity"]).scaleb(-6)
            for line, row in theirs.items()
            if row["quantity"] != ours[line]["quantity"]
        }
        notes = {row["note"] for row in theirs.values()}
        note = notes.pop() if notes != {row["note"] for row in ours.values()} else None
        self.ask_change(buyer, number, Edits(quantities=quantities, note=note))

    def _confirm_key(self, site: Site, hold: Hold) -> None:
        """A call to the partner: is this key theirs? It is, because nobody else is in this world."""

        def confirm(connection: Connection, database: Database) -> Bells:
            now, bells = database.now(), Bells()
            for other in self.sites:
                if other is site:
                    continue
                partner = connection.execute(select(Partner.id).where(Partner.site_code == other.code)).scalar_one()
                for kid in sorted(other.keys):
                    if not _speaks_of(hold, kid):
                        continue
                    known = site.ask("SELECT pending FROM partner_key WHERE kid = ?", kid)
                    if not known:
                        with other.ground.database.read() as theirs:
                            card = own_card(theirs, other.keys[kid].public, now)
                        enter_from_card(connection, partner, card, at=now)
                    bells += confirm_key(connection, partner, kid, by=BY, at=now).bells
            return bells

        self._act(site, "confirm a key", confirm)

    def _drawn_order(self, number: str, buyer: Site, seller: Site) -> Any:
        codes = self.chance.sample(list(PRODUCTS), 3)
        lines = tuple(
            a_line(place, str(self.chance.randint(1, 20)), str(PRODUCTS[code]), code=code, name=f"Produit {code}")
            for place, code in enumerate(codes, start=1)
        )
        return an_order(number, lines, buyer=buyer.party, seller=seller.party)

    def _one_of(self, site: Site, query: str) -> Any:
        rows = site.ask(f"{query} ORDER BY id")
        (value,) = self.chance.choice(rows).values() if rows else (None,)
        return value

    def _database(self, site: Site) -> Database:
        return site.running["person-1"].process.database

    def _act(
        self, site: Site, what: str, work: Callable[[Connection, Database], Bells], note: Note | None = None
    ) -> bool:
        """Whether it was done.

        :param note: noted on paper, before anybody knows whether the commit was.
        """
        database = self._database(site)
        try:
            with database.transaction() as connection:
                bells = work(connection, database)
                site.notes += [note] if note is not None else []
        except (Problem, StaleState) as problem:
            self.refused[str(getattr(problem, "template", type(problem).__name__))] += 1
            self.tell(f"{site.name} {what}, refused: {problem}")
            return False
        self.tell(f"{site.name} {what}")
        for mail in bells.compose:
            self.noted.pop((site.name, mail), None)  # a number that a restore gave again
            if note is not None:
                self.noted[site.name, mail] = len(site.notes) - 1
        broker = cast("BellBroker", site.bells.of(site.running["person-1"].process))
        COMPOSE.ring(broker, *bells.compose)
        SEND.ring(broker, *bells.send)
        IMPORT.ring(broker, *bells.take_in)
        return True


def _decide(connection: Connection, ref: str, database: Database, *, refuses: bool) -> Bells:
    if refuses:
        return hold_acts.refuse(connection, [ref], None, by=BY, at=database.now())
    return hold_acts.release(connection, [ref], by=BY, at=database.now())


def _of(requested: changes.Requested) -> Bells:
    return Bells(compose=(requested.mail_id,))


def _speaks_of(hold: Hold, kid: str) -> bool:
    return any(kid in value for finding in hold.findings for value in finding.values.values())
