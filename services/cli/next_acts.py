"""What a person may do about a problem, as this face words it: by a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from intergestan_db.problem import Act
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked

ACTS: Mapping[Act, str] = {
    Act.ACCOUNT_SETTINGS: marked(
        "`intergestan settings set accounts.mode` chooses how accounts are numbered, `accounts.width` how many digits "
        "they have."
    ),
    Act.ADD_ESTABLISHMENT: marked("`intergestan agencies add` enters another one."),
    Act.ALLOCATE_AGAIN: marked("`intergestan sales allocate` chooses depots for a line with `--from`."),
    Act.ANY_DATES: marked("`--dates any` takes it if it is meant."),
    Act.BE_THERE: marked("`--here` says where you are."),
    Act.CANCEL_PAIR: marked("`intergestan agency cancel` cancels both orders."),
    Act.CHANGE_SALES_ORDER: marked("`intergestan sales change` changes what will be delivered."),
    Act.CHARGE_VAT: marked("`intergestan sales charge` gives it one."),
    Act.CHECK_BOOKS: marked("`intergestan books check` says what is wrong."),
    Act.CHOOSE_BETTER: marked("Choose another password, such as a short sentence of your own."),
    Act.TAKE_UNCHECKED: marked("`--unchecked` takes it if it is meant."),
    Act.CODE_BY_HAND: marked("`--code-by-hand` lets you give a code all the same."),
    Act.CODE_SETTINGS: marked(
        "`intergestan settings set codes.mode` chooses who makes codes, `codes.length` and `codes.prefix` how long "
        "they are."
    ),
    Act.ENTER_THERE: marked("`intergestan payments add` enters it for the company that invoiced."),
    Act.ENTER_PAYMENT: marked("`intergestan payments add` enters a payment."),
    Act.FAIL_PAYMENT: marked("`intergestan payments fail` notes that it came back unpaid."),
    Act.FEE_SETTINGS: marked("`intergestan settings set orders.minimum_fee` chooses one."),
    Act.FIND_PARTY: marked("`intergestan parties find` searches."),
    Act.GEO_SETTINGS: marked(
        "`intergestan settings set geo.provider` chooses who is asked where addresses lie, `geo.calls_per_month` how "
        "often."
    ),
    Act.GIVE_ACCOUNT: marked("Give the number with `intergestan accounts set`."),
    Act.GIVE_CODE: marked("Give the code with `--code`, that of a partner with `--party`."),
    Act.GIVE_TITLE: marked("`--title ACCOUNT=TEXT` gives it."),
    Act.GIVE_RIGHTS: marked("`intergestan user list` shows who may what; an administrator changes it with `user set`."),
    Act.INSTALL_CALENDAR: marked("Install it with `pip install 'intergestan[calendar]'`."),
    Act.INVOICE_ONE: marked("`intergestan sales invoice` makes single invoices."),
    Act.LIST_AGENCIES: marked("`intergestan agencies list` shows all."),
    Act.LIST_CATEGORIES: marked("`intergestan categories list` shows all."),
    Act.LIST_DEPOTS: marked("`intergestan depots list` shows all."),
    Act.LIST_DUE: marked("`intergestan invoices due` shows what is open."),
    Act.LIST_ENTRIES: marked("`intergestan books entries` shows them."),
    Act.LIST_FEES: marked("`intergestan fees list --all` shows all fees."),
    Act.LIST_FOLDERS: marked("`intergestan folders list` shows all."),
    Act.LIST_INVOICES: marked("`intergestan invoices list` shows all, `intergestan sales show` one."),
    Act.LIST_OPERATIONS: marked("`intergestan operations list` shows all."),
    Act.LIST_PAIRS: marked("`intergestan agency list` shows all pairs."),
    Act.LIST_PARTIES: marked("`intergestan parties list` shows all."),
    Act.LIST_PAYMENTS: marked("`intergestan payments list` shows all."),
    Act.LIST_PRICES: marked("`intergestan prices list` shows all."),
    Act.LIST_PRODUCTS: marked("`intergestan catalog export` writes down all products."),
    Act.LIST_QUOTES: marked("`intergestan quotes list --all` shows all quotes."),
    Act.LIST_SALES: marked("`intergestan sales list --all` shows all orders."),
    Act.LIST_TERMS: marked("`intergestan terms list` shows all."),
    Act.LIST_YEARS: marked("`intergestan books years` shows them."),
    Act.OTHER_DAY: marked("Choose another day."),
    Act.OVERRIDE_CREDIT: marked('`--override "reason"` lets this one pass; who may says `intergestan user list`.'),
    Act.ROUTE_DIRECT: marked("Leave out «:indirect» behind that depot."),
    Act.ROUTE_INDIRECT: marked("Write it like RD=2:indirect."),
    Act.SEARCH_SETTINGS: marked("`intergestan search fields` shows them and changes them."),
    Act.SET_CEILING: marked(
        "`intergestan parties set --credit-max` sets the maximum, `--credit-insured` what is insured."
    ),
    Act.SET_DEPOT: marked("`intergestan depots set` changes that; or take another depot."),
    Act.SET_DOSSIER: marked("`intergestan dossier set` changes the settings of the dossier."),
    Act.SET_ESTABLISHMENT: marked("`intergestan agencies set` changes it."),
    Act.SET_FOLDER: marked("`intergestan folders set` enters it."),
    Act.SHOW_CHART: marked("`intergestan books chart` shows the accounts."),
    Act.SHOW_SALES_ORDER: marked("`intergestan sales show` shows the order with its charges."),
    Act.SHOW_TRANSIT: marked("`intergestan stock show --transit` shows what is on its way."),
    Act.SHOW_SETTINGS: marked("`intergestan settings show` shows all settings."),
    Act.SHOW_STOCK: marked("`intergestan stock show` shows what lies where."),
    Act.TAKE_PROPOSAL: marked("Without `--from` the proposal is taken."),
    Act.TERM_SETTINGS: marked("`intergestan settings set terms.shift none` takes days as they come."),
}


def with_acts(sentence: str, acts: Iterable[Act]) -> str:
    """A sentence, and behind it what may be done."""
    return " ".join((sentence, *(_(ACTS[act]) for act in acts)))
