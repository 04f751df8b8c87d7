"""What is wrong with a message (`intergestan_msg.errors`) or with the relay, in French.

The message library and the sender tell it in English, and so it is stored and sent. Here is each of their sentences
with `{}` for what was found; tests hold that none is missing. The rule's id in front and the line behind stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from intergestan_msg.typography import NO_BREAK, french

FRENCH: Mapping[str, str] = {
    # documents
    "A text has a character that XML can't carry: {}.": "Un texte contient un caractère impossible en XML : {}.",
    "A text has a control character that XML can't carry.": "Un texte contient un caractère de contrôle.",
    "A change that deletes every line is a cancellation.": "Supprimer toutes les lignes, c'est annuler la commande.",
    "A line has no identifier.": "Une ligne n'a pas d'identifiant.",
    "An answer with the code {} {}.": "Une réponse de code {} {}.",
    "The allowance or charge {} is negative.": "La remise ou majoration {} est négative.",
    "The allowance or charge {} is not {} % of its base.": "La remise ou majoration {} ne fait pas {} % de sa base.",
    "The answer lacks its number or that of the order.": "Il manque à la réponse son numéro ou celui de la commande.",
    "The base quantity {} is not above zero.": "La quantité de base {} n'est pas supérieure à zéro.",
    "The cancellation lacks its number, that of the order, or the reason.": (
        "Il manque à l'annulation son numéro, celui de la commande ou le motif."
    ),
    "The change does not say of each line what becomes of it.": (
        "La modification ne dit pas de chaque ligne ce qu'elle devient."
    ),
    "The change has no identifier, or its sequence number is not above zero.": (
        "La modification n'a pas d'identifiant, ou son numéro d'ordre n'est pas supérieur à zéro."
    ),
    "The document cancels several orders: send one for each.": (
        "Le document annule plusieurs commandes : envoyez-en un pour chacune."
    ),
    "The document has a DOCTYPE: refused.": "Le document contient un DOCTYPE : refusé.",
    "The document has more than {} elements.": "Le document a plus de {} éléments.",
    "The document has too many lines: at most {} are taken.": "Le document a trop de lignes : {} au plus.",
    "The document has {} bytes: at most {} are read.": "Le document a {} octets : {} au plus sont lus.",
    "The document is no well-formed XML: {}.": "Le document n'est pas du XML bien formé : {}.",
    "The document is {}, not {}.": "Le document est un {}, et non un {}.",
    "The line amount {} is not quantity × price: {}.": "Le montant de ligne {} n'est pas quantité × prix : {}.",
    "The order has no line.": "La commande n'a aucune ligne.",
    "The order has no number.": "La commande n'a pas de numéro.",
    "The price {} is negative.": "Le prix {} est négatif.",
    "The promised period ends before it starts.": "La période promise finit avant de commencer.",
    "The quantity {} is negative.": "La quantité {} est négative.",
    "The reference {} has control or direction characters.": (
        "La référence {} contient des caractères de contrôle ou de direction."
    ),
    "The reference {} has white space at an end.": "La référence {} commence ou finit par un blanc.",
    "The total {} is negative.": "Le total {} est négatif.",
    "The {} is stated as {}, the document adds up to {}.": "Donnée du document, {} : {} ; d'après ses lignes : {}.",
    "The {} {} has more than 2 decimals or is too large.": "Valeur ({}) {} : plus de 2 décimales, ou trop grande.",
    "The {} {} has more than 6 decimals or is too large.": "Valeur ({}) {} : plus de 6 décimales, ou trop grande.",
    "The {} {} is negative.": "Valeur ({}) {} : négative.",
    "Two lines have the same identifier.": "Deux lignes ont le même identifiant.",
    "{} has no {}.": "{} n'a pas de {}.",
    "{} in line {} of the XML has elements in it, where only a value may be.": (
        "{}, ligne {} du XML, contient des éléments, là où seule une valeur est admise."
    ),
    "{} in line {} of the XML is {}, not {}.": "{}, ligne {} du XML, vaut {}, et non {}.",
    "{} is no ISO 4217 currency code.": "{} n'est pas un code de devise ISO 4217.",
    "{} lines are too many: at most {} are taken.": "{} lignes, c'est trop : {} au plus.",
    # signatures
    "The JWS has a header that is too long, or base64url with stray bits.": (
        "La signature (JWS) a un en-tête trop long ou un base64url incorrect."
    ),
    "The JWS header is not exactly alg {}, kid, and typ {}.": (
        "L'en-tête de la signature (JWS) n'est pas exactement alg {}, kid et typ {}."
    ),
    "The JWS header is not readable. {}": "L'en-tête de la signature (JWS) est illisible. {}",
    "The card is not signed by the key that it shows.": "La carte n'est pas signée par la clé qu'elle montre.",
    "The key id is not a SHA-256 fingerprint.": "L'identifiant de la clé n'est pas une empreinte SHA-256.",
    "The signature does not hold.": "La signature n'est pas valable.",
    "This is not a JWS in compact form.": "Ce n'est pas une signature (JWS compact).",
    "No partner has the key {}.": "Aucun correspondant n'a la clé {}.",
    # mails
    "There is no manifest in this mail.": "Il n'y a pas de manifeste dans ce courriel.",
    "There is no manifest in this mail. {}": "Il n'y a pas de manifeste dans ce courriel. {}",
    "The mail has lost its manifest.": "Le courriel a perdu son manifeste.",
    "{} of {} listed parts are missing or altered: {} …": "{} des {} pièces annoncées manquent ou sont altérées : {} …",
    "The mail has more than {} containers in each other.": "Le courriel a plus de {} niveaux de pièces.",
    "The mail has more than {} manifests.": "Le courriel a plus de {} manifestes.",
    "The mail has more than {} parts.": "Le courriel a plus de {} pièces.",
    "The mail is more work to read than any honest one.": (
        "Le courriel demande plus de travail de lecture qu'aucun courriel honnête."
    ),
    "The mail is larger than 25 MB.": "Le courriel dépasse 25 Mo.",
    # manifests and cards
    "The JSON is nested deeper than {} levels.": "Le JSON a plus de {} niveaux.",
    "The JSON is not an object.": "Le JSON n'est pas un objet.",
    "This is no JSON that we read: {}.": "Ce n'est pas un JSON que nous lisons : {}.",
    "The manifest contradicts itself: {}.": "Le manifeste se contredit : {}.",
    "The manifest does not say its version.": "Le manifeste ne dit pas sa version.",
    "The manifest has version {}; we read version {}.": "Le manifeste est en version {} ; nous lisons la version {}.",
    "The manifest is cut off, too long, or no JWS in compact form.": (
        "Le manifeste est coupé, trop long, ou n'est pas signé (JWS compact)."
    ),
    "The manifest is wrong: {}.": "Le manifeste est incorrect : {}.",
    "We do not know the kind of mail {}.": "Nous ne connaissons pas le genre de courriel {}.",
    "We do not know the type of document {}.": "Nous ne connaissons pas le type de document {}.",
    "We do not know what to do about a key: {}.": "Nous ne savons que faire d'une clé : {}.",
    "The card does not say its version.": "La carte ne dit pas sa version.",
    "The card has version {}; we read version {}.": "La carte est en version {} ; nous lisons la version {}.",
    "The card is wrong: {}.": "La carte est incorrecte : {}.",
    "This is too long for a site card.": "C'est trop long pour une carte de site.",
}

RELAY_FRENCH: Mapping[str, str] = {
    "security = none is accepted for this machine only, not for {}: use starttls or tls": (
        "security = none n'est accepté que pour cette machine, pas pour {} : choisissez starttls ou tls"
    ),
    "the login {} at {} has no password": "l'identifiant {} chez {} n'a pas de mot de passe",
    "not an address that SMTP can carry: {}": "ce n'est pas une adresse que SMTP puisse porter : {}",
    "the mail is not 7-bit": "le courriel n'est pas en 7 bits",
    "the mail has a line that does not end with CRLF": "une ligne du courriel ne finit pas par CRLF",
    "the mail has {} bytes, the relay takes at most {}": "le courriel a {} octets, le serveur en accepte au plus {}",
    "the mail provider gives no token ({}): give consent anew": (
        "le fournisseur ne donne pas de jeton ({}) : redonnez votre accord"
    ),
    "the provider's server for tokens does not answer as it should: {}": (
        "le serveur de jetons du fournisseur ne répond pas comme il faut : {}"
    ),
    "the server was too slow": "le serveur a été trop lent",
    "the server does not offer STARTTLS": "le serveur ne propose pas STARTTLS",
    "plain text was slipped in behind the reply to STARTTLS": (
        "du texte en clair a été glissé après la réponse à STARTTLS"
    ),
    "the server offers neither AUTH PLAIN nor AUTH LOGIN": "le serveur ne propose ni AUTH PLAIN ni AUTH LOGIN",
    "the server offers neither AUTH OAUTHBEARER nor AUTH XOAUTH2": (
        "le serveur ne propose ni AUTH OAUTHBEARER ni AUTH XOAUTH2"
    ),
    "the server sent something that is no SMTP reply": "le serveur a envoyé autre chose qu'une réponse SMTP",
    "the server's reply has more than {} lines": "la réponse du serveur a plus de {} lignes",
    "the server sent a line of more than {} octets": "le serveur a envoyé une ligne de plus de {} octets",
    "the server closed the connection": "le serveur a fermé la connexion",
}
"""What the sender itself says of a relay; what the relay's server says stays as it is."""

SYSTEM: Mapping[str, str] = {
    "Broken pipe": "connexion rompue",
    "Connection refused": "connexion refusée",
    "Connection reset by peer": "connexion coupée par l'autre côté",
    "Connection timed out": "délai de connexion dépassé",
    "Name or service not known": "nom de machine inconnu",
    "Network is unreachable": "réseau injoignable",
    "No route to host": "aucun chemin vers cette machine",
    "No space left on device": "le disque est plein",
    "No such file or directory": "ce fichier ou ce dossier n'existe pas",
    "Permission denied": "accès refusé",
    "Read-only file system": "ce disque est en lecture seule",
    "Temporary failure in name resolution": "le nom de la machine ne peut être résolu pour l'instant",
    "Timeout connecting to server": "le serveur ne répond pas à temps",
    "timed out": "délai dépassé",
}
"""What the operating system says, alone or behind a place; in the words of a server it stays as it is."""

WORDS: Mapping[str, str] = {
    "needs lines": "demande des lignes",
    "carries no lines": "ne porte pas de lignes",
    "The document": "Le document",
    "a date": "une date",
    "a number of lines": "un nombre de lignes",
    "a decimal number": "un nombre décimal",
    "a sequence number": "un numéro d'ordre",
    "a time": "une heure",
    "true or false": "true ou false",
    "quantity": "quantité",
    "backorder quantity": "reliquat",
    "price": "prix",
    "base quantity": "quantité de base",
    "line amount": "montant de ligne",
    "tax amount": "montant de la taxe",
    "percentage": "pourcentage",
    "allowance or charge": "remise ou majoration",
    "base amount": "montant de base",
    "sum of the lines": "somme des lignes",
    "amount to pay": "montant à payer",
    "amount without tax": "montant hors taxes",
    "amount with tax": "montant toutes taxes comprises",
    "sum of the allowances": "somme des remises",
    "sum of the charges": "somme des majorations",
    "prepaid amount": "montant payé d'avance",
    "rounding amount": "arrondi",
}
"""What may stand in place of a `{}`, where it is a word of ours."""

_OF_SYSTEM = re.compile(
    r"(?:Error -?\d+ connecting to (?P<to>\S+?)\. |\[Errno -?\d+\] |(?P<place>\S+): )?"
    rf"(?P<words>{'|'.join(map(re.escape, SYSTEM))})(?P<end>\.?)"
)
_FRAME = re.compile(r"(?P<rule>\[[A-Z0-9-]+\] )?(?P<text>.*?)(?: \(line (?P<line>[^)]*)\))?", re.DOTALL)


def diagnosis(text: str, language: str) -> str:
    """A sentence of the message library in `fr` or `en`; what is none stays as it is."""
    frame = _FRAME.fullmatch(text)
    if language != "fr" or frame is None:
        return text
    system = _OF_SYSTEM.fullmatch(text)
    if system is not None:
        place = system["place"] or system["to"]
        return (f"{place}{NO_BREAK}: " if place else "") + french(SYSTEM[system["words"]]) + system["end"]
    translated = _french(frame["text"])
    if translated is None:
        return text
    behind = f" (ligne {frame['line']})" if frame["line"] is not None else ""
    return f"{frame['rule'] or ''}{translated}{behind}"


def _french(sentence: str) -> str | None:
    for pattern, template in _patterns():
        found = pattern.fullmatch(sentence)
        if found is not None:
            return french(template).format(*(WORDS.get(value, value) for value in found.groups()))
    return None


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Those with more text of their own come first: `{} has no {}.` fits many."""
    all_of_them = {**FRENCH, **RELAY_FRENCH}
    longest_first = sorted(all_of_them, key=lambda template: len(template.replace("{}", "")), reverse=True)
    return tuple(
        (re.compile("(.+?)".join(map(re.escape, template.split("{}"))), re.DOTALL), all_of_them[template])
        for template in longest_first
    )
