"""What the journal says: of which kind a thing is, what was done to it, and what is known besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from intergestan_operations.language.happenings import WORDS
from intergestan_operations.language.settings_words import CHOICES, OPTIONS, RIGHTS, ROLES, SCOPES, SITE
from intergestan_operations.language.trace_words import details
from intergestan_operations.language.wording import about, translated
from intergestan_runtime.said import marked

SUBJECTS: Mapping[str, str] = {
    "purchase_order": marked("purchase order"),
    "purchase_order_change": marked("change of a purchase order"),
    "sales_order": marked("sales order"),
    "quote": marked("quote"),
    "delivery_note": marked("delivery note"),
    "picking_slip": marked("picking slip"),
    "invoice": marked("invoice"),
    "credit_note": marked("credit note"),
    "payment": marked("payment"),
    "invoice_run": marked("run of invoices"),
    "outbound_mail": marked("mail of ours"),
    "inbound_mail": marked("mail that came"),
    "hold": marked("hold"),
    "party": marked("third party"),
    "fee": marked("fee"),
    "payment_term": marked("payment term"),
    "price_list": marked("price list"),
    "partner": marked("partner"),
    "mailbox": marked("mailbox"),
    "relay": marked("outgoing server"),
    "oauth_grant": marked("consent"),
    "user": marked("person"),
    "site": marked("site"),
    "establishment": marked("establishment"),
    "depot": marked("depot"),
    "agency": marked("agency"),
    "dossier": marked("dossier"),
    "stock": marked("stock"),
    "accounting_folder": marked("accounting folder"),
    "fiscal_year": marked("fiscal year"),
    "entry": marked("entry"),
}
"""What a thing is called that has no number or name, or none any more."""

_HAPPENED: Mapping[tuple[str, str], str] = {
    ("user", "add"): marked("person entered"),
    ("user", "set"): marked("person's card changed"),
    ("user", "profile"): marked("own pages changed"),
    ("user", "roles"): marked("roles and rights changed"),
    ("user", "password"): marked("password changed"),
    ("user", "invite"): marked("link made by which a person enters"),
    ("user", "login"): marked("logged in"),
    ("user", "login failed"): marked("login failed"),
    ("user", "activate"): marked("person in use again"),
    ("user", "deactivate"): marked("person out of use"),
    ("user", "end sessions"): marked("sessions ended"),
    ("user", "token"): marked("token made"),
    ("user", "end token"): marked("token ended"),
    ("site", "init"): marked("site made"),
    ("site", "set"): marked("settings changed"),
    ("site", "leave out numbers"): marked("numbers left out after a restore"),
    ("site", "clock_set_back"): marked("the clock was set back"),
    ("site", "announce_key"): marked("new key announced"),
    ("site", "replace_key"): marked("key replaced"),
    ("site", "abort_key"): marked("announced key given up"),
    ("site", "finish_key"): marked("new key signs"),
    ("partner", "add"): marked("partner added"),
    ("partner", "card"): marked("partner's card renewed"),
    ("partner", "set"): marked("partner changed"),
    ("partner", "match"): marked("what a code of the partner means was kept"),
    ("partner", "resume"): marked("booking goes on after a restore"),
    ("partner", "new epoch"): marked("numbers begin anew after a restore"),
    ("partner", "pause"): marked("partner rests"),
    ("partner", "unpause"): marked("partner goes on"),
    ("partner", "activate"): marked("partner in use again"),
    ("partner", "deactivate"): marked("partner out of use"),
    ("partner", "confirm_key"): marked("partner's key confirmed"),
    ("partner", "revoke_key"): marked("partner's key revoked"),
    ("partner", "key_announced"): marked("partner announced a key"),
    ("partner", "key_withdrawn"): marked("partner withdrew a key"),
    ("partner", "confirmed_our_key"): marked("partner confirmed our key"),
    ("mailbox", "pause"): marked("mailbox rests"),
    ("mailbox", "unpause"): marked("mailbox goes on"),
    ("mailbox", "too_big"): marked("mail too big, left in the mailbox"),
    ("party", "account"): marked("account of the third party changed"),
    ("party", "anonymise"): marked("third party anonymised"),
    ("party", "match"): marked("what a name of the supplier means was kept"),
    ("party", "forget match"): marked("what a name of the supplier means was forgotten"),
    ("party", "locate"): marked("address looked up"),
    ("party", "credit_override"): marked("credit maximum passed"),
    ("oauth_grant", "consent"): marked("consent given"),
    ("payment", "bank"): marked("payment banked"),
    ("stock", "count"): marked("stock counted"),
    ("fiscal_year", "close"): marked("fiscal year closed"),
    ("accounting_folder", "lock"): marked("books locked"),
    ("accounting_folder", "fec"): marked("FEC written"),
    ("accounting_folder", "chart"): marked("chart of accounts changed"),
}
"""What happened to what no order's story tells of."""

_VERBS: Mapping[str, str] = {
    "add": marked("added"),
    "create": marked("made"),
    "set": marked("changed"),
    "change": marked("changed"),
    "delete": marked("deleted"),
    "password": marked("password changed"),
    "activate": marked("in use again"),
    "deactivate": marked("out of use"),
    "certificate": marked("certificate seen"),
    "export": marked("exported"),
}
"""What happened, where it is said of everything alike."""

_NAMES: Mapping[str, str] = {
    **CHOICES,
    **SITE,
    "address": marked("address"),
    "login": marked("login"),
    "roles": marked("roles"),
    "rights": marked("rights"),
    "email": marked("e-mail"),
    "shortcuts": marked("single keys"),
    "kid": marked("key"),
    "number": marked("number"),
    "code": marked("code"),
    "count": marked("how many"),
    "rests": marked("rests"),
    "token": marked("token"),
    "scopes": marked("for"),
    "accounts": marked("accounts"),
    "entry": marked("entry"),
    "fee": marked("fee"),
    "product": marked("product"),
    "customer": marked("customer"),
    "provider": marked("provider"),
    "amount": marked("amount"),
    "first": marked("first"),
    "last": marked("last"),
    "their code": marked("their code"),
    "kind": marked("kind"),
    "sales_order": marked("sales order"),
    "purchase_order": marked("purchase order"),
    "result": marked("result"),
    "order_address": marked("address for orders"),
    "answer_address": marked("address for answers"),
    "host": marked("server"),
    "port": marked("port"),
    "security": marked("security"),
    "folder": marked("folder"),
    "protocol": marked("protocol"),
}
"""What is known of an event besides, by its name there."""

_VALUES: Mapping[str, Mapping[str, str]] = {"roles": ROLES, "rights": RIGHTS, "scopes": SCOPES, **OPTIONS}
_PAIR = 2


def happened(subject: str, name: str, language: str) -> str:
    """What happened, in the language of the person."""
    for words in (_HAPPENED, WORDS):
        if (subject, name) in words:
            return translated(words[subject, name], language)
    return translated(_VERBS[name], language) if name in _VERBS else name.replace("_", " ")


def known_besides(detail: Mapping[str, Any], language: str) -> str:
    """What is known of an event: values that changed with an arrow between, the rest as an order's story has it."""
    told = [
        about(translated(_NAMES[name], language), _changed(name, value, language), language)
        for name, value in detail.items()
        if name in _NAMES and not _is_same(value)
    ]
    rest = {name: value for name, value in detail.items() if name not in _NAMES}
    return ", ".join([*told, *filter(None, [details(rest, {}, language)])])


def _is_same(value: Any) -> bool:
    return isinstance(value, list) and len(value) == _PAIR and value[0] == value[1]


def _changed(name: str, value: Any, language: str) -> str:
    if isinstance(value, list) and len(value) == _PAIR:
        return " → ".join(_plain(name, each, language) or "–" for each in value)
    return _plain(name, value, language) or "–"


def _plain(name: str, value: Any, language: str) -> str:
    if isinstance(value, list):
        return " + ".join(_plain(name, each, language) for each in value)
    if isinstance(value, bool):
        return translated(YES if value else NO, language)
    if value is None:
        return ""
    words = _VALUES.get(name, {}).get(str(value))
    return str(value) if words is None else translated(words, language)


YES, NO = marked("yes"), marked("no")
