"""What the five dashboards show. `python docs/generate.py` writes them to deploy/grafana/dashboards/."""

from __future__ import annotations

from deploy.grafana.panels import Board, Panel, Row, Target, Text

AGE = "max by ({by}) ((time() - {metric}) * ({metric} > bool 0))"
"""How long ago; 0 where there is nothing."""

RATE = "sum by ({by}) (rate({metric}[$__rate_interval]))"
PERCENTILE = "histogram_quantile({q}, sum by (le, {by}) (rate({metric}[$__rate_interval])))"

PER_SECOND: Text = ("per second", "par seconde")
DAY = 86400.0


def _age(name: str, by: str, legend: str, more: str = "") -> Target:
    return Target(AGE.format(by=by, metric=f"intergestan_{name}{{@{more}}}"), legend)


def _total(name: str, by: str) -> str:
    """A count of each site, which every dispatcher of it tells alike, over the sites."""
    return f"sum by ({by}) (max by (site, {by}) (intergestan_{name}{{@}}))"


def _rate(name: str, by: str, legend: str, more: str = "") -> Target:
    return Target(RATE.format(by=by, metric=f"intergestan_{name}{{@{more}}}"), legend, exemplars=True)


def _spread(name: str, by: str, legend: str, more: str = "") -> tuple[Target, ...]:
    """The median, and what one in twenty exceeds."""
    metric = f"intergestan_{name}_bucket{{@{more}}}"
    return tuple(
        Target(PERCENTILE.format(q=quantile, by=by, metric=metric), f"{legend} {word}", exemplars=True)
        for quantile, word in ((0.5, "p50"), (0.95, "p95"))
    )


def _step(title: Text, rate: Target, duration: tuple[Target, ...]) -> tuple[Panel, Panel]:
    return (
        Panel(
            (f"{title[0]}: what became of them", f"{title[1]} : ce qu'il en est advenu"),
            ("Per second, by outcome.", "Par seconde, selon l'issue."),
            (rate,),
            "ops",
            width=6,
        ),
        Panel(
            (f"{title[0]}: working time", f"{title[1]} : durée du travail"),
            ("The median, and what one in twenty exceeds.", "La médiane, et ce qu'un sur vingt dépasse."),
            duration,
            "s",
            width=6,
        ),
    )


FLOW = Board(
    "flow",
    ("Flow", "Flux"),
    (
        "Orders from Valider to the answer: does it flow?",
        "Les commandes, de Valider à la réponse : est-ce que cela passe ?",
    ),
    (
        Row(
            ("Now", "Maintenant"),
            (
                Panel(
                    ("Oldest that waits", "La plus ancienne en attente"),
                    (
                        "Since when the oldest mail waits for a step of this site; red from 15 minutes.",
                        "Depuis quand le plus ancien courriel attend une étape de ce site ; rouge dès 15 minutes.",
                    ),
                    (_age("oldest_pending_order_timestamp_seconds", "site, step", "{{site}} {{step}}"),),
                    "s",
                    "stat",
                    orange=300,
                    red=900,
                ),
                Panel(
                    ("Orders on the way", "Commandes en cours"),
                    ("Purchase orders that wait, by state.", "Les commandes d'achat en attente, par état."),
                    (Target(_total("orders_pending", "state"), "{{state}}"),),
                    kind="stat",
                ),
                Panel(
                    ("Waiting for a person", "En attente d'une personne"),
                    ("`intergestan holds list` shows them.", "`intergestan holds list` les montre."),
                    (Target("sum(max by (site, reason) (intergestan_holds{@}))", " "),),
                    kind="stat",
                    orange=1,
                    red=20,
                    width=4,
                ),
                Panel(
                    ("Services that run", "Services en marche"),
                    ("Those that answer Prometheus.", "Ceux qui répondent à Prometheus."),
                    (Target("sum by (service) (up{@})", "{{service}}"),),
                    kind="stat",
                    red=1,
                    below=True,
                    width=4,
                ),
            ),
        ),
        Row(
            ("The four steps", "Les quatre étapes"),
            (
                *_step(
                    ("Compose", "Composer"),
                    _rate("orders_total", "outcome", "{{outcome}}", ', step="compose"'),
                    _spread("step_duration_seconds", "step", "", ', step="compose"'),
                ),
                *_step(
                    ("Send", "Envoyer"),
                    _rate("mails_total", "outcome", "{{outcome}}", ', direction="out"'),
                    _spread("step_duration_seconds", "step", "", ', step="send"'),
                ),
                *_step(
                    ("Collect", "Relever"),
                    _rate("mails_total", "outcome", "{{outcome}}", ', direction="in"'),
                    _spread("mailbox_poll_duration_seconds", "protocol", "{{protocol}}"),
                ),
                *_step(
                    ("Take in", "Intégrer"),
                    _rate("orders_total", "outcome", "{{outcome}}", ', step="import"'),
                    _spread("step_duration_seconds", "step", "", ', step="import"'),
                ),
            ),
        ),
        Row(
            ("The whole way", "Le trajet entier"),
            (
                Panel(
                    ("From Valider to the sales order", "De Valider à la commande client"),
                    ("Of orders taken in here.", "Pour les commandes intégrées ici."),
                    _spread("order_transit_seconds", "job", ""),
                    "s",
                ),
                Panel(
                    ("Set aside or refused", "Mises de côté ou refusées"),
                    ("Per second, by reason.", "Par seconde, selon la raison."),
                    (_rate("order_rejections_total", "reason", "{{reason}}"),),
                    "ops",
                ),
                Panel(
                    ("Heartbeats in a day", "Battements en un jour"),
                    (
                        "Signed mails that go round every route; late and lost ones break the service level.",
                        "Courriels signés qui font le tour de chaque liaison ; retards et pertes nuisent au service.",
                    ),
                    (Target("sum by (outcome) (increase(intergestan_heartbeats_total{@}[1d]))", "{{outcome}}"),),
                ),
                Panel(
                    ("Last heartbeat", "Dernier battement"),
                    (
                        "How long ago, by route and stage, and how often one is planned on each route.",
                        "Il y a combien de temps, par liaison et étape, et l'intervalle prévu pour chaque liaison.",
                    ),
                    (
                        _age(
                            "heartbeat_last_seen_timestamp_seconds",
                            "site, route, stage",
                            "{{site}} {{route}} {{stage}}",
                        ),
                        Target(
                            "max by (site, route) (intergestan_heartbeat_interval_seconds{@})",
                            "{{site}} {{route}} every",
                        ),
                    ),
                    "s",
                ),
                Panel(
                    ("How the relay answers", "Réponses du relais"),
                    ("Per second, by class of answer.", "Par seconde, par classe de réponse."),
                    (_rate("smtp_responses_total", "class", "{{class}}"),),
                    "ops",
                ),
                Panel(
                    ("Mails by state", "Courriels par état"),
                    ("As the base counts them.", "Selon le décompte de la base."),
                    (Target(_total("mails_pending", "direction, state"), "{{direction}} {{state}}"),),
                ),
            ),
        ),
    ),
)

MAILBOXES = Board(
    "mailboxes",
    ("Mailboxes", "Boîtes aux lettres"),
    ("Are all mailboxes read, and by whom?", "Toutes les boîtes sont-elles relevées, et par qui ?"),
    (
        Row(
            ("Reading", "Relève"),
            (
                Panel(
                    ("Who holds which mailbox", "Qui tient quelle boîte"),
                    ("Green: this poller has it.", "Vert : ce releveur la tient."),
                    (
                        Target(
                            "max by (site, mailbox, instance) (intergestan_mailbox_lease_held{@})",
                            "{{site}} {{mailbox}} {{instance}}",
                        ),
                    ),
                    kind="state-timeline",
                    width=12,
                    words={"0": (("not", "non"), "red"), "1": (("held", "tenue"), "green")},
                ),
                Panel(
                    ("Owned", "Tenues"),
                    ("As the base says.", "Selon la base."),
                    (Target("max by (site, mailbox) (intergestan_mailbox_owned{@})", "{{site}} {{mailbox}}"),),
                    kind="stat",
                    width=4,
                    red=1,
                    below=True,
                    words={"0": (("nobody", "personne"), "red"), "1": (("owned", "tenue"), "green")},
                ),
                Panel(
                    ("Last read", "Dernière relève"),
                    ("How long ago; 0: never.", "Il y a combien de temps ; 0 : jamais."),
                    (_age("mailbox_last_success_timestamp_seconds", "site, mailbox", "{{site}} {{mailbox}}"),),
                    "s",
                    orange=180,
                    red=600,
                ),
                Panel(
                    ("Backlog", "Retard"),
                    ("Mails listed and not archived yet.", "Courriels listés, pas encore archivés."),
                    (
                        Target(
                            "max by (site, mailbox) (intergestan_mailbox_backlog_messages{@})", "{{site}} {{mailbox}}"
                        ),
                    ),
                ),
                Panel(
                    ("Interval", "Intervalle"),
                    ("How often it shall be read at least.", "À quelle cadence elle doit être relevée au moins."),
                    (
                        Target(
                            "max by (site, mailbox) (intergestan_mailbox_poll_interval_seconds{@})",
                            "{{site}} {{mailbox}}",
                        ),
                    ),
                    "s",
                ),
                Panel(
                    ("Time of a poll", "Durée d'une relève"),
                    ("The median, and what one in twenty exceeds.", "La médiane, et ce qu'une sur vingt dépasse."),
                    _spread("mailbox_poll_duration_seconds", "protocol", "{{protocol}}"),
                    "s",
                ),
                Panel(
                    ("Mailboxes per poller", "Boîtes par releveur"),
                    ("How the pollers share them.", "Comment les releveurs se les partagent."),
                    (Target("max by (instance) (intergestan_mailboxes_held{@})", "{{instance}}"),),
                ),
                Panel(
                    ("Moves", "Changements de releveur"),
                    PER_SECOND,
                    (_rate("mailbox_moves_total", "reason", "{{reason}}"),),
                    "ops",
                ),
                Panel(
                    ("Collected", "Relevés"),
                    ("Mails fetched into the archive, per second.", "Courriels relevés dans l'archive, par seconde."),
                    (_rate("mails_collected_total", "site", "{{site}}"),),
                    "ops",
                ),
                Panel(
                    ("Announced by IDLE", "Annoncés par IDLE"),
                    PER_SECOND,
                    (_rate("mailbox_idle_wakeups_total", "site, mailbox", "{{site}} {{mailbox}}"),),
                    "ops",
                ),
            ),
        ),
        Row(
            ("Access", "Accès"),
            (
                Panel(
                    ("Connections made again", "Reconnexions"),
                    ("Per second, by reason.", "Par seconde, selon la raison."),
                    (_rate("mailbox_reconnects_total", "reason", "{{reason}}"),),
                    "ops",
                ),
                Panel(
                    ("Consent", "Accord"),
                    (
                        "Whether the provider still lets us in (OAuth2).",
                        "Si le fournisseur nous laisse encore entrer (OAuth2).",
                    ),
                    (Target("max by (site, mailbox) (intergestan_oauth_consent_ended{@})", "{{site}} {{mailbox}}"),),
                    kind="stat",
                    red=1,
                    words={"0": (("in order", "en règle"), "green"), "1": (("ended", "terminé"), "red")},
                ),
                Panel(
                    ("Tokens asked for", "Jetons demandés"),
                    ("Per second, by outcome.", "Par seconde, selon l'issue."),
                    (_rate("oauth_refreshes_total", "outcome", "{{outcome}}"),),
                    "ops",
                ),
                Panel(
                    ("Token ends in", "Fin du jeton dans"),
                    ("It is renewed two minutes before.", "Il est renouvelé deux minutes avant."),
                    (
                        Target(
                            "max by (site, mailbox) (intergestan_oauth_token_expiry_timestamp_seconds{@}) - time()",
                            "{{site}} {{mailbox}}",
                        ),
                    ),
                    "s",
                ),
                Panel(
                    ("Server certificate ends in", "Fin du certificat du serveur dans"),
                    ("Of the relay and of the mailboxes' servers.", "Du relais et des serveurs des boîtes."),
                    (
                        Target(
                            "min by (site, kind, name) "
                            '(intergestan_certificate_expiry_timestamp_seconds{@, kind!="signing"}) - time()',
                            "{{site}} {{kind}} {{name}}",
                        ),
                    ),
                    "s",
                    "stat",
                    orange=21 * DAY,
                    red=7 * DAY,
                    below=True,
                ),
            ),
        ),
    ),
)

QUEUES = Board(
    "queues",
    ("Queues and workers", "Files et services"),
    ("Is there enough of everything?", "Y a-t-il assez de tout ?"),
    (
        Row(
            ("Queues", "Files"),
            (
                Panel(
                    ("Depth", "Profondeur"),
                    ("Bells that wait in Redis.", "Sonneries qui attendent dans Redis."),
                    (Target(_total("queue_messages", "queue"), "{{queue}}"),),
                ),
                Panel(
                    ("Waiting time", "Attente"),
                    ("From the bell to the start of the work.", "De la sonnerie au début du travail."),
                    _spread("queue_wait_seconds", "queue", "{{queue}}"),
                    "s",
                ),
                Panel(
                    ("Working time", "Durée du travail"),
                    ("Of the work that a bell began.", "Du travail qu'une sonnerie a lancé."),
                    _spread("message_duration_seconds", "queue", "{{queue}}"),
                    "s",
                ),
                Panel(
                    ("Bells worked on", "Sonneries traitées"),
                    PER_SECOND,
                    (_rate("messages_total", "queue", "{{queue}}"),),
                    "ops",
                ),
                Panel(
                    ("Failed or dropped", "Échouées ou écartées"),
                    (
                        "Per second; what failed is rung for again, what is no bell of ours (poison) is dropped.",
                        "Par seconde ; ce qui échoue est relancé, ce qui n'est pas une sonnerie (poison) est écarté.",
                    ),
                    (_rate("messages_total", "queue, outcome", "{{queue}} {{outcome}}", ', outcome!="done"'),),
                    "ops",
                ),
                Panel(
                    ("Bells rung", "Sonneries émises"),
                    ("Per second; a lost one is rung again.", "Par seconde ; une perdue est relancée."),
                    (_rate("rings_total", "outcome", "{{outcome}}"),),
                    "ops",
                ),
            ),
        ),
        Row(
            ("Workers", "Services"),
            (
                Panel(
                    ("Busy threads", "Fils occupés"),
                    ("Share of the threads that work.", "Part des fils qui travaillent."),
                    (
                        Target(
                            "sum by (service) (intergestan_messages_in_progress{@}) "
                            "/ sum by (service) (intergestan_worker_threads{@})",
                            "{{service}}",
                        ),
                    ),
                    "percentunit",
                    red=0.9,
                ),
                Panel(
                    ("What runs", "Ce qui tourne"),
                    ("Processes, by service and release.", "Processus, par service et version."),
                    (Target("count by (service, version) (intergestan_build_info{@})", "{{service}} {{version}}"),),
                    kind="stat",
                ),
                Panel(
                    ("Ready", "Prêts"),
                    (
                        "By check of /ready, the process that is worst.",
                        "Par contrôle de /ready, le processus le moins bien.",
                    ),
                    (Target("min by (site, check) (intergestan_ready{@})", "{{site}} {{check}}"),),
                    kind="stat",
                    red=1,
                    below=True,
                    words={"0": (("not ready", "pas prêt"), "red"), "1": (("ready", "prêt"), "green")},
                ),
                Panel(
                    ("Reports of mail servers", "Rapports des serveurs de courrier"),
                    ("About our mails, per second.", "Sur nos courriels, par seconde."),
                    (_rate("delivery_reports_total", "outcome", "{{outcome}}"),),
                    "ops",
                ),
                Panel(
                    ("Beyond a partner's budget", "Au-delà du budget d'un correspondant"),
                    ("By budget, in a day.", "Par budget, sur un jour."),
                    (
                        Target(
                            "sum by (budget) (increase(intergestan_partner_budget_exceeded_total{@}[1d]))", "{{budget}}"
                        ),
                    ),
                ),
                Panel(
                    ("Bytes of strangers", "Octets d'inconnus"),
                    (
                        "In the archive; dropped when old, or when there is too much.",
                        "Dans l'archive ; supprimés avec l'âge ou au-delà du maximum.",
                    ),
                    (Target("max by (site) (intergestan_strangers_bytes{@})", "{{site}}"),),
                    "bytes",
                ),
                Panel(
                    ("Mails of strangers dropped", "Courriels d'inconnus supprimés"),
                    ("In a day, by why.", "Sur un jour, par motif."),
                    (Target("sum by (why) (increase(intergestan_strangers_dropped_total{@}[1d]))", "{{why}}"),),
                ),
                Panel(
                    ("Mails of strangers that wait", "Courriels d'inconnus en attente"),
                    ("Nobody vouches for them.", "Personne n'en répond."),
                    (Target("max by (site) (intergestan_strangers_held{@})", "{{site}}"),),
                ),
                Panel(
                    ("Notices to people", "Avis aux personnes"),
                    ("Mails to the person in charge, per second.", "Courriels au responsable, par seconde."),
                    (_rate("notices_total", "outcome", "{{outcome}}"),),
                    "ops",
                ),
                Panel(
                    ("Instalments settled in a day", "Échéances réglées en un jour"),
                    ("By payments and by credit notes.", "Par des règlements et par des avoirs."),
                    (Target("sum by (by) (increase(intergestan_settlements_total{@}[1d]))", "{{by}}"),),
                ),
                Panel(
                    ("Taken in again", "Reprises"),
                    ("Archived mails, per second.", "Courriels archivés, par seconde."),
                    (_rate("replays_total", "outcome", "{{outcome}}"),),
                    "ops",
                ),
            ),
        ),
        Row(
            ("Redis, clocks, disk", "Redis, horloges, disque"),
            (
                Panel(
                    ("Redis answers", "Redis répond"),
                    ("As the dispatcher asks it.", "Selon le répartiteur."),
                    (Target("max by (site) (intergestan_redis_up{@})", "{{site}}"),),
                    kind="stat",
                    red=1,
                    below=True,
                    words={"0": (("away", "absent"), "red"), "1": (("answers", "répond"), "green")},
                ),
                Panel(
                    ("Redis memory", "Mémoire de Redis"),
                    ("Share of what it may use.", "Part de ce qu'il peut utiliser."),
                    (
                        Target(
                            "max by (site) (intergestan_redis_memory_used_bytes{@} "
                            "/ intergestan_redis_memory_limit_bytes{@})",
                            "{{site}}",
                        ),
                    ),
                    "percentunit",
                    red=0.8,
                ),
                Panel(
                    ("Clock against Redis", "Horloge contre Redis"),
                    ("From 2 s on nothing starts.", "Dès 2 s rien ne démarre."),
                    (Target("max by (site) (intergestan_clock_skew_seconds{@})", "{{site}}"),),
                    "s",
                    red=1,
                ),
                Panel(
                    ("Partners' clocks", "Horloges des correspondants"),
                    ("Ahead of ours; below 0: behind.", "En avance sur la nôtre ; sous 0 : en retard."),
                    (
                        Target(
                            "max by (site, route) (intergestan_partner_clock_ahead_seconds{@})", "{{site}} {{route}}"
                        ),
                    ),
                    "s",
                    red=300,
                ),
                Panel(
                    ("Free disk", "Disque libre"),
                    (
                        "Below 5 % or 2 GB no mail is collected.",
                        "Sous 5 % ou 2 Go aucun courriel n'est relevé.",
                    ),
                    (
                        Target(
                            "min by (site) (intergestan_archive_free_bytes{@} / intergestan_archive_disk_bytes{@})",
                            "{{site}}",
                        ),
                    ),
                    "percentunit",
                    "stat",
                    orange=0.2,
                    red=0.1,
                    below=True,
                ),
                Panel(
                    ("Archive", "Archive"),
                    ("Its size.", "Sa taille."),
                    (Target("max by (site) (intergestan_archive_bytes{@})", "{{site}}"),),
                    "bytes",
                ),
                Panel(
                    ("Mails in the archive", "Courriels archivés"),
                    ("None is ever changed.", "Aucun n'est jamais modifié."),
                    (Target("max by (site) (intergestan_archive_messages{@})", "{{site}}"),),
                ),
                Panel(
                    ("Archive errors", "Erreurs de l'archive"),
                    PER_SECOND,
                    (
                        _rate("archive_errors_total", "operation", "{{operation}}"),
                        Target("1 - min by (site) (intergestan_archive_writable{@})", "{{site}}"),
                    ),
                    red=0.001,
                ),
            ),
        ),
        Row(
            ("Console", "Console"),
            (
                Panel(
                    ("Pages: answers", "Pages : réponses"),
                    ("Per second, by status.", "Par seconde, selon le code."),
                    (_rate("page_seconds_count", "status", "{{status}}"),),
                    "ops",
                ),
                Panel(
                    ("Pages: time to the answer", "Pages : délai de réponse"),
                    ("The median, and what one in twenty exceeds.", "La médiane, et ce qu'une sur vingt dépasse."),
                    _spread("page_seconds", "page", "{{page}}"),
                    "s",
                ),
            ),
        ),
    ),
)

PARTNERS = Board(
    "partners",
    ("Partners", "Correspondants"),
    ("Who orders, who answers, who is silent?", "Qui commande, qui répond, qui se tait ?"),
    (
        Row(
            ("Orders", "Commandes"),
            (
                Panel(
                    ("Orders taken in", "Commandes intégrées"),
                    ("In an hour, by the buyer's site.", "En une heure, par site acheteur."),
                    (
                        Target(
                            "sum by (site, route) (increase(intergestan_order_transit_seconds_count{@}[1h]))",
                            "{{site}} {{route}}",
                        ),
                    ),
                ),
                Panel(
                    ("Transit time", "Durée de trajet"),
                    ("From Valider to the sales order here.", "De Valider à la commande client ici."),
                    _spread("order_transit_seconds", "site, route", "{{site}} {{route}}"),
                    "s",
                ),
                Panel(
                    ("Set aside or refused", "Mises de côté ou refusées"),
                    ("Now waiting, by reason.", "En attente maintenant, par raison."),
                    (Target(_total("holds", "reason"), "{{reason}}"),),
                ),
                Panel(
                    ("Credit: set aside and booked after all", "Encours : mises de côté, puis enregistrées"),
                    (
                        "In an hour: orders beyond the maximum, and why those that waited do no more.",
                        "En une heure : commandes au-delà du maximum ; pourquoi celles qui attendaient sont passées.",
                    ),
                    (
                        Target("sum by (outcome) (increase(intergestan_credit_blocks_total{@}[1h]))", "{{outcome}}"),
                        Target("sum by (by) (increase(intergestan_credit_released_total{@}[1h]))", "{{by}}"),
                    ),
                ),
                Panel(
                    ("Customers above their maximum", "Clients au-dessus de leur maximum"),
                    ("Counted once a day; 0 without credit.", "Comptés une fois par jour ; 0 sans encours."),
                    (
                        Target(
                            "max by (site) (intergestan_customers_over_limit{@}) or "
                            "0 * max by (site) (intergestan_booking_paused{@})",
                            "{{site}}",
                        ),
                    ),
                    kind="stat",
                    orange=1,
                ),
                Panel(
                    ("Unanswered orders", "Commandes sans réponse"),
                    ("By supplier.", "Par fournisseur."),
                    (Target("max by (site, route) (intergestan_unanswered_orders{@})", "{{site}} {{route}}"),),
                ),
                Panel(
                    ("Oldest unanswered", "La plus ancienne sans réponse"),
                    ("Red from four hours.", "Rouge dès quatre heures."),
                    (_age("oldest_unanswered_order_timestamp_seconds", "site, route", "{{site}} {{route}}"),),
                    "s",
                    "stat",
                    orange=3600,
                    red=14400,
                ),
                Panel(
                    ("Missing mails", "Courriels manquants"),
                    ("Gaps in the numbers of their mails.", "Trous dans la numérotation de leurs courriels."),
                    (Target("max by (site, route) (intergestan_sequence_gaps{@})", "{{site}} {{route}}"),),
                    kind="stat",
                    red=1,
                ),
                Panel(
                    ("Booking rests", "Import suspendu"),
                    ("Partners that wait since a restore.", "Correspondants en attente depuis une restauration."),
                    (Target("max by (site) (intergestan_booking_paused{@})", "{{site}}"),),
                    kind="stat",
                    red=1,
                ),
            ),
        ),
        Row(
            ("Silence and keys", "Silence et clés"),
            (
                Panel(
                    ("Last mail from them", "Leur dernier courriel"),
                    ("How long ago; 0: never.", "Il y a combien de temps ; 0 : jamais."),
                    (
                        _age(
                            "partner_last_mail_timestamp_seconds",
                            "site, route",
                            "{{site}} {{route}}",
                            ', direction="in"',
                        ),
                    ),
                    "s",
                    "stat",
                    orange=3 * DAY,
                    red=14 * DAY,
                ),
                Panel(
                    ("Last mail to them", "Notre dernier courriel"),
                    ("How long ago; 0: never.", "Il y a combien de temps ; 0 : jamais."),
                    (
                        _age(
                            "partner_last_mail_timestamp_seconds",
                            "site, route",
                            "{{site}} {{route}}",
                            ', direction="out"',
                        ),
                    ),
                    "s",
                    "stat",
                ),
                Panel(
                    ("Unconfirmed keys", "Clés non confirmées"),
                    ("Ours and theirs.", "Les nôtres et les leurs."),
                    (Target(_total("unconfirmed_keys", "side"), "{{side}}"),),
                    kind="stat",
                    orange=1,
                ),
                Panel(
                    ("Late answers", "Réponses en retard"),
                    (
                        "Orders without an answer after the time agreed.",
                        "Commandes sans réponse après le délai convenu.",
                    ),
                    (Target("max by (site) (intergestan_orders_unanswered{@})", "{{site}}"),),
                    kind="stat",
                    red=1,
                ),
                Panel(
                    ("Signing keys end in", "Fin des clés de signature dans"),
                    ("Ours and theirs; +Inf: never.", "Les nôtres et les leurs ; +Inf : jamais."),
                    (
                        Target(
                            'min by (name) (intergestan_certificate_expiry_timestamp_seconds{@, kind="signing"})'
                            " - time()",
                            "{{name}}",
                        ),
                    ),
                    "s",
                    "stat",
                    orange=60 * DAY,
                    red=21 * DAY,
                    below=True,
                ),
            ),
        ),
        Row(
            ("Third parties", "Tiers"),
            (
                Panel(
                    ("Codes left", "Codes restants"),
                    (
                        "The least share over all beginnings of codes.",
                        "La plus petite part, pour tous les débuts de codes.",
                    ),
                    (Target("min by (site) (intergestan_party_codes_left{@})", "{{site}}"),),
                    "percentunit",
                    "stat",
                    orange=0.2,
                    red=0.05,
                    below=True,
                ),
                Panel(
                    ("Addresses to look up", "Adresses à rechercher"),
                    ("Those whose position waits.", "Celles dont la position est attendue."),
                    (Target("max by (site) (intergestan_geocode_waiting{@})", "{{site}}"),),
                    kind="stat",
                ),
                Panel(
                    ("Look-ups left", "Recherches restantes"),
                    ("This month, until the cap.", "Ce mois-ci, jusqu'au maximum."),
                    (Target("min by (site) (intergestan_geocode_calls_left{@})", "{{site}}"),),
                    kind="stat",
                    orange=500,
                    red=1,
                    below=True,
                ),
                Panel(
                    ("What providers say", "Réponses des fournisseurs"),
                    ("Look-ups, by outcome.", "Recherches, selon l'issue."),
                    (_rate("geocode_calls_total", "provider, outcome", "{{provider}} {{outcome}}"),),
                    "ops",
                ),
            ),
        ),
    ),
)

AGENCIES = Board(
    "agencies",
    ("Agencies", "Agences"),
    (
        "Goods, orders between agencies, invoices and books: what waits for whom?",
        "Marchandises, commandes inter-agences, factures et comptabilité : qu'est-ce qui attend, et qui ?",
    ),
    (
        Row(
            ("Goods for orders", "Marchandises des commandes"),
            (
                Panel(
                    ("Lines that wait for goods", "Lignes en reliquat"),
                    ("Of accepted orders.", "De commandes acceptées."),
                    (Target("max by (site) (intergestan_remainders{@})", "{{site}}"),),
                    kind="stat",
                ),
                Panel(
                    ("Orders allocated", "Commandes affectées"),
                    ("With all their goods, or with a remainder.", "En entier, ou avec un reliquat."),
                    (_rate("allocations_total", "site, outcome", "{{site}} {{outcome}}"),),
                ),
                Panel(
                    ("Picking slips", "Bons de préparation"),
                    ("That did not leave yet, by state.", "Pas encore partis, par état."),
                    (Target("max by (site, state) (intergestan_picking_slips{@})", "{{site}} {{state}}"),),
                ),
                Panel(
                    ("Oldest slip that is ready", "Le plus ancien BP prêt"),
                    ("It waits for its delivery note.", "Il attend son bon de livraison."),
                    (_age("oldest_ready_slip_timestamp_seconds", "site", "{{site}}"),),
                    "s",
                    "stat",
                ),
                Panel(
                    ("Returns not credited", "Retours sans avoir"),
                    ("Of what was invoiced.", "De ce qui était facturé."),
                    (Target("max by (site) (intergestan_returns_uncredited{@})", "{{site}}"),),
                    kind="stat",
                ),
                Panel(
                    ("Oldest order without goods set aside", "La plus ancienne commande sans réservation"),
                    (
                        "Of those for which the allocator does it at once; red from a quarter of an hour.",
                        "De celles que l'allocator sert aussitôt ; rouge dès un quart d'heure.",
                    ),
                    (_age("oldest_unallocated_order_timestamp_seconds", "site", "{{site}}"),),
                    "s",
                    "stat",
                    orange=300,
                    red=900,
                ),
                Panel(
                    ("Stock below nothing", "Stock sous zéro"),
                    ("Products, where that may not be.", "Articles, là où c'est interdit."),
                    (Target("max by (site) (intergestan_stock_negative{@})", "{{site}}"),),
                    kind="stat",
                    red=1,
                ),
            ),
        ),
        Row(
            ("Orders between agencies", "Commandes inter-agences"),
            (
                Panel(
                    ("To be ordered from other agencies", "À commander aux autres agences"),
                    (
                        "Goods for customers' orders that nobody ordered there yet.",
                        "Marchandises pour des clients que personne n'y a encore commandées.",
                    ),
                    (Target("max by (site) (intergestan_agency_pending{@})", "{{site}}"),),
                    kind="stat",
                ),
                Panel(
                    ("Pairs of orders in a day", "Couples de commandes en un jour"),
                    ("On this site, or by mail to another one.", "Sur ce site, ou par courriel vers un autre."),
                    (
                        Target(
                            "sum by (site, kind) (increase(intergestan_agency_orders_total{@}[1d]))",
                            "{{site}} {{kind}}",
                        ),
                    ),
                ),
            ),
        ),
        Row(
            ("Invoices", "Factures"),
            (
                Panel(
                    ("Invoices made in a day", "Factures faites en un jour"),
                    ("By to whom they are.", "Selon le destinataire."),
                    (Target("sum by (kind) (increase(intergestan_invoices_total{@}[1d]))", "{{kind}}"),),
                ),
                Panel(
                    ("Delivery notes not invoiced", "BL non facturés"),
                    (
                        "By what their customers get an invoice for: a note or a month.",
                        "Selon ce que leurs clients reçoivent : une facture par BL ou par mois.",
                    ),
                    (
                        Target(
                            "max by (site, grouping) (intergestan_delivery_notes_uninvoiced{@})",
                            "{{site}} {{grouping}}",
                        ),
                    ),
                ),
                Panel(
                    ("Due before the month ends", "À facturer avant la fin du mois"),
                    (
                        "Delivery notes of customers who get an invoice a month, on its last two days.",
                        "BL des clients facturés au mois, les deux derniers jours du mois.",
                    ),
                    (Target("max by (site) (intergestan_delivery_notes_due{@})", "{{site}}"),),
                    kind="stat",
                    orange=1,
                ),
                Panel(
                    ("The last run", "La dernière facturation différée"),
                    ("How long it took.", "Sa durée."),
                    (Target("max by (site) (intergestan_invoice_run_seconds{@})", "{{site}}"),),
                    "s",
                    "stat",
                ),
            ),
        ),
        Row(
            ("Books", "Comptabilité"),
            (
                Panel(
                    ("Entries in a day", "Écritures en un jour"),
                    ("By journal.", "Par journal."),
                    (Target("sum by (journal) (increase(intergestan_entries_total{@}[1d]))", "{{journal}}"),),
                ),
                Panel(
                    ("Cheques and bills to the bank", "Chèques et effets à remettre"),
                    ("Nobody handed them in yet.", "Personne ne les a encore remis en banque."),
                    (Target("max by (site) (intergestan_payments_to_bank{@})", "{{site}}"),),
                ),
            ),
        ),
    ),
)

BOARDS = (FLOW, MAILBOXES, QUEUES, PARTNERS, AGENCIES)
