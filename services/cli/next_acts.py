"""What a person may do about a problem, as this face words it: by a command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from intergestan_db.problem import Act
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked

ACTS: Mapping[Act, str] = {
    Act.ABANDON_MAIL: marked("`intergestan abandon` gives it up."),
    Act.ABORT_KEY: marked("`intergestan site key abort` takes the new key back."),
    Act.ACCEPT_UNTESTED: marked("With `--untested` it is accepted all the same."),
    Act.ACCOUNT_SETTINGS: marked(
        "`intergestan settings set accounts.mode` chooses how accounts are numbered, `accounts.width` how many digits "
        "they have."
    ),
    Act.ACTIVATE_PARTNER: marked("`intergestan partner activate` takes them into use."),
    Act.ACTIVATE_USER: marked("`intergestan user activate` takes them into use again."),
    Act.ADD_ESTABLISHMENT: marked("`intergestan agencies add` enters another one."),
    Act.ADD_MAILBOX: marked("`intergestan mailbox add` enters one."),
    Act.ADD_PARTNER: marked("Enter it with `intergestan partner add`."),
    Act.ADD_USER: marked("`intergestan user add` enters somebody."),
    Act.ALLOCATE_AGAIN: marked("`intergestan sales allocate` chooses depots for a line with `--from`."),
    Act.ALLOCATE_ORDER: marked("`intergestan sales allocate` does it for an order."),
    Act.ANY_DATES: marked("`--dates any` takes it if it is meant."),
    Act.BE_THERE: marked("`--here` says where you are."),
    Act.CANCEL_ORDER: marked("`intergestan orders cancel` cancels it."),
    Act.CANCEL_PAIR: marked("`intergestan agency cancel` cancels both orders."),
    Act.CHANGE_ORDER: marked("`intergestan orders change` asks for a change."),
    Act.CHANGE_ORDER_ADDRESS: marked("Change the address with `intergestan partner set --order-address`."),
    Act.CANCEL_SLIP: marked("`intergestan slips cancel` cancels the slip."),
    Act.CHANGE_SALES_ORDER: marked("`intergestan sales change` changes what will be delivered."),
    Act.CHARGE_VAT: marked("`intergestan sales charge` gives it one."),
    Act.CHECK_BOOKS: marked("`intergestan books check` says what is wrong."),
    Act.CHECK_SITE: marked("`intergestan doctor` tells more."),
    Act.CHOOSE_BETTER: marked("Choose another password, such as a short sentence of your own."),
    Act.TAKE_UNCHECKED: marked("`--unchecked` takes it if it is meant."),
    Act.CHOOSE_FOLDER: marked("`--folder` names it."),
    Act.CHOOSE_PRODUCTS: marked("`--product LINE=CODE` says it."),
    Act.CHOOSE_SECURITY: marked("`--security` chooses it."),
    Act.CODE_BY_HAND: marked("`--code-by-hand` lets you give a code all the same."),
    Act.CODE_SETTINGS: marked(
        "`intergestan settings set codes.mode` chooses who makes codes, `codes.length` and `codes.prefix` how long "
        "they are."
    ),
    Act.CONFIRM_CARD: marked("`intergestan partner key confirm --card` takes it."),
    Act.CONFIRM_KEY: marked("`intergestan partner key confirm CODE WORDS` takes them."),
    Act.CONFIRM_ORDER: marked("`intergestan orders confirm` confirms it."),
    Act.CONSENT: marked("`intergestan mailbox login` or `intergestan relay login` asks for it."),
    Act.COPY_ORDER: marked("`intergestan orders copy` enters it once more."),
    Act.COUNT_STOCK: marked("`intergestan stock count` enters a count."),
    Act.DELIVER: marked("`intergestan sales deliver` comes first."),
    Act.ENTER_PAYMENT: marked("`intergestan payments add` enters a payment."),
    Act.ENTER_THERE: marked("`intergestan payments add` enters it for the company that invoiced."),
    Act.ENTER_SLIP: marked("`intergestan slips enter` says what was found, `--accept` that all was."),
    Act.FAIL_PAYMENT: marked("`intergestan payments fail` notes that it came back unpaid."),
    Act.FEE_SETTINGS: marked("`intergestan settings set orders.minimum_fee` chooses one."),
    Act.FIND_PARTY: marked("`intergestan parties find` searches."),
    Act.FINISH_ANYWAY: marked("`--anyway` finishes all the same."),
    Act.FINISH_KEY: marked("`intergestan site key finish` lets the new key sign alone."),
    Act.GEO_SETTINGS: marked(
        "`intergestan settings set geo.provider` chooses who is asked where addresses lie, `geo.calls_per_month` how "
        "often."
    ),
    Act.GIVE_ACCOUNT: marked("Give the number with `intergestan accounts set`."),
    Act.GIVE_CLIENT_ID: marked("Give it with `--client-id`."),
    Act.GIVE_CODE: marked("Give the code with `--code`, that of a partner with `--party`."),
    Act.GIVE_ENDPOINTS: marked(
        "Give them with `--token-endpoint`, and `--device-endpoint` or `--authorization-endpoint`."
    ),
    Act.GIVE_ORDER_ADDRESS: marked("`intergestan send --address` takes it."),
    Act.GIVE_RIGHTS: marked("`intergestan user list` shows who may what; an administrator changes it with `user set`."),
    Act.GIVE_SCOPE: marked("Ask for it with `--scope`."),
    Act.GIVE_SERVER: marked("Name it with `--host` and `--security`."),
    Act.GIVE_TITLE: marked("`--title ACCOUNT=TEXT` gives it."),
    Act.GIVE_ZONE: marked("Give it with `--timezone`."),
    Act.IMPORT_CATALOGUE: marked("`intergestan catalog import` enters products."),
    Act.INSTALL_CALENDAR: marked("Install it with `pip install 'intergestan[calendar]'`."),
    Act.INVOICE_NOTES: marked(
        "`intergestan invoices run --preview` shows them, `intergestan invoices run` invoices them."
    ),
    Act.INVOICE_ONE: marked("`intergestan sales invoice` makes single invoices."),
    Act.LATER_KEY: marked("`--from` names the day."),
    Act.LIST_AGENCIES: marked("`intergestan agencies list` shows all."),
    Act.LIST_CATEGORIES: marked("`intergestan categories list` shows all."),
    Act.LIST_DEPOTS: marked("`intergestan depots list` shows all."),
    Act.LIST_DUE: marked("`intergestan invoices due` shows what is open."),
    Act.LIST_ENTRIES: marked("`intergestan books entries` shows them."),
    Act.LIST_FEES: marked("`intergestan fees list --all` shows all fees."),
    Act.LIST_FOLDERS: marked("`intergestan folders list` shows all."),
    Act.LIST_HOLDS: marked("`intergestan holds list` shows what waits."),
    Act.LIST_INBOX: marked("`intergestan inbox list` shows the mails that came."),
    Act.LIST_INVOICES: marked("`intergestan invoices list` shows all, `intergestan sales show` one."),
    Act.LIST_KEYS: marked("`intergestan partner key list` shows what there is."),
    Act.LIST_MAILBOXES: marked("`intergestan mailbox list` shows what there is."),
    Act.LIST_OPERATIONS: marked("`intergestan operations list` shows all."),
    Act.LIST_ORDERS: marked("`intergestan orders list --all` shows what there is."),
    Act.LIST_PAIRS: marked("`intergestan agency list` shows all pairs."),
    Act.LIST_PARTIES: marked("`intergestan parties list` shows all."),
    Act.LIST_PARTNERS: marked("`intergestan partner list` shows who there is."),
    Act.LIST_PAYMENTS: marked("`intergestan payments list` shows all."),
    Act.LIST_PRICES: marked("`intergestan prices list` shows all."),
    Act.LIST_PRODUCTS: marked("`intergestan catalog export` writes down all products."),
    Act.LIST_QUOTES: marked("`intergestan quotes list --all` shows all quotes."),
    Act.LIST_RETURNS: marked("`intergestan stock returns` shows what came back."),
    Act.LIST_SALES: marked("`intergestan sales list --all` shows all orders."),
    Act.LIST_SLIPS: marked("`intergestan slips list --all` shows all slips."),
    Act.LIST_TERMS: marked("`intergestan terms list` shows all."),
    Act.LIST_UNANSWERED: marked("`intergestan orders list --unanswered` shows all of them."),
    Act.LIST_USERS: marked("`intergestan user list` shows who there is."),
    Act.LIST_YEARS: marked("`intergestan books years` shows them."),
    Act.MAKE_SITE: marked("`intergestan init` makes a site."),
    Act.NAME_CERTIFICATES: marked("`--ca-file` names it."),
    Act.NOTE_RESTORE: marked("`intergestan restored` notes it."),
    Act.OTHER_DAY: marked("Choose another day."),
    Act.OVERRIDE_CREDIT: marked('`--override "reason"` lets this one pass; who may says `intergestan user list`.'),
    Act.PRICES_OF_CATALOGUE: marked("Without `--prices required` the catalogue's price counts."),
    Act.PRINT_CARD: marked("`intergestan site card` prints it at theirs."),
    Act.PUBLISH_SEAL: marked("Run `intergestan upgrade` where base.key is."),
    Act.READ_BY_IMAP: marked("Leave `--folder` out, or say `--protocol imap`."),
    Act.REFUSE_HOLD: marked("`intergestan holds refuse` refuses it."),
    Act.REINDEX_PARTIES: marked("`intergestan parties reindex` writes their words anew."),
    Act.RELEASE_HOLD: marked("`intergestan holds release` lets it go on."),
    Act.RELEASE_OVERRIDING: marked("`intergestan holds release HOLD --override REASON` lets it pass."),
    Act.RELEASE_WITH_CUSTOMER: marked("`intergestan holds release HOLD --customer CODE` says the customer."),
    Act.RELEASE_WITH_PRODUCT: marked("`intergestan holds release HOLD --product LINE=CODE` says the product."),
    Act.REMOVE_LINE: marked("`--remove` deletes a line."),
    Act.REPLACE_LOST_KEY: marked(
        "`intergestan site key rotate --lost` makes a new one, whose card you give to your partners."
    ),
    Act.REPLAY_ALL: marked("`intergestan replay --all` takes the archive in again."),
    Act.RESEND_MAIL: marked("`intergestan resend` sends the same mail again."),
    Act.RESUME_BOOKING: marked("After a restore `intergestan resume` lets booking go on."),
    Act.REVOKE_KEY: marked("`intergestan partner key revoke` revokes it."),
    Act.ROTATE_KEY: marked("`intergestan site key rotate` makes a new one."),
    Act.REOPEN_SLIP: marked("`intergestan slips reopen` lets it be entered again."),
    Act.ROUTE_DIRECT: marked("Leave out «:indirect» behind that depot."),
    Act.ROUTE_INDIRECT: marked("Write it like RD=2:indirect."),
    Act.SAY_BUYER: marked("`--buyer` says it."),
    Act.SAY_WHAT_IS_NAMED: marked("`--match NAME=CODE` says it once, `intergestan orders names` keeps and lists it."),
    Act.SAY_ENCODING: marked("`--encoding` says it."),
    Act.SAY_DECIMAL_MARK: marked("`--decimal-mark comma` or `--decimal-mark point` says it."),
    Act.SAY_MAILS_PER_DAY: marked("`intergestan relay set --mails-per-day` says it."),
    Act.SAY_PARTY: marked("`--party` says which one it is."),
    Act.SEARCH_SETTINGS: marked("`intergestan search fields` shows them and changes them."),
    Act.SEND_ORDERS: marked("`intergestan send` sends it."),
    Act.SET_CEILING: marked(
        "`intergestan parties set --credit-max` sets the maximum, `--credit-insured` what is insured."
    ),
    Act.SET_DEPOT: marked("`intergestan depots set` changes that; or take another depot."),
    Act.SET_DEPOT_PARTIES: marked("`intergestan depots set` names them, with --customer and --supplier."),
    Act.SET_DOSSIER: marked("`intergestan dossier set` changes the settings of the dossier."),
    Act.SET_DOSSIER_CATEGORIES: marked(
        "`intergestan dossier set` names them, with --party-category and --document-category."
    ),
    Act.SET_ESTABLISHMENT: marked("`intergestan agencies set` changes it."),
    Act.SET_FOLDER: marked("`intergestan folders set` enters it."),
    Act.SET_RELAY: marked("Name it with `intergestan relay set`."),
    Act.SHOW_CHART: marked("`intergestan books chart` shows the accounts."),
    Act.SHOW_HOLD: marked("`intergestan holds show` says why it waits."),
    Act.SHOW_ORDER: marked("`intergestan orders show` shows it."),
    Act.SHOW_RELAY: marked("`intergestan relay show` tells what it said last."),
    Act.SHOW_OUR_KEY: marked("`intergestan site key show` shows them."),
    Act.SHOW_SALES_ORDER: marked("`intergestan sales show` shows the order with its charges."),
    Act.SET_PARTY: marked("`intergestan parties set` changes the card."),
    Act.SHOW_NOTE: marked("`intergestan sales show` shows the delivery note with its lines."),
    Act.SHOW_SLIP: marked("`intergestan slips show` shows its lines."),
    Act.SHOW_TRANSIT: marked("`intergestan stock show --transit` shows what is on its way."),
    Act.SHOW_SETTINGS: marked("`intergestan settings show` shows all settings."),
    Act.SHOW_STATEMENT: marked("`intergestan statement` compares both sides."),
    Act.SHOW_STATUS: marked("`intergestan status` shows where everything rests."),
    Act.SHOW_STOCK: marked("`intergestan stock show` shows what lies where."),
    Act.START_ALLOCATOR: marked("`intergestan run allocator` runs it alone."),
    Act.START_CONSOLE: marked("`intergestan run console` starts it alone."),
    Act.START_POLLER: marked("`intergestan run poller` starts one."),
    Act.START_SERVICE: marked("`intergestan run SERVICE` starts one."),
    Act.START_SITE: marked("`intergestan up` starts all."),
    Act.TAKE_PROPOSAL: marked("Without `--from` the proposal is taken."),
    Act.TERM_SETTINGS: marked("`intergestan settings set terms.shift none` takes days as they come."),
    Act.TEST_MAILBOX: marked("`intergestan mailbox test` tries the login."),
    Act.UNCONFIRM_ORDER: marked("`intergestan orders unconfirm` makes it a draft again."),
    Act.UNPAUSE_PARTNER: marked("`intergestan partner unpause` ends that."),
    Act.UPGRADE: marked("Run `intergestan upgrade` after taking a backup."),
    Act.USE_OAUTH: marked("Give `--oauth` and `--client-id`."),
}


def worded(act: Act) -> str:
    """What may be done, as a sentence with its command."""
    return _(ACTS[act])


def with_acts(sentence: str, acts: Iterable[Act]) -> str:
    """A sentence, and behind it what may be done."""
    return " ".join((sentence, *map(worded, acts)))
