"""What a reason to wait means for the order, and what to do about it, in French and English.

What was found is said by `findings.py`. `ADVICE` has an entry per reason, and per `reason.variant` where a variant
asks for something else. Both languages are complete; a test holds that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from intergestan_db.enums import HoldReason as R
from intergestan_db.problem import Act
from intergestan_msg.typography import printed


@dataclass(frozen=True, slots=True)
class Advice:
    """What it means for the order, and what the person can do."""

    means: str
    do: str

    def __str__(self) -> str:
        return f"{self.means} {self.do}"

    def printed(self, language: str) -> Advice:
        """With the spaces of the language."""
        return Advice(printed(self.means, language), printed(self.do, language))


ADVICE: Mapping[str, Mapping[str, Advice]] = {
    f"{R.UNKNOWN_SIGNER}.expired": {
        "en": Advice(
            "As soon as the mailbox was asked, it goes on by itself, or is put away where the mailbox has it no more.",
            "Nothing, unless the mailbox is not read. Its sender was never answered, and sends again what we lack.",
        ),
        "fr": Advice(
            "Dès que la boîte aura été relevée, il continue de lui-même, ou est écarté si la boîte ne l'a plus.",
            "Rien, sauf si la boîte n'est pas relevée. L'expéditeur, sans réponse, renvoie ce qui nous manque.",
        ),
    },
    R.UNKNOWN_SIGNER: {
        "en": Advice(
            "Nothing was imported or answered.",
            "If you know the sender, pin their card: the mail goes on by itself. Else refuse it.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu.",
            "Si l'expéditeur vous est connu, ajoutez sa carte : le courriel sera repris de lui-même. Sinon refusez-le.",
        ),
    },
    R.UNCONFIRMED_KEY: {
        "en": Advice(
            "Nothing was imported or answered yet.",
            "Call the partner at a number you know, then type the 12 words they read you. Their mails are imported "
            "then.",
        ),
        "fr": Advice(
            "Rien n'a encore été importé ni répondu.",
            "Appelez le correspondant à un numéro connu, puis tapez les 12 mots lus. Ses courriels seront alors "
            "importés.",
        ),
    },
    R.REVOKED_KEY: {
        "en": Advice(
            "Nothing was imported or answered.",
            "Refuse the mail; the partner sends what is real again, with a new key.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu.",
            "Refusez le courriel ; le correspondant renverra le vrai avec une nouvelle clé.",
        ),
    },
    R.KEY_ANNOUNCED: {
        "en": Advice(
            "No order waits for it yet; once the new key signs, its mails wait until somebody confirms it.",
            "Call the partner at a number you know, then type the 12 words they read you. If they announced "
            "nothing, refuse this and revoke their key.",
        ),
        "fr": Advice(
            "Rien n'attend encore ; dès que la nouvelle clé signera, ses courriels attendront sa confirmation.",
            "Appelez le correspondant à un numéro connu, puis tapez les 12 mots lus. S'il n'a rien annoncé, "
            "refusez ceci et révoquez sa clé.",
        ),
    },
    R.PARTNER_BUDGET: {
        "en": Advice(
            "Orders go on. What goes beyond the limit of an hour or a day waits here, and goes on by itself once there "
            "is room, little by little.",
            "Call the partner: somebody may use their key, or their program fails. If they mean it, release this: the "
            "limit does not count for that hour or day. Else refuse it, and revoke their key if it was stolen.",
        ),
        "fr": Advice(
            "Les commandes continuent. Ce qui dépasse la limite d'une heure ou d'un jour attend ici, et reprend de "
            "lui-même dès qu'il y a de la place, peu à peu.",
            "Appelez le correspondant : quelqu'un utilise peut-être sa clé, ou son programme est défaillant. S'il le "
            "veut vraiment, libérez ceci : la limite ne compte plus pour cette heure ou ce jour. Sinon refusez-le, et "
            "révoquez sa clé si elle a été volée.",
        ),
    },
    f"{R.PARTNER_BUDGET}.missing_numbers": {
        "en": Advice(
            "Orders go on, and the statement was taken. Mails that were sent come again by themselves; numbers that "
            "were made up never do.",
            "Call the partner: did they send so many? A database that was restored may say so. Else somebody uses "
            "their key: revoke it. Then refuse this one.",
        ),
        "fr": Advice(
            "Les commandes continuent, et le relevé a été pris en compte. Les courriels envoyés reviennent "
            "d'eux-mêmes ; les numéros inventés, jamais.",
            "Appelez le correspondant : en a-t-il envoyé autant ? Une base restaurée peut le dire. Sinon, quelqu'un "
            "utilise sa clé : révoquez-la. Puis refusez celui-ci.",
        ),
    },
    R.BAD_SIGNATURE: {
        "en": Advice(
            "Nothing was imported or answered. Somebody may pose as a partner.",
            "Call the partner. If they sent it, let them send it again; refuse this one.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu. Quelqu'un imite peut-être un correspondant.",
            "Téléphonez au correspondant. S'il l'a bien envoyé, qu'il le renvoie ; refusez celui-ci.",
        ),
    },
    f"{R.BAD_SIGNATURE}.outside": {
        "en": Advice(
            "Nothing was imported or answered. Their clock was wrong, or somebody uses a key that ended.",
            "Call the partner. If they did not send it, refuse this one. If they did and the key was replaced, "
            "type its 12 words once more and release this one; if the key was not, they enter the orders again "
            "under other numbers.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu. Leur horloge était fausse, ou quelqu'un se sert d'une clé échue.",
            "Téléphonez au correspondant. S'il ne l'a pas envoyé, refusez celui-ci. S'il l'a envoyé et que la clé "
            "a été remplacée, retapez ses 12 mots et libérez ce courriel ; si elle ne l'a pas été, qu'il "
            "ressaisisse les commandes sous d'autres numéros.",
        ),
    },
    R.BAD_MESSAGE: {
        "en": Advice("Nothing was imported or answered.", "Ask the sender to send it again; refuse this one."),
        "fr": Advice("Rien n'a été importé ni répondu.", "Demandez à l'expéditeur de le renvoyer ; refusez celui-ci."),
    },
    R.DAMAGED: {
        "en": Advice(
            "Nothing was imported. The sender's next sending of the same mail heals it.",
            "Wait for it, or ask the partner to send it again.",
        ),
        "fr": Advice(
            "Rien n'a été importé. Le prochain envoi du même courriel corrigera cela.",
            "Attendez-le, ou demandez au correspondant de renvoyer.",
        ),
    },
    f"{R.DAMAGED}.altered": {
        "en": Advice(
            "Nothing was imported or answered. Sent again on the same way, it will be altered again.",
            "Ask whoever runs the mail gateway to let attachments of this partner (.xml, .jws) pass unaltered, "
            "without disclaimers and conversions; then ask the partner to send it again.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu. Renvoyé par le même chemin, il sera de nouveau modifié.",
            "Demandez à qui tient la passerelle de messagerie de laisser intactes les pièces jointes de ce "
            "correspondant (.xml, .jws), sans mention ajoutée ni conversion ; puis demandez au correspondant de "
            "renvoyer.",
        ),
    },
    f"{R.DAMAGED}.removed": {
        "en": Advice(
            "Nothing was imported or answered. Sent again on the same way, it will lose them again.",
            "Ask whoever runs the mail gateway to let attachments .xml and .jws of this partner pass, or to "
            "forward the mail as an attachment from quarantine; then ask the partner to send it again.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu. Renvoyé par le même chemin, il les perdra de nouveau.",
            "Demandez à qui tient la passerelle de messagerie de laisser passer les pièces jointes .xml et .jws "
            "de ce correspondant, ou de transférer le courriel mis en quarantaine en pièce jointe ; puis demandez"
            " au correspondant de renvoyer.",
        ),
    },
    f"{R.DAMAGED}.cut": {
        "en": Advice(
            "Nothing was imported. The sender's next sending of the same mail heals it.",
            "Wait for it, or ask the partner to send it again. If that is cut too, a limit on size is reached on "
            "the way: fewer orders at once.",
        ),
        "fr": Advice(
            "Rien n'a été importé. Le prochain envoi du même courriel corrigera cela.",
            "Attendez-le, ou demandez au correspondant de renvoyer. S'il est encore tronqué, une limite de taille"
            " est atteinte en route : moins de commandes à la fois.",
        ),
    },
    f"{R.DAMAGED}.packed": {
        "en": Advice(
            "Nothing was imported or answered: archives are not opened.",
            "Ask whoever runs the mail gateway not to pack attachments of this partner; then ask the partner to "
            "send it again.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu : les archives ne sont pas ouvertes.",
            "Demandez à qui tient la passerelle de messagerie de ne pas compresser les pièces jointes de ce "
            "correspondant ; puis demandez au correspondant de renvoyer.",
        ),
    },
    f"{R.DAMAGED}.encrypted": {
        "en": Advice(
            "Nothing was imported or answered: we have no key for it.",
            "Let the mail gateway decrypt before it delivers, or ask the partner not to encrypt mails to this "
            "address; then let them send it again.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu : nous n'avons pas de clé pour le lire.",
            "Faites déchiffrer par la passerelle de messagerie avant la remise, ou demandez au correspondant de "
            "ne pas chiffrer vers cette adresse ; puis qu'il renvoie.",
        ),
    },
    f"{R.DAMAGED}.in_pieces": {
        "en": Advice(
            "Nothing was imported or answered: pieces are not put together.",
            "Ask the partner to allow larger mails at their server, or to send fewer orders at once; then let "
            "them send it again.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu : les morceaux ne sont pas rassemblés.",
            "Demandez au correspondant d'accepter des courriels plus gros sur son serveur, ou d'envoyer moins de "
            "commandes à la fois ; puis qu'il renvoie.",
        ),
    },
    f"{R.DAMAGED}.uuencoded": {
        "en": Advice(
            "Nothing was imported or answered: this old encoding is not read.",
            "Ask whoever runs the mail server to deliver mails as MIME; then ask the partner to send it again.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu : cet ancien codage n'est pas lu.",
            "Demandez à qui tient le serveur de courrier de remettre les courriels en MIME ; puis demandez au "
            "correspondant de renvoyer.",
        ),
    },
    f"{R.DAMAGED}.line_ends": {
        "en": Advice(
            "Nothing was imported or answered. Sent again on the same way, it will be altered again.",
            "Ask whoever runs the mail server to leave line ends as they are; then ask the partner to send it again.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu. Renvoyé par le même chemin, il sera de nouveau modifié.",
            "Demandez à qui tient le serveur de courrier de laisser les fins de ligne telles quelles ; puis "
            "demandez au correspondant de renvoyer.",
        ),
    },
    f"{R.DAMAGED}.arrived": {
        "en": Advice(
            "What it brought has arrived since, whole, and was taken in: nothing is missing.",
            "Refuse this copy: nobody is told.",
        ),
        "fr": Advice(
            "Ce qu'il apportait est arrivé depuis, entier, et a été repris : il ne manque rien.",
            "Refusez cette copie : personne n'en est prévenu.",
        ),
    },
    f"{R.BAD_MESSAGE}.too_big": {
        "en": Advice(
            "Nothing was imported or answered.",
            "Ask the partner to send fewer orders in one mail, and whoever forwarded it to forward the first mail"
            " itself; refuse this one.",
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu.",
            "Demandez au correspondant d'envoyer moins de commandes par courriel, et à qui l'a transféré de "
            "transférer le premier courriel lui-même ; refusez celui-ci.",
        ),
    },
    R.NEWER_RELEASE: {
        "en": Advice("Nothing was imported.", "Upgrade this site, then release the mail."),
        "fr": Advice("Rien n'a été importé.", "Mettez ce site à jour, puis libérez le courriel."),
    },
    R.WRONG_RECIPIENT: {
        "en": Advice(
            "Nothing was imported or answered.", "Tell the partner which site they wrote to; refuse this mail."
        ),
        "fr": Advice(
            "Rien n'a été importé ni répondu.", "Dites au correspondant à quel site il a écrit ; refusez ce courriel."
        ),
    },
    R.TOO_OLD: {
        "en": Advice("Nothing was imported.", "If its orders are still wanted, release the mail; else refuse it."),
        "fr": Advice(
            "Rien n'a été importé.", "Si ses commandes sont toujours voulues, libérez le courriel ; sinon refusez-le."
        ),
    },
    R.CLAIM_MISMATCH: {
        "en": Advice(
            "The order was not booked; the buyer knows that it waits.",
            "If our record of the partner is wrong, correct it and release the order; or refuse it.",
        ),
        "fr": Advice(
            "La commande n'est pas enregistrée ; l'acheteur sait qu'elle attend.",
            "Si notre fiche du correspondant est fausse, corrigez-la et libérez la commande ; ou refusez-la.",
        ),
    },
    R.STATEMENT: {
        "en": Advice(
            "Orders go on. If this base was restored, what was done after the backup is missing in it.",
            "Restored: note the restore if nobody did, enter and send again what is missing (the partner knows it "
            "again). Else call the partner: somebody may use a key. Then refuse this; it is not told again.",
        ),
        "fr": Advice(
            "Les commandes continuent. Si cette base a été restaurée, ce qui a été fait après la sauvegarde y manque.",
            "Base restaurée : notez la restauration si ce n'est pas fait, ressaisissez et renvoyez ce qui manque "
            "(le correspondant le reconnaît). Sinon appelez-le : quelqu'un utilise peut-être une clé. Puis refusez "
            "ceci ; ce ne sera plus signalé.",
        ),
    },
    R.TRANSFER_CONFLICT: {
        "en": Advice(
            "Nothing of this mail was imported: what stood here before stays. Their database or ours went back to an "
            "older state.",
            "Call them. Whoever restored a backup stops the services and notes the restore. Compare the orders of "
            "this mail by telephone, then refuse it: what still counts is sent again under a new series.",
        ),
        "fr": Advice(
            "Rien de ce courriel n'a été importé : ce qui était ici reste. Leur base ou la nôtre est revenue à un état "
            "plus ancien.",
            "Appelez-les. Celui qui a restauré une sauvegarde arrête les services et note la restauration. "
            "Comparez ses commandes au téléphone, puis refusez ce courriel : ce qui compte encore repart dans une "
            "nouvelle série.",
        ),
    },
    f"{R.TRANSFER_CONFLICT}.reversed": {
        "en": Advice(
            "Nothing of this mail was imported. The order here is what was agreed on first, the order there is not.",
            "Call them and agree on what counts. Make both orders equal: ask for a change or a cancellation here, "
            "or they change theirs. Then refuse this mail.",
        ),
        "fr": Advice(
            "Rien de ce courriel n'a été importé. La commande est ici ce qui avait d'abord été convenu ; là-bas, non.",
            "Appelez-les et convenez de ce qui vaut. Rendez les deux commandes égales : demandez ici une "
            "modification ou une annulation, ou ils modifient la leur. Refusez ensuite ce courriel.",
        ),
    },
    R.ARCHIVE: {
        "en": Advice(
            "Nothing of it is booked. As soon as a whole copy is there, from the mailbox or from a backup, it goes on "
            "by itself.",
            "Look at the archive's disk. If the mailbox has the mail no more, bring the file back from a backup, "
            "or ask the partner to send it again and refuse this one.",
        ),
        "fr": Advice(
            "Rien n'en est enregistré. Dès qu'une copie entière est là, de la boîte ou d'une sauvegarde, il continue "
            "de lui-même.",
            "Vérifiez le disque de l'archive. Si la boîte n'a plus le courriel, restaurez le fichier depuis une "
            "sauvegarde, ou demandez au correspondant de le renvoyer et refusez celui-ci.",
        ),
    },
    R.POISON: {
        "en": Advice(
            "Nothing was imported; other mails are not affected.",
            "Keep the archived mail for support. After an upgrade release it: it is read again.",
        ),
        "fr": Advice(
            "Rien n'a été importé ; les autres courriels suivent leur cours.",
            "Gardez le courriel archivé pour le support. Après une mise à jour, libérez-le : il sera relu.",
        ),
    },
    R.BAD_DOCUMENT: {
        "en": Advice(
            "The order was not booked; the buyer knows that it waits.",
            "Ask the partner to correct it, and refuse this one.",
        ),
        "fr": Advice(
            "La commande n'est pas enregistrée ; l'acheteur sait qu'elle attend.",
            "Demandez une correction au correspondant, et refusez celle-ci.",
        ),
    },
    R.UNKNOWN_PRODUCT: {
        "en": Advice(
            "The order was not booked; the buyer knows that it waits.",
            "Say which product of ours the line means, which is remembered for this partner; or create the product "
            "and release the order; or refuse it.",
        ),
        "fr": Advice(
            "La commande n'est pas enregistrée ; l'acheteur sait qu'elle attend.",
            "Dites quel produit la ligne désigne, ce qui est retenu pour ce correspondant ; ou créez le produit et "
            "libérez la commande ; ou refusez-la.",
        ),
    },
    R.TWO_CUSTOMERS: {
        "en": Advice(
            "The order was not booked; the buyer knows that it waits.",
            "Say which customer it is, which is remembered for this partner; or refuse the order.",
        ),
        "fr": Advice(
            "La commande n'est pas enregistrée ; l'acheteur sait qu'elle attend.",
            "Dites de quel client il s'agit, ce qui est retenu pour ce correspondant ; ou refusez la commande.",
        ),
    },
    R.PRICE_DIFFERENCE: {
        "en": Advice(
            "The order was not booked; the buyer knows that it waits.",
            "Releasing it books the partner's price; or refuse it.",
        ),
        "fr": Advice(
            "La commande n'est pas enregistrée ; l'acheteur sait qu'elle attend.",
            "La libérer retient le prix du correspondant ; ou refusez-la.",
        ),
    },
    R.TOTAL_DIFFERENCE: {
        "en": Advice(
            "The order was not booked; the buyer knows that it waits.",
            "Releasing it books the amount that quantities and prices give, and tells the buyer; or refuse it.",
        ),
        "fr": Advice(
            "La commande n'est pas enregistrée ; l'acheteur sait qu'elle attend.",
            "La libérer retient le montant que donnent quantités et prix, et le dit à l'acheteur ; ou refusez-la.",
        ),
    },
    R.VAT_DIFFERENCE: {
        "en": Advice(
            "The order was not booked; the buyer knows that it waits.",
            "Releasing it books the partner's rate; or refuse it.",
        ),
        "fr": Advice(
            "La commande n'est pas enregistrée ; l'acheteur sait qu'elle attend.",
            "La libérer retient le taux du correspondant ; ou refusez-la.",
        ),
    },
    R.UNIT_MISMATCH: {
        "en": Advice(
            "The order was not booked; the buyer knows that it waits.",
            "Correct the product's unit and release the order, or say which product the line means; or refuse it.",
        ),
        "fr": Advice(
            "La commande n'est pas enregistrée ; l'acheteur sait qu'elle attend.",
            "Corrigez l'unité du produit et libérez la commande, ou dites quel produit la ligne désigne ; ou "
            "refusez-la.",
        ),
    },
    R.CURRENCY: {
        "en": Advice("The order was not booked: this base keeps one currency.", "Refuse it."),
        "fr": Advice("La commande n'est pas enregistrée : la base n'a qu'une devise.", "Refusez-la."),
    },
    R.CONFLICT: {
        "en": Advice(
            "The first order is untouched; the buyer knows that this one waits.",
            "Ask the partner which one they want; refuse this one. If they restored a backup and want this one, they "
            "send its mail again: it leaves in their new series.",
        ),
        "fr": Advice(
            "La première commande est intacte ; l'acheteur sait que celle-ci attend.",
            "Demandez au correspondant laquelle est voulue ; refusez celle-ci. S'il a restauré une sauvegarde et veut "
            "celle-ci, il renvoie son courriel : il repart dans sa nouvelle série.",
        ),
    },
    R.GAP: {
        "en": Advice(
            "It waits for a document that has not come or is not settled, and is applied as soon as that is.",
            "If it never comes, ask the partner to send the missing one again, or refuse this one.",
        ),
        "fr": Advice(
            "Elle attend un document qui n'est pas arrivé ou pas traité ; elle sera appliquée dès que ce sera fait.",
            "S'il n'arrive jamais, demandez au correspondant de le renvoyer, ou refusez celle-ci.",
        ),
    },
    f"{R.GAP}.held": {
        "en": Advice(
            "It is applied by itself once what it builds on is released, and refused if that is; the buyer knows that "
            "both wait.",
            "Decide about what it builds on first (holds list), or refuse this change.",
        ),
        "fr": Advice(
            "Elle sera appliquée d'elle-même une fois libéré ce qu'elle suit, et refusée si cela est refusé ; "
            "l'acheteur sait que les deux attendent.",
            "Décidez d'abord de ce qu'elle suit (holds list), ou refusez cette modification.",
        ),
    },
    R.DELIVERED: {
        "en": Advice("What has left stays; the buyer was told.", "Nothing is to be done."),
        "fr": Advice("Ce qui est parti reste ; l'acheteur est prévenu.", "Il n'y a rien à faire."),
    },
    R.CHANGE_REVIEW: {
        "en": Advice("The change was not applied.", "Release it to apply it, or refuse it."),
        "fr": Advice("La modification n'est pas appliquée.", "Libérez-la pour l'appliquer, ou refusez-la."),
    },
    R.OWN_CHANGE: {
        "en": Advice(
            "The change was not applied: you had announced something else.",
            "Releasing it takes what the buyer asks for; refusing it keeps what you said.",
        ),
        "fr": Advice(
            "La modification n'est pas appliquée : vous aviez annoncé autre chose.",
            "La libérer retient la demande de l'acheteur ; la refuser, votre annonce.",
        ),
    },
    f"{R.OTHER_START}.earlier": {
        "en": Advice(
            "Nothing of the change was applied: they may not know of it any more, or have given it up.",
            "Ask the buyer whether this change is among theirs and still wanted. Release it if so; if not, refuse it.",
        ),
        "fr": Advice(
            "Rien de la modification n'est appliqué : ils ne la connaissent peut-être plus, ou l'ont abandonnée.",
            "Demandez à l'acheteur s'il connaît cette modification et la veut encore. Si oui, libérez-la ; sinon, "
            "refusez-la.",
        ),
    },
    R.OTHER_START: {
        "en": Advice(
            "Nothing of the change was applied; the buyer knows that it waits. They may have restored a backup, or "
            "lost an answer of yours.",
            "Agree with the buyer what the order is. Releasing the change takes the whole order as their document has "
            "it; refusing it keeps yours.",
        ),
        "fr": Advice(
            "Rien de la modification n'est appliqué ; l'acheteur sait qu'elle attend. Il a peut-être restauré une "
            "sauvegarde, ou perdu une de vos réponses.",
            "Convenez avec l'acheteur de ce qu'est la commande. Libérer la modification retient toute la commande "
            "telle que son document la donne ; la refuser garde la vôtre.",
        ),
    },
    R.ORDER_CLOSED: {
        "en": Advice("The order is closed; the buyer was told.", "Nothing is to be done."),
        "fr": Advice("La commande est close ; l'acheteur est prévenu.", "Il n'y a rien à faire."),
    },
    R.UNMATCHED_ANSWER: {
        "en": Advice(
            "No order was changed.",
            "Ask the partner which mail they answered; refuse this mail. If this base was restored, the orders that "
            "it answers leave again by that, and the partner answers them anew.",
        ),
        "fr": Advice(
            "Aucune commande n'a changé.",
            "Demandez au correspondant à quel envoi il répond ; refusez ce courriel. Si cette base a été "
            "restaurée, les commandes auxquelles il répond repartent alors, et le correspondant y répond à nouveau.",
        ),
    },
    R.CREDIT: {
        "en": Advice(
            "The order was not booked; the buyer knows that it waits. It goes on by itself as soon as there is room: "
            "by a payment, a cancellation, a due date or a higher maximum.",
            "Enter the payment, raise the maximum, or let the order pass; or refuse it.",
        ),
        "fr": Advice(
            "La commande n'est pas enregistrée ; l'acheteur sait qu'elle attend. Elle continue d'elle-même dès qu'il y "
            "a de la place : un règlement, une annulation, une échéance ou un maximum plus élevé.",
            "Enregistrez le règlement, relevez le maximum, ou laissez passer la commande ; ou refusez-la.",
        ),
    },
    R.FAILED: {
        "en": Advice("The order was not booked; the others of the mail were.", "Release it to try again."),
        "fr": Advice(
            "La commande n'est pas enregistrée ; les autres du courriel le sont.", "Libérez-la pour réessayer."
        ),
    },
    R.REFUSED_BY_SERVER: {
        "en": Advice(
            "The orders were not delivered.",
            "If the account or the server was at fault, mend it and send again. If the address is wrong, refuse "
            "the mail, correct the address and send the orders anew.",
        ),
        "fr": Advice(
            "Les commandes ne sont pas parties.",
            "Si le compte ou le serveur est en cause, corrigez-le et renvoyez. Si l'adresse est fausse, refusez "
            "l'envoi, corrigez l'adresse et envoyez les commandes à nouveau.",
        ),
    },
    R.NO_ANSWER: {
        "en": Advice("The orders stay «waiting».", "Call the partner, then send the same mail again."),
        "fr": Advice("Les commandes restent « en attente ».", "Appelez le correspondant, puis renvoyez."),
    },
    R.NOT_COMPOSED: {
        "en": Advice("Nothing was sent.", "Correct the cause, then send again or give up."),
        "fr": Advice("Rien n'est parti.", "Corrigez la cause, puis renvoyez ou abandonnez."),
    },
}


NEXT: Mapping[str, tuple[Act, ...]] = {
    R.UNKNOWN_SIGNER: (Act.ADD_PARTNER,),
    R.UNCONFIRMED_KEY: (Act.CONFIRM_KEY,),
    R.KEY_ANNOUNCED: (Act.CONFIRM_KEY, Act.REVOKE_KEY),
    R.PARTNER_BUDGET: (Act.RELEASE_HOLD, Act.REFUSE_HOLD, Act.REVOKE_KEY),
    f"{R.BAD_SIGNATURE}.outside": (Act.CONFIRM_KEY,),
    R.STATEMENT: (Act.NOTE_RESTORE,),
    R.TRANSFER_CONFLICT: (Act.NOTE_RESTORE,),
    f"{R.TRANSFER_CONFLICT}.reversed": (Act.CHANGE_ORDER, Act.CANCEL_ORDER),
    R.UNKNOWN_PRODUCT: (Act.RELEASE_WITH_PRODUCT,),
    R.TWO_CUSTOMERS: (Act.RELEASE_WITH_CUSTOMER,),
    R.UNIT_MISMATCH: (Act.RELEASE_WITH_PRODUCT,),
    R.CREDIT: (Act.ENTER_PAYMENT, Act.SET_CEILING, Act.RELEASE_OVERRIDING),
    R.REFUSED_BY_SERVER: (Act.RESEND_MAIL, Act.CHANGE_ORDER_ADDRESS),
    R.UNDELIVERED: (Act.CHANGE_ORDER_ADDRESS, Act.RELEASE_HOLD),
    R.NO_ANSWER: (Act.RESEND_MAIL,),
    R.NOT_COMPOSED: (Act.RESEND_MAIL, Act.ABANDON_MAIL),
}
"""What a person may do besides releasing or refusing; by reason, or by `reason.variant`."""


def acts_of(key: str) -> tuple[Act, ...]:
    """What may be done about a reason, or about a `reason.variant`; else what every hold may be done about."""
    return NEXT.get(key, (Act.RELEASE_HOLD, Act.REFUSE_HOLD))


def advised(key: str, language: str) -> Advice:
    """The advice of a reason, or of a `reason.variant`, as it is printed."""
    return ADVICE[key][language].printed(language)
