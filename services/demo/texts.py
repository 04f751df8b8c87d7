"""All that the demo says, in English and French."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from intergestan_msg.typography import printed

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "not_empty": (
        "{folder} is there and not empty, so nothing was done: name a new folder with --keep, or empty this one.",
        "{folder} existe et n'est pas vide, rien n'a été fait : nommez un nouveau dossier avec --keep, ou videz-le.",
    ),
    "making": (
        "Making {sites} sites in {folder} …",
        "Création de {sites} sites dans {folder} …",
    ),
    "made": (
        "{site}: base, keys, accounts and catalogue are there.",
        "{site} : base, clés, comptes et catalogue sont en place.",
    ),
    "services": ("services started", "services démarrés"),
    "orders": ("{orders} orders leave in {mails} mails.", "{orders} commandes partent dans {mails} courriels."),
    "composed": ("composed and signed", "composées et signées"),
    "sent": ("sent by SMTP", "envoyées par SMTP"),
    "booked": ("collected by IMAP and booked", "relevées par IMAP et enregistrées"),
    "answered": ("answered", "avec réponse"),
    "stalled": (
        "Nothing has moved for {seconds:.0f} seconds; the demo looks at what there is.",
        "Rien n'avance depuis {seconds:.0f} secondes ; la démo regarde ce qui est là.",
    ),
    "site": ("Site", "Site"),
    "orders_out": ("Orders sent", "Cdes envoyées"),
    "mails_out": ("Mails sent", "Courriels envoyés"),
    "mails_in": ("Mails received", "Courriels reçus"),
    "sales_orders": ("Sales orders", "Cdes client"),
    "answers": ("Answers", "Réponses"),
    "held": ("On hold", "À traiter"),
    "seconds": ("Seconds", "Secondes"),
    "step": ("Step", "Étape"),
    "start": ("start of all processes", "démarrage de tous les processus"),
    "compose": ("compose", "composer"),
    "send": ("send (SMTP)", "envoyer (SMTP)"),
    "poll": ("collect (IMAP)", "relever (IMAP)"),
    "import": ("check and book", "contrôler et enregistrer"),
    "answer": ("answer and apply", "répondre et appliquer"),
    "total": ("all, to the last answer", "en tout, jusqu'à la dernière réponse"),
    "good": (
        "All {orders} orders arrived exactly once with equal content, and each has its answer ({seconds:.1f} s).",
        "Les {orders} commandes sont arrivées une seule fois, à l'identique, chacune a sa réponse ({seconds:.1f} s).",
    ),
    "bad": ("It did not work: {what}. The logs are in {logs}.", "Échec : {what}. Les journaux sont dans {logs}."),
    "unsent": ("not sent {orders}", "non envoyées {orders}"),
    "lost": ("without a sales order {orders}", "sans commande client {orders}"),
    "duplicates": ("more than once {orders}", "en plusieurs fois {orders}"),
    "altered": ("with other content {orders}", "avec un autre contenu {orders}"),
    "unanswered": ("without an answer {orders}", "sans réponse {orders}"),
    "died": (
        "{name} ended by itself; its last words: {words}\nIts log is {log}.",
        "{name} s'est arrêté tout seul ; ses derniers mots : {words}\nSon journal est {log}.",
    ),
    "never_started": (
        "Not all services had started after {seconds:.0f} seconds. The logs are in {logs}.",
        "Tous les services n'ont pas démarré en {seconds:.0f} secondes. Les journaux sont dans {logs}.",
    ),
    "mail": ("One of the mails, as a person reads it:", "Un des courriels, tel qu'on le lit :"),
    "look": ("Where to look:", "Où regarder :"),
    "archive": ("the mails as they came", "les courriels tels que reçus"),
    "one_mail": ("one mail", "un courriel"),
    "logs": ("logs", "journaux"),
    "metrics": ("metrics", "métriques"),
    "try": ("Try:", "Essayez :"),
    "gone": (
        "Everything is removed now. --keep DIR leaves it all to be looked at, --serve keeps it running.",
        "Tout est maintenant supprimé. --keep DOSSIER laisse tout en place, --serve laisse tourner.",
    ),
    "agencies_making": (
        "Three agencies of one company in {folder} …",
        "Trois agences d'une société dans {folder} …",
    ),
    "agencies_after": ("After", "Après"),
    "agencies_what": ("What", "Quoi"),
    "agencies_row": ("Must be", "Attendu"),
    "agencies_instead": ("{expected}\ninstead: {found}", "{expected}\ntrouvé : {found}"),
    "agencies_good": (
        "All {rows} rows are as they must be, by {commands} commands ({seconds:.1f} s).",
        "Les {rows} lignes sont conformes, par {commands} commandes ({seconds:.1f} s).",
    ),
    "agencies_bad": (
        "{wrong} of {rows} rows are not as they must be ({commands} commands, {seconds:.1f} s).",
        "{wrong} lignes sur {rows} ne sont pas conformes ({commands} commandes, {seconds:.1f} s).",
    ),
    "agencies_failed": (
        "This ended with the exit code {code}: intergestan {line}\n{words}",
        "Ceci s'est terminé avec le code de sortie {code} : intergestan {line}\n{words}",
    ),
    "agencies_look": (
        "Each case is a site in {folder}, to be looked at with `intergestan --config`; the FEC is in case-1/fec.",
        "Chaque cas est un site dans {folder}, à voir avec `intergestan --config` ; le FEC est dans case-1/fec.",
    ),
    "guests": (
        "Two mailboxes are free, to try `intergestan setup` with. What it asks, you answer:",
        "Deux boîtes aux lettres sont libres, pour essayer `intergestan setup`. À ses questions, répondez :",
    ),
    "guest": (
        "  mail address {address}, password {password}",
        "  adresse {address}, mot de passe {password}",
    ),
    "guest_imap": ("  incoming mail (IMAP) {server}", "  courriels entrants (IMAP) {server}"),
    "guest_smtp": ("  outgoing mail (SMTP) {server}", "  courriels sortants (SMTP) {server}"),
    "pages": (
        "The pages of each site, in a browser of this machine; each link opens once:",
        "Les pages de chaque site, dans un navigateur de cette machine ; chaque lien s'ouvre une fois :",
    ),
    "page": ("  {site}  {link}", "  {site}  {link}"),
    "left": (
        "Orders are left to send: a draft at each distributor, under Purchase orders.",
        "Des commandes restent à envoyer : un brouillon chez chaque distributeur, sous Commandes fournisseurs.",
    ),
    "guest_ca": ("  certificates to trust {file}", "  certificats à accepter {file}"),
    "serving": ("All services go on running. Ctrl-C ends them.", "Tous les services tournent. Ctrl-C les arrête."),
}
"""By name: the English text, the French one."""

Say = Callable[..., str]


def speaker(language: str) -> Say:
    """What gives the text of a name, with its values filled in, in `fr` or `en`."""
    place = ("en", "fr").index(language)

    def text(name: str, /, **values: object) -> str:
        return printed(TEXTS[name][place], language).format(**values)

    return text
