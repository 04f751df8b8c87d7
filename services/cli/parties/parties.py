"""`intergestan parties`: customers and suppliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.enums import CategoryKind, GeoState, InvoiceGrouping, PartyRole, Right
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.agencies.in_category import InCategory, category_id
from services.cli.asking import confirmed
from services.cli.buying.taking_files import remarks
from services.cli.context import call_of
from services.cli.credit import CreditInsured, CreditMax, a_ceiling, print_credit
from services.cli.credit import as_json as credit_json
from services.cli.figures import an_amount
from services.cli.files import read_file
from services.cli.output import AsJson, print_fields, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.parties.fees import how_much, typed_fees
from services.cli.parties.locate import locate, ring_for
from services.cli.parties.naming import party_of
from services.cli.parties.payments import tell_released
from services.cli.picking.cards import INCOMPLETE, MODES, IncompleteWord, PickingWord, of_slips
from services.cli.shown import in_place, sentence, some_of
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.listing.parties import PartyAddress, PartyCard
    from intergestan_erp.parties.ceilings import Ceiling
    from intergestan_erp.parties.fees import Borne
    from intergestan_erp.parties.parties import Entered

app = Group("Customers and suppliers.")

MOST_WARNINGS = 20
"""More warnings of one file than this nobody reads."""
ROLES = {PartyRole.CUSTOMER: marked("customer"), PartyRole.SUPPLIER: marked("supplier")}
GROUPINGS = {
    InvoiceGrouping.NOTE: marked("an invoice for each delivery note"),
    InvoiceGrouping.CUSTOMER: marked("one invoice for those of a month"),
}
GEO = {
    GeoState.NONE: "",
    GeoState.WAITING: marked("waits to be looked up"),
    GeoState.FOUND: "",
    GeoState.NOT_FOUND: marked("place not found"),
    GeoState.FAILED: marked("cannot be looked up"),
    GeoState.BY_HAND: marked("set by hand"),
}
"""What is said of a position beside the figures."""
FIELDS = {"code": marked("Code"), "name": marked("Name"), "account": marked("Account")}

Party = Annotated[str, typer.Argument(metavar="PARTY", help="Code, SIRET, VAT number, account or whole name.")]
WithAgencies = Annotated[bool, typer.Option("--agencies", help="Also those that stand for depots of ours.")]
Role = Annotated[PartyRole | None, typer.Option("--role", help="Only customers, or only suppliers.")]
Code = Annotated[str | None, typer.Option("--code", help="Its code, where codes are given by hand.")]
CodeByHand = Annotated[
    bool, typer.Option("--code-by-hand", help="Take the code given although codes are made automatically.")
]
Name = Annotated[str | None, typer.Option("--name", help="Name of the firm.")]
Siret = Annotated[str | None, typer.Option(help="SIRET, 14 digits.")]
Siren = Annotated[str | None, typer.Option(help="SIREN of the firm, 9 digits.")]
Vat = Annotated[str | None, typer.Option(help="VAT number.")]
InvoiceEmail = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Mail address where its invoices go.")]
BuyerReference = Annotated[str | None, typer.Option(metavar="TEXT", help="What its invoices are to bear.")]
Line1 = Annotated[str | None, typer.Option(help="Postal address, first line.")]
Line2 = Annotated[str | None, typer.Option(help="Postal address, second line.")]
Postcode = Annotated[str | None, typer.Option(help="Postcode.")]
City = Annotated[str | None, typer.Option(help="City.")]
Country = Annotated[str | None, typer.Option(metavar="XX", help="Country, two letters or its name.")]
Contact = Annotated[str | None, typer.Option(help="The person to ask there.")]
Telephone = Annotated[str | None, typer.Option(help="Telephone of that person.")]
Email = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Mail address of that person.")]
Term = Annotated[str | None, typer.Option("--term", metavar="CODE", help="Payment term of its invoices.")]
Fees = Annotated[
    list[str] | None,
    typer.Option("--fee", metavar="CODE[=AMOUNT]", help="A fee that it bears, at its own amount or the catalogue's."),
]
Minimum = Annotated[
    str | None, typer.Option("--minimum-order", metavar="AMOUNT", help="Smaller orders, without VAT, get a warning.")
]
Grouping = Annotated[
    InvoiceGrouping | None,
    typer.Option(
        "--invoice-grouping", help="Deferred invoicing puts a delivery note on an invoice, or all of a month."
    ),
]
Marked = Annotated[
    str | None, typer.Option("--category", metavar="CODE", help="The category by which lists are narrowed to it.")
]
Picking = Annotated[
    PickingWord | None, typer.Option("--picking", help="Whether its deliveries are prepared on picking slips.")
]
WhenIncomplete = Annotated[
    IncompleteWord | None,
    typer.Option("--incomplete", help="Whether an order of it is picked before all of it is there."),
]
AddressIncomplete = Annotated[
    IncompleteWord | None,
    typer.Option("--address-incomplete", help="The same for orders that go to its postal address."),
]
GroupSlips = Annotated[
    bool | None,
    typer.Option("--group-slips/--no-group-slips", help="Whether slips of it become one delivery note where they may."),
]
Latitude = Annotated[
    str | None,
    typer.Option(metavar="DEGREES", help="Latitude of that address, set by hand; an empty text takes it away."),
]
Longitude = Annotated[str | None, typer.Option(metavar="DEGREES", help="Its longitude; both go together.")]
AtMost = Annotated[int, typer.Option("--limit", min=1, max=200, help="So many at most.")]


@app.verb("add")
def add(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Option("--name", help="Name of the firm.")],
    customer: Annotated[bool, typer.Option("--customer", help="It buys from us.")] = False,
    supplier: Annotated[bool, typer.Option("--supplier", help="We buy from it.")] = False,
    code: Code = None,
    code_by_hand: CodeByHand = False,
    customer_account: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Its account as a customer; proposed from the code by default.")
    ] = None,
    supplier_account: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Its account as a supplier; proposed from the code by default.")
    ] = None,
    siret: Siret = None,
    siren: Siren = None,
    vat: Vat = None,
    line1: Line1 = None,
    line2: Line2 = None,
    postcode: Postcode = None,
    city: City = None,
    country: Country = None,
    contact: Contact = None,
    telephone: Telephone = None,
    email: Email = None,
    invoice_email: InvoiceEmail = None,
    buyer_reference: BuyerReference = None,
    term: Term = None,
    credit_max: CreditMax = None,
    credit_insured: CreditInsured = None,
    fees: Fees = None,
    no_fees: Annotated[bool, typer.Option("--no-fees", help="Without the fees that customers usually get.")] = False,
    minimum_order: Minimum = None,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Take a SIRET, SIREN or VAT number that looks wrong.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Enter a customer or a supplier, with its code and its accounts.

    How these come about `intergestan settings show` tells; so it does of the fees and the minimum of new customers.
    """
    from intergestan_erp.credit.ceilings import read_ceiling
    from intergestan_erp.inputs.identity import case_doubts
    from intergestan_erp.parties.codes import code_by_hand as read_code
    from intergestan_erp.parties.company_numbers import doubts as number_doubts
    from intergestan_erp.parties.fees import borne_by
    from intergestan_erp.parties.parties import NewParty, in_turn, party_codes
    from intergestan_erp.party_entry.entering import enter_party
    from intergestan_erp.party_entry.typed import read_typed
    from intergestan_erp.site.preferences import read_preferences

    if not (customer or supplier):
        raise typer.BadParameter(_("Say what it is for us: --customer, --supplier or both."))
    if (fees or minimum_order) and not customer:
        raise typer.BadParameter(_("Fees and a minimum are of customers: say --customer too."))
    call = call_of(context)
    values: dict[str, Any] = read_typed({"name": name, **_typed(siret, vat, line1, line2, postcode, city, country)})
    values |= read_typed({"contact": contact, "telephone": telephone, "email": email})
    values |= read_typed({"siren": siren, "invoice_email": invoice_email, "buyer_reference": buyer_reference})
    numbers = {PartyRole.CUSTOMER: customer_account, PartyRole.SUPPLIER: supplier_account}
    party = NewParty(
        code=None if code is None else read_code(code),
        is_customer=customer,
        is_supplier=supplier,
        accounts=_accounts(numbers, customer=customer, supplier=supplier),
        minimum_order=an_amount(minimum_order) if minimum_order else None,
        fees=typed_fees(fees),
        proposed_fees=not no_fees,
        **values,
    )
    of_numbers = list(number_doubts(party.siret, party.vat_id, party.siren))
    if of_numbers and not unchecked:
        raise Problem(
            "{doubt} Nothing was created.",
            ProblemCode.NO_VALUE,
            (Act.TAKE_UNCHECKED,),
            doubt=sentence(of_numbers[0]),
        )
    if not customer and (credit_max, credit_insured) != (None, None):
        raise typer.BadParameter(_("Only customers owe: say --customer too."))

    def enter(connection: Connection) -> tuple[Entered, tuple[Borne, ...], list[Problem]]:
        by, rules = call.actor(connection), read_preferences(connection).rules
        before = party_codes(connection) if code is not None else []
        ceiling = _ceiling(rules.ceiling, credit_max, credit_insured)
        if ceiling is not None:
            by = call.entitled(connection, Right.SET_CREDIT)
        new = replace(party, payment_term_id=_term_id(connection, term), ceiling=ceiling)
        entered = enter_party(connection, new, rules, code_by_hand=code_by_hand, by=by, at=call.database.now())
        borne = borne_by(connection, entered.id)
        return entered, borne, case_doubts(before, [entered.code]) if code is not None else []

    entered, borne, doubts = in_turn(call.database, enter)
    ring_for(call, [entered.id])
    warnings = [sentence(doubt) for doubt in (*of_numbers, *doubts)]
    if as_json:
        with call.database.read() as connection:
            allowed = read_ceiling(connection, entered.id)
        shown: dict[str, Any] = {"code": entered.code, "name": party.name, "accounts": {**entered.accounts}}
        shown |= {"fees": [_fee_json(fee) for fee in borne], "credit": _credit_json(allowed)}
        print_json({**shown, "warnings": warnings})
        return
    say(_("{name} is the third party {code} now.").format(name=party.name, code=entered.code))
    for role, number in entered.accounts.items():
        say(_("Account ({role}): {number}.").format(role=_(ROLES[role]), number=number))
    if borne:
        say(_("Fees: {fees}.").format(fees=_in_words(borne)))
    for text in warnings:
        say(text)


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    party: Party,
    name: Name = None,
    customer: Annotated[bool | None, typer.Option("--customer/--no-customer", help="Whether it buys from us.")] = None,
    supplier: Annotated[bool | None, typer.Option("--supplier/--no-supplier", help="Whether we buy from it.")] = None,
    code: Annotated[str | None, typer.Option("--code", help="Another code, where codes are given by hand.")] = None,
    code_by_hand: CodeByHand = False,
    siret: Siret = None,
    siren: Siren = None,
    vat: Vat = None,
    line1: Line1 = None,
    line2: Line2 = None,
    postcode: Postcode = None,
    city: City = None,
    country: Country = None,
    contact: Contact = None,
    telephone: Telephone = None,
    email: Email = None,
    invoice_email: InvoiceEmail = None,
    buyer_reference: BuyerReference = None,
    term: Term = None,
    credit_max: CreditMax = None,
    credit_insured: CreditInsured = None,
    fees: Fees = None,
    no_fees: Annotated[bool, typer.Option("--no-fees", help="It bears none of its fees any more but these.")] = False,
    minimum_order: Minimum = None,
    grouping: Grouping = None,
    category: Marked = None,
    picking: Picking = None,
    incomplete: WhenIncomplete = None,
    address_incomplete: AddressIncomplete = None,
    group_slips: GroupSlips = None,
    latitude: Latitude = None,
    longitude: Longitude = None,
) -> None:
    """Change what is known of a third party. An empty text takes a value away.

    A new role gets its account; a new name changes neither the code nor an account.
    """
    from intergestan_erp.credit.ceilings import read_ceiling
    from intergestan_erp.parties.codes import code_by_hand as read_code
    from intergestan_erp.parties.company_numbers import doubts as number_doubts
    from intergestan_erp.parties.parties import in_turn, set_party
    from intergestan_erp.party_entry.entering import check_code
    from intergestan_erp.party_entry.typed import read_position, read_typed
    from intergestan_erp.site.preferences import read_preferences
    from intergestan_exchange.credit_holds import acts
    from intergestan_exchange.credit_holds.look_again import Released
    from intergestan_runtime.steps import IMPORT

    typed = {"name": name, **_typed(siret, vat, line1, line2, postcode, city, country)}
    typed |= {"siren": siren, "invoice_email": invoice_email, "buyer_reference": buyer_reference}
    changes: dict[str, Any] = read_typed({**typed, "contact": contact, "telephone": telephone, "email": email})
    changes |= {
        column: flag for column, flag in (("is_customer", customer), ("is_supplier", supplier)) if flag is not None
    }
    if code is not None:
        changes["code"] = read_code(code)
    changes |= read_position(latitude, longitude)
    about_credit = (credit_max, credit_insured) != (None, None)
    if minimum_order is not None:
        changes["minimum_order"] = an_amount(minimum_order) if minimum_order.strip() else None
    if grouping is not None:
        changes["invoice_grouping"] = grouping
    changes |= of_slips(picking, incomplete, address_incomplete, group_slips)
    borne = typed_fees(fees)
    if not (changes or borne or no_fees or about_credit) and term is None and category is None:
        raise typer.BadParameter(_("Say what to change, with at least one option."))
    call = call_of(context)

    def change(connection: Connection) -> tuple[int, str, Released]:
        by, rules = call.actor(connection), read_preferences(connection).rules
        check_code(rules, changes.get("code"), by_hand=code_by_hand)
        found = party_of(connection, party)
        with_ids = {} if term is None else {"payment_term_id": _term_id(connection, term)}
        with_ids |= {} if category is None else {"category_id": _category_id(connection, category)}
        released, at = Released(), call.database.now()
        ceiling = _ceiling(read_ceiling(connection, found.id), credit_max, credit_insured)
        if ceiling is not None:
            by = call.entitled(connection, Right.SET_CREDIT)
        set_party(connection, found.id, changes | with_ids, rules, fees=borne, only_these_fees=no_fees, by=by, at=at)
        if ceiling is not None:
            released = acts.set_ceiling(connection, found.id, ceiling, by=by, at=at)
        return found.id, str(changes.get("code", found.code)), released

    party_id, changed, released = in_turn(call.database, change)
    call.ring(IMPORT, *released.take_in)
    ring_for(call, [party_id])
    others = [name for name, value in (("term", term), ("category", category)) if value is not None]
    others += [*(["credit"] if about_credit else []), *(["fees"] if borne or no_fees else [])]
    names = ", ".join([*(name.removeprefix("is_").removesuffix("_id") for name in changes), *others])
    say(_("Changed for {party}: {names}.").format(party=changed, names=names))
    for doubt in number_doubts(changes.get("siret"), changes.get("vat_id"), changes.get("siren")):
        say(sentence(doubt))
    tell_released(released)


@app.verb("anonymise")
def anonymise(
    context: typer.Context,
    *,
    party: Party,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget the persons of a third party that nothing needs any more: its name, contacts and addresses.

    It keeps its code. Nothing brings back what is gone; it is asked twice. An administrator does it (--as).
    """
    from intergestan_erp.party_entry.anonymising import anonymise as forget

    call = call_of(context)
    with call.database.read() as connection:
        call.entitled(connection, Right.ANONYMISE)
        found = party_of(connection, party)
    if not yes:
        questions = (
            _("Forget name, contacts, postal and mail addresses of {code} {name}?").format(
                code=found.code, name=found.name
            ),
            _("Nothing brings them back. Really?"),
        )
        if not all(map(confirmed, questions)):
            say(_("Nothing was changed."))
            return
    with call.database.transaction() as connection:
        by = call.entitled(connection, Right.ANONYMISE)
        forget(connection, found.id, by=by, at=call.database.now())
    say(_("{code} is anonymous now.").format(code=found.code))


@app.verb("show")
def show(context: typer.Context, *, party: Party, as_json: AsJson = False) -> None:
    """Show the card of a third party."""
    from intergestan_erp.credit.ceilings import read_ceiling
    from intergestan_erp.credit.customers import read_customers
    from intergestan_erp.credit.exposure import read_delivered
    from intergestan_erp.listing.parties import read_card
    from intergestan_erp.parties.company_numbers import doubts as number_doubts
    from intergestan_erp.site.credit_rules import read_credit_rules
    from intergestan_erp.site.zone import today

    call = call_of(context)
    with call.database.read() as connection:
        party_id = party_of(connection, party).id
        card, ceiling = read_card(connection, party_id), read_ceiling(connection, party_id)
        rules, day = read_credit_rules(connection), today(connection, call.database.now())
        credit = read_customers(connection, [party_id], day, rules)[party_id] if card.is_customer else None
        delivered = read_delivered(connection, [party_id])[party_id]
    if as_json:
        shown: dict[str, Any] = {**asdict(card), "fees": [_fee_json(fee) for fee in card.fees]}
        shown["credit"] = _credit_json(ceiling)
        shown["exposure"] = None if credit is None else credit_json(credit, delivered, day, rules)
        shown["warnings"] = [sentence(doubt) for doubt in number_doubts(card.siret, card.vat_id, card.siren)]
        print_json(shown)
        return
    roles = {PartyRole.CUSTOMER: card.is_customer, PartyRole.SUPPLIER: card.is_supplier}
    print_fields(
        {
            _("Code"): card.code,
            _("Name"): card.name,
            _("Role"): ", ".join(_(ROLES[role]) for role, has in roles.items() if has),
            "SIRET": card.siret,
            "SIREN": card.siren,
            _("VAT number"): card.vat_id,
            **{_("Account ({role})").format(role=_(ROLES[role])): number for role, number in card.accounts.items()},
            _("Payment term"): card.term,
            _("Category"): card.category,
            _("Deferred invoicing"): _(GROUPINGS[card.invoice_grouping]) if card.is_customer else None,
            _("Invoices by mail to"): card.invoice_email,
            _("Reference on invoices"): card.buyer_reference,
            **_about_slips(card),
            _("Postal address"): "; ".join(map(_in_one_line, card.addresses)),
            _("Person to ask"): "; ".join(
                ", ".join(filter(None, (each.name, each.telephone, each.email))) for each in card.contacts
            ),
            _("Minimum of an order"): card.minimum_order,
            _("Fees"): _in_words(card.fees),
        }
    )
    if credit is not None:
        print_credit(credit, delivered, day)


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    role: Role = None,
    category: InCategory = None,
    agencies: WithAgencies = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the third parties by code, a page at a time."""
    from intergestan_erp.listing.parties import list_parties

    with call_of(context).database.read() as connection:
        narrowed = category_id(connection, category, CategoryKind.PARTY)
        whose: Any = {"category_id": narrowed, "with_agencies": agencies}
        page = list_parties(connection, role, **whose, size=limit, after=after)
    if as_json:
        print_json({"parties": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("Code"), _("Name"), _("Is a customer"), _("Is a supplier"), _("Postcode"), _("City"), "SIRET"]
    print_table(titles, [list(asdict(row).values()) for row in page.rows])
    say_that_there_are_more(page.after)


@app.verb("find")
def find(
    context: typer.Context,
    *,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The first characters of one word or several.")],
    role: Role = None,
    agencies: WithAgencies = False,
    limit: AtMost = 20,
    as_json: AsJson = False,
) -> None:
    """Find third parties by the beginning of words of their code, name or account, the likeliest first."""
    from intergestan_erp.parties.search import find_parties
    from intergestan_erp.site.preferences import read_preferences

    with call_of(context).database.read() as connection:
        fields = read_preferences(connection).party_fields
        found = find_parties(connection, text, role, fields, limit, with_agencies=agencies)
    if as_json:
        print_json({"found": [asdict(each) for each in found.found], "more": found.more})
        return
    titles = [_("Code"), _("Name"), _("Account"), _("Found by")]
    print_table(titles, [[each.code, each.name, each.account, _(FIELDS[each.field])] for each in found.found])
    if found.more:
        say(_("There are more: type more of it."))


@app.verb("import")
def import_(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file or a workbook (XLSX, ODS).")],
    customer: Annotated[bool, typer.Option("--customer", help="Rows that say no role are customers.")] = False,
    supplier: Annotated[bool, typer.Option("--supplier", help="Rows that say no role are suppliers.")] = False,
    code_by_hand: Annotated[
        bool, typer.Option("--code-by-hand", help="Take the file's codes although codes are made automatically.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Enter the third parties of a file, all of them or none.

    Columns: Raison sociale; and as you like Code, Client, Fournisseur (oui or non), SIRET, SIREN, N° TVA, Adresse 1,
    Adresse 2, Code postal, Ville, Pays, Contact, Téléphone, Courriel, Courriel de facturation, Référence acheteur,
    Compte client, Compte fournisseur. English titles are known too. What a row leaves empty is made as for third
    parties that are typed.
    """
    from intergestan_erp.inputs.identity import case_doubts
    from intergestan_erp.parties.company_numbers import doubts as number_doubts
    from intergestan_erp.parties.parties import in_turn, party_codes
    from intergestan_erp.party_entry.party_reading import LimitedParties, PartiesAsked
    from intergestan_erp.party_entry.party_table import enter_parties
    from intergestan_erp.site.preferences import read_preferences

    call = call_of(context)
    roles = tuple(role for role, said in ((PartyRole.CUSTOMER, customer), (PartyRole.SUPPLIER, supplier)) if said)
    with LimitedParties() as readers:  # before anything is opened
        reading = readers.read(str(file), read_file(file), PartiesAsked(roles))
    rows, database = reading.rows, call.database
    with database.read() as connection:
        before = party_codes(connection)

    def enter(connection: Connection) -> list[Entered]:
        by, rules = call.actor(connection), read_preferences(connection).rules
        return enter_parties(connection, str(file), rows, rules, codes_by_hand=code_by_hand, by=by, at=database.now())

    entered = in_turn(database, enter)
    ring_for(call, [each.id for each in entered])
    doubts = [
        *case_doubts(before, [row.party.code for row in rows if row.party.code is not None]),
        *(doubt for row in rows for doubt in number_doubts(row.party.siret, row.party.vat_id, row.party.siren)),
    ]
    warnings = [sentence(doubt) for doubt in doubts]
    if as_json:
        shown: list[dict[str, Any]] = [{"code": each.code, "accounts": each.accounts} for each in entered]
        said = [in_place(remark) for remark in reading.said]
        print_json({"file": str(file), "entered": shown, "said": said, "warnings": warnings})
        return
    text = _("{file}: {count} third parties entered: {codes}.")
    say(text.format(file=file, count=len(entered), codes=some_of([each.code for each in entered])))
    for line in (*remarks(str(file), reading.said), *warnings[:MOST_WARNINGS]):
        say(line)
    if len(warnings) > MOST_WARNINGS:
        say(_("… and {count} warnings more; --json shows all.").format(count=len(warnings) - MOST_WARNINGS))


app.verb("locate")(locate)


@app.verb("reindex")
def reindex(context: typer.Context) -> None:
    """Write the words anew by which third parties and accounts are found, should `intergestan doctor` ask for it."""
    from intergestan_erp.parties.indexing import reindex as write_words

    count = write_words(call_of(context).database)
    say(_("The words of {count} third parties were written anew.").format(count=count))


def _category_id(connection: Connection, code: str) -> int | None:
    """The id of a category of third parties; None for an empty text, which takes it away."""
    return category_id(connection, code.strip() or None, CategoryKind.PARTY)


def _term_id(connection: Connection, code: str | None) -> int | None:
    """The payment term that an option names; an empty text takes it away."""
    from intergestan_erp.terms.stored import term_called

    return term_called(connection, code).id if code and code.strip() else None


def _ceiling(before: Ceiling, most: str | None, insured: str | None) -> Ceiling | None:
    """What a customer may owe, as typed; None: nobody typed anything. Without a maximum nothing is insured."""
    from intergestan_erp.parties.ceilings import NO_CEILING, Ceiling

    if most is None and insured is None:
        return None
    maximum = before.maximum if most is None else a_ceiling(most)
    if maximum is None:
        return NO_CEILING
    return Ceiling(maximum, before.insured if insured is None else an_amount(insured))


def _credit_json(ceiling: Ceiling) -> dict[str, Any]:
    authorised = None if ceiling.maximum is None else ceiling.maximum - ceiling.insured
    return {"max": ceiling.maximum, "insured": ceiling.insured, "authorised": authorised}


def _fee_json(fee: Borne) -> dict[str, Any]:
    return {"code": fee.code, "name": fee.name, "amount": fee.amount, "percent": fee.percent}


def _in_words(fees: Sequence[Borne]) -> str:
    return ", ".join(f"{fee.name} ({how_much(fee.amount, fee.percent)})" for fee in fees)


def _about_slips(card: PartyCard) -> dict[str, str | None]:
    """What the card says of picking slips, where it says anything."""
    of_address = next((each.incomplete for each in card.addresses if each.incomplete), None)
    return {
        _("Picking slips"): card.picking_mode and _(MODES[card.picking_mode]),
        _("Incomplete orders"): card.incomplete and _(INCOMPLETE[card.incomplete]),
        _("Incomplete orders to this address"): of_address and _(INCOMPLETE[of_address]),
        _("Slips on one delivery note"): _("yes") if card.group_slips else None,
    }


def _in_one_line(address: PartyAddress) -> str:
    town = " ".join(filter(None, (address.postcode, address.city)))
    text = ", ".join(filter(None, (address.line1, address.line2, town, address.country)))
    known = f"{address.latitude} {address.longitude}" if address.latitude is not None else ""
    said = GEO[address.geo]
    place = ", ".join(filter(None, (known, said and _(said))))
    return f"{text} ({place})" if place else text


def _typed(
    siret: str | None,
    vat: str | None,
    line1: str | None,
    line2: str | None,
    postcode: str | None,
    city: str | None,
    country: str | None,
) -> dict[str, str | None]:
    names = ("siret", "vat_id", "line1", "line2", "postcode", "city", "country")
    return dict(zip(names, (siret, vat, line1, line2, postcode, city, country), strict=True))


def _accounts(given: Mapping[PartyRole, str | None], *, customer: bool, supplier: bool) -> dict[PartyRole, str]:
    from intergestan_erp.parties.accounts import account_by_hand

    numbers = {role: account_by_hand(number) for role, number in given.items() if number is not None}
    for role, has in ((PartyRole.CUSTOMER, customer), (PartyRole.SUPPLIER, supplier)):
        if role in numbers and not has:
            raise typer.BadParameter(_("An account is of a role: say --customer or --supplier too."))
    return numbers
