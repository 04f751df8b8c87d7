"""Third parties of the base, and the partners among them: the sites whose keys we pinned."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Integer, LargeBinary, String

from intergestan_db.enums import (
    Acceptance,
    Budget,
    GeoState,
    HeartbeatPolicy,
    Incomplete,
    InvoiceGrouping,
    MinimumOrderAction,
    PickingMode,
    PriceAction,
    PricePolicy,
    Rest,
    UnknownProduct,
)
from intergestan_db.tables.types import (
    WORD,
    Amount,
    Fine,
    Instant,
    RowId,
    Scaled,
    Table,
    Typed,
    column,
    holds,
    index,
    index_where,
    one_of,
    unique,
)
from intergestan_msg.flavour import Flavour


class Party(Table):
    """A customer, a supplier or both.

    `credit_max` is what a customer may owe at most, with VAT (T18); NULL: no ceiling; `credit_insured` is what an
    insurer covers of it. `exposure_version` rises with every change of what they owe, under the lock of this row.
    An order whose goods come to less than `minimum_order` without VAT is below the customer's minimum. Where it is None
    or 0, there is none.
    `payment_term_id`: how its invoices fall due; NULL: as the site's usually do. `invoice_grouping`: what deferred
    invoicing puts on one of them (A20). `category_id`: by which lists are narrowed; those of agencies have the
    dossier's (A17). `siren`: that of the firm, which a SIRET begins with; `invoice_email`, `buyer_reference`: where its
    invoices go, and what they are to bear. `picking_mode`: whether slips are made for it (A22), and `incomplete` what
    becomes of an order of which not all is there (A39); NULL: as the dossier says. With `group_slips` its slips become
    one delivery note where they may (A53). `anonymised_at`: what was known of persons is gone (D34).
    """

    __tablename__ = "party"
    __table_args__ = (
        one_of("invoice_grouping", InvoiceGrouping),
        one_of("picking_mode", PickingMode),
        one_of("incomplete", Incomplete),
        holds("minimum_order", "minimum_order >= 0"),
        holds("credit_max", "credit_max >= 0"),
        holds("credit_insured", "credit_insured >= 0"),
        holds("credit_covered", "credit_insured <= credit_max"),
        index_where("anonymised_at IS NOT NULL", "code", name="ix_party_anonymous"),
    )

    id: Typed[RowId]
    code: Typed[str] = column(String(40), unique=True)
    name: Typed[str] = column(String(200), index=True)
    is_customer: Typed[bool] = column(default=False)
    is_supplier: Typed[bool] = column(default=False)
    siret: Typed[str | None] = column(String(14))
    siren: Typed[str | None] = column(String(9))
    vat_id: Typed[str | None] = column(String(20))
    invoice_email: Typed[str | None] = column(String(254))
    buyer_reference: Typed[str | None] = column(String(60))
    credit_max: Typed[Amount | None]
    credit_insured: Typed[Amount] = column(default=Decimal(0), server_default="0")
    exposure_version: Typed[int] = column(default=0, server_default="0")
    minimum_order: Typed[Amount | None]
    payment_term_id: Typed[int | None] = column(references="payment_term.id")
    category_id: Typed[int | None] = column(references="category.id", index=True)
    invoice_grouping: Typed[str] = column(String(8), default=InvoiceGrouping.NOTE, server_default="note")
    created_at: Typed[Instant | None]
    picking_mode: Typed[str | None] = column(String(4))
    incomplete: Typed[str | None] = column(String(4))
    group_slips: Typed[bool] = column(default=False, server_default="0")
    anonymised_at: Typed[Instant | None]


class PartyCodeCounter(Table):
    """The next number of the codes that begin with a prefix; its row is the lock under which a code is given."""

    __tablename__ = "party_code_counter"

    prefix: Typed[str] = column(String(14), primary_key=True)
    next_number: Typed[int] = column(default=1)


class PartyWord(Table):
    """A word by which a party is found: of its code, its name, or the number of one of its accounts.

    `field` is 0 for the code, 1 for the name, 2 for the account; `later` is 0 for the word that begins the value and 1
    for those inside; `roles` has a bit for each role in which this value is the party's (`PartyRole.bit`).
    """

    __tablename__ = "party_word"
    __table_args__ = (index("party_id", "field", "word"),)

    field: Typed[int] = column(Integer(), primary_key=True)
    later: Typed[int] = column(Integer(), primary_key=True)
    word: Typed[str] = column(WORD, primary_key=True)
    party_id: Typed[int] = column(references="party.id", primary_key=True)
    roles: Typed[int] = column(Integer())


class Address(Table):
    """A postal address of a party, and where it lies (T25).

    `geo_key` is the same for all addresses that lie at one place (`intergestan_erp.geo.place`), and changes with the
    address: what was looked up for another key is not this one's. While it is `waiting` it is due at
    `next_attempt_at`, and `attempts` counts the tries; `geo_source` is who knew, None for a position set by hand.
    `incomplete`: what becomes of an order that goes there and of which not all is there; NULL: as the party says (A39).
    """

    __tablename__ = "address"
    __table_args__ = (
        one_of("geo_state", GeoState),
        one_of("incomplete", Incomplete),
        index_where(f"geo_state = '{GeoState.WAITING}'", "next_attempt_at", name="ix_address_waiting"),
    )

    id: Typed[RowId]
    party_id: Typed[int] = column(references="party.id", index=True)
    kind: Typed[str] = column(String(20))
    line1: Typed[str | None] = column(String(200))
    line2: Typed[str | None] = column(String(200))
    postcode: Typed[str | None] = column(String(20))
    city: Typed[str | None] = column(String(100))
    country: Typed[str | None] = column(String(2))
    latitude: Typed[Decimal | None] = column(Scaled(7))
    longitude: Typed[Decimal | None] = column(Scaled(7))
    geo_state: Typed[str] = column(String(12), default=GeoState.NONE, server_default="none")
    geo_key: Typed[str | None] = column(String(64))
    geo_source: Typed[str | None] = column(String(20))
    geo_at: Typed[Instant | None]
    rung_at: Typed[Instant | None]
    next_attempt_at: Typed[Instant | None]
    attempts: Typed[int] = column(default=0, server_default="0")
    incomplete: Typed[str | None] = column(String(4))


class Contact(Table):
    """A person at a party."""

    __tablename__ = "contact"

    id: Typed[RowId]
    party_id: Typed[int] = column(references="party.id", index=True)
    name: Typed[str] = column(String(200))
    telephone: Typed[str | None] = column(String(40))
    email: Typed[str | None] = column(String(254))


class Partner(Table):
    """A site we trust, with the addresses, counters and policies that we keep for it.

    `takes` are the kinds of mail, with spaces between, that its release takes in beyond the first ones, as a mail of
    theirs said that was composed at `takes_at`; `paused_at`: since when booking rests after a restore;
    `rests` is what a person paused of them since `rests_since` (`intergestan_db.at_rest`), and no program ends that;
    one that is not `active` was taken out of use.
    `heartbeat_at` is when we last asked for a heartbeat to be sent, `heartbeat_returned_at` when one last came back;
    `heartbeat_planned`: how many seconds we plan between two, `heartbeat_told`: how many they say that they do.
    Their newest mail, composed at `told_at`, said which number they last gave a mail to us (`told_epoch`, `told_seq`;
    they say so since `told_since`), and the newest of ours that they have (`told_got_epoch`, `told_got_seq`).
    Their clock is ahead of ours by `clock_ahead_least` to `clock_ahead_most` seconds (negative: behind), as mails
    showed that came until `clock_noted_at`; None: nobody knows, and no mail showed a difference.
    """

    __tablename__ = "partner"
    __table_args__ = (
        one_of("price_policy", PricePolicy),
        one_of("price_action", PriceAction),
        one_of("unknown_product", UnknownProduct),
        one_of("acceptance", Acceptance),
        one_of("heartbeat", HeartbeatPolicy),
        one_of("rests", Rest),
        one_of("minimum_order_action", MinimumOrderAction),
        one_of("flavour", Flavour),
    )

    id: Typed[RowId]
    party_id: Typed[int] = column(references="party.id", unique=True)
    site_code: Typed[str] = column(String(80), unique=True)
    name: Typed[str] = column(String(200))
    siret: Typed[str | None] = column(String(14))
    vat_id: Typed[str | None] = column(String(20))
    order_address: Typed[str | None] = column(String(254))
    proposed_order_address: Typed[str | None] = column(String(254))
    answer_address: Typed[str] = column(String(254))
    language: Typed[str] = column(String(2), default="fr")
    flavour: Typed[str] = column(String(8), default=Flavour.PEPPOL, server_default="peppol")
    out_epoch: Typed[int] = column(default=1)
    out_seq: Typed[int] = column(default=0)
    price_policy: Typed[str] = column(String(20), default=PricePolicy.COMPARE)
    price_tolerance: Typed[Fine] = column(default=Decimal("0.01"))
    price_tolerance_percent: Typed[Fine] = column(default=Decimal(0))
    price_action: Typed[str] = column(String(20), default=PriceAction.HOLD)
    unknown_product: Typed[str] = column(String(20), default=UnknownProduct.HOLD)
    acceptance: Typed[str] = column(String(20), default=Acceptance.ACCEPT)
    minimum_order_action: Typed[str] = column(String(8), default=MinimumOrderAction.NOTE)
    answer_hours: Typed[int | None]
    takes: Typed[str] = column(String(200), default="")
    takes_at: Typed[Instant | None]
    paused_at: Typed[Instant | None]
    active: Typed[bool] = column(default=True, server_default="1")
    rests: Typed[str | None] = column(String(10))
    rests_since: Typed[Instant | None]
    rests_reason: Typed[str | None] = column(String(200))
    rests_by: Typed[str | None] = column(String(80))
    heartbeat: Typed[str] = column(String(4), default=HeartbeatPolicy.AUTO)
    heartbeat_at: Typed[Instant | None]
    heartbeat_returned_at: Typed[Instant | None]
    heartbeat_planned: Typed[int | None]
    heartbeat_told: Typed[int | None]
    told_epoch: Typed[int] = column(default=0)
    told_seq: Typed[int] = column(default=0)
    told_got_epoch: Typed[int] = column(default=0)
    told_got_seq: Typed[int] = column(default=0)
    told_at: Typed[Instant | None]
    told_since: Typed[Instant | None]
    clock_ahead_least: Typed[int | None]
    clock_ahead_most: Typed[int | None]
    clock_noted_at: Typed[Instant | None]
    created_at: Typed[Instant]


class CustomerMatch(Table):
    """Which customer of ours a partner's orders are for, by the buyer's SIRET or VAT number: a person said so once."""

    __tablename__ = "customer_match"
    __table_args__ = (unique("partner_id", "their_id"),)

    id: Typed[RowId]
    partner_id: Typed[int] = column(references="partner.id")
    their_id: Typed[str] = column(String(60))
    party_id: Typed[int] = column(references="party.id")


class PartnerKey(Table):
    """A public key of a partner. What it counts for, `intergestan_exchange.keys.key_windows` decides.

    A key that was announced by mail is `pending` until a person confirms it. `valid_until` is the end that its owner
    gave it; `replaced_from`, when a newer one took its place. Of a revoked key only what we had archived before
    `revoked_since` counts, and nothing without that.
    """

    __tablename__ = "partner_key"

    id: Typed[RowId]
    partner_id: Typed[int] = column(references="partner.id", index=True)
    kid: Typed[str] = column(String(43), unique=True)
    public_key: Typed[bytes] = column(LargeBinary(32))
    pending: Typed[bool] = column(default=False)
    known_at: Typed[Instant | None]
    valid_from: Typed[Instant | None]
    valid_until: Typed[Instant | None]
    replaced_from: Typed[Instant | None]
    revoked_at: Typed[Instant | None]
    revoked_since: Typed[Instant | None]


class PartnerBudget(Table):
    """What a partner used of one budget since its hour or day began, by our clock.

    `released_until`: a person lets go on what goes beyond it until then.
    """

    __tablename__ = "partner_budget"
    __table_args__ = (one_of("budget", Budget),)

    partner_id: Typed[int] = column(references="partner.id", primary_key=True, autoincrement=False)
    budget: Typed[str] = column(String(20), primary_key=True)
    since: Typed[Instant]
    used: Typed[int]
    released_until: Typed[Instant | None]
