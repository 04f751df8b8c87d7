"""What can be wrong with a mailbox: how people are told, and when it is tried again. One table.

Each sentence says what happened, what that means for the orders, and what to do.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from intergestan_msg.typography import printed

CONNECTED = "connected"
"""The state of a mailbox with which all is well."""

LANGUAGES = ("en", "fr")


class Kind(StrEnum):
    """Why a mailbox cannot be polled; also the label of `mailbox_reconnects_total`."""

    UNREACHABLE = "unreachable"
    CLOSED = "closed"
    SILENT = "silent"
    PROTOCOL = "protocol"
    BUSY = "busy"
    TLS = "tls"
    CERTIFICATE = "certificate"
    INSECURE = "insecure"
    PASSWORD = "password"  # noqa: S105 - a word of the table, no secret
    GRANT = "grant"
    TOKENS = "tokens"
    NO_TOKENS = "no_tokens"
    NO_UIDL = "no_uidl"
    FOLDER = "folder"
    READ_ONLY = "read_only"
    OTHERS_DELETED = "others_deleted"
    DISK = "disk"
    ARCHIVE = "archive"
    QUOTA = "quota"
    CHANGED = "changed"
    BASE = "base"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Cure:
    """What is done about one kind.

    :ivar state: what stands in `mailbox.state` meanwhile.
    :ivar first: seconds until the first new attempt; each further one waits twice as long ...
    :ivar most: ... up to so many seconds.
    :ivar passing: whether one more attempt usually helps, so that nobody is told of the first failure.
    """

    state: str
    first: float
    most: float
    en: str
    fr: str
    passing: bool = False


_WAIT = {
    "en": "No order is lost: mails stay on the server and are collected as soon as it answers.",
    "fr": "Aucune commande n'est perdue : les courriels restent sur le serveur et seront relevés dès son retour.",
}


def _network(what_en: str, what_fr: str) -> Cure:
    return Cure(
        "connectError",
        1,
        10,
        f"{what_en} ({{words}}). {_WAIT['en']} If it lasts, check host, port and network of mailbox {{name}}.",
        f"{what_fr} ({{words}}). {_WAIT['fr']} Si cela dure, vérifiez serveur, port et réseau de la boîte {{name}}.",
        passing=True,
    )


CURES: Mapping[Kind, Cure] = {
    Kind.UNREACHABLE: _network(
        "The mail server of {name} cannot be reached", "Le serveur de la boîte {name} est injoignable"
    ),
    Kind.CLOSED: _network(
        "The mail server of {name} closed the connection", "Le serveur de la boîte {name} a fermé la connexion"
    ),
    Kind.SILENT: _network(
        "The mail server of {name} does not answer in time", "Le serveur de la boîte {name} ne répond pas à temps"
    ),
    Kind.TLS: _network(
        "No encrypted connection to the mail server of {name} comes about",
        "La connexion chiffrée au serveur de la boîte {name} échoue",
    ),
    Kind.PROTOCOL: Cure(
        "connectError",
        5,
        300,
        "The mail server of {name} answers what cannot be understood ({words}). Mails that it does not hand out "
        "stay there; the others are collected. If it lasts, show this to the mail provider.",
        "Le serveur de la boîte {name} répond de façon incompréhensible ({words}). Les courriels qu'il ne livre pas "
        "y restent ; les autres sont relevés. Si cela dure, transmettez ceci au fournisseur.",
        passing=True,
    ),
    Kind.BUSY: Cure(
        "connectError",
        10,
        300,
        "The mail server of {name} asks us to come back later ({words}). No order is lost: we try again by "
        "ourselves. If it lasts, another program may use this mailbox, or a limit of the provider is reached.",
        "Le serveur de la boîte {name} demande de revenir plus tard ({words}). Aucune commande n'est perdue : "
        "nous réessayons. Si cela dure, un autre programme utilise la boîte ou une limite du fournisseur est atteinte.",
    ),
    Kind.CERTIFICATE: Cure(
        "certificateError",
        60,
        300,
        "The certificate of the mail server of {name} is not valid ({words}). Nothing is collected, for it could "
        "be another server; mails stay where they are. Have the certificate renewed, or correct host or ca_file.",
        "Le certificat du serveur de la boîte {name} n'est pas valable ({words}). Rien n'est relevé, car ce pourrait "
        "être un autre serveur ; les courriels y restent. Renouvelez le certificat ou corrigez l'hôte ou ca_file.",
    ),
    Kind.INSECURE: Cure(
        "connectError",
        60,
        300,
        "Mailbox {name} is set to no encryption, which is only allowed for this machine itself. Nothing is "
        "collected. Set security to tls or starttls.",
        "La boîte {name} est réglée sans chiffrement, ce qui n'est permis que pour cette machine. Rien n'est relevé. "
        "Réglez security sur tls ou starttls.",
    ),
    Kind.PASSWORD: Cure(
        "authenticationError",
        60,
        300,
        "The mail server refuses the login of mailbox {name} ({words}). Orders and answers wait on the server. "
        "Enter the right password. Gmail, Yahoo, iCloud, Orange and others want an application password, made in "
        "the account's security settings; Microsoft 365 wants OAuth2.",
        "Le serveur refuse l'identification de la boîte {name} ({words}). Commandes et réponses attendent sur le "
        "serveur. Saisissez le bon mot de passe. Gmail, Yahoo, iCloud, Orange et d'autres veulent un mot de passe "
        "d'application, créé dans les réglages de sécurité du compte ; Microsoft 365 veut OAuth2.",
    ),
    Kind.GRANT: Cure(
        "authenticationError",
        60,
        300,
        "The mail provider no longer lets us into mailbox {name} ({words}). Orders and answers wait on the server. "
        "Give consent anew; if that does not help, the administrator must allow IMAP or POP3 for this account.",
        "Le fournisseur ne nous laisse plus entrer dans la boîte {name} ({words}). Commandes et réponses attendent "
        "sur le serveur. Redonnez l'accord ; sinon l'administrateur doit autoriser IMAP ou POP3 pour ce compte.",
    ),
    Kind.TOKENS: Cure(
        "connectError",
        2,
        60,
        "The provider's server for OAuth2 tokens of mailbox {name} does not answer as it should ({words}). No order is "
        "lost: mails stay on the server, and we try again. If it lasts, check the network and the token endpoint.",
        "Le serveur de jetons OAuth2 de la boîte {name} ne répond pas comme il faut ({words}). Aucune commande n'est "
        "perdue : les courriels restent sur le serveur et nous réessayons. Si cela dure, voyez le réseau et l'adresse "
        "du serveur de jetons.",
        passing=True,
    ),
    Kind.NO_TOKENS: Cure(
        "authenticationError",
        60,
        300,
        "The mail server of {name} takes no OAuth2 tokens. Orders and answers wait on the server. Correct host and "
        "port, or enter the mailbox with a password in place of OAuth2.",
        "Le serveur de la boîte {name} n'accepte pas de jetons OAuth2. Commandes et réponses attendent sur le "
        "serveur. Corrigez serveur et port, ou saisissez la boîte avec un mot de passe au lieu d'OAuth2.",
    ),
    Kind.NO_UIDL: Cure(
        "protocolError",
        60,
        300,
        "The mail server of {name} cannot tell mails apart over POP3 (no UIDL, {words}). Nothing is collected, for "
        "each poll would fetch every mail again. Read this mailbox by IMAP.",
        "Le serveur de la boîte {name} ne sait pas distinguer les courriels en POP3 (pas d'UIDL, {words}). Rien "
        "n'est relevé, car chaque relève reprendrait tous les courriels. Lisez cette boîte par IMAP.",
    ),
    Kind.FOLDER: Cure(
        "folderError",
        60,
        300,
        "The folder of mailbox {name} cannot be opened ({words}). Orders and answers wait on the server. Correct "
        "the folder's name.",
        "Le dossier de la boîte {name} ne s'ouvre pas ({words}). Commandes et réponses attendent sur le serveur. "
        "Corrigez le nom du dossier.",
    ),
    Kind.READ_ONLY: Cure(
        CONNECTED,
        1,
        30,
        "Nothing more was removed from mailbox {name}: the server only lets us read it ({words}). Orders are collected "
        "as ever. Ask the administrator for the right to delete in this folder, or purge with a mail program.",
        "Plus rien n'a été retiré de la boîte {name} : le serveur ne nous la laisse que lire ({words}). Les commandes "
        "sont relevées comme toujours. Demandez à l'administrateur le droit de supprimer dans ce dossier, ou purgez "
        "avec un logiciel de messagerie ordinaire.",
    ),
    Kind.OTHERS_DELETED: Cure(
        CONNECTED,
        1,
        30,
        "Nothing more was removed from mailbox {name}: somebody else marked {words} mail(s) there as deleted, and this "
        "server (without UIDPLUS) would remove those as well. Have the mailbox compacted, or the marks taken back, in "
        "a mail program; then purge again.",
        "Plus rien n'a été retiré de la boîte {name} : un autre y a marqué {words} courriel(s) comme supprimés, "
        "et ce serveur (sans UIDPLUS) les retirerait aussi. Compactez la boîte ou retirez ces marques dans un logiciel "
        "de messagerie, puis purgez à nouveau.",
    ),
    Kind.DISK: Cure(
        "diskFull",
        30,
        60,
        "Mailbox {name} is not collected: the disk of the archive is full ({words}). Orders and answers wait on "
        "the server. Free some space; collecting then goes on by itself.",
        "La boîte {name} n'est pas relevée : le disque de l'archive est plein ({words}). Commandes et réponses "
        "attendent sur le serveur. Libérez de la place ; la relève reprendra seule.",
    ),
    Kind.ARCHIVE: Cure(
        "connectError",
        5,
        60,
        "Mailbox {name} is not collected: the store of the archive does not answer as it should ({words}). Orders "
        "and answers wait on the server, and collecting goes on by itself. If it lasts, have the site checked.",
        "La boîte {name} n'est pas relevée : le stockage de l'archive ne répond pas comme il faut ({words}). "
        "Commandes et réponses attendent sur le serveur, la relève reprendra seule. Si cela dure, faites vérifier "
        "le site.",
        passing=True,
    ),
    Kind.QUOTA: Cure(
        "overQuota",
        60,
        300,
        "Mailbox {name} has more mails than its provider lets us fetch in a day ({words}). The rest stays on the "
        "server and follows by itself as the 24 hours pass. If the provider allows more, say how many bytes a day "
        "it allows.",
        "La boîte {name} a plus de courriels que son fournisseur n'en laisse relever par jour ({words}). Le reste "
        "est sur le serveur et suivra de lui-même au fil des 24 heures. Si le fournisseur permet davantage, "
        "indiquez combien d'octets par jour il permet.",
    ),
    Kind.CHANGED: Cure(
        "connecting",
        0.1,
        1,
        "The settings of mailbox {name} were changed; we connect anew.",
        "Les réglages de la boîte {name} ont changé ; nous nous reconnectons.",
        passing=True,
    ),
    Kind.BASE: Cure(
        "connectError",
        1,
        15,
        "Mailbox {name} is not collected: our own base does not answer ({words}). Mails stay on the server; "
        "collecting goes on when the base is back.",
        "La boîte {name} n'est pas relevée : notre propre base ne répond pas ({words}). Les courriels restent sur le "
        "serveur ; la relève reprendra avec la base.",
        passing=True,
    ),
    Kind.FAILED: Cure(
        "connectError",
        5,
        300,
        "Collecting mailbox {name} failed inside our program ({words}). Mails stay on the server and we try "
        "again; the other mailboxes go on. Please report this with the log.",
        "La relève de la boîte {name} a échoué dans notre programme ({words}). Les courriels restent sur le serveur et "
        "nous réessayons ; les autres boîtes continuent. Signalez-le avec le journal.",
        passing=True,
    ),
}


class MailboxTrouble(Exception):
    """A mailbox cannot be polled now. :ivar words: what the server or the system said."""

    def __init__(self, kind: Kind, words: object = "") -> None:
        self.kind = kind
        self.words = _printable(str(words))
        super().__init__(f"{kind}: {self.words}")

    def sentence(self, name: str, language: str) -> str:
        """For people: about the mailbox `name`, in one of `LANGUAGES`."""
        cure = CURES[self.kind]
        return printed(cure.fr if language == "fr" else cure.en, language).format(name=name, words=self.words)


def network_trouble(error: Exception) -> MailboxTrouble:
    """What an error of the network means."""
    kind = next(kind for cls, kind in _NETWORK_KINDS if isinstance(error, cls))
    return MailboxTrouble(kind, error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else error)


_NETWORK_KINDS: tuple[tuple[type[Exception], Kind], ...] = (
    (ssl.SSLCertVerificationError, Kind.CERTIFICATE),
    (ssl.SSLError, Kind.TLS),
    (TimeoutError, Kind.SILENT),
    (ConnectionResetError, Kind.CLOSED),
    (BrokenPipeError, Kind.CLOSED),
    (EOFError, Kind.CLOSED),
    (Exception, Kind.UNREACHABLE),
)


def delay(kind: Kind, failures: int, jitter: Callable[[], float]) -> float:
    """Seconds until the next attempt after so many failures in a row (from 1).

    :param jitter: gives 0 to 1; half of the time is left to it, so that a hundred mailboxes of one provider do
        not come back at the same moment.
    """
    cure = CURES[kind]
    longest: float = min(cure.most, cure.first * 2 ** min(failures - 1, 20))
    return longest * (0.5 + 0.5 * jitter())


def _printable(words: str) -> str:
    """One short line of what a stranger's server said."""
    return "".join(letter if letter.isprintable() else " " for letter in words)[:200].strip()
