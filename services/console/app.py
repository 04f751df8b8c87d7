"""The pages of the console: path, name, who may, what answers. A new one: a file, a template, and a line below.

The files are imported as their pages are asked for; those who check types see them here as if they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intergestan_db.enums import Right
from services.console import pages
from services.console.access.rights import Access
from services.console.on_demand import modules_of
from services.console.route import FILES, Page

if TYPE_CHECKING:
    from services.console.pages import (
        accessibility,
        accounts,
        catalogue,
        collecting,
        documents,
        entering,
        holds,
        invitation,
        mailboxes,
        mails_sent,
        order_address,
        order_entry,
        order_import,
        order_story,
        own,
        partners,
        pipeline,
        purchases,
        relay,
        sales,
        searching,
        selling,
        sending,
        start,
        supplier_changes,
        tiers,
        tiers_import,
        tiers_new,
        to_do,
    )
else:
    globals().update(modules_of(pages))

ROUTES: Final = (
    Page("/entrer", "enter", Access.EVERYBODY, entering.show, entering.enter, hashes=True),
    Page("/quitter", "leave", Access.PERSON, post=entering.leave),
    Page("/invitation", "invitation", Access.EVERYBODY, invitation.show, invitation.take, hashes=True),
    Page("/", "home", Access.SEE, start.show),
    Page("/envoyer", "send", Right.SEND_ORDERS, sending.show, sending.send),
    Page("/envoyer/apercu", "send: look", Right.SEND_ORDERS, sending.show_again, sending.look),
    Page("/envoyer/somme", "send: count", Right.SEND_ORDERS, post=sending.count),
    Page("/envoyer/enlever", "send: remove", Right.SEND_ORDERS, post=sending.remove),
    Page("/envoyer/confirmer", "send: confirm", Right.SEND_ORDERS, post=sending.confirm_one),
    Page("/envoyer/courriel", "order address", Right.SEND_ORDERS, order_address.show, order_address.change),
    Page("/envois", "mails sent", Access.SEE, mails_sent.show_list),
    Page("/envois/{ref}/renvoyer", "mail: again", Right.RESEND_MAILS, post=mails_sent.send_again),
    Page("/envois/{ref}/annuler", "mail: take back", Right.RESEND_MAILS, post=mails_sent.give_up),
    Page(
        "/envois/{ref}/abandonner", "mail: give up", Right.RESEND_MAILS, mails_sent.ask_to_give_up, mails_sent.give_up
    ),
    Page("/envois/{ref:path}", "mail sent", Access.SEE, mails_sent.show_one),
    Page("/commandes.csv", "purchases as a file", Access.SEE, purchases.export),
    Page("/commandes", "purchases", Access.SEE, purchases.show_list),
    Page("/commandes/nouvelle", "new purchase", Right.SEND_ORDERS, order_entry.show_new, order_entry.enter),
    Page("/commandes/calcul", "purchase: count", Right.SEND_ORDERS, post=order_entry.price),
    Page(
        "/commandes/importer", "import purchases", Right.SEND_ORDERS, order_import.show, order_import.take, files=FILES
    ),
    Page("/commandes/modele.csv", "purchases: model", Right.SEND_ORDERS, order_import.model),
    Page(
        "/commandes/{number:path}/modifier",
        "purchase: change",
        Right.SEND_ORDERS,
        order_entry.show_draft,
        order_entry.change,
    ),
    Page("/commandes/{number:path}/copier", "purchase: copy", Right.SEND_ORDERS, post=order_entry.copy),
    Page("/commandes/{number:path}/confirmer", "purchase: confirm", Right.SEND_ORDERS, post=order_entry.confirm_one),
    Page("/commandes/{number:path}/brouillon", "purchase: draft", Right.SEND_ORDERS, post=order_entry.unconfirm_one),
    Page(
        "/commandes/{number:path}/supprimer",
        "purchase: delete",
        Right.SEND_ORDERS,
        order_entry.ask_to_delete,
        order_entry.delete,
    ),
    Page("/produits/choix", "products found", Right.SEND_ORDERS, order_entry.find),
    Page("/commandes/{number:path}", "purchase", Access.SEE, purchases.show_one),
    Page("/accessibilite", "accessibility", Access.EVERYBODY, accessibility.show),
    Page("/chercher", "search", Access.SEE, searching.show),
    Page("/relever", "collect", Right.COLLECT_ORDERS, collecting.show, collecting.collect),
    Page("/relever/{run:int}", "collected", Right.COLLECT_ORDERS, collecting.follow),
    Page("/comptes/boites/nouvelle", "new mailbox", Right.SET_ACCOUNTS, accounts.show, accounts.send, calls_out=True),
    Page("/comptes/boites/{mailbox:path}", "mailbox", Right.SET_ACCOUNTS, accounts.show, accounts.send, calls_out=True),
    Page("/ventes.csv", "sales as a file", Access.SEE, sales.export),
    Page("/ventes", "sales", Access.SEE, sales.show_list),
    Page("/ventes/{number:path}/accepter", "sale: accept", Right.SELL, selling.ask_to_accept, selling.accept),
    Page("/ventes/{number:path}/refuser", "sale: refuse", Right.SELL, selling.ask_to_refuse, selling.refuse),
    Page("/ventes/{number:path}/livrer", "sale: deliver", Right.SELL, selling.ask_to_deliver, selling.deliver),
    Page("/tiers.csv", "third parties as a file", Access.SEE, tiers.export),
    Page("/tiers", "third parties", Access.SEE, tiers.show_list),
    Page("/tiers/chercher", "third parties found", Access.SEE, tiers.find),
    Page("/tiers/proposition", "new third party: look", Right.SET_PARTIES, post=tiers_new.foresee),
    Page("/tiers/nouveau", "new third party", Right.SET_PARTIES, tiers_new.show_new, tiers_new.enter),
    Page("/tiers/importer", "import third parties", Right.SET_PARTIES, tiers_import.show, tiers_import.take, files=1),
    Page("/tiers/modele.csv", "third parties: model", Right.SET_PARTIES, tiers_import.model),
    Page("/produits", "products", Access.SEE, catalogue.show_list),
    Page("/produits/catalogue.xlsx", "products as a file", Access.SEE, catalogue.export),
    Page("/produits/importer", "import products", Right.SET_PRODUCTS, catalogue.show_import, catalogue.take, files=1),
    Page("/produits/ecarts", "products: drift", Access.SEE, catalogue.show_drift, catalogue.drift, files=1),
    Page("/produits/{code:path}", "product", Access.SEE, catalogue.show_one),
    Page("/correspondants", "partners", Access.SEE, partners.show_list),
    Page("/correspondants/notre-carte", "our card", Access.SEE, partners.show_card),
    Page("/correspondants/ajouter", "new partner", Right.SET_PARTNERS, partners.ask_for_card, partners.add, files=1),
    Page("/correspondants/{code}/suspendre", "partner: pause", Right.OPERATE, post=partners.pause),
    Page("/correspondants/{code}/reprendre", "partner: unpause", Right.OPERATE, post=partners.unpause),
    Page("/correspondants/{code}", "partner", Access.SEE, partners.show_one),
    Page("/bl", "delivery notes", Access.SEE, documents.show_notes),
    Page("/bl/{number:path}", "delivery note", Access.SEE, documents.show_note),
    Page("/factures", "invoices", Access.SEE, documents.show_invoices),
    Page("/factures/nouvelle", "new invoice", Right.INVOICE, selling.ask_to_invoice, selling.invoice),
    Page("/factures/{number:path}", "invoice", Access.SEE, documents.show_one_invoice),
    Page("/ventes/{number:path}", "sale", Access.SEE, sales.show_one),
    Page("/a-traiter", "to do", Access.SEE, to_do.show_list),
    Page("/a-traiter/commandes", "to do: orders", Right.SELL, post=to_do.settle_orders),
    Page("/a-traiter/recus", "to do: mails", Right.OPERATE, post=to_do.settle_mails),
    Page("/a-traiter/envois", "to do: ours", Right.RESEND_MAILS, post=to_do.settle_ours),
    Page("/a-traiter/order-{n:int}/liberer", "hold: release an order", Right.SELL, post=holds.release_order),
    Page(
        "/a-traiter/order-{n:int}/refuser",
        "hold: refuse an order",
        Right.SELL,
        holds.ask_to_refuse_order,
        holds.refuse_order,
    ),
    Page("/a-traiter/in-{n:int}/liberer", "hold: release a mail", Right.OPERATE, post=holds.release_mail),
    Page(
        "/a-traiter/in-{n:int}/refuser",
        "hold: refuse a mail",
        Right.OPERATE,
        holds.ask_to_refuse_mail,
        holds.refuse_mail,
    ),
    Page(
        "/a-traiter/in-{n:int}/cle", "hold: confirm a key", Right.SET_PARTNERS, holds.ask_for_words, holds.confirm_words
    ),
    Page("/a-traiter/out-{n:int}/renvoyer", "hold: send again", Right.RESEND_MAILS, post=holds.send_again),
    Page("/a-traiter/modifications", "supplier changes", Access.SEE, supplier_changes.show_list),
    Page("/a-traiter/modifications/{number:path}", "supplier change", Access.SEE, supplier_changes.show_one),
    Page(
        "/a-traiter/decision/{number:path}", "supplier change: decide", Right.SEND_ORDERS, post=supplier_changes.decide
    ),
    Page("/a-traiter/{ref}", "hold", Access.SEE, holds.show),
    Page("/histoire", "find a story", Access.SEE, order_story.find),
    Page("/histoire/{text:path}", "story", Access.SEE, order_story.show),
    Page("/exploitation", "pipeline", Access.SEE, pipeline.show),
    Page("/exploitation/boites", "mailboxes", Access.SEE, mailboxes.show_list),
    Page("/exploitation/boite/{mailbox:path}", "mailbox: look", Access.SEE, mailboxes.show_one),
    Page("/exploitation/boites/suspendre/{mailbox:path}", "mailbox: pause", Right.OPERATE, post=mailboxes.pause),
    Page("/exploitation/boites/reprendre/{mailbox:path}", "mailbox: unpause", Right.OPERATE, post=mailboxes.unpause),
    Page(
        "/exploitation/boites/retirer/{mailbox:path}",
        "mailbox: retire",
        Right.SET_ACCOUNTS,
        mailboxes.ask_to_retire,
        mailboxes.retire,
    ),
    Page(
        "/exploitation/boites/remettre/{mailbox:path}",
        "mailbox: take up",
        Right.SET_ACCOUNTS,
        post=mailboxes.take_up,
    ),
    Page("/exploitation/relais", "relay", Access.SEE, relay.show),
    Page("/exploitation/relais/essayer", "relay: try", Right.OPERATE, post=relay.try_again),
    Page("/comptes/relais", "relay: set", Right.SET_ACCOUNTS, relay.show_form, relay.send, calls_out=True),
    Page("/moi", "own", Access.PERSON, own.show, own.choose),
    Page("/moi/langue", "own language", Access.PERSON, post=own.choose_language),
    Page("/moi/mot-de-passe", "own password", Access.PERSON, post=own.change_password, hashes=True),
    Page("/moi/sessions", "own sessions", Access.PERSON, post=own.end_others),
)
