"""What people read about a reason to wait or to refuse, in French and English: one table, one place.

`WHAT` has a sentence per reason (or per `reason.variant`) with the finding's values in it; `NEXT` has what it
means for the order and what to do. Both languages are complete; a test holds that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from intergestan_site.decisions import Finding
from intergestan_site.words import HoldReason as R

WHAT: Mapping[str, Mapping[str, str]] = {
    R.UNKNOWN_SIGNER: {
        "en": "The mail is signed with a key that nobody pinned ({kid}).",
        "fr": "Le message est signé avec une clé inconnue ({kid}).",
    },
    R.BAD_SIGNATURE: {
        "en": "The signature of the mail does not hold: {error}",
        "fr": "La signature du message n'est pas valable : {error}",
    },
    R.BAD_MESSAGE: {
        "en": "The mail cannot be read: {error}",
        "fr": "Le message est illisible : {error}",
    },
    R.DAMAGED: {
        "en": "A part of the mail is missing or was altered on the way: {error}",
        "fr": "Une pièce du message manque ou a été modifiée en route : {error}",
    },
    R.NEWER_RELEASE: {
        "en": "The mail comes from a newer release of Intergestan: {error}",
        "fr": "Le message vient d'une version plus récente d'Intergestan : {error}",
    },
    R.WRONG_RECIPIENT: {
        "en": "The mail from {partner} is meant for the site {audience}, not for us.",
        "fr": "Le message de {partner} est destiné au site {audience}, pas au nôtre.",
    },
    R.TOO_OLD: {
        "en": "The mail was composed on {composed} and arrived on {archived}.",
        "fr": "Le message, composé le {composed}, est arrivé le {archived}.",
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
    R.TRANSFER_CONFLICT: {
        "en": "{partner} used the transfer number {transfer} again for other content.",
        "fr": "{partner} a réutilisé le numéro de transmission {transfer} pour un autre contenu.",
    },
    R.POISON: {
        "en": "Reading the mail failed {strikes} times.",
        "fr": "La lecture du message a échoué {strikes} fois.",
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
    f"{R.BAD_DOCUMENT}.too_large": {
        "en": "The amounts are larger than what can be booked.",
        "fr": "Les montants dépassent ce qui peut être enregistré.",
    },
    R.UNKNOWN_PRODUCT: {
        "en": "We do not know the product {code} ({name}).",
        "fr": "Nous ne connaissons pas le produit {code} ({name}).",
    },
    R.PRICE_DIFFERENCE: {
        "en": "{code}: the order says {theirs} {currency}, our price is {ours}.",
        "fr": "{code} : la commande indique {theirs} {currency}, notre prix est {ours}.",
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
    R.OUT_OF_ORDER: {
        "en": "The document {number} (revision {revision}) came before the one it builds on.",
        "fr": "Le document {number} (révision {revision}) est arrivé avant celui qui le précède.",
    },
    R.UNMATCHED_ANSWER: {
        "en": "The answer quotes a mail that we did not send: {error}",
        "fr": "La réponse cite un envoi qui n'est pas de nous : {error}",
    },
    R.FAILED: {
        "en": "Booking the document failed: {error}",
        "fr": "L'enregistrement du document a échoué : {error}",
    },
    R.REFUSED_BY_SERVER: {
        "en": "The mail server refused the mail: {error}",
        "fr": "Le serveur de courrier a refusé le message : {error}",
    },
    R.NO_ANSWER: {
        "en": "The partner has not answered after {resends} further sendings.",
        "fr": "Le correspondant n'a pas répondu après {resends} nouveaux envois.",
    },
    R.NOT_COMPOSED: {
        "en": "The mail could not be composed: {error}",
        "fr": "Le message n'a pas pu être composé : {error}",
    },
}

NEXT: Mapping[R, Mapping[str, str]] = {
    R.UNKNOWN_SIGNER: {
        "en": "Nothing was imported or answered. If you know the sender, pin their card (partner add).",
        "fr": "Rien n'a été importé ni répondu. Si l'expéditeur vous est connu, ajoutez sa carte (partner add).",
    },
    R.BAD_SIGNATURE: {
        "en": "Nothing was imported or answered. Somebody may pose as a partner: call them.",
        "fr": "Rien n'a été importé ni répondu. Quelqu'un imite peut-être un correspondant : téléphonez-lui.",
    },
    R.BAD_MESSAGE: {
        "en": "Nothing was imported or answered. Ask the sender to send it again.",
        "fr": "Rien n'a été importé ni répondu. Demandez à l'expéditeur de renvoyer le message.",
    },
    R.DAMAGED: {
        "en": "Nothing was imported; the sender's next sending of the same mail heals it.",
        "fr": "Rien n'a été importé ; le prochain envoi du même message corrigera cela.",
    },
    R.NEWER_RELEASE: {
        "en": "Nothing was imported. Upgrade this site, then release the mail.",
        "fr": "Rien n'a été importé. Mettez ce site à jour, puis libérez le message.",
    },
    R.WRONG_RECIPIENT: {
        "en": "Nothing was imported or answered. Tell the partner which of your sites they meant.",
        "fr": "Rien n'a été importé ni répondu. Dites au correspondant à quel site il s'adressait.",
    },
    R.TOO_OLD: {
        "en": "Nothing was imported. If the order is still wanted, release the mail.",
        "fr": "Rien n'a été importé. Si la commande est toujours voulue, libérez le message.",
    },
    R.CLAIM_MISMATCH: {
        "en": "The order was not booked. If our record of the partner is wrong, correct it and release the order; or refuse it.",
        "fr": "La commande n'est pas enregistrée. Si notre fiche du correspondant est fausse, corrigez-la et libérez ; ou refusez.",
    },
    R.TRANSFER_CONFLICT: {
        "en": "Nothing was imported. The partner may have restored a backup: ask them to send anew.",
        "fr": "Rien n'a été importé. Le correspondant a peut-être restauré une sauvegarde : qu'il renvoie.",
    },
    R.POISON: {
        "en": "Nothing was imported; other mails are not affected. Keep the archived mail for support.",
        "fr": "Rien n'a été importé ; les autres messages suivent leur cours. Gardez ce message pour le support.",
    },
    R.BAD_DOCUMENT: {
        "en": "The order was not booked. Ask the partner to correct it, and refuse this one.",
        "fr": "La commande n'est pas enregistrée. Demandez une correction, et refusez celle-ci.",
    },
    R.UNKNOWN_PRODUCT: {
        "en": "The order was not booked. Create the product or match their code (partner match), then release the order; or refuse it.",
        "fr": "La commande n'est pas enregistrée. Créez le produit ou associez leur code (partner match), puis libérez-la ; ou refusez-la.",
    },
    R.PRICE_DIFFERENCE: {
        "en": "The order was not booked. Releasing it books the partner's price; or refuse it.",
        "fr": "La commande n'est pas enregistrée. La libérer retient le prix du correspondant ; ou refusez-la.",
    },
    R.VAT_DIFFERENCE: {
        "en": "The order was not booked. Releasing it books the partner's rate; or refuse it.",
        "fr": "La commande n'est pas enregistrée. La libérer retient le taux du correspondant ; ou refusez-la.",
    },
    R.UNIT_MISMATCH: {
        "en": "The order was not booked. Correct the product's unit, or match the code (partner match), then release it.",
        "fr": "La commande n'est pas enregistrée. Corrigez l'unité du produit, ou associez le code (partner match), puis libérez-la.",
    },
    R.CURRENCY: {
        "en": "The order was not booked: this base keeps one currency. Refuse it.",
        "fr": "La commande n'est pas enregistrée : la base n'a qu'une monnaie. Refusez-la.",
    },
    R.CONFLICT: {
        "en": "The first order is untouched. Ask the partner which one they want; refuse this one.",
        "fr": "La première commande est intacte. Demandez laquelle est voulue ; refusez celle-ci.",
    },
    R.OUT_OF_ORDER: {
        "en": "It is applied as soon as the missing document has come.",
        "fr": "Il sera appliqué dès que le document manquant sera arrivé.",
    },
    R.UNMATCHED_ANSWER: {
        "en": "No order was changed. Ask the partner which mail they answered.",
        "fr": "Aucune commande n'a changé. Demandez au correspondant à quel envoi il répond.",
    },
    R.FAILED: {
        "en": "The order was not booked; the others of the mail were. Release it to try again.",
        "fr": "La commande n'est pas enregistrée ; les autres le sont. Libérez-la pour réessayer.",
    },
    R.REFUSED_BY_SERVER: {
        "en": "The orders were not delivered. Correct the address or the account, then send again (resend).",
        "fr": "Les commandes ne sont pas parties. Corrigez l'adresse ou le compte, puis renvoyez (resend).",
    },
    R.NO_ANSWER: {
        "en": "The orders stay «waiting». Call the partner, then send the same mail again (resend).",
        "fr": "Les commandes restent « en attente ». Appelez le correspondant, puis renvoyez (resend).",
    },
    R.NOT_COMPOSED: {
        "en": "Nothing was sent. Correct the cause, then send again (resend) or give up (abandon).",
        "fr": "Rien n'est parti. Corrigez la cause, puis renvoyez (resend) ou abandonnez (abandon).",
    },
}


VAT_NOTE = {"en": "VAT {rate} %", "fr": "TVA {rate} %"}


def vat_note(rate: str, language: str) -> str:
    """What a line of an answer says of a VAT rate that is not the one asked for."""
    return VAT_NOTE[language].format(rate=rate)


def explain(finding: Finding, language: str) -> str:
    """What was found, as one sentence in `fr` or `en`, with the line it is about."""
    key = f"{finding.reason}.{finding.variant}" if finding.variant else finding.reason
    sentence = WHAT[key][language].format_map(finding.values)
    if finding.line_id is None:
        return sentence
    return (f"Ligne {finding.line_id} : " if language == "fr" else f"Line {finding.line_id}: ") + sentence


def explain_all(findings: Iterable[Finding], language: str) -> str:
    """What was found, a sentence per finding."""
    return " ".join(explain(finding, language) for finding in findings)
