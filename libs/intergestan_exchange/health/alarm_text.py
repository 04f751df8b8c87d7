"""What an alarm says to people, in French and English: what it means for orders, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from intergestan_db.problem import Act
from intergestan_erp.site.day import local
from intergestan_msg.diagnosis import told
from intergestan_msg.plain_text import shown
from intergestan_msg.typography import printed

if TYPE_CHECKING:
    from intergestan_exchange.health.alarms import Alarm

ALARMS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "OrderStuck": (
            "Orders do not move: the step {about} leaves {value} mail(s) lying.",
            "Look whether its service runs and what the relay says.",
        ),
        "MailboxNotPolled": (
            "The mailbox {about} is not read: orders wait on the mail server.",
            "Look why, and try its login.",
        ),
        "MailboxUnowned": (
            "Nobody reads the mailbox {about}: no poller has taken it.",
            "Start a poller; its log says why none runs.",
        ),
        "OwnDatabaseOlder": (
            "Our database went back: {about} has mails of ours under sequence numbers that it does not know.",
            "Stop all services, note the restore, start them, then take the whole archive in again.",
        ),
        "PartnerDatabaseOlder": (
            "The database of {about} went back: it gives sequence numbers again that came here with other mails.",
            "Telephone them: they stop all services and note the restore.",
        ),
        "TransferConflict": (
            "{value} mail(s) bear a sequence number that was given before: our database or theirs went back.",
            "Look whose they are. Whoever restored a backup notes the restore.",
        ),
        "OrderUnanswered": (
            "{value} order(s) have no answer after the time agreed.",
            "Look whose they are, and telephone them.",
        ),
        "HoldsWaiting": ("{value} order(s) or mail(s) wait for a person.", "Look at them, and decide."),
        "PartnerBudget": (
            "{value} mail(s) of a partner go beyond what one partner may ask of us in an hour or a day.",
            "Look whose they are, and telephone them: their program fails, or somebody uses their key.",
        ),
        "SequenceGap": (
            "A mail of the partner {about} is missing: later ones have come ({value}).",
            "Statements bring it by themselves within a day; the statements show what is missing.",
        ),
        "BookingPaused": (
            "Since the restore the orders of {about} are not booked: {value} mail(s) wait.",
            "The statements show why; it goes on once they agree, or when somebody says so.",
        ),
        "ErrorBudgetBurn": (
            "Mails do not come through in time: {value} heartbeats are late or lost.",
            "Look which partner's they are; if everybody's, have the site checked.",
        ),
        "ConsentEnded": (
            "The mail provider no longer lets us into the account {about}: {value}",
            "Give consent anew.",
        ),
        "KeyExpiring": (
            "The signing key of {about} ends on {value}; mails signed with it are then held.",
            "Ours: make a new one. A partner's: they change theirs, and you confirm it.",
        ),
        "CertificateExpiring": (
            "The certificate of the mail server of {about} ends on {value}; from then on we refuse to talk to it.",
            "Your own server: renew it. A provider's: it renews by itself; look again in two days.",
        ),
        "DatabaseRefuses": (
            "The base answers and takes no writes, so nothing moves: {value}",
            "Make room on its disk, or let site.database_url lead to the primary.",
        ),
        "RedisAway": (
            "Redis does not answer, so no service begins anything new: {value}",
            "Start Redis again; nothing is lost, what is due goes on within a minute after it is back.",
        ),
        "RedisRefuses": (
            "Redis answers and takes no writes, so orders move slowly or not at all: {value}",
            "It needs one of these: room, its disk, replicas, the address of the master, or time.",
        ),
        "ArchiveDamaged": (
            "{value} mail(s) were altered or lost in the archive before they were taken in.",
            "They are fetched again from the mailbox. Look at the disk.",
        ),
        "ArchiveFailing": (
            "The archive fails, so mails stay on the server: {value}",
            "Look at the disk and at the folder's owner.",
        ),
        "RedisMemory": ("Redis is nearly full ({value}): orders will move slowly.", "Raise its maxmemory."),
        "ClockSkew": (
            "The clocks of this machine and of Redis differ ({value}): services will refuse to start.",
            "`timedatectl set-ntp true` on both.",
        ),
        "ClockSetBack": (
            "The clock of this machine was set back by {value}: times from before lie in the future.",
            "Nothing is lost. `timedatectl set-ntp true`, so that it stays right.",
        ),
        "PartnerClock": (
            "The clock of the partner {about} differs from ours by {value}.",
            "Tell them, or look at ours with `timedatectl`; orders go on.",
        ),
        "PartnerClock.ahead": ("The clock of the partner {about} is ahead of ours by {value}.", ""),
        "PartnerClock.behind": ("The clock of the partner {about} is behind ours by {value}.", ""),
        "DiskFilling": (
            "The disk is nearly full ({value} free): mails will soon not be collected any more.",
            "Make room; never delete files of the archive.",
        ),
        "GeocoderResting": (
            "No addresses are looked up: {about} is not asked ({value} calls this month). Orders do not need it.",
            "The settings say whom we ask and how often in a month.",
        ),
        "GeocoderResting.cap": (
            "{value} look-ups were made this month, as many as allowed; the others go on next month.",
            "",
        ),
        "GeocoderResting.key": (
            "No addresses are looked up: {about} does not take our key, or wants one. Orders do not need it.",
            "",
        ),
        "NotesUninvoiced": (
            "{value} delivery note(s) of customers who get an invoice a month are not invoiced, and the month ends.",
            "Look at them, and invoice them.",
        ),
        "StockNegative": (
            "Less of {value} product(s) lies in a depot than nothing, or than is set aside, where that may not be.",
            "Count them in the depot, and enter it.",
        ),
        "OrdersUnallocated": (
            "Nothing is set aside for {value} order(s), though it is to be done at once: the allocator does not do it.",
            "Look whether it runs, and start it.",
        ),
        "SlipErrors": (
            "{value} picking slip(s) could not be delivered: what was prepared has not left.",
            "The list of slips says why; let them be entered again once the cause is gone.",
        ),
        "ServiceDown": (
            "The service {about} does not run.",
            "Start it; its log says why it ended.",
        ),
    },
    "fr": {
        "OrderStuck": (
            "Les commandes n'avancent plus : l'étape {about} laisse {value} courriel(s) en attente.",
            "Regardez si son service tourne et ce que dit le relais.",
        ),
        "MailboxNotPolled": (
            "La boîte {about} n'est pas relevée : des commandes attendent sur le serveur de courrier.",
            "Regardez pourquoi, et essayez la connexion.",
        ),
        "MailboxUnowned": (
            "Personne ne relève la boîte {about} : aucun releveur ne l'a prise.",
            "Démarrez un releveur ; son journal dit pourquoi aucun ne tourne.",
        ),
        "OwnDatabaseOlder": (
            "Notre base est revenue en arrière : {about} a de nous des numéros de séquence qu'elle ne connaît pas.",
            "Arrêtez les services, notez la restauration, redémarrez-les, puis reprenez toute l'archive.",
        ),
        "PartnerDatabaseOlder": (
            "La base de {about} est revenue en arrière : elle redonne des numéros de séquence déjà venus ici.",
            "Téléphonez-leur : ils arrêtent tous les services et notent la restauration.",
        ),
        "TransferConflict": (
            "{value} courriel(s) portent un numéro de séquence déjà donné : une des deux bases est revenue en arrière.",
            "Regardez de qui. Qui a restauré une sauvegarde note la restauration.",
        ),
        "OrderUnanswered": (
            "{value} commande(s) sont sans réponse après le délai convenu.",
            "Regardez de qui, et téléphonez-leur.",
        ),
        "PartnerBudget": (
            "{value} courriel(s) d'un correspondant dépassent ce qu'il peut nous demander par heure ou par jour.",
            "Regardez de qui, et téléphonez-lui : son programme est défaillant, ou quelqu'un utilise sa clé.",
        ),
        "HoldsWaiting": (
            "{value} commande(s) ou courriel(s) attendent une personne.",
            "Regardez-les, et décidez.",
        ),
        "SequenceGap": (
            "Il manque un courriel du correspondant {about} : de plus récents sont arrivés ({value}).",
            "Les relevés le font revenir en un jour ; ils montrent ce qui manque.",
        ),
        "BookingPaused": (
            "Depuis la restauration, l'enregistrement est suspendu pour {about} : {value} courriel(s) attendent.",
            "Les relevés disent pourquoi ; cela reprend dès qu'ils concordent, ou quand quelqu'un le décide.",
        ),
        "ErrorBudgetBurn": (
            "Les courriels ne passent pas à temps : {value} battements sont en retard ou perdus.",
            "Regardez de quel correspondant ; si c'est de tous, faites vérifier le site.",
        ),
        "ConsentEnded": (
            "Le fournisseur ne nous laisse plus entrer dans le compte {about} : {value}",
            "Redonnez votre accord.",
        ),
        "KeyExpiring": (
            "La clé de signature de {about} finit le {value} ; les courriels signés avec elle seront alors retenus.",
            "La nôtre : faites-en une nouvelle. Celle d'un correspondant : il la change, et vous confirmez.",
        ),
        "CertificateExpiring": (
            "Le certificat du serveur de courrier de {about} finit le {value} ; nous refuserons alors de lui parler.",
            "Votre serveur : renouvelez-le. Celui d'un fournisseur : il le fait lui-même ; revoyez dans deux jours.",
        ),
        "DatabaseRefuses": (
            "La base répond mais n'accepte aucune écriture, plus rien n'avance : {value}",
            "Faites de la place sur son disque, ou dirigez site.database_url vers le primaire.",
        ),
        "RedisAway": (
            "Redis ne répond pas, aucun service ne commence rien de nouveau : {value}",
            "Redémarrez Redis ; rien n'est perdu, ce qui est dû reprend dans la minute qui suit son retour.",
        ),
        "RedisRefuses": (
            "Redis répond mais n'accepte aucune écriture, les commandes avancent lentement ou plus du tout : {value}",
            "Il lui faut l'un de ceux-ci : place, disque, répliques, adresse du maître, ou patience.",
        ),
        "ArchiveDamaged": (
            "{value} courriel(s) ont été altérés ou perdus dans l'archive avant d'être traités.",
            "Ils sont relevés de nouveau dans la boîte. Vérifiez le disque.",
        ),
        "ArchiveFailing": (
            "L'archive échoue, les courriels restent donc sur le serveur : {value}",
            "Regardez le disque et le propriétaire du dossier.",
        ),
        "RedisMemory": (
            "Redis est presque plein ({value}) : les commandes ralentiront.",
            "Augmentez son maxmemory.",
        ),
        "ClockSkew": (
            "Les horloges de cette machine et de Redis diffèrent ({value}) : les services refuseront de démarrer.",
            "`timedatectl set-ntp true` sur les deux.",
        ),
        "ClockSetBack": (
            "L'horloge de cette machine a reculé de {value} : des heures d'avant sont dans le futur.",
            "Rien n'est perdu. `timedatectl set-ntp true`, pour qu'elle reste juste.",
        ),
        "PartnerClock": (
            "L'horloge du correspondant {about} diffère de la nôtre de {value}.",
            "Dites-le-lui, ou regardez la nôtre avec `timedatectl` ; les commandes continuent.",
        ),
        "PartnerClock.ahead": ("L'horloge du correspondant {about} avance sur la nôtre de {value}.", ""),
        "PartnerClock.behind": ("L'horloge du correspondant {about} retarde sur la nôtre de {value}.", ""),
        "DiskFilling": (
            "Le disque est presque plein ({value} libres) : bientôt les courriels ne seront plus relevés.",
            "Faites de la place ; ne supprimez jamais de fichier de l'archive.",
        ),
        "GeocoderResting": (
            "Plus aucune adresse n'est recherchée : {about} n'est pas interrogé ({value} recherches ce mois-ci).",
            "Les réglages disent qui est interrogé, et combien de fois par mois.",
        ),
        "GeocoderResting.cap": (
            (
                "{value} recherches ont été faites ce mois-ci, le maximum permis ; les autres reprendront le mois "
                "prochain."
            ),
            "",
        ),
        "GeocoderResting.key": (
            (
                "Plus aucune adresse n'est recherchée : {about} refuse notre clé, ou en veut une. Les commandes "
                "continuent."
            ),
            "",
        ),
        "NotesUninvoiced": (
            "{value} BL de clients facturés au mois ne sont pas facturés, et le mois se termine.",
            "Regardez-les, et facturez-les.",
        ),
        "StockNegative": (
            "{value} article(s) : un dépôt a moins que rien, ou que ce qui y est réservé, là où c'est interdit.",
            "Comptez-les au dépôt, et saisissez-le.",
        ),
        "OrdersUnallocated": (
            "Rien n'est réservé pour {value} commande(s), qui devrait l'être aussitôt : l'allocator ne le fait pas.",
            "Regardez s'il tourne, et démarrez-le.",
        ),
        "SlipErrors": (
            "{value} BP n'ont pas pu être validés : ce qui était préparé n'est pas parti.",
            "La liste des BP dit pourquoi ; rouvrez-les une fois la cause disparue.",
        ),
        "ServiceDown": (
            "Le service {about} ne tourne pas.",
            "Démarrez-le ; son journal dit pourquoi il s'est arrêté.",
        ),
    },
}

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "subject": "{site}: {begun} new, {standing} in all",
        "all well": "{site}: all is well again",
        "begun": "New:",
        "reminded": "Still so:",
        "ended": "Over:",
        "runbook": "More: docs/runbooks/Intergestan{name}.md",
        "since": "since {since}",
        "foot": "A program sent this; each trouble is told when it begins, once a day, and when it ends.",
    },
    "fr": {
        "subject": "{site} : {begun} nouveau(x) problème(s), {standing} en tout",
        "all well": "{site} : tout va de nouveau bien",
        "begun": "Nouveau :",
        "reminded": "Toujours là :",
        "ended": "Terminé :",
        "runbook": "Plus : docs/runbooks/Intergestan{name}.md",
        "since": "depuis le {since}",
        "foot": "Envoyé par un programme ; chaque problème est dit à son début, une fois par jour et à sa fin.",
    },
}


def _words(language: str) -> Mapping[str, str]:
    return {name: printed(text, language) for name, text in WORDS[language].items()}


def sentence(alarm: Alarm, language: str) -> str:
    """What is wrong."""
    name = f"{alarm.name}.{alarm.variant}" if alarm.variant else alarm.name
    value = shown(told(alarm.value, language), 300)
    return printed(ALARMS[language][name][0], language).format(about=shown(alarm.about, 80), value=value)


def cure(alarm: Alarm, language: str) -> str:
    """What to do first."""
    return printed(ALARMS[language][alarm.name][1], language).format(about=shown(alarm.about, 80))


NEXT: Mapping[str, tuple[Act, ...]] = {
    "OrderStuck": (Act.SHOW_STATUS,),
    "MailboxNotPolled": (Act.SHOW_STATUS, Act.TEST_MAILBOX),
    "MailboxUnowned": (Act.START_SITE,),
    "OwnDatabaseOlder": (Act.NOTE_RESTORE, Act.REPLAY_ALL),
    "TransferConflict": (Act.LIST_HOLDS,),
    "OrderUnanswered": (Act.LIST_UNANSWERED,),
    "HoldsWaiting": (Act.LIST_HOLDS,),
    "SequenceGap": (Act.SHOW_STATEMENT,),
    "BookingPaused": (Act.SHOW_STATEMENT, Act.RESUME_BOOKING),
    "ErrorBudgetBurn": (Act.SHOW_STATUS, Act.CHECK_SITE),
    "ConsentEnded": (Act.CONSENT,),
    "KeyExpiring": (Act.ROTATE_KEY,),
    "DatabaseRefuses": (Act.CHECK_SITE,),
    "RedisRefuses": (Act.CHECK_SITE,),
    "ArchiveDamaged": (Act.LIST_HOLDS,),
    "ArchiveFailing": (Act.CHECK_SITE,),
    "GeocoderResting": (Act.GEO_SETTINGS,),
    "NotesUninvoiced": (Act.INVOICE_NOTES,),
    "StockNegative": (Act.SHOW_STOCK, Act.COUNT_STOCK),
    "OrdersUnallocated": (Act.CHECK_SITE, Act.START_SITE),
    "SlipErrors": (Act.LIST_SLIPS, Act.REOPEN_SLIP),
    "ServiceDown": (Act.START_SITE, Act.START_SERVICE),
}
"""What may be done about an alarm, by its name."""


def acts_of(alarm: Alarm) -> tuple[Act, ...]:
    """What may be done, for each face to word."""
    return NEXT.get(alarm.name, ())


def title(site: str, begun: int, standing: int, language: str) -> str:
    """The subject of a mail, with plain spaces: people filter by it."""
    text = WORDS[language]["subject" if standing else "all well"]
    return text.format(site=shown(site, 80), begun=begun, standing=standing)


def report(
    begun: Sequence[Alarm], reminded: Sequence[Alarm], ended: Sequence[str], language: str, zone: tzinfo = UTC
) -> str:
    """The text of a mail. `ended`: the sentences that were told when those began; `zone`: the site's."""
    texts = _words(language)
    parts = [*_part(texts["begun"], begun, language, zone), *_part(texts["reminded"], reminded, language, zone)]
    if ended:
        parts.append("\n".join([texts["ended"], *(f"- {shown(text)}" for text in ended)]))
    return "\n\n".join([*parts, texts["foot"]]) + "\n"


def _part(head: str, alarms: Iterable[Alarm], language: str, zone: tzinfo) -> list[str]:
    told = [_told(alarm, language, zone) for alarm in alarms]
    return ["\n".join([head, *told])] if told else []


def _told(alarm: Alarm, language: str, zone: tzinfo) -> str:
    texts = _words(language)
    when = ""
    if alarm.since is not None:
        when = f" ({texts['since'].format(since=f'{local(zone, alarm.since):%Y-%m-%d %H:%M}')})"
    more = texts["runbook"].format(name=alarm.name)
    return f"- {sentence(alarm, language)}{when}\n  {cure(alarm, language)}\n  {more}"
