"""The pages of the console: path, name, who may, what answers. A new one: a file, a template, and a line below."""

from __future__ import annotations

from typing import Final

from services.console.access.rights import Access
from services.console.pages import entering, invitation, own, purchases, sales, start
from services.console.route import Page

ROUTES: Final = (
    Page("/entrer", "enter", Access.EVERYBODY, entering.show, entering.enter, hashes=True),
    Page("/quitter", "leave", Access.PERSON, post=entering.leave),
    Page("/invitation", "invitation", Access.EVERYBODY, invitation.show, invitation.take, hashes=True),
    Page("/", "home", Access.SEE, start.show),
    Page("/commandes", "purchases", Access.SEE, purchases.show_list),
    Page("/commandes/{number:path}", "purchase", Access.SEE, purchases.show_one),
    Page("/ventes", "sales", Access.SEE, sales.show_list),
    Page("/ventes/{number:path}", "sale", Access.SEE, sales.show_one),
    Page("/moi", "own", Access.PERSON, own.show, own.choose),
    Page("/moi/langue", "own language", Access.PERSON, post=own.choose_language),
    Page("/moi/mot-de-passe", "own password", Access.PERSON, post=own.change_password, hashes=True),
    Page("/moi/sessions", "own sessions", Access.PERSON, post=own.end_others),
)
