"""What people read about a reason to wait or to refuse, in French and English: one table, one place.

`WHAT` has a sentence per reason (or per `reason.variant`) with the finding's values in it. What that means for the
order and what to do is in `advice.py`. Both languages are complete; a test holds that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from intergestan_db.enums import HoldReason as R
from intergestan_exchange.findings import undelivered
from intergestan_exchange.findings.finding import Finding
from intergestan_msg.money import plain
from intergestan_msg.typography import printed

_OVER_THE_MAXIMUM = {
    "en": "What {customer} owes: {exposure} + {order} = {sum}, maximum {maximum} (of which insured {insured}).",
    "fr": "Encours de {customer} : {exposure} + {order} = {sum}, maximum {maximum} (dont assuré {insured}).",
}

WHAT: Mapping[str, Mapping[str, str]] = {
    f"{R.UNKNOWN_SIGNER}.expired": {
        "en": "The mail came before its signer was known here ({kid}), and its bytes were dropped since; the mailbox is asked "
        "for it again.",
        "fr": "Le courriel est arrivé avant que son signataire soit connu ici ({kid}), et ses octets ont été supprimés depuis ; "
        "il est redemandé à la boîte.",
    },
    R.UNKNOWN_SIGNER: {
        "en": "The mail is signed with a key that nobody pinned ({kid}).",
        "fr": "Le courriel est signé avec une clé inconnue ({kid}).",
    },
    R.UNCONFIRMED_KEY: {
        "en": "The mail is signed with a new key of {partner} ({kid}) that nobody here has confirmed.",
        "fr": "Le courriel est signé avec une nouvelle clé de {partner} ({kid}), que personne ici n'a confirmée.",
    },
    R.REVOKED_KEY: {
        "en": "The mail is signed with a key of {partner} ({kid}) that was revoked on {revoked}.",
        "fr": "Le courriel est signé avec une clé de {partner} ({kid}) révoquée le {revoked}.",
    },
    R.KEY_ANNOUNCED: {
        "en": "{partner} announces a new signing key ({new_key}), which signs from {signs_from} on.",
        "fr": "{partner} annonce une nouvelle clé de signature ({new_key}), qui signera à partir du {signs_from}.",
    },
    f"{R.PARTNER_BUDGET}.statements": {
        "en": "{partner} sends more statements than are taken in an hour ({most}).",
        "fr": "{partner} envoie plus de relevés qu'il n'en est repris par heure ({most}).",
    },
    f"{R.PARTNER_BUDGET}.repeats": {
        "en": "{partner} asks for more mails again than are repeated in an hour ({most}).",
        "fr": "{partner} redemande plus de courriels qu'il n'en est répété par heure ({most}).",
    },
    f"{R.PARTNER_BUDGET}.heartbeats": {
        "en": "{partner} sends more heartbeats than are taken in a day ({most}).",
        "fr": "{partner} envoie plus de battements de cœur qu'il n'en est repris par jour ({most}).",
    },
    f"{R.PARTNER_BUDGET}.missing_numbers": {
        "en": "{partner} says that it sent more mails that we lack than can be ({most}): it may make the numbers up.",
        "fr": "{partner} dit avoir envoyé plus de courriels, non reçus ici, que possible ({most}) : il les invente "
        "peut-être.",
    },
    f"{R.PARTNER_BUDGET}.announcements": {
        "en": "{partner} announces more signing keys than are taken in a day ({most}).",
        "fr": "{partner} annonce plus de clés de signature qu'il n'en est repris par jour ({most}).",
    },
    R.BAD_SIGNATURE: {
        "en": "The signature of the mail does not hold: {error}",
        "fr": "La signature du courriel n'est pas valable : {error}",
    },
    f"{R.BAD_SIGNATURE}.outside": {
        "en": "The signature of the mail does not hold: {error}",
        "fr": "La signature du courriel n'est pas valable : {error}",
    },
    R.BAD_MESSAGE: {
        "en": "The mail cannot be read: {error}",
        "fr": "Le courriel est illisible : {error}",
    },
    R.DAMAGED: {
        "en": "A part of the mail is missing or was altered on the way: {error}",
        "fr": "Une pièce du courriel manque ou a été modifiée en route : {error}",
    },
    f"{R.DAMAGED}.altered": {
        "en": "The attachments of the mail are not the bytes that were signed: {error}",
        "fr": "Les pièces jointes du courriel ne sont pas celles qui ont été signées : {error}",
    },
    f"{R.DAMAGED}.removed": {
        "en": "Attachments of the mail were removed on the way: {error}",
        "fr": "Des pièces jointes du courriel ont été retirées en route : {error}",
    },
    f"{R.DAMAGED}.cut": {
        "en": "The mail ends too early: {error}",
        "fr": "Le courriel est tronqué : {error}",
    },
    f"{R.DAMAGED}.packed": {
        "en": "The attachments of the mail were packed into an archive on the way: {error}",
        "fr": "Les pièces jointes du courriel ont été mises dans une archive en route : {error}",
    },
    f"{R.DAMAGED}.encrypted": {
        "en": "The mail is encrypted: {error}",
        "fr": "Le courriel est chiffré : {error}",
    },
    f"{R.DAMAGED}.in_pieces": {
        "en": "A server cut the mail into pieces: {error}",
        "fr": "Un serveur a découpé le courriel en morceaux : {error}",
    },
    f"{R.DAMAGED}.uuencoded": {
        "en": "A server turned the attachments of the mail into text (uuencode): {error}",
        "fr": "Un serveur a transformé les pièces jointes du courriel en texte (uuencode) : {error}",
    },
    f"{R.DAMAGED}.line_ends": {
        "en": "A server replaced the line ends of the mail by carriage returns: {error}",
        "fr": "Un serveur a remplacé les fins de ligne du courriel par des retours chariot : {error}",
    },
    f"{R.BAD_MESSAGE}.too_big": {
        "en": "The mail is beyond what is read: {error}",
        "fr": "Le courriel dépasse ce qui est lu : {error}",
    },
    R.NEWER_RELEASE: {
        "en": "The mail comes from a newer release of Intergestan: {error}",
        "fr": "Le courriel vient d'une version plus récente d'Intergestan : {error}",
    },
    R.WRONG_RECIPIENT: {
        "en": "The mail from {partner} is meant for the site {audience}, not for us.",
        "fr": "Le courriel de {partner} est destiné au site {audience}, pas au nôtre.",
    },
    R.TOO_OLD: {
        "en": "The mail was composed on {composed} and arrived on {archived}.",
        "fr": "Le courriel, composé le {composed}, est arrivé le {archived}.",
    },
    f"{R.CLAIM_MISMATCH}.siret": {
        "en": "The order names a buyer with SIRET {theirs}, but {partner} signed it ({ours}).",
        "fr": "La commande nomme un acheteur au SIRET {theirs}, mais {partner} l'a signée ({ours}).",
    },
    f"{R.CLAIM_MISMATCH}.vat": {
        "en": "The order names a buyer with VAT number {theirs}, but {partner} signed it ({ours}).",
        "fr": "La commande nomme un acheteur au numéro de TVA {theirs}, mais {partner} l'a signée ({ours}).",
    },
    f"{R.CLAIM_MISMATCH}.document": {
        "en": "The manifest announces {type} {number}; the document is {found}.",
        "fr": "Le bordereau annonce {type} {number} ; le document est {found}.",
    },
    f"{R.CLAIM_MISMATCH}.hash": {
        "en": "The content of order {number} is not what the manifest states.",
        "fr": "Le contenu de la commande {number} n'est pas celui que le bordereau déclare.",
    },
    f"{R.STATEMENT}.content_sent": {
        "en": "{partner} has other content than we sent, under the same numbers (series {epoch}).",
        "fr": "{partner} a reçu, sous les mêmes numéros, un autre contenu que celui que nous avons envoyé (série {epoch}).",
    },
    f"{R.STATEMENT}.content_received": {
        "en": "{partner} says it sent other content than we received, under the same numbers (series {epoch}).",
        "fr": "{partner} déclare, sous les mêmes numéros, un autre contenu que celui que nous avons reçu (série {epoch}).",
    },
    f"{R.STATEMENT}.lost": {
        "en": "{partner} has mails of ours that this base does not know: series {epoch}, numbers {numbers}.",
        "fr": "{partner} a des courriels de nous que cette base ne connaît pas : série {epoch}, numéros {numbers}.",
    },
    f"{R.STATEMENT}.ahead": {
        "en": "{partner} has mails of ours under numbers that we have not given yet: series {epoch}, numbers {numbers}.",
        "fr": "{partner} a des courriels de nous sous des numéros pas encore donnés : série {epoch}, numéros {numbers}.",
    },
    R.TRANSFER_CONFLICT: {
        "en": "{partner} sent the transfer {transfer} twice with different content (sequence number {seq}, series {epoch}).",
        "fr": "{partner} a envoyé deux fois la transmission {transfer} avec un contenu différent (numéro de séquence {seq}, "
        "série {epoch}).",
    },
    f"{R.TRANSFER_CONFLICT}.sequence": {
        "en": "{partner} gave two mails the same sequence number {seq} (series {epoch}): the transfers {first} and "
        "{transfer}.",
        "fr": "{partner} a donné à deux courriels le même numéro de séquence {seq} (série {epoch}) : les transmissions {first} "
        "et {transfer}.",
    },
    f"{R.TRANSFER_CONFLICT}.answer": {
        "en": "{partner} sent two different answers to {number} under the same number {n} (series {epoch}, sequence number "
        "{seq}).",
        "fr": "{partner} a envoyé deux réponses différentes à {number} sous le même numéro {n} (série {epoch}, numéro de "
        "séquence {seq}).",
    },
    f"{R.TRANSFER_CONFLICT}.reversed": {
        "en": "{partner} was restored and answers change {revision} of {number} otherwise than before (series {epoch}, "
        "sequence number {seq}).",
        "fr": "{partner} a été restauré et répond à la modification {revision} de {number} autrement qu'avant (série {epoch}, "
        "numéro de séquence {seq}).",
    },
    R.POISON: {
        "en": "Reading the mail failed {strikes} times.",
        "fr": "La lecture du courriel a échoué {strikes} fois.",
    },
    R.ARCHIVE: {
        "en": "Before the mail was taken in, its copy in the archive was altered or cut ({place}); the mailbox is asked for "
        "it again.",
        "fr": "Avant que le courriel soit traité, sa copie dans l'archive a été altérée ou tronquée ({place}) ; il est "
        "redemandé à la boîte.",
    },
    f"{R.ARCHIVE}.missing": {
        "en": "Before the mail was taken in, its copy in the archive was lost ({place}); the mailbox is asked for it again.",
        "fr": "Avant que le courriel soit traité, sa copie dans l'archive a été perdue ({place}) ; il est redemandé à la boîte.",
    },
    f"{R.ARCHIVE}.gone": {
        "en": "The mail's copy in the archive was altered or lost before it was taken in ({place}), and the mailbox has the mail "
        "no more.",
        "fr": "La copie du courriel dans l'archive a été altérée ou perdue avant d'être traitée ({place}), et la boîte ne l'a "
        "plus.",
    },
    R.BAD_DOCUMENT: {
        "en": "The document contradicts itself or is no order: {error}",
        "fr": "Le document se contredit ou n'est pas une commande : {error}",
    },
    f"{R.BAD_DOCUMENT}.no_lines": {
        "en": "The order has no lines.",
        "fr": "La commande n'a pas de ligne.",
    },
    f"{R.BAD_DOCUMENT}.no_quantity": {
        "en": "The line has no quantity above zero.",
        "fr": "La ligne n'a pas de quantité supérieure à zéro.",
    },
    f"{R.BAD_DOCUMENT}.no_price": {
        "en": "The line has no price, and we do not know its product.",
        "fr": "La ligne n'a pas de prix, et son produit nous est inconnu.",
    },
    f"{R.BAD_DOCUMENT}.too_long": {
        "en": "The field {field} has more than {most} characters.",
        "fr": "Le champ {field} a plus de {most} caractères.",
    },
    f"{R.BAD_DOCUMENT}.copy": {
        "en": "The document is a copy of the order, and a copy is no second order.",
        "fr": "Le document est une copie de la commande, et une copie n'est pas une deuxième commande.",
    },
    f"{R.BAD_DOCUMENT}.blanket": {
        "en": "Type {type} is a blanket order: its quantities and dates come later.",
        "fr": "Le type {type} est une commande ouverte : ses quantités et ses dates viendront plus tard.",
    },
    f"{R.BAD_DOCUMENT}.consignment": {
        "en": "Type {type} is a consignment order: it is paid when it is sold, which an order here cannot say.",
        "fr": "Le type {type} est une commande en dépôt-vente, payée à la vente : une commande ne peut pas le dire ici.",
    },
    f"{R.BAD_DOCUMENT}.sub_lines": {
        "en": "Lines have sub-lines, which an order here has not.",
        "fr": "Des lignes ont des sous-lignes, ce qu'une commande n'a pas ici.",
    },
    f"{R.BAD_DOCUMENT}.deliveries": {
        "en": "The document has several deliveries, and an order here has one.",
        "fr": "Le document a plusieurs livraisons, et une commande en a une ici.",
    },
    f"{R.BAD_DOCUMENT}.prepaid": {
        "en": "{amount} is prepaid, which an order here cannot say.",
        "fr": "{amount} est payé d'avance, ce qu'une commande ne peut pas dire ici.",
    },
    f"{R.BAD_DOCUMENT}.left_out": {
        "en": "Not taken, because an order here has no place for it: {what}.",
        "fr": "Non repris, faute de place dans une commande ici : {what}.",
    },
    f"{R.BAD_DOCUMENT}.too_large": {
        "en": "The amounts are larger than what can be booked.",
        "fr": "Les montants dépassent ce qui peut être enregistré.",
    },
    R.UNKNOWN_PRODUCT: {
        "en": "We do not know the product {code} ({name}).",
        "fr": "Nous ne connaissons pas le produit {code} ({name}).",
    },
    R.TWO_CUSTOMERS: {
        "en": "The order may be of several of our customers: {customers} ({id}).",
        "fr": "La commande peut être de plusieurs de nos clients : {customers} ({id}).",
    },
    R.PRICE_DIFFERENCE: {
        "en": "{code}: the order says {theirs} {currency}, our price is {ours}.",
        "fr": "{code} : la commande indique {theirs} {currency}, notre prix est {ours}.",
    },
    f"{R.TOTAL_DIFFERENCE}.line": {
        "en": "The line states {theirs} {currency}; its quantity and price give {ours}.",
        "fr": "La ligne indique {theirs} {currency} ; sa quantité et son prix donnent {ours}.",
    },
    f"{R.TOTAL_DIFFERENCE}.lines": {
        "en": "The sum of the lines is stated as {theirs} {currency}; it is {ours}.",
        "fr": "La somme des lignes est indiquée à {theirs} {currency} ; elle est de {ours}.",
    },
    f"{R.TOTAL_DIFFERENCE}.allowances": {
        "en": "The sum of the allowances is stated as {theirs} {currency}; it is {ours}.",
        "fr": "La somme des remises est indiquée à {theirs} {currency} ; elle est de {ours}.",
    },
    f"{R.TOTAL_DIFFERENCE}.charges": {
        "en": "The sum of the charges is stated as {theirs} {currency}; it is {ours}.",
        "fr": "La somme des frais est indiquée à {theirs} {currency} ; elle est de {ours}.",
    },
    f"{R.TOTAL_DIFFERENCE}.ht": {
        "en": "The total without VAT is stated as {theirs} {currency}; it is {ours}.",
        "fr": "Le total HT est indiqué à {theirs} {currency} ; il est de {ours}.",
    },
    f"{R.TOTAL_DIFFERENCE}.vat": {
        "en": "The VAT is stated as {theirs} {currency}; it is {ours}.",
        "fr": "La TVA est indiquée à {theirs} {currency} ; elle est de {ours}.",
    },
    f"{R.TOTAL_DIFFERENCE}.ttc": {
        "en": "The total with VAT is stated as {theirs} {currency}; it is {ours}.",
        "fr": "Le total TTC est indiqué à {theirs} {currency} ; il est de {ours}.",
    },
    f"{R.TOTAL_DIFFERENCE}.payable": {
        "en": "The amount to pay is stated as {theirs} {currency}; it is {ours}.",
        "fr": "Le montant à payer est indiqué à {theirs} {currency} ; il est de {ours}.",
    },
    R.VAT_DIFFERENCE: {
        "en": "{code}: the order says VAT {theirs} %, ours is {ours} %.",
        "fr": "{code} : la commande indique une TVA de {theirs} %, la nôtre est de {ours} %.",
    },
    R.UNIT_MISMATCH: {
        "en": "{code}: {quantity} {theirs} cannot be said exactly in our unit {ours}.",
        "fr": "{code} : {quantity} {theirs} ne se convertit pas exactement dans notre unité {ours}.",
    },
    f"{R.UNIT_MISMATCH}.converted": {
        "en": "{code}: {quantity} {theirs} are booked as {booked} {ours}.",
        "fr": "{code} : {quantity} {theirs} sont enregistrés comme {booked} {ours}.",
    },
    R.CURRENCY: {
        "en": "The order is in {theirs}; this base keeps {ours}.",
        "fr": "La commande est en {theirs} ; cette base est tenue en {ours}.",
    },
    R.CONFLICT: {
        "en": "Order {number} (revision {revision}) came again with other content; the first one stays.",
        "fr": "La commande {number} (révision {revision}) est revenue modifiée ; la première est conservée.",
    },
    R.GAP: {
        "en": "Change {revision} of order {number} came before what it builds on ({missing}).",
        "fr": "La modification {revision} de la commande {number} est arrivée avant ce qui la précède ({missing}).",
    },
    f"{R.GAP}.held": {
        "en": "Change {revision} of order {number} waits with {missing}, about which a person is still to decide.",
        "fr": "La modification {revision} de la commande {number} attend avec {missing}, dont une personne doit d'abord "
        "décider.",
    },
    R.DELIVERED: {
        "en": "{delivered} {unit} have left already; the line stays as it is.",
        "fr": "{delivered} {unit} sont déjà partis ; la ligne reste telle quelle.",
    },
    f"{R.DELIVERED}.charges": {
        "en": "Goods of order {number} have left already: its charges cannot change any more.",
        "fr": "Des marchandises de la commande {number} sont déjà parties : ses frais ne changent plus.",
    },
    f"{R.DELIVERED}.cancel": {
        "en": "Goods of order {number} have left already, so it is not cancelled. Delete the lines that are still open.",
        "fr": "Des marchandises de la commande {number} sont déjà parties : elle n'est pas annulée. Supprimez les lignes "
        "encore ouvertes.",
    },
    R.OWN_CHANGE: {
        "en": "We had told the buyer {ours}; they ask for {theirs}.",
        "fr": "Nous avions annoncé {ours} ; l'acheteur demande {theirs}.",
    },
    R.OTHER_START: {
        "en": "The order they start from is not ours: they state {theirs} as unchanged, and we have {ours}.",
        "fr": "La commande dont ils partent n'est pas la nôtre : ils donnent {theirs} pour inchangé, et nous avons {ours}.",
    },
    f"{R.OTHER_START}.unknown_line": {
        "en": "The order they start from is not ours: they state {theirs} as unchanged, and we have no such line.",
        "fr": "La commande dont ils partent n'est pas la nôtre : ils donnent {theirs} pour inchangé, et nous n'avons pas "
        "cette ligne.",
    },
    f"{R.OTHER_START}.missing_line": {
        "en": "The order they start from is not ours: they do not name this line, and we have {ours}.",
        "fr": "La commande dont ils partent n'est pas la nôtre : ils ne nomment pas cette ligne, et nous avons {ours}.",
    },
    f"{R.OTHER_START}.totals": {
        "en": "The order they start from is not ours: they state an amount of {theirs} {currency}, and their lines come to "
        "{ours} {currency}.",
        "fr": "La commande dont ils partent n'est pas la nôtre : ils annoncent un montant de {theirs} {currency}, et leurs "
        "lignes donnent {ours} {currency}.",
    },
    f"{R.OTHER_START}.earlier": {
        "en": "Change {revision} of order {number} left before their database came back from a backup, and what it builds "
        "on they have stated anew since.",
        "fr": "La modification {revision} de la commande {number} est partie avant que leur base revienne d'une sauvegarde, "
        "et ils ont redonné depuis ce qui la précède.",
    },
    R.CHANGE_REVIEW: {
        "en": "Changes of this partner's orders are looked at by a person first.",
        "fr": "Les modifications de commandes de ce correspondant sont d'abord examinées par une personne.",
    },
    R.ORDER_CLOSED: {
        "en": "Order {number} was refused or cancelled: nothing of it can be changed.",
        "fr": "La commande {number} a été refusée ou annulée : on ne peut plus la modifier.",
    },
    R.UNMATCHED_ANSWER: {
        "en": "The answer quotes a mail that we did not send: {error}",
        "fr": "La réponse cite un envoi qui n'est pas de nous : {error}",
    },
    R.CREDIT: _OVER_THE_MAXIMUM,
    f"{R.CREDIT}.amounts": _OVER_THE_MAXIMUM,
    R.FAILED: {
        "en": "Booking the document failed: {error}",
        "fr": "L'enregistrement du document a échoué : {error}",
    },
    R.REFUSED_BY_SERVER: {
        "en": "The mail server refused the mail: {error}",
        "fr": "Le serveur de courrier a refusé le courriel : {error}",
    },
    R.UNDELIVERED: {
        "en": "The mail came back undelivered: {error}",
        "fr": "Le courriel est revenu sans avoir été remis : {error}",
    },
    R.NO_ANSWER: {
        "en": "The partner has not answered after {resends} further sendings.",
        "fr": "Le correspondant n'a pas répondu après {resends} nouveaux envois.",
    },
    R.NOT_COMPOSED: {
        "en": "The mail could not be composed: {error}",
        "fr": "Le courriel n'a pas pu être composé : {error}",
    },
    **{f"{R.UNDELIVERED}.{cause}": sentences for cause, sentences in undelivered.WHAT.items()},
}

TOLD: Mapping[str, Mapping[str, str]] = {
    R.CREDIT: {
        "en": "Your order has arrived; it waits for commercial approval.",
        "fr": "Votre commande est bien reçue ; elle attend une validation commerciale.",
    },
    f"{R.CREDIT}.amounts": {
        "en": "Your order has arrived; it waits for commercial approval: {exposure} are open, it adds {order}, and "
        "{maximum} is agreed.",
        "fr": "Votre commande est bien reçue ; elle attend une validation commerciale : l'encours est de {exposure}, elle "
        "y ajoute {order}, et {maximum} est convenu.",
    },
}
"""What a partner reads, where that is not what our people read (`WHAT`)."""

LINE = {"en": "Line {line}: ", "fr": "Ligne {line} : "}
VAT_NOTE = {"en": "VAT {rate} %", "fr": "TVA {rate} %"}


def vat_note(rate: str, language: str) -> str:
    """What a line of an answer says of a VAT rate that is not the one asked for."""
    return printed(VAT_NOTE[language], language).format(rate=rate)


_FEE_NOTE = {
    "en": "Fee added: {fee}, {amount} {currency} excl. VAT. New total: {total} {currency} incl. VAT.",
    "fr": "Frais ajoutés : {fee}, {amount} {currency} HT. Nouveau total : {total} {currency} TTC.",
}
_CHARGE_NOTE = {
    "en": "The charge «{reason}» bears VAT {category} {rate} %. New total: {total} {currency} incl. VAT.",
    "fr": "Les frais « {reason} » portent la TVA {category} {rate} %. Nouveau total : {total} {currency} TTC.",
}


def fee_note(fee: str, amount: Decimal, total: Decimal, currency: str, language: str) -> str:
    """What an answer says of a fee that we added to an order (T24)."""
    figures = {"amount": _money(amount, language), "total": _money(total, language)}
    return printed(_FEE_NOTE[language], language).format(fee=fee, currency=currency, **figures)


def charge_note(reason: str | None, category: str, rate: Decimal, total: Decimal, currency: str, language: str) -> str:
    """What an answer says of the VAT category that we gave a charge (D33)."""
    values = {"reason": reason or "", "category": category, "rate": plain(rate), "total": _money(total, language)}
    return printed(_CHARGE_NOTE[language], language).format(currency=currency, **values)


def _money(amount: Decimal, language: str) -> str:
    return f"{amount:.2f}".replace(".", "," if language == "fr" else ".")


def explain(finding: Finding, language: str) -> str:
    """What was found, as one sentence in `fr` or `en`, with the line it is about."""
    return _explain(finding, language, WHAT)


def explain_told(findings: Iterable[Finding], language: str) -> str:
    """What a partner reads of it (D28)."""
    return " ".join(_explain(finding, language, {**WHAT, **TOLD}) for finding in findings)


def _explain(finding: Finding, language: str, sentences: Mapping[str, Mapping[str, str]]) -> str:
    key = f"{finding.reason}.{finding.variant}" if finding.variant else finding.reason
    said = dict(finding.values)
    if finding.diagnosis is not None and finding.diagnosis.is_known:
        said["error"] = finding.diagnosis.said(language)
    template = printed(sentences[key][language], language)
    sentence = template.format_map({name: " ".join(value.splitlines()) for name, value in said.items()})
    if finding.line_id is None:
        return sentence
    return printed(LINE[language], language).format(line=finding.line_id) + sentence


def explain_all(findings: Iterable[Finding], language: str) -> str:
    """What was found, a sentence per finding."""
    return " ".join(explain(finding, language) for finding in findings)
