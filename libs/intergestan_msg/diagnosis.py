"""What is wrong with a message, its way out or the machine: a code, its values, and the sentence in both languages.

Whoever finds something wrong says the code and what it is about; the sentence is made where it is shown, in the
language of whoever reads it: a hold's reader, a partner, the log. What is quoted is text of others and stays as it
is; a `Term` among the values is a word of ours, which each language has its own for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Final, Self

from intergestan_msg.plain_text import cut
from intergestan_msg.typography import NO_BREAK, printed

_MOST_OF_A_LINE = 100


class Wrong(StrEnum):
    """What can be wrong; stored and sent between processes, so that a word of it never changes its meaning."""

    # documents
    UNFIT_FOR_XML = "unfit_for_xml"
    CONTROL_CHARACTER = "control_character"
    NOTHING_LEFT = "nothing_left"
    NO_LINE_ID = "no_line_id"
    ANSWER_NEEDS_LINES = "answer_needs_lines"
    ANSWER_HAS_LINES = "answer_has_lines"
    ALLOWANCE_NEGATIVE = "allowance_negative"
    ALLOWANCE_NO_SHARE = "allowance_no_share"
    ANSWER_NUMBERS = "answer_numbers"
    ORDER_AGREEMENT = "order_agreement"
    PARTS_UNLIKE = "parts_unlike"
    PARTS_UNCOUNTED = "parts_uncounted"
    PARTS_UNPRICED = "parts_unpriced"
    PARTS_PRICES = "parts_prices"
    BASE_NOT_POSITIVE = "base_not_positive"
    CANCELLATION_LACKS = "cancellation_lacks"
    CHANGE_SILENT = "change_silent"
    CHANGE_NUMBERS = "change_numbers"
    SEVERAL_CANCELLED = "several_cancelled"
    DOCTYPE = "doctype"
    MANY_ELEMENTS = "many_elements"
    MANY_LINES = "many_lines"
    MANY_BYTES = "many_bytes"
    NO_XML = "no_xml"
    OTHER_ROOT = "other_root"
    LINE_AMOUNT = "line_amount"
    NO_LINE = "no_line"
    NO_ORDER_NUMBER = "no_order_number"
    PRICE_NEGATIVE = "price_negative"
    PERIOD_BACKWARDS = "period_backwards"
    QUANTITY_NEGATIVE = "quantity_negative"
    REFERENCE_HIDDEN = "reference_hidden"
    REFERENCE_SPACE = "reference_space"
    TOTAL_NEGATIVE = "total_negative"
    SUM_DIFFERS = "sum_differs"
    TWO_DECIMALS = "two_decimals"
    SIX_DECIMALS = "six_decimals"
    FIGURE_NEGATIVE = "figure_negative"
    LINE_TWICE = "line_twice"
    CHILD_MISSING = "child_missing"
    NOT_SIMPLE = "not_simple"
    ELEMENT_VALUE = "element_value"
    TWO_CURRENCIES = "two_currencies"
    NO_CURRENCY = "no_currency"
    LINES_TOO_MANY = "lines_too_many"
    # signatures
    JWS_LONG = "jws_long"
    JWS_HEADER = "jws_header"
    JWS_HEADER_UNREADABLE = "jws_header_unreadable"
    CARD_OTHER_KEY = "card_other_key"
    KID_NO_FINGERPRINT = "kid_no_fingerprint"
    SIGNATURE_FALSE = "signature_false"
    NO_JWS = "no_jws"
    KEY_UNKNOWN = "key_unknown"
    OTHER_SIGNER = "other_signer"
    KEY_NOT_VALID_THEN = "key_not_valid_then"
    KEY_OF_ANOTHER = "key_of_another"
    KEY_MAY_SIGN = "key_may_sign"
    # mails
    NO_MANIFEST = "no_manifest"
    NO_MANIFEST_SEEN = "no_manifest_seen"
    MANIFEST_LOST = "manifest_lost"
    PARTS_MISSING = "parts_missing"
    MANY_CONTAINERS = "many_containers"
    MANY_MANIFESTS = "many_manifests"
    MANY_PARTS = "many_parts"
    MUCH_WORK = "much_work"
    MAIL_LARGE = "mail_large"
    # manifests and cards
    JSON_DEEP = "json_deep"
    JSON_NO_OBJECT = "json_no_object"
    JSON_UNREADABLE = "json_unreadable"
    MANIFEST_CONTRADICTS = "manifest_contradicts"
    MANIFEST_NO_VERSION = "manifest_no_version"
    MANIFEST_VERSION = "manifest_version"
    MANIFEST_CUT = "manifest_cut"
    MANIFEST_WRONG = "manifest_wrong"
    KIND_UNKNOWN = "kind_unknown"
    KIND_LATER = "kind_later"
    TYPE_UNKNOWN = "type_unknown"
    KEY_ACTION_UNKNOWN = "key_action_unknown"
    LISTED_TWICE = "listed_twice"
    CARD_NO_VERSION = "card_no_version"
    CARD_VERSION = "card_version"
    CARD_WRONG = "card_wrong"
    CARD_LONG = "card_long"


class NotSent(StrEnum):
    """Why a mail of ours does not leave, as far as the sender itself says it."""

    PLAIN_BEYOND = "plain_beyond"
    NO_PASSWORD = "no_password"  # noqa: S105 - a code, no secret
    NO_ADDRESS = "no_address"
    NOT_SEVEN_BIT = "not_seven_bit"
    NO_CRLF = "no_crlf"
    TOO_LARGE = "too_large"
    NO_TOKEN = "no_token"  # noqa: S105 - a code, no secret
    TOKENS_AWAY = "tokens_away"
    TOO_SLOW = "too_slow"
    NO_STARTTLS = "no_starttls"
    SLIPPED_IN = "slipped_in"
    NO_AUTH_PASSWORD = "no_auth_password"  # noqa: S105 - a code, no secret
    NO_AUTH_TOKEN = "no_auth_token"  # noqa: S105 - a code, no secret
    NO_SMTP_REPLY = "no_smtp_reply"
    MANY_REPLY_LINES = "many_reply_lines"
    LONG_REPLY_LINE = "long_reply_line"
    CLOSED = "closed"
    SILENT_AFTER_DOT = "silent_after_dot"


class System(StrEnum):
    """What the operating system or a client library says, by the names of its error numbers."""

    EPIPE = "EPIPE"
    ECONNREFUSED = "ECONNREFUSED"
    ECONNRESET = "ECONNRESET"
    ETIMEDOUT = "ETIMEDOUT"
    ENETUNREACH = "ENETUNREACH"
    EHOSTUNREACH = "EHOSTUNREACH"
    ENOSPC = "ENOSPC"
    ENOENT = "ENOENT"
    EACCES = "EACCES"
    EROFS = "EROFS"
    EAI_NONAME = "EAI_NONAME"
    EAI_AGAIN = "EAI_AGAIN"
    TIMED_OUT = "TIMED_OUT"


class Term(StrEnum):
    """A word of ours in a sentence."""

    DOCUMENT = "document"
    DATE = "date"
    LINE_COUNT = "line_count"
    DECIMAL = "decimal"
    SEQUENCE = "sequence"
    TIME = "time"
    TRUTH = "truth"
    QUANTITY = "quantity"
    BACKORDER = "backorder"
    PRICE = "price"
    BASE_QUANTITY = "base_quantity"
    LINE_AMOUNT = "line_amount"
    TAX_AMOUNT = "tax_amount"
    PERCENTAGE = "percentage"
    ALLOWANCE = "allowance"
    BASE_AMOUNT = "base_amount"
    SUM_OF_LINES = "sum_of_lines"
    PAYABLE = "payable"
    TAX_EXCLUSIVE = "tax_exclusive"
    TAX_INCLUSIVE = "tax_inclusive"
    SUM_OF_ALLOWANCES = "sum_of_allowances"
    SUM_OF_CHARGES = "sum_of_charges"
    PREPAID = "prepaid"
    ROUNDING = "rounding"


SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    Wrong.UNFIT_FOR_XML: (
        "A text has a character that XML can't carry: {error}.",
        "Un texte contient un caractère impossible en XML : {error}.",
    ),
    Wrong.CONTROL_CHARACTER: (
        "A text has a control character that XML can't carry.",
        "Un texte contient un caractère de contrôle.",
    ),
    Wrong.NOTHING_LEFT: (
        "A change that deletes every line is a cancellation.",
        "Supprimer toutes les lignes, c'est annuler la commande.",
    ),
    Wrong.NO_LINE_ID: ("A line has no identifier.", "Une ligne n'a pas d'identifiant."),
    Wrong.ANSWER_NEEDS_LINES: (
        "An answer with the code {code} needs lines.",
        "Une réponse de code {code} demande des lignes.",
    ),
    Wrong.ANSWER_HAS_LINES: (
        "An answer with the code {code} carries no lines.",
        "Une réponse de code {code} ne porte pas de lignes.",
    ),
    Wrong.ALLOWANCE_NEGATIVE: (
        "The allowance or charge {amount} is negative.",
        "La remise ou majoration {amount} est négative.",
    ),
    Wrong.ALLOWANCE_NO_SHARE: (
        "The allowance or charge {amount} is not {percent} % of its base.",
        "La remise ou majoration {amount} ne fait pas {percent} % de sa base.",
    ),
    Wrong.ANSWER_NUMBERS: (
        "The answer lacks its number or that of the order.",
        "Il manque à la réponse son numéro ou celui de la commande.",
    ),
    Wrong.BASE_NOT_POSITIVE: (
        "The base quantity {base} is not above zero.",
        "La quantité de base {base} n'est pas supérieure à zéro.",
    ),
    Wrong.CANCELLATION_LACKS: (
        "The cancellation lacks its number, that of the order, or the reason.",
        "Il manque à l'annulation son numéro, celui de la commande ou le motif.",
    ),
    Wrong.CHANGE_SILENT: (
        "The change does not say of each line what becomes of it.",
        "La modification ne dit pas de chaque ligne ce qu'elle devient.",
    ),
    Wrong.CHANGE_NUMBERS: (
        "The change has no identifier, or its sequence number is not above zero.",
        "La modification n'a pas d'identifiant, ou son numéro d'ordre n'est pas supérieur à zéro.",
    ),
    Wrong.ORDER_AGREEMENT: (
        "The document is an order agreement (Peppol T110), which answers no order.",
        "Le document est un accord de commande (Peppol T110), qui ne répond à aucune commande.",
    ),
    Wrong.PARTS_UNLIKE: (
        "The line is answered in parts of several units or products.",
        "La ligne reçoit une réponse en parties de plusieurs unités ou produits.",
    ),
    Wrong.PARTS_UNCOUNTED: (
        "The line is answered in parts, and one of them does not say how much it is.",
        "La ligne reçoit une réponse en parties, et l'une d'elles ne dit pas sa quantité.",
    ),
    Wrong.PARTS_UNPRICED: (
        "The line is answered in parts, and some of them have no price.",
        "La ligne reçoit une réponse en parties, et certaines n'ont pas de prix.",
    ),
    Wrong.PARTS_PRICES: (
        "The line is answered in parts whose prices have no sum that can be kept.",
        "La ligne reçoit une réponse en parties dont la somme des prix ne peut pas être enregistrée.",
    ),
    Wrong.SEVERAL_CANCELLED: (
        "The document cancels several orders: send one for each.",
        "Le document annule plusieurs commandes : envoyez-en un pour chacune.",
    ),
    Wrong.DOCTYPE: ("The document has a DOCTYPE: refused.", "Le document contient un DOCTYPE : refusé."),
    Wrong.MANY_ELEMENTS: (
        "The document has more than {most} elements.",
        "Le document a plus de {most} éléments.",
    ),
    Wrong.MANY_LINES: (
        "The document has too many lines: at most {most} are taken.",
        "Le document a trop de lignes : {most} au plus.",
    ),
    Wrong.MANY_BYTES: (
        "The document has {size} bytes: at most {most} are read.",
        "Le document a {size} octets : {most} au plus sont lus.",
    ),
    Wrong.NO_XML: (
        "The document is no well-formed XML: {error}.",
        "Le document n'est pas du XML bien formé : {error}.",
    ),
    Wrong.OTHER_ROOT: ("The document is {found}, not {wanted}.", "Le document est un {found}, et non un {wanted}."),
    Wrong.LINE_AMOUNT: (
        "The line amount {total} is not quantity × price: {expected}.",
        "Le montant de ligne {total} n'est pas quantité × prix : {expected}.",
    ),
    Wrong.NO_LINE: ("The order has no line.", "La commande n'a aucune ligne."),
    Wrong.NO_ORDER_NUMBER: ("The order has no number.", "La commande n'a pas de numéro."),
    Wrong.PRICE_NEGATIVE: ("The price {price} is negative.", "Le prix {price} est négatif."),
    Wrong.PERIOD_BACKWARDS: (
        "The promised period ends before it starts.",
        "La période promise finit avant de commencer.",
    ),
    Wrong.QUANTITY_NEGATIVE: ("The quantity {quantity} is negative.", "La quantité {quantity} est négative."),
    Wrong.REFERENCE_HIDDEN: (
        "The reference {reference} has control or direction characters.",
        "La référence {reference} contient des caractères de contrôle ou de direction.",
    ),
    Wrong.REFERENCE_SPACE: (
        "The reference {reference} has white space at an end.",
        "La référence {reference} commence ou finit par un blanc.",
    ),
    Wrong.TOTAL_NEGATIVE: ("The total {total} is negative.", "Le total {total} est négatif."),
    Wrong.SUM_DIFFERS: (
        "The {what} is stated as {stated}, the document adds up to {expected}.",
        "Donnée du document, {what} : {stated} ; d'après ses lignes : {expected}.",
    ),
    Wrong.TWO_DECIMALS: (
        "The {what} {value} has more than 2 decimals or is too large.",
        "Valeur ({what}) {value} : plus de 2 décimales, ou trop grande.",
    ),
    Wrong.SIX_DECIMALS: (
        "The {what} {value} has more than 6 decimals or is too large.",
        "Valeur ({what}) {value} : plus de 6 décimales, ou trop grande.",
    ),
    Wrong.FIGURE_NEGATIVE: ("The {what} {value} is negative.", "Valeur ({what}) {value} : négative."),
    Wrong.LINE_TWICE: ("Two lines have the same identifier.", "Deux lignes ont le même identifiant."),
    Wrong.CHILD_MISSING: ("{where} has no {child}.", "{where} n'a pas de {child}."),
    Wrong.NOT_SIMPLE: (
        "{where} in line {row} of the XML has elements in it, where only a value may be.",
        "{where}, ligne {row} du XML, contient des éléments, là où seule une valeur est admise.",
    ),
    Wrong.ELEMENT_VALUE: (
        "{where} in line {row} of the XML is {value}, not {expected}.",
        "{where}, ligne {row} du XML, vaut {value}, et non {expected}.",
    ),
    Wrong.TWO_CURRENCIES: (
        "{where} is in {currency}, the document in {other}.",
        "{where} est en {currency}, le document en {other}.",
    ),
    Wrong.NO_CURRENCY: (
        "{currency} is no ISO 4217 currency code.",
        "{currency} n'est pas un code de devise ISO 4217.",
    ),
    Wrong.LINES_TOO_MANY: (
        "{count} lines are too many: at most {most} are taken.",
        "{count} lignes, c'est trop : {most} au plus.",
    ),
    Wrong.JWS_LONG: (
        "The JWS has a header that is too long, or base64url with stray bits.",
        "La signature (JWS) a un en-tête trop long ou un base64url incorrect.",
    ),
    Wrong.JWS_HEADER: (
        "The JWS header is not exactly alg {alg}, kid, and typ {typ}.",
        "L'en-tête de la signature (JWS) n'est pas exactement alg {alg}, kid et typ {typ}.",
    ),
    Wrong.JWS_HEADER_UNREADABLE: (
        "The JWS header is not readable. {error}",
        "L'en-tête de la signature (JWS) est illisible. {error}",
    ),
    Wrong.CARD_OTHER_KEY: (
        "The card is not signed by the key that it shows.",
        "La carte n'est pas signée par la clé qu'elle montre.",
    ),
    Wrong.KID_NO_FINGERPRINT: (
        "The key id is not a SHA-256 fingerprint.",
        "L'identifiant de la clé n'est pas une empreinte SHA-256.",
    ),
    Wrong.SIGNATURE_FALSE: ("The signature does not hold.", "La signature n'est pas valable."),
    Wrong.NO_JWS: ("This is not a JWS in compact form.", "Ce n'est pas une signature (JWS compact)."),
    Wrong.KEY_UNKNOWN: ("No partner has the key {kid}.", "Aucun correspondant n'a la clé {kid}."),
    Wrong.OTHER_SIGNER: (
        "It says that it comes from {claimed}, but {partner} ({site}) signed it.",
        "Il dit venir de {claimed}, mais {partner} ({site}) l'a signé.",
    ),
    Wrong.KEY_NOT_VALID_THEN: (
        "The key {kid} of {partner} was not valid on {at} UTC.",
        "La clé {kid} de {partner} n'était pas valable le {at} UTC.",
    ),
    Wrong.KEY_OF_ANOTHER: (
        "The key {kid} belongs to another partner.",
        "La clé {kid} est celle d'un autre correspondant.",
    ),
    Wrong.KEY_MAY_SIGN: (
        "It withdraws the key {kid}, which may sign already: call the partner.",
        "Il retire la clé {kid}, qui signe peut-être déjà : appelez le correspondant.",
    ),
    Wrong.NO_MANIFEST: ("There is no manifest in this mail.", "Il n'y a pas de manifeste dans ce courriel."),
    Wrong.NO_MANIFEST_SEEN: (
        "There is no manifest in this mail. {error}",
        "Il n'y a pas de manifeste dans ce courriel. {error}",
    ),
    Wrong.MANIFEST_LOST: ("The mail has lost its manifest.", "Le courriel a perdu son manifeste."),
    Wrong.PARTS_MISSING: (
        "{missing} of {listed} listed parts are missing or altered: {first} …",
        "{missing} des {listed} pièces annoncées manquent ou sont altérées : {first} …",
    ),
    Wrong.MANY_CONTAINERS: (
        "The mail has more than {most} containers in each other.",
        "Le courriel a plus de {most} niveaux de pièces.",
    ),
    Wrong.MANY_MANIFESTS: (
        "The mail has more than {most} manifests.",
        "Le courriel a plus de {most} manifestes.",
    ),
    Wrong.MANY_PARTS: ("The mail has more than {most} parts.", "Le courriel a plus de {most} pièces."),
    Wrong.MUCH_WORK: (
        "The mail is more work to read than any honest one.",
        "Le courriel demande plus de travail de lecture qu'aucun courriel honnête.",
    ),
    Wrong.MAIL_LARGE: ("The mail is larger than 25 MB.", "Le courriel dépasse 25 Mo."),
    Wrong.JSON_DEEP: (
        "The JSON is nested deeper than {most} levels.",
        "Le JSON a plus de {most} niveaux.",
    ),
    Wrong.JSON_NO_OBJECT: ("The JSON is not an object.", "Le JSON n'est pas un objet."),
    Wrong.JSON_UNREADABLE: (
        "This is no JSON that we read: {error}.",
        "Ce n'est pas un JSON que nous lisons : {error}.",
    ),
    Wrong.MANIFEST_CONTRADICTS: (
        "The manifest contradicts itself: {error}.",
        "Le manifeste se contredit : {error}.",
    ),
    Wrong.MANIFEST_NO_VERSION: (
        "The manifest does not say its version.",
        "Le manifeste ne dit pas sa version.",
    ),
    Wrong.MANIFEST_VERSION: (
        "The manifest has version {version}; we read version {ours}.",
        "Le manifeste est en version {version} ; nous lisons la version {ours}.",
    ),
    Wrong.MANIFEST_CUT: (
        "The manifest is cut off, too long, or no JWS in compact form.",
        "Le manifeste est coupé, trop long, ou n'est pas signé (JWS compact).",
    ),
    Wrong.MANIFEST_WRONG: ("The manifest is wrong: {error}.", "Le manifeste est incorrect : {error}."),
    Wrong.KIND_UNKNOWN: (
        "We do not know the kind of mail {kind}.",
        "Nous ne connaissons pas le genre de courriel {kind}.",
    ),
    Wrong.KIND_LATER: (
        "We do not handle mails of kind {kind} yet.",
        "Nous ne traitons pas encore les courriels du genre {kind}.",
    ),
    Wrong.TYPE_UNKNOWN: (
        "We do not know the type of document {type}.",
        "Nous ne connaissons pas le type de document {type}.",
    ),
    Wrong.KEY_ACTION_UNKNOWN: (
        "We do not know what to do about a key: {action}.",
        "Nous ne savons que faire d'une clé : {action}.",
    ),
    Wrong.LISTED_TWICE: ("It lists {number} more than once.", "Il annonce {number} plus d'une fois."),
    Wrong.CARD_NO_VERSION: ("The card does not say its version.", "La carte ne dit pas sa version."),
    Wrong.CARD_VERSION: (
        "The card has version {version}; we read version {ours}.",
        "La carte est en version {version} ; nous lisons la version {ours}.",
    ),
    Wrong.CARD_WRONG: ("The card is wrong: {error}.", "La carte est incorrecte : {error}."),
    Wrong.CARD_LONG: ("This is too long for a site card.", "C'est trop long pour une carte de site."),
    NotSent.PLAIN_BEYOND: (
        "security = none is accepted for this machine only, not for {host}: use starttls or tls",
        "security = none n'est accepté que pour cette machine, pas pour {host} : choisissez starttls ou tls",
    ),
    NotSent.NO_PASSWORD: (
        "the login {login} at {host} has no password",
        "l'identifiant {login} chez {host} n'a pas de mot de passe",
    ),
    NotSent.NO_ADDRESS: (
        "not an address that SMTP can carry: {address}",
        "ce n'est pas une adresse que SMTP puisse porter : {address}",
    ),
    NotSent.NOT_SEVEN_BIT: ("the mail is not 7-bit", "le courriel n'est pas en 7 bits"),
    NotSent.NO_CRLF: (
        "the mail has a line that does not end with CRLF",
        "une ligne du courriel ne finit pas par CRLF",
    ),
    NotSent.TOO_LARGE: (
        "the mail has {size} bytes, the relay takes at most {most}",
        "le courriel a {size} octets, le serveur en accepte au plus {most}",
    ),
    NotSent.NO_TOKEN: (
        "the mail provider gives no token ({error}): give consent anew",
        "le fournisseur ne donne pas de jeton ({error}) : redonnez votre accord",
    ),
    NotSent.TOKENS_AWAY: (
        "the provider's server for tokens does not answer as it should: {error}",
        "le serveur de jetons du fournisseur ne répond pas comme il faut : {error}",
    ),
    NotSent.TOO_SLOW: ("the server was too slow", "le serveur a été trop lent"),
    NotSent.NO_STARTTLS: ("the server does not offer STARTTLS", "le serveur ne propose pas STARTTLS"),
    NotSent.SLIPPED_IN: (
        "plain text was slipped in behind the reply to STARTTLS",
        "du texte en clair a été glissé après la réponse à STARTTLS",
    ),
    NotSent.NO_AUTH_PASSWORD: (
        "the server offers neither AUTH PLAIN nor AUTH LOGIN",
        "le serveur ne propose ni AUTH PLAIN ni AUTH LOGIN",
    ),
    NotSent.NO_AUTH_TOKEN: (
        "the server offers neither AUTH OAUTHBEARER nor AUTH XOAUTH2",
        "le serveur ne propose ni AUTH OAUTHBEARER ni AUTH XOAUTH2",
    ),
    NotSent.NO_SMTP_REPLY: (
        "the server sent something that is no SMTP reply",
        "le serveur a envoyé autre chose qu'une réponse SMTP",
    ),
    NotSent.MANY_REPLY_LINES: (
        "the server's reply has more than {most} lines",
        "la réponse du serveur a plus de {most} lignes",
    ),
    NotSent.LONG_REPLY_LINE: (
        "the server sent a line of more than {most} octets",
        "le serveur a envoyé une ligne de plus de {most} octets",
    ),
    NotSent.CLOSED: ("the server closed the connection", "le serveur a fermé la connexion"),
    NotSent.SILENT_AFTER_DOT: (
        "It never said whether it took the mail, {times} times.",
        "Il n'a jamais dit s'il prenait le courriel, {times} fois.",
    ),
    System.EPIPE: ("{words}", "connexion rompue"),
    System.ECONNREFUSED: ("{words}", "connexion refusée"),
    System.ECONNRESET: ("{words}", "connexion coupée par l'autre côté"),
    System.ETIMEDOUT: ("{words}", "délai de connexion dépassé"),
    System.ENETUNREACH: ("{words}", "réseau injoignable"),
    System.EHOSTUNREACH: ("{words}", "aucun chemin vers cette machine"),
    System.ENOSPC: ("{words}", "le disque est plein"),
    System.ENOENT: ("{words}", "ce fichier ou ce dossier n'existe pas"),
    System.EACCES: ("{words}", "accès refusé"),
    System.EROFS: ("{words}", "ce disque est en lecture seule"),
    System.EAI_NONAME: ("{words}", "nom de machine inconnu"),
    System.EAI_AGAIN: ("{words}", "le nom de la machine ne peut être résolu pour l'instant"),
    System.TIMED_OUT: ("{words}", "délai dépassé"),
}
"""In English and in French, with the same values. Of the system the English words are its own, with their place."""

TERMS: Final[Mapping[str, tuple[str, str]]] = {
    Term.DOCUMENT: ("The document", "Le document"),
    Term.DATE: ("a date", "une date"),
    Term.LINE_COUNT: ("a number of lines", "un nombre de lignes"),
    Term.DECIMAL: ("a decimal number", "un nombre décimal"),
    Term.SEQUENCE: ("a sequence number", "un numéro d'ordre"),
    Term.TIME: ("a time", "une heure"),
    Term.TRUTH: ("true or false", "true ou false"),
    Term.QUANTITY: ("quantity", "quantité"),
    Term.BACKORDER: ("backorder quantity", "reliquat"),
    Term.PRICE: ("price", "prix"),
    Term.BASE_QUANTITY: ("base quantity", "quantité de base"),
    Term.LINE_AMOUNT: ("line amount", "montant de ligne"),
    Term.TAX_AMOUNT: ("tax amount", "montant de la taxe"),
    Term.PERCENTAGE: ("percentage", "pourcentage"),
    Term.ALLOWANCE: ("allowance or charge", "remise ou majoration"),
    Term.BASE_AMOUNT: ("base amount", "montant de base"),
    Term.SUM_OF_LINES: ("sum of the lines", "somme des lignes"),
    Term.PAYABLE: ("amount to pay", "montant à payer"),
    Term.TAX_EXCLUSIVE: ("amount without tax", "montant hors taxes"),
    Term.TAX_INCLUSIVE: ("amount with tax", "montant toutes taxes comprises"),
    Term.SUM_OF_ALLOWANCES: ("sum of the allowances", "somme des remises"),
    Term.SUM_OF_CHARGES: ("sum of the charges", "somme des majorations"),
    Term.PREPAID: ("prepaid amount", "montant payé d'avance"),
    Term.ROUNDING: ("rounding amount", "arrondi"),
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, for whoever shows it.

    :ivar code: one of `Wrong`, `NotSent` or `System`, or one that a later release stored.
    :ivar values: what the sentence quotes.
    :ivar terms: words of ours among its values, each a `Term`.
    :ivar rule: the broken rule's id; `line`: the order line concerned. Both are of documents.
    :ivar place: where the system's words come from, which its English ones name themselves.
    """

    code: str
    values: Mapping[str, str] = field(default_factory=dict)
    terms: Mapping[str, str] = field(default_factory=dict)
    rule: str | None = None
    line: str | None = None
    place: str | None = None

    @classmethod
    def of(
        cls, code: Wrong | NotSent, values: Mapping[str, object], rule: str | None = None, line: str | None = None
    ) -> Self:
        """With values of any kind, of which long ones are cut."""
        return cls(
            code,
            {name: cut(str(value)) for name, value in values.items() if not isinstance(value, Term)},
            {name: str(value) for name, value in values.items() if isinstance(value, Term)},
            rule,
            cut(line, _MOST_OF_A_LINE) if line is not None else None,
        )

    @property
    def is_known(self) -> bool:
        """Whether there is a sentence for it: a later release may have stored what this one never heard of."""
        return self.code in SENTENCES and TERMS.keys() >= set(self.terms.values())

    def said(self, language: str) -> str:
        """The sentence in `fr` or `en`, cut in its middle when it is long."""
        which = 1 if language == "fr" else 0
        terms = {name: TERMS[term][which] for name, term in self.terms.items()}
        text = printed(SENTENCES[self.code][which], language).format(**self.values, **terms)
        rule = f"[{self.rule}] " if self.rule is not None else ""
        word = "ligne" if language == "fr" else "line"
        where = f" ({word} {self.line})" if self.line is not None else ""
        place = f"{self.place}{NO_BREAK}: " if self.place is not None and language == "fr" else ""
        return cut(f"{place}{rule}{text}{where}")

    def stored(self) -> str:
        """As a column keeps it."""
        return json.dumps({name: value for name, value in asdict(self).items() if value}, ensure_ascii=False)


class Diagnosed(str):
    """The English sentence of a diagnosis, which remembers what it says."""

    __slots__ = ("diagnosis",)

    diagnosis: Diagnosis

    def __new__(cls, diagnosis: Diagnosis) -> Self:
        """The sentence."""
        made = super().__new__(cls, diagnosis.said("en"))
        made.diagnosis = diagnosis
        return made

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    @classmethod
    def beside(cls, text: str | None, stored: str | None) -> str | None:
        """A text that a column has, with the diagnosis that another one has of it.

        One that says anything else is of an earlier text: who writes the text alone need not know of it.
        """
        if text is None or stored is None:
            return text
        found = read_stored(stored)
        return cls(found) if found.is_known and found.said("en") == text else text


def read_stored(text: str) -> Diagnosis:
    """What a column keeps; what a later release keeps besides is left out."""
    kept = json.loads(text)
    return Diagnosis(**{each.name: kept[each.name] for each in fields(Diagnosis) if each.name in kept})


def stored_diagnosis(text: str) -> str | None:
    """What is kept beside a text, for `Diagnosed.beside`."""
    return text.diagnosis.stored() if isinstance(text, Diagnosed) else None


def told(text: str, language: str) -> str:
    """A text in `fr` or `en`, as far as it remembers what it says; the words of others stay."""
    return text.diagnosis.said(language) if isinstance(text, Diagnosed) else text
