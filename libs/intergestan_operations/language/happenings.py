"""What happened to an order or a mail, in words: for `trace`, and for what `show` tells of a document."""

from __future__ import annotations

from collections.abc import Mapping

from intergestan_db.enums import HoldEnd
from intergestan_operations.language.wording import translated
from intergestan_runtime.said import marked

WORDS: Mapping[tuple[str, str], str] = {
    ("purchase_order", "receive"): marked("goods of the order received"),
    ("purchase_order", "pair_cancel"): marked("order to another agency cancelled"),
    ("purchase_order", "pair_shrink"): marked("less ordered from another agency"),
    ("purchase_order", "pair"): marked("order to another agency"),
    ("purchase_order", "import"): marked("order entered"),
    ("purchase_order", "confirm"): marked("order confirmed"),
    ("purchase_order", "unconfirm"): marked("order back to draft"),
    ("purchase_order", "request"): marked("order chosen to be sent"),
    ("purchase_order", "transmit"): marked("order waits for the answer"),
    ("purchase_order", "wait"): marked("partner has the order and has not decided yet"),
    ("purchase_order", "wait again"): marked("partner was restored from a backup and looks at the order again"),
    ("purchase_order", "renumber"): marked("partner was restored from a backup and gives the order another number"),
    ("purchase_order", "accept"): marked("partner accepts the order"),
    ("purchase_order", "change"): marked("partner accepts the order with changes"),
    ("purchase_order", "reject"): marked("partner rejects the order"),
    ("purchase_order", "cancel"): marked("order cancelled"),
    ("purchase_order", "abandon"): marked("order not sent, confirmed as before"),
    ("purchase_order", "revise"): marked("order begun anew"),
    ("purchase_order", "ask change"): marked("change asked for"),
    ("purchase_order", "ask cancel"): marked("cancellation asked for"),
    ("purchase_order", "amend"): marked("order changed as agreed"),
    ("purchase_order_change", "request"): marked("change chosen to be sent"),
    ("purchase_order_change", "transmit"): marked("change waits for the answer"),
    ("purchase_order_change", "wait"): marked("partner has the change and has not decided yet"),
    ("purchase_order_change", "accept"): marked("partner accepts the change"),
    ("purchase_order_change", "change"): marked("partner accepts a part of the change"),
    ("purchase_order_change", "reject"): marked("partner rejects the change"),
    ("purchase_order_change", "abandon"): marked("change not sent"),
    ("outbound_mail", "request"): marked("mail asked for"),
    ("outbound_mail", "compose"): marked("mail composed and signed"),
    ("outbound_mail", "cannot_compose"): marked("mail cannot be composed"),
    ("outbound_mail", "recompose"): marked("mail to be composed again"),
    ("outbound_mail", "number_anew"): marked("mail to leave under a new number, because this base was restored"),
    ("outbound_mail", "claim"): marked("mail on its way to the server"),
    ("outbound_mail", "accept"): marked("mail taken by the server"),
    ("outbound_mail", "retry"): marked("mail not taken, it is tried again later"),
    ("outbound_mail", "lose"): marked("nobody knows whether the server took the mail"),
    ("outbound_mail", "refuse"): marked("mail refused by the server"),
    ("outbound_mail", "give_up"): marked("no answer came to the mail"),
    ("outbound_mail", "drop"): marked("mail given up"),
    ("outbound_mail", "bounce"): marked("mail came back"),
    ("outbound_mail", "undelivered"): marked("mail came back, which changes nothing any more"),
    ("outbound_mail", "delayed"): marked("mail is delayed on its way"),
    ("outbound_mail", "delivered"): marked("mail arrived, a server says"),
    ("outbound_mail", "relayed"): marked("mail handed on, a server says"),
    ("outbound_mail", "expanded"): marked("mail went to a list of addresses, a server says"),
    ("outbound_mail", "remind"): marked("no answer in time: mail to be sent once more"),
    ("outbound_mail", "tell"): marked("the person in charge is told"),
    ("inbound_mail", "tell"): marked("the person in charge is told"),
    ("sales_order", "tell"): marked("the person in charge is told"),
    ("hold", "tell"): marked("the person in charge is told"),
    ("delivery_report", "failed"): marked("report of a mail server: not delivered"),
    ("delivery_report", "delayed"): marked("report of a mail server: delayed"),
    ("delivery_report", "delivered"): marked("report of a mail server: delivered"),
    ("delivery_report", "relayed"): marked("report of a mail server: handed on"),
    ("delivery_report", "expanded"): marked("report of a mail server: handed on to a list"),
    ("delivery_report", "unclear"): marked("report of a mail server that says nothing we understand"),
    ("outbound_mail", "resend"): marked("mail to be sent again"),
    ("outbound_mail", "answer"): marked("mail answered"),
    ("outbound_mail", "abandon"): marked("mail abandoned"),
    ("inbound_mail", "archive"): marked("mail received and archived"),
    ("inbound_mail", "adopt"): marked("mail found in the archive"),
    ("inbound_mail", "leave"): marked("mail is none of ours"),
    ("inbound_mail", "finish"): marked("mail imported"),
    ("inbound_mail", "hold"): marked("mail waits for a person"),
    ("inbound_mail", "release"): marked("mail released"),
    ("inbound_mail", "refuse"): marked("mail refused"),
    ("inbound_mail", "replay"): marked("mail taken in again"),
    ("inbound_mail", "purge"): marked("mail removed from the mailbox"),
    ("quote", "create"): marked("quote made"),
    ("quote", "accept"): marked("quote accepted"),
    ("quote", "refuse"): marked("quote refused"),
    ("sales_order", "create"): marked("sales order booked"),
    ("sales_order", "accept"): marked("sales order accepted"),
    ("sales_order", "cancel"): marked("sales order cancelled"),
    ("sales_order", "amend"): marked("sales order changed as the buyer asked"),
    ("sales_order", "change"): marked("sales order changed by us"),
    ("sales_order", "charge"): marked("charge of the sales order set by us"),
    ("sales_order", "below_minimum"): marked("sales order below the customer's minimum"),
    ("sales_order", "allocate"): marked("goods set aside in depots"),
    ("sales_order", "release"): marked("goods given back to depots"),
    ("sales_order", "close"): marked("what remained of the order ended"),
    ("sales_order", "set"): marked("order says whether it waits until all is there"),
    ("delivery_note", "return"): marked("goods came back"),
    ("picking_slip", "make"): marked("picking slip made"),
    ("picking_slip", "enter"): marked("picking slip entered"),
    ("picking_slip", "finish"): marked("picking slip ready"),
    ("picking_slip", "validate"): marked("goods of the picking slip left"),
    ("picking_slip", "fail"): marked("picking slip cannot be delivered"),
    ("picking_slip", "reopen"): marked("picking slip opened again"),
    ("picking_slip", "cancel"): marked("picking slip cancelled"),
    ("sales_order", "pair_cancel"): marked("sales order of another agency cancelled"),
    ("sales_order", "pair_shrink"): marked("less ordered by another agency"),
    ("sales_order", "pair"): marked("sales order of another agency"),
    ("sales_order", "deliver"): marked("goods delivered"),
    ("sales_order", "invoice"): marked("invoiced"),
    ("sales_order", "export"): marked("exported"),
    ("payment", "enter"): marked("payment entered"),
    ("payment", "settle"): marked("payment settles invoices"),
    ("payment", "fail"): marked("payment came back unpaid"),
    ("payment", "cancel"): marked("payment taken back"),
    ("invoice", "create"): marked("invoice made"),
    ("invoice", "credit"): marked("invoice credited"),
    ("credit_note", "create"): marked("credit note made"),
    ("credit_note", "settle"): marked("credit note settles invoices"),
    ("purchase_order", "export"): marked("exported"),
    ("hold", "open"): marked("order waits for a person"),
    ("hold", "close"): marked("order no longer waits"),
    ("hold", "release"): marked("order released"),
    ("hold", "refuse"): marked("order refused"),
    ("transfer", "orders"): marked("mail with the order composed and signed"),
    ("transfer", "answers"): marked("mail with the answer composed and signed"),
    ("answer", "AB"): marked("answer: received, not decided yet"),
    ("answer", "AP"): marked("answer: accepted"),
    ("answer", "CA"): marked("answer: accepted with changes"),
    ("answer", "RE"): marked("answer: rejected"),
    ("ledger", "created"): marked("in the ledger: booked"),
    ("ledger", "held"): marked("in the ledger: held"),
    ("ledger", "rejected"): marked("in the ledger: rejected"),
    ("ledger", "waiting"): marked("in the ledger: waits for another mail"),
    ("ledger", "applied"): marked("in the ledger: applied"),
}
"""What happened, by subject and event. What is not here is shown by these two words."""

DETAILS: Mapping[str, str] = {
    "answer": marked("answer"),
    "answered by": marked("answered by"),
    "archived": marked("archived"),
    "asked by": marked("asked by"),
    "delivery_note": marked("delivery note"),
    "document": marked("document"),
    "hold": marked("hold"),
    "how": marked("how"),
    "invoice": marked("invoice"),
    "lines": marked("lines"),
    "mailbox": marked("mailbox"),
    "note": marked("note"),
    "order": marked("order"),
    "reason": marked("reason"),
    "recipient": marked("recipient"),
    "reply": marked("reply"),
    "revision": marked("revision"),
    "said": marked("said"),
    "status": marked("status"),
    "to": marked("to"),
    "type": marked("type"),
    "why": marked("why"),
    "words": marked("words"),
    "worker": marked("process"),
}
"""What is told of an event besides, by its name in the event; what is not here is shown by that name."""

CHANGES: Mapping[str, str] = {"change": marked("change"), "cancel": marked("cancellation")}
"""What a change of an order is, by its type."""

_VALUES: Mapping[str, Mapping[str, str]] = {
    "type": CHANGES,
    "how": {
        HoldEnd.TRIED_AGAIN: marked("tried again"),
        HoldEnd.RELEASED: marked("released"),
        HoldEnd.REFUSED: marked("refused"),
    },
}
"""Words of ours for what is told, by the name of that."""


def value_of(name: str, told: str, language: str) -> str:
    """What is told of an event under this name, in the language of the person where it is a word of ours."""
    words = _VALUES.get(name, {}).get(told)
    return told if words is None else translated(words, language)


def what(subject: str, event: str, language: str) -> str:
    """An event in the language of the person."""
    words = WORDS.get((subject, event))
    return translated(words, language) if words is not None else f"{subject}: {event}"
