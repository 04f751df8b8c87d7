-- One role for each service, with the rights that its work needs and no others: what stands between "begin" and "end" is
-- written by `make docs` from rights.py, which docs/security.md prints.
--
--     psql --dbname=intergestan --file=roles.sql [--set=prefix=intergestan] [--set=passwords=FOLDER]
--
-- Run it as the owner of the base's tables (who may create roles, or for whom an administrator has created them)
-- after `intergestan init` and after each `intergestan upgrade`. It may be run at any time: rights that a role should
-- not have are taken away. The roles are called PREFIX-composer, PREFIX-sender, PREFIX-poller, PREFIX-importer,
-- PREFIX-dispatcher, PREFIX-geocoder, PREFIX-allocator and PREFIX-console; where services log in by the unix socket these are the names
-- of their operating-system users.
-- With `passwords`, each role gets the password in FOLDER/SERVICE-database-password, if there is that file.

\set ON_ERROR_STOP on
\if :{?prefix}
\else
    \set prefix intergestan
\endif
\set composer :prefix '-composer'
\set sender :prefix '-sender'
\set poller :prefix '-poller'
\set importer :prefix '-importer'
\set dispatcher :prefix '-dispatcher'
\set geocoder :prefix '-geocoder'
\set allocator :prefix '-allocator'
\set console :prefix '-console'
\set moved_before 'move as ' :dispatcher
\set quiet_before :QUIET
\set QUIET on

BEGIN;
SET LOCAL client_min_messages = warning;

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', role)
FROM unnest(ARRAY[:'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console']) AS role
WHERE role NOT IN (SELECT rolname FROM pg_roles)
\gexec

-- Nobody else comes in, and nobody but the owner makes tables, not even temporary ones.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format('REVOKE ALL ON DATABASE %1$I FROM %2$I; GRANT CONNECT ON DATABASE %1$I TO %2$I', current_database(), role)
FROM unnest(ARRAY[:'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console']) AS role
\gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC, :"composer", :"sender", :"poller", :"importer", :"dispatcher", :"geocoder", :"allocator", :"console";
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"composer", :"sender", :"poller", :"importer", :"dispatcher", :"geocoder", :"allocator", :"console";
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM :"composer", :"sender", :"poller", :"importer", :"dispatcher", :"geocoder", :"allocator", :"console";
GRANT USAGE ON SCHEMA public TO :"composer", :"sender", :"poller", :"importer", :"dispatcher", :"geocoder", :"allocator", :"console";

-- Large objects belong to no table: a role could fill the disk with them. Only a superuser closes them.
SELECT rolsuper AS is_superuser FROM pg_roles WHERE rolname = CURRENT_USER
\gset
\if :is_superuser
    SELECT format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
    FROM pg_proc
    WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite'))
    \gexec
\else
    \warn 'Large objects stay open to every role of this database, because only a superuser may close them.'
\endif

-- begin rights
-- composer
GRANT SELECT ON "address" TO :"composer";
GRANT SELECT ON "alembic_version" TO :"composer";
GRANT SELECT ON "answer" TO :"composer";
GRANT INSERT (at, who, subject, subject_id, name, old, new, detail) ON "event" TO :"composer";
GRANT USAGE ON SEQUENCE "event_id_seq" TO :"composer";
GRANT SELECT ON "former_body" TO :"composer";
GRANT SELECT ON "heartbeat" TO :"composer";
GRANT SELECT ON "high_water" TO :"composer";
GRANT SELECT ON "inbound_mail" TO :"composer";
GRANT SELECT ON "inbound_transfer" TO :"composer";
GRANT SELECT (id, partner_id, type, number, revision, inbound_transfer_id) ON "ledger" TO :"composer";
GRANT SELECT, INSERT, DELETE ON "missing_number" TO :"composer";
GRANT INSERT ON "outbound_body" TO :"composer";
GRANT SELECT ON "outbound_key_notice" TO :"composer";
GRANT SELECT, UPDATE (state, composed_at, next_attempt_at, epoch, seq, transfer_digest, envelope_from,
    recipient, subject, size, reason, detail, diagnosis, trace_parent, rung_at) ON "outbound_mail" TO
    :"composer";
GRANT SELECT ON "outbound_order" TO :"composer";
GRANT SELECT ON "outbound_statement" TO :"composer";
GRANT SELECT, UPDATE (out_seq) ON "partner" TO :"composer";
GRANT SELECT ON "partner_statement" TO :"composer";
GRANT SELECT, INSERT, UPDATE (value) ON "published" TO :"composer";
GRANT SELECT ON "purchase_order" TO :"composer";
GRANT SELECT ON "purchase_order_change" TO :"composer";
GRANT SELECT ON "purchase_order_charge" TO :"composer";
GRANT SELECT ON "purchase_order_line" TO :"composer";
GRANT SELECT (id, from_mode, bounce_mode, bounce_address) ON "relay" TO :"composer";
GRANT SELECT, INSERT, UPDATE (up_to, complete, void, latest, hashed, digest, withdrawn) ON "series_beginning"
    TO :"composer";
GRANT SELECT ON "site" TO :"composer";
GRANT SELECT (id, login, name, email, active, establishment_id, depot_id, language, timezone, shortcuts,
    last_login_at) ON "user" TO :"composer";
GRANT SELECT ON "withdrawn_number" TO :"composer";
GRANT SELECT (name, service), INSERT (name, service, started_at, alive_until), UPDATE (alive_until), DELETE ON
    "worker" TO :"composer";

-- sender
GRANT SELECT ON "alembic_version" TO :"sender";
GRANT SELECT (order_number, outbound_mail_id) ON "answer" TO :"sender";
GRANT SELECT, INSERT (outbound_mail_id, n, phase, started_at), UPDATE (phase, ended_at, outcome, reply) ON
    "delivery_attempt" TO :"sender";
GRANT USAGE ON SEQUENCE "delivery_attempt_id_seq" TO :"sender";
GRANT INSERT (at, who, subject, subject_id, name, old, new, detail) ON "event" TO :"sender";
GRANT USAGE ON SEQUENCE "event_id_seq" TO :"sender";
GRANT SELECT ON "high_water" TO :"sender";
GRANT SELECT, UPDATE (next_attempt_at, attempts, sent_at, error, lease_owner, lease_fence, lease_until,
    rung_at) ON "notice" TO :"sender";
GRANT SELECT, UPDATE (sealed_refresh, sealed_access, expires_at, claimed_until, error) ON "oauth_grant" TO
    :"sender";
GRANT SELECT ON "outbound_body" TO :"sender";
GRANT SELECT, UPDATE (state, sent_at, next_attempt_at, attempts, resends, reason, detail, diagnosis,
    lease_owner, lease_fence, lease_until, rung_at) ON "outbound_mail" TO :"sender";
GRANT SELECT ON "outbound_order" TO :"sender";
GRANT SELECT (id, active, rests) ON "partner" TO :"sender";
GRANT SELECT, UPDATE (state, updated_at) ON "purchase_order" TO :"sender";
GRANT SELECT, UPDATE (state, updated_at) ON "purchase_order_change" TO :"sender";
GRANT SELECT, UPDATE (next_slot_at, paused_until, last_error, last_diagnosis) ON "relay" TO :"sender";
GRANT SELECT ON "site" TO :"sender";
GRANT SELECT (name, service), INSERT (name, service, started_at, alive_until), UPDATE (alive_until), DELETE ON
    "worker" TO :"sender";

-- poller
GRANT SELECT ON "alembic_version" TO :"poller";
GRANT SELECT (partner_id, order_number, outbound_mail_id) ON "answer" TO :"poller";
GRANT INSERT (at, who, subject, subject_id, name, old, new, detail) ON "event" TO :"poller";
GRANT USAGE ON SEQUENCE "event_id_seq" TO :"poller";
GRANT SELECT ON "high_water" TO :"poller";
GRANT SELECT (id, partner_id, inbound_mail_id, number, closed_at) ON "hold" TO :"poller";
GRANT SELECT, INSERT (sha256, size, state, mailbox_id, archived_at, strikes, replayed, is_heartbeat, is_signed,
    unproven, trace_parent, lease_fence, rung_at) ON "inbound_mail" TO :"poller";
GRANT USAGE ON SEQUENCE "inbound_mail_id_seq" TO :"poller";
GRANT SELECT (id, partner_id, jti, kind) ON "inbound_transfer" TO :"poller";
GRANT SELECT (id, partner_id, type, number, inbound_transfer_id, outcome) ON "ledger" TO :"poller";
GRANT SELECT, UPDATE (owner, fence, state, last_success_at, last_error, backlog) ON "mailbox" TO :"poller";
GRANT SELECT, INSERT, UPDATE (octets), DELETE ON "mailbox_traffic" TO :"poller";
GRANT SELECT, INSERT, DELETE ON "mailbox_uid" TO :"poller";
GRANT SELECT, INSERT, DELETE ON "mailbox_uidl" TO :"poller";
GRANT SELECT, UPDATE (sealed_refresh, sealed_access, expires_at, claimed_until, error) ON "oauth_grant" TO
    :"poller";
GRANT SELECT (id, state, in_reply_to_id) ON "outbound_mail" TO :"poller";
GRANT SELECT (kid, public_key) ON "partner_key" TO :"poller";
GRANT SELECT, UPDATE (listed_at, found, error) ON "poll_run" TO :"poller";
GRANT SELECT, INSERT, UPDATE (worker, takes), DELETE ON "poller" TO :"poller";
GRANT SELECT, INSERT (purge_run_id, handle, inbound_mail_id, verdict), UPDATE (verdict), DELETE ON "purge_mail"
    TO :"poller";
GRANT USAGE ON SEQUENCE "purge_mail_id_seq" TO :"poller";
GRANT SELECT, UPDATE (total, done, ended_at, error) ON "purge_run" TO :"poller";
GRANT SELECT (id, partner_id, customer_order_number, state) ON "sales_order" TO :"poller";
GRANT SELECT ON "site" TO :"poller";
GRANT SELECT (name, service, alive_until), INSERT (name, service, started_at, alive_until), UPDATE
    (alive_until), DELETE ON "worker" TO :"poller";

-- importer
GRANT SELECT (id, purchase_order_id, sales_order_id) ON "agency_order" TO :"importer";
GRANT SELECT, UPDATE (allocation_id), DELETE ON "agency_order_line" TO :"importer";
GRANT SELECT ON "alembic_version" TO :"importer";
GRANT SELECT, INSERT (sales_order_line_id, depot_id, route, quantity, remainder), UPDATE (quantity, remainder),
    DELETE ON "allocation" TO :"importer";
GRANT USAGE ON SEQUENCE "allocation_id_seq" TO :"importer";
GRANT SELECT, INSERT (partner_id, order_number, n, revision, outbound_mail_id, code, sales_order_number, note,
    lines, created_at) ON "answer" TO :"importer";
GRANT USAGE ON SEQUENCE "answer_id_seq" TO :"importer";
GRANT SELECT (id, customer_id, total_ttc, establishment_id, issue_date) ON "credit_note" TO :"importer";
GRANT SELECT ON "customer_match" TO :"importer";
GRANT SELECT (id, started_at, outcome) ON "delivery_attempt" TO :"importer";
GRANT SELECT (id, invoicing_establishment_id) ON "delivery_note" TO :"importer";
GRANT SELECT ON "delivery_note_line" TO :"importer";
GRANT SELECT, INSERT (inbound_mail_id, outbound_mail_id, received_at, action, status, recipient, said,
    reporter, fingerprint, effect) ON "delivery_report" TO :"importer";
GRANT USAGE ON SEQUENCE "delivery_report_id_seq" TO :"importer";
GRANT SELECT (id, code, establishment_id, active) ON "depot" TO :"importer";
GRANT SELECT ON "depot_rank" TO :"importer";
GRANT SELECT, INSERT (partner_id, order_number, line_id, reason, variant, detail, outcome, found_at), DELETE ON
    "difference" TO :"importer";
GRANT USAGE ON SEQUENCE "difference_id_seq" TO :"importer";
GRANT SELECT (id, number, manage_stock, manage_reservations, reserve_at_entry, customer_op_billable_id,
    default_establishment_id) ON "dossier" TO :"importer";
GRANT SELECT (id, number) ON "establishment" TO :"importer";
GRANT SELECT (id, at, subject, subject_id, name), INSERT (at, who, subject, subject_id, name, old, new, detail)
    ON "event" TO :"importer";
GRANT USAGE ON SEQUENCE "event_id_seq" TO :"importer";
GRANT SELECT (delivery_note_line_id, quantity, invoice_line_id) ON "goods_return_line" TO :"importer";
GRANT SELECT, INSERT (outbound_mail_id, partner_id, echoes, echoes_digest, echoes_message_id), UPDATE (outcome)
    ON "heartbeat" TO :"importer";
GRANT SELECT ON "high_water" TO :"importer";
GRANT SELECT, INSERT (partner_id, inbound_mail_id, inbound_transfer_id, type, number, revision, business_hash,
    reason, detail, opened_at, party_id, total_ttc, seen_version, look_again_on), UPDATE (inbound_mail_id,
    inbound_transfer_id, reason, detail, closed_at, closed_by, closed_how, party_id, total_ttc, seen_version,
    look_again_on) ON "hold" TO :"importer";
GRANT USAGE ON SEQUENCE "hold_id_seq" TO :"importer";
GRANT SELECT, UPDATE (state, strikes, replayed, is_heartbeat, reason, detail, kid, partner_id, transfer_id,
    epoch, seq, paused_at, unproven, budget, subject, sender, lease_owner, lease_fence, lease_until, rung_at)
    ON "inbound_mail" TO :"importer";
GRANT SELECT, INSERT (partner_id, jti, epoch, seq, kind, transfer_digest, composed_at, received_at,
    inbound_mail_id, message_id, spelled) ON "inbound_transfer" TO :"importer";
GRANT USAGE ON SEQUENCE "inbound_transfer_id_seq" TO :"importer";
GRANT SELECT (id, customer_id, establishment_id) ON "invoice" TO :"importer";
GRANT SELECT (id, invoice_id, sales_order_charge_id, amount) ON "invoice_charge" TO :"importer";
GRANT SELECT (id, invoice_id, due_date, amount) ON "invoice_due" TO :"importer";
GRANT SELECT (id, invoice_id, delivery_note_line_id, total, quantity) ON "invoice_line" TO :"importer";
GRANT SELECT, INSERT (partner_id, type, number, epoch, revision, inbound_transfer_id, business_hash, outcome,
    sales_order_id, stated, created_at, updated_at), UPDATE (epoch, inbound_transfer_id, outcome,
    sales_order_id, stated, updated_at) ON "ledger" TO :"importer";
GRANT USAGE ON SEQUENCE "ledger_id_seq" TO :"importer";
GRANT SELECT ON "missing_number" TO :"importer";
GRANT SELECT, UPDATE (next_number) ON "number_series" TO :"importer";
GRANT SELECT ON "outbound_key_notice" TO :"importer";
GRANT SELECT, INSERT (transfer_id, kind, state, partner_id, in_reply_to_id, requested_at, attempts, resends,
    lease_fence, rung_at), UPDATE (state, answered_at, next_attempt_at, resends, recipient, reason, detail,
    trace_parent, rung_at) ON "outbound_mail" TO :"importer";
GRANT USAGE ON SEQUENCE "outbound_mail_id_seq" TO :"importer";
GRANT SELECT, UPDATE (live) ON "outbound_order" TO :"importer";
GRANT SELECT (outbound_mail_id, wanted), INSERT ON "outbound_statement" TO :"importer";
GRANT SELECT, UPDATE (takes, takes_at, heartbeat_returned_at, heartbeat_told, told_epoch, told_seq,
    told_got_epoch, told_got_seq, told_at, told_since, clock_ahead_least, clock_ahead_most, clock_noted_at) ON
    "partner" TO :"importer";
GRANT SELECT, INSERT (partner_id, budget, since, used), UPDATE (since, used) ON "partner_budget" TO
    :"importer";
GRANT SELECT, INSERT (partner_id, kid, public_key, pending, known_at, valid_from, valid_until), UPDATE
    (revoked_at) ON "partner_key" TO :"importer";
GRANT USAGE ON SEQUENCE "partner_key_id_seq" TO :"importer";
GRANT SELECT ON "partner_price" TO :"importer";
GRANT SELECT, INSERT (partner_id, transfer_id, epoch, composed_at, received_at, statement), UPDATE
    (transfer_id, epoch, composed_at, received_at, statement) ON "partner_statement" TO :"importer";
GRANT SELECT, UPDATE (exposure_version) ON "party" TO :"importer";
GRANT SELECT ON "party_credit" TO :"importer";
GRANT SELECT (id, party_id, establishment_id, received_on, due_date, amount, state, failed_on) ON "payment" TO
    :"importer";
GRANT SELECT (id, sales_order_id, state, version), UPDATE (state, version, fault, fault_values, changed_at) ON
    "picking_slip" TO :"importer";
GRANT SELECT (id, slip_id, sales_order_line_id, proposed, prepared), UPDATE (proposed, prepared), DELETE ON
    "picking_slip_line" TO :"importer";
GRANT SELECT ON "product" TO :"importer";
GRANT SELECT ON "product_match" TO :"importer";
GRANT SELECT (name, value), INSERT (name, value), UPDATE (value) ON "published" TO :"importer";
GRANT SELECT, UPDATE (state, version, answer_epoch, answer_n, answer_code, answer_note, lines_epoch, lines_n,
    supplier_order_number, supplier_number_epoch, carried, exported_at, updated_at, revision, note, total_ht,
    total_vat, total_ttc, wanted_date, delivery_name, delivery_line1, delivery_line2, delivery_postcode,
    delivery_city, delivery_country) ON "purchase_order" TO :"importer";
GRANT SELECT, UPDATE (state, answer_epoch, answer_n, answer_code, answer_note, answer_lines, updated_at) ON
    "purchase_order_change" TO :"importer";
GRANT SELECT, INSERT (purchase_order_id, reason, amount, vat_category, vat_rate), DELETE ON
    "purchase_order_charge" TO :"importer";
GRANT USAGE ON SEQUENCE "purchase_order_charge_id_seq" TO :"importer";
GRANT SELECT, INSERT (purchase_order_id, gtin, supplier_code, settled_epoch, settled_n, promised_date, line_id,
    position, product_code, name, quantity, unit, price, base_quantity, allowance, total, vat_category,
    vat_rate, note, wanted_date), UPDATE (gtin, supplier_code, answer_code, answer, settled_epoch, settled_n,
    promised_date, product_code, name, quantity, unit, price, base_quantity, allowance, total, vat_category,
    vat_rate, note, wanted_date), DELETE ON "purchase_order_line" TO :"importer";
GRANT USAGE ON SEQUENCE "purchase_order_line_id_seq" TO :"importer";
GRANT SELECT (mails_per_day, host, login) ON "relay" TO :"importer";
GRANT SELECT, INSERT (replay_run_id, inbound_mail_id, was_state, was_reason, then_state, then_reason,
    documents, given) ON "replay_mail" TO :"importer";
GRANT USAGE ON SEQUENCE "replay_mail_id_seq" TO :"importer";
GRANT SELECT, UPDATE (total, looked, skipped, after_at, after_id, ended_at, error) ON "replay_run" TO
    :"importer";
GRANT SELECT (id, allocation_id, depot_id, product_id, kind, quantity, purchase_order_line_id,
    picking_slip_line_id, state), UPDATE (quantity, picking_slip_line_id, state, ended_at), DELETE ON
    "reservation" TO :"importer";
GRANT SELECT, INSERT, DELETE ON "review_reply" TO :"importer";
GRANT SELECT, INSERT (customer_id, partner_id, customer_order_number, state, invoiced, operation_code_id,
    below_minimum, carried, created_at, number, revision, issue_date, note, currency, total_ht, total_vat,
    total_ttc, wanted_date, delivery_name, delivery_line1, delivery_line2, delivery_postcode, delivery_city,
    delivery_country, establishment_id, depot_id), UPDATE (state, invoiced, below_minimum, carried,
    exported_at, revision, note, total_ht, total_vat, total_ttc, wanted_date, delivery_name, delivery_line1,
    delivery_line2, delivery_postcode, delivery_city, delivery_country) ON "sales_order" TO :"importer";
GRANT USAGE ON SEQUENCE "sales_order_id_seq" TO :"importer";
GRANT SELECT, INSERT (sales_order_id, fee_id, reason, amount, vat_category, vat_rate), DELETE ON
    "sales_order_charge" TO :"importer";
GRANT USAGE ON SEQUENCE "sales_order_charge_id_seq" TO :"importer";
GRANT SELECT, INSERT (sales_order_id, product_id, promised_date, said, line_id, position, product_code, name,
    quantity, unit, price, base_quantity, allowance, total, vat_category, vat_rate, note, wanted_date), UPDATE
    (product_id, promised_date, said, line_id, product_code, name, quantity, unit, price, base_quantity,
    allowance, total, vat_category, vat_rate, note, wanted_date), DELETE ON "sales_order_line" TO :"importer";
GRANT USAGE ON SEQUENCE "sales_order_line_id_seq" TO :"importer";
GRANT SELECT, INSERT, UPDATE (up_to, complete, void, latest, hashed, digest, withdrawn) ON "series_beginning"
    TO :"importer";
GRANT SELECT (name, value) ON "setting" TO :"importer";
GRANT SELECT (payment_id, credit_note_id, invoice_due_id, amount, settled_on) ON "settlement" TO :"importer";
GRANT SELECT, UPDATE (created_at) ON "site" TO :"importer";
GRANT SELECT (depot_id, product_id, on_hand, reserved, negative_ok), UPDATE (reserved) ON "stock" TO
    :"importer";
GRANT SELECT (id, login, name, email, active, establishment_id, depot_id, language, timezone, shortcuts,
    last_login_at) ON "user" TO :"importer";
GRANT SELECT ON "withdrawn_number" TO :"importer";
GRANT SELECT (name, service, alive_until), INSERT (name, service, started_at, alive_until), UPDATE
    (alive_until), DELETE ON "worker" TO :"importer";

-- dispatcher
GRANT SELECT (id, geo_state, rung_at, next_attempt_at), UPDATE (rung_at) ON "address" TO :"dispatcher";
GRANT SELECT (id, purchase_order_id, sales_order_id) ON "agency_order" TO :"dispatcher";
GRANT SELECT ON "alembic_version" TO :"dispatcher";
GRANT SELECT (id, sales_order_line_id, depot_id, route, remainder) ON "allocation" TO :"dispatcher";
GRANT SELECT ON "answer" TO :"dispatcher";
GRANT SELECT (invoice_line_id, quantity) ON "credit_note_line" TO :"dispatcher";
GRANT SELECT, DELETE ON "delivery_attempt" TO :"dispatcher";
GRANT SELECT (id, customer_id, operation_code_id, issue_date) ON "delivery_note" TO :"dispatcher";
GRANT SELECT (id, delivery_note_id, quantity) ON "delivery_note_line" TO :"dispatcher";
GRANT SELECT (id, inbound_mail_id, outbound_mail_id), UPDATE (outbound_mail_id) ON "delivery_report" TO
    :"dispatcher";
GRANT SELECT (id, establishment_id, manage_reservations, allow_negative, active) ON "depot" TO :"dispatcher";
GRANT SELECT (id, manage_stock, manage_reservations, reserve_at_entry) ON "dossier" TO :"dispatcher";
GRANT SELECT (id, dossier_id) ON "establishment" TO :"dispatcher";
GRANT SELECT, INSERT (at, who, subject, subject_id, name, old, new, detail), DELETE ON "event" TO
    :"dispatcher";
GRANT USAGE ON SEQUENCE "event_id_seq" TO :"dispatcher";
GRANT SELECT ON "geocode_usage" TO :"dispatcher";
GRANT SELECT (id, goods_return_id, delivery_note_line_id, quantity, invoice_line_id, credit_note_line_id) ON
    "goods_return_line" TO :"dispatcher";
GRANT SELECT, INSERT (outbound_mail_id, partner_id), UPDATE (outcome), DELETE ON "heartbeat" TO :"dispatcher";
GRANT SELECT, UPDATE (n) ON "high_water" TO :"dispatcher";
GRANT SELECT, UPDATE (rung_at) ON "hold" TO :"dispatcher";
GRANT SELECT, UPDATE (size, state, strikes, replayed, reason, detail, paused_at, rung_at), DELETE ON
    "inbound_mail" TO :"dispatcher";
GRANT SELECT ON "inbound_transfer" TO :"dispatcher";
GRANT SELECT (id, invoice_run_id, created_at, kind) ON "invoice" TO :"dispatcher";
GRANT SELECT (delivery_note_line_id) ON "invoice_line" TO :"dispatcher";
GRANT SELECT (id, at) ON "invoice_run" TO :"dispatcher";
GRANT SELECT ON "ledger" TO :"dispatcher";
GRANT SELECT (id, poll_seconds, active, keeps_heartbeats, owner, last_success_at, rests_since, name, host,
    security, login, oauth_grant_id) ON "mailbox" TO :"dispatcher";
GRANT SELECT, UPDATE (inbound_mail_id, note) ON "mailbox_uid" TO :"dispatcher";
GRANT SELECT, UPDATE (inbound_mail_id, note) ON "mailbox_uidl" TO :"dispatcher";
GRANT SELECT ON "missing_number" TO :"dispatcher";
GRANT SELECT (id, about, created_at, next_attempt_at, attempts, sent_at, error, lease_owner, lease_fence,
    lease_until, rung_at), INSERT (about, mime, created_at, next_attempt_at, attempts, lease_fence, rung_at),
    UPDATE (rung_at), DELETE ON "notice" TO :"dispatcher";
GRANT USAGE ON SEQUENCE "notice_id_seq" TO :"dispatcher";
GRANT SELECT ON "number_series" TO :"dispatcher";
GRANT SELECT (id, expires_at, error) ON "oauth_grant" TO :"dispatcher";
GRANT SELECT (id, billable) ON "operation_code" TO :"dispatcher";
GRANT SELECT (outbound_mail_id), DELETE ON "outbound_body" TO :"dispatcher";
GRANT SELECT ON "outbound_key_notice" TO :"dispatcher";
GRANT SELECT, INSERT (transfer_id, kind, state, partner_id, requested_at, attempts, resends, lease_fence,
    rung_at), UPDATE (state, reminded_at, next_attempt_at, resends, rung_at), DELETE ON "outbound_mail" TO
    :"dispatcher";
GRANT USAGE ON SEQUENCE "outbound_mail_id_seq" TO :"dispatcher";
GRANT SELECT ON "outbound_order" TO :"dispatcher";
GRANT SELECT (outbound_mail_id), INSERT, DELETE ON "outbound_statement" TO :"dispatcher";
GRANT SELECT, UPDATE (paused_at, heartbeat_at, heartbeat_planned) ON "partner" TO :"dispatcher";
GRANT SELECT ON "partner_budget" TO :"dispatcher";
GRANT SELECT ON "partner_key" TO :"dispatcher";
GRANT SELECT ON "partner_statement" TO :"dispatcher";
GRANT SELECT (id, exposure_version, invoice_grouping) ON "party" TO :"dispatcher";
GRANT SELECT ON "party_code_counter" TO :"dispatcher";
GRANT SELECT (method, state, banked_on) ON "payment" TO :"dispatcher";
GRANT SELECT (id, state, changed_at) ON "picking_slip" TO :"dispatcher";
GRANT SELECT (name, value) ON "published" TO :"dispatcher";
GRANT SELECT ON "purchase_order" TO :"dispatcher";
GRANT SELECT ON "purchase_order_change" TO :"dispatcher";
GRANT SELECT, DELETE ON "purge_mail" TO :"dispatcher";
GRANT SELECT, INSERT (mailbox_id, requested_at, requested_by, archived_before, dry_run, heartbeats_only, done),
    DELETE ON "purge_run" TO :"dispatcher";
GRANT USAGE ON SEQUENCE "purge_run_id_seq" TO :"dispatcher";
GRANT SELECT (id, bounce_address, mails_per_day, name, host, security, login, oauth_grant_id) ON "relay" TO
    :"dispatcher";
GRANT SELECT (allocation_id, depot_id, kind, quantity, state) ON "reservation" TO :"dispatcher";
GRANT SELECT, UPDATE (up_to, counted_at, counts) ON "resting_count" TO :"dispatcher";
GRANT SELECT ON "review_reply" TO :"dispatcher";
GRANT SELECT (id, partner_id, customer_order_number, state, created_at, allocated_at, rung_at, number,
    issue_date, establishment_id), UPDATE (rung_at) ON "sales_order" TO :"dispatcher";
GRANT SELECT (id, sales_order_id, product_id) ON "sales_order_line" TO :"dispatcher";
GRANT SELECT ON "series_beginning" TO :"dispatcher";
GRANT SELECT (name, value) ON "setting" TO :"dispatcher";
GRANT SELECT (id, payment_id, credit_note_id) ON "settlement" TO :"dispatcher";
GRANT SELECT, UPDATE (created_at) ON "site" TO :"dispatcher";
GRANT SELECT (depot_id, product_id, on_hand, reserved, negative_ok) ON "stock" TO :"dispatcher";
GRANT SELECT, INSERT, UPDATE (memories) ON "told_alarm" TO :"dispatcher";
GRANT SELECT, INSERT, DELETE ON "told_hold" TO :"dispatcher";
GRANT SELECT ON "withdrawn_number" TO :"dispatcher";
GRANT SELECT (name, service, alive_until), INSERT (name, service, started_at, alive_until), UPDATE
    (alive_until), DELETE ON "worker" TO :"dispatcher";

-- geocoder
GRANT SELECT (id, line1, postcode, city, country, latitude, longitude, geo_state, geo_key, geo_source, geo_at,
    rung_at, next_attempt_at, attempts), UPDATE (latitude, longitude, geo_state, geo_source, geo_at, rung_at,
    next_attempt_at, attempts) ON "address" TO :"geocoder";
GRANT SELECT ON "alembic_version" TO :"geocoder";
GRANT INSERT (at, who, subject, subject_id, name, old, new, detail) ON "event" TO :"geocoder";
GRANT USAGE ON SEQUENCE "event_id_seq" TO :"geocoder";
GRANT SELECT, INSERT, UPDATE (latitude, longitude, source, at) ON "geocode_cache" TO :"geocoder";
GRANT SELECT, INSERT, UPDATE (calls, last_at, rests_until, rests_because, failures) ON "geocode_usage" TO
    :"geocoder";
GRANT SELECT ON "high_water" TO :"geocoder";
GRANT SELECT ON "setting" TO :"geocoder";
GRANT SELECT ON "site" TO :"geocoder";
GRANT SELECT (name, service), INSERT (name, service, started_at, alive_until), UPDATE (alive_until), DELETE ON
    "worker" TO :"geocoder";

-- allocator
GRANT SELECT (id, sales_order_id) ON "agency_order" TO :"allocator";
GRANT SELECT (allocation_id), UPDATE (allocation_id) ON "agency_order_line" TO :"allocator";
GRANT SELECT ON "alembic_version" TO :"allocator";
GRANT SELECT, INSERT (sales_order_line_id, depot_id, route, quantity, remainder), UPDATE (quantity, remainder),
    DELETE ON "allocation" TO :"allocator";
GRANT USAGE ON SEQUENCE "allocation_id_seq" TO :"allocator";
GRANT SELECT (sales_order_line_id, quantity) ON "delivery_note_line" TO :"allocator";
GRANT SELECT (id, code, establishment_id, manage_reservations, allow_negative, active) ON "depot" TO
    :"allocator";
GRANT SELECT ON "depot_rank" TO :"allocator";
GRANT SELECT ON "dossier" TO :"allocator";
GRANT SELECT (id, dossier_id, number, accounting_folder_id) ON "establishment" TO :"allocator";
GRANT INSERT (at, who, subject, subject_id, name, old, new, detail) ON "event" TO :"allocator";
GRANT USAGE ON SEQUENCE "event_id_seq" TO :"allocator";
GRANT SELECT ON "high_water" TO :"allocator";
GRANT SELECT (id, state) ON "picking_slip" TO :"allocator";
GRANT SELECT (id, slip_id) ON "picking_slip_line" TO :"allocator";
GRANT SELECT (id, code, unit, supply) ON "product" TO :"allocator";
GRANT SELECT, INSERT (allocation_id, depot_id, product_id, kind, quantity, state, created_at, ended_at), UPDATE
    (quantity, state, ended_at), DELETE ON "reservation" TO :"allocator";
GRANT USAGE ON SEQUENCE "reservation_id_seq" TO :"allocator";
GRANT SELECT (id, state, allocated_at, number, issue_date, establishment_id, depot_id), UPDATE (allocated_at)
    ON "sales_order" TO :"allocator";
GRANT SELECT (id, sales_order_id, product_id, line_id, position, quantity) ON "sales_order_line" TO
    :"allocator";
GRANT SELECT ON "site" TO :"allocator";
GRANT SELECT (depot_id, product_id, on_hand, reserved, negative_ok), INSERT, UPDATE (reserved) ON "stock" TO
    :"allocator";
GRANT SELECT (name, service), INSERT (name, service, started_at, alive_until), UPDATE (alive_until), DELETE ON
    "worker" TO :"allocator";

-- console
GRANT SELECT, INSERT (number, title, kind, active), UPDATE (number, title), DELETE ON "account" TO :"console";
GRANT USAGE ON SEQUENCE "account_id_seq" TO :"console";
GRANT SELECT, INSERT, UPDATE (next_number) ON "account_counter" TO :"console";
GRANT SELECT, INSERT, DELETE ON "account_word" TO :"console";
GRANT SELECT, INSERT (number, name, siren, vat_id, legal_form, share_capital, rcs, iban, bic, late_penalty,
    early_payment, vat_exemption, vat_on_debits, logo, locked_until, chart, line1, line2, postcode, city,
    country), UPDATE (name, siren, vat_id, legal_form, share_capital, rcs, iban, bic, late_penalty,
    early_payment, vat_exemption, vat_on_debits, logo, locked_until, chart, line1, line2, postcode, city,
    country) ON "accounting_folder" TO :"console";
GRANT USAGE ON SEQUENCE "accounting_folder_id_seq" TO :"console";
GRANT SELECT, INSERT (party_id, kind, line1, line2, postcode, city, country, latitude, longitude, geo_state,
    geo_key, geo_source, geo_at, rung_at, next_attempt_at, attempts, incomplete), UPDATE (line1, line2,
    postcode, city, country, latitude, longitude, geo_state, geo_key, geo_source, geo_at, rung_at,
    next_attempt_at, attempts, incomplete) ON "address" TO :"console";
GRANT USAGE ON SEQUENCE "address_id_seq" TO :"console";
GRANT SELECT, INSERT (requesting_id, supplying_id, purchase_order_id, sales_order_id, billable, run,
    created_at) ON "agency_order" TO :"console";
GRANT USAGE ON SEQUENCE "agency_order_id_seq" TO :"console";
GRANT SELECT, INSERT (agency_order_id, allocation_id, purchase_order_line_id, sales_order_line_id), UPDATE
    (allocation_id), DELETE ON "agency_order_line" TO :"console";
GRANT USAGE ON SEQUENCE "agency_order_line_id_seq" TO :"console";
GRANT SELECT ON "alembic_version" TO :"console";
GRANT SELECT, INSERT (sales_order_line_id, depot_id, route, quantity, remainder), UPDATE (quantity, remainder),
    DELETE ON "allocation" TO :"console";
GRANT USAGE ON SEQUENCE "allocation_id_seq" TO :"console";
GRANT SELECT, INSERT (partner_id, order_number, n, revision, outbound_mail_id, code, sales_order_number, note,
    lines, created_at) ON "answer" TO :"console";
GRANT USAGE ON SEQUENCE "answer_id_seq" TO :"console";
GRANT SELECT, INSERT (user_id, name, prefix, hash, scopes, created_at, created_by, ends_at), UPDATE
    (last_used_at, revoked_at) ON "api_token" TO :"console";
GRANT USAGE ON SEQUENCE "api_token_id_seq" TO :"console";
GRANT SELECT, INSERT (code, name, kind) ON "category" TO :"console";
GRANT USAGE ON SEQUENCE "category_id_seq" TO :"console";
GRANT SELECT, INSERT (party_id, name, telephone, email), UPDATE (name, telephone, email) ON "contact" TO
    :"console";
GRANT USAGE ON SEQUENCE "contact_id_seq" TO :"console";
GRANT SELECT, INSERT (invoice_id, customer_id, currency, reason, total_ht, total_vat, total_ttc,
    establishment_id, accounting_folder_id, number, issue_date, note, created_at, created_by, kind, chain,
    identity) ON "credit_note" TO :"console";
GRANT USAGE ON SEQUENCE "credit_note_id_seq" TO :"console";
GRANT SELECT, INSERT (credit_note_id, position, invoice_line_id, invoice_charge_id, quantity, total) ON
    "credit_note_line" TO :"console";
GRANT USAGE ON SEQUENCE "credit_note_line_id_seq" TO :"console";
GRANT SELECT, INSERT (credit_note_id, vat_category, vat_rate, base, amount) ON "credit_note_vat" TO :"console";
GRANT USAGE ON SEQUENCE "credit_note_vat_id_seq" TO :"console";
GRANT SELECT, INSERT (party_id, stage, document, exposure, maximum, delta, total_ttc, reason, by, at) ON
    "credit_override" TO :"console";
GRANT USAGE ON SEQUENCE "credit_override_id_seq" TO :"console";
GRANT SELECT, INSERT (partner_id, their_id, party_id), UPDATE (party_id) ON "customer_match" TO :"console";
GRANT USAGE ON SEQUENCE "customer_match_id_seq" TO :"console";
GRANT SELECT ON "delivery_attempt" TO :"console";
GRANT SELECT, INSERT (customer_id, establishment_id, depot_id, operation_code_id, invoicing_establishment_id,
    number, issue_date, note, created_at, created_by, delivery_name, delivery_line1, delivery_line2,
    delivery_postcode, delivery_city, delivery_country) ON "delivery_note" TO :"console";
GRANT USAGE ON SEQUENCE "delivery_note_id_seq" TO :"console";
GRANT SELECT, INSERT (delivery_note_id, sales_order_line_id, picking_slip_line_id, position, product_code,
    name, quantity, unit) ON "delivery_note_line" TO :"console";
GRANT USAGE ON SEQUENCE "delivery_note_line_id_seq" TO :"console";
GRANT SELECT ON "delivery_report" TO :"console";
GRANT SELECT, INSERT (code, name, establishment_id, manage_reservations, allow_negative, customer_party_id,
    supplier_party_id, active, delivery_name, delivery_line1, delivery_line2, delivery_postcode, delivery_city,
    delivery_country), UPDATE (name, manage_reservations, allow_negative, customer_party_id, supplier_party_id,
    active, delivery_name, delivery_line1, delivery_line2, delivery_postcode, delivery_city, delivery_country)
    ON "depot" TO :"console";
GRANT USAGE ON SEQUENCE "depot_id_seq" TO :"console";
GRANT SELECT, INSERT, DELETE ON "depot_rank" TO :"console";
GRANT SELECT, UPDATE (outcome) ON "difference" TO :"console";
GRANT SELECT, UPDATE (name, accounting_folder_id, manage_stock, manage_reservations, reserve_at_entry,
    invoicing_establishment_id, customer_op_billable_id, customer_op_plain_id, supplier_op_billable_id,
    supplier_op_plain_id, party_category_id, document_category_id, establishments_are_companies, analytic_axis,
    picking_mode, incomplete, arbitrate, default_establishment_id) ON "dossier" TO :"console";
GRANT SELECT, INSERT (folder_id, journal_code, number, day, piece, piece_day, label, validated_on, source) ON
    "entry" TO :"console";
GRANT USAGE ON SEQUENCE "entry_id_seq" TO :"console";
GRANT SELECT, INSERT, UPDATE (letter, letter_day) ON "entry_line" TO :"console";
GRANT SELECT, INSERT (dossier_id, number, name, siret, accounting_folder_id, active, line1, line2, postcode,
    city, country), UPDATE (name, siret, accounting_folder_id, active, line1, line2, postcode, city, country)
    ON "establishment" TO :"console";
GRANT USAGE ON SEQUENCE "establishment_id_seq" TO :"console";
GRANT SELECT, INSERT (at, who, subject, subject_id, name, old, new, detail) ON "event" TO :"console";
GRANT USAGE ON SEQUENCE "event_id_seq" TO :"console";
GRANT SELECT, INSERT (folder_id, first, last, sha256, lines, by, at) ON "fec_export" TO :"console";
GRANT USAGE ON SEQUENCE "fec_export_id_seq" TO :"console";
GRANT SELECT, INSERT (code, name, kind, amount, percent, vat_category, vat_rate, account_number, active),
    UPDATE (name, kind, amount, percent, vat_category, vat_rate, account_number, active) ON "fee" TO
    :"console";
GRANT USAGE ON SEQUENCE "fee_id_seq" TO :"console";
GRANT SELECT ON "file_layout" TO :"console";
GRANT SELECT, INSERT (folder_id, first, last), UPDATE (first, last, closed_at, closed_by) ON "fiscal_year" TO
    :"console";
GRANT USAGE ON SEQUENCE "fiscal_year_id_seq" TO :"console";
GRANT SELECT, INSERT ON "former_body" TO :"console";
GRANT SELECT, DELETE ON "geocode_cache" TO :"console";
GRANT SELECT, UPDATE (rests_until, rests_because, failures) ON "geocode_usage" TO :"console";
GRANT SELECT, INSERT (purchase_order_id, establishment_id, depot_id, number, issue_date, note, created_at,
    created_by) ON "goods_receipt" TO :"console";
GRANT USAGE ON SEQUENCE "goods_receipt_id_seq" TO :"console";
GRANT SELECT, INSERT (goods_receipt_id, position, purchase_order_line_id, delivery_note_line_id, quantity,
    unit_cost) ON "goods_receipt_line" TO :"console";
GRANT USAGE ON SEQUENCE "goods_receipt_line_id_seq" TO :"console";
GRANT SELECT, INSERT (number, issue_date, delivery_note_id, depot_id, establishment_id, reason, created_at,
    created_by) ON "goods_return" TO :"console";
GRANT USAGE ON SEQUENCE "goods_return_id_seq" TO :"console";
GRANT SELECT, INSERT (goods_return_id, delivery_note_line_id, quantity, invoice_line_id, credit_note_line_id),
    UPDATE (credit_note_line_id) ON "goods_return_line" TO :"console";
GRANT USAGE ON SEQUENCE "goods_return_line_id_seq" TO :"console";
GRANT SELECT ON "heartbeat" TO :"console";
GRANT SELECT ON "high_water" TO :"console";
GRANT SELECT, UPDATE (closed_at, closed_by, closed_how, closed_reason) ON "hold" TO :"console";
GRANT SELECT, INSERT, UPDATE (status, body), DELETE ON "idempotency" TO :"console";
GRANT SELECT, INSERT (issuer, subject, user_id, login, name, email, seen_at), UPDATE (user_id, login, name,
    email, seen_at), DELETE ON "identity" TO :"console";
GRANT USAGE ON SEQUENCE "identity_id_seq" TO :"console";
GRANT SELECT, UPDATE (state, strikes, replayed, reason, detail, partner_id, paused_at, unproven, rung_at) ON
    "inbound_mail" TO :"console";
GRANT SELECT ON "inbound_transfer" TO :"console";
GRANT SELECT, INSERT, DELETE ON "invitation" TO :"console";
GRANT SELECT, INSERT (customer_id, currency, total_ht, total_vat, total_ttc, due_date, payment_term_id,
    establishment_id, accounting_folder_id, invoice_run_id, number, issue_date, note, created_at, created_by,
    kind, chain, identity) ON "invoice" TO :"console";
GRANT USAGE ON SEQUENCE "invoice_id_seq" TO :"console";
GRANT SELECT, INSERT (invoice_id, sales_order_charge_id, reason, amount, vat_category, vat_rate) ON
    "invoice_charge" TO :"console";
GRANT USAGE ON SEQUENCE "invoice_charge_id_seq" TO :"console";
GRANT SELECT, INSERT (invoice_id, n, due_date, amount) ON "invoice_due" TO :"console";
GRANT USAGE ON SEQUENCE "invoice_due_id_seq" TO :"console";
GRANT SELECT, INSERT (invoice_id, delivery_note_line_id, price, base_quantity, total, vat_category, vat_rate,
    position, product_code, name, quantity, unit) ON "invoice_line" TO :"console";
GRANT USAGE ON SEQUENCE "invoice_line_id_seq" TO :"console";
GRANT SELECT, INSERT (first, last, establishment_id, by, at, invoices, notes, customer_id, category_id, day,
    left_out, newest_note_id, planned, planned_notes, refused, worked_at, ended_at), UPDATE (invoices, notes,
    refused, worked_at, ended_at) ON "invoice_run" TO :"console";
GRANT USAGE ON SEQUENCE "invoice_run_id_seq" TO :"console";
GRANT SELECT, INSERT (invoice_id, vat_category, vat_rate, base, amount) ON "invoice_vat" TO :"console";
GRANT USAGE ON SEQUENCE "invoice_vat_id_seq" TO :"console";
GRANT SELECT, UPDATE (outcome, waived, stated, updated_at) ON "ledger" TO :"console";
GRANT SELECT (id, protocol, folder, poll_seconds, idle, active, keeps_heartbeats, owner, fence, state,
    last_success_at, last_error, backlog, pinned_to, connections, bytes_per_day, rests_since, rests_reason,
    rests_by, name, host, port, security, ca_file, login, oauth_grant_id), INSERT (protocol, folder,
    poll_seconds, idle, active, keeps_heartbeats, owner, fence, state, last_success_at, last_error, backlog,
    pinned_to, connections, bytes_per_day, rests_since, rests_reason, rests_by, name, host, port, security,
    ca_file, login, secret, sealed, oauth_grant_id), UPDATE (protocol, folder, poll_seconds, idle, active,
    keeps_heartbeats, owner, fence, state, last_success_at, last_error, backlog, bytes_per_day, rests_since,
    rests_reason, rests_by, host, port, security, ca_file, login, secret, sealed, oauth_grant_id) ON "mailbox"
    TO :"console";
GRANT USAGE ON SEQUENCE "mailbox_id_seq" TO :"console";
GRANT SELECT ON "mailbox_traffic" TO :"console";
GRANT SELECT, DELETE ON "mailbox_uid" TO :"console";
GRANT SELECT, DELETE ON "mailbox_uidl" TO :"console";
GRANT SELECT ON "missing_number" TO :"console";
GRANT SELECT ON "notice" TO :"console";
GRANT SELECT, INSERT, UPDATE (next_number, last_date) ON "number_series" TO :"console";
GRANT SELECT (id, provider, login, expires_at, error) ON "oauth_grant" TO :"console";
GRANT SELECT, INSERT (code, name, side, billable) ON "operation_code" TO :"console";
GRANT USAGE ON SEQUENCE "operation_code_id_seq" TO :"console";
GRANT SELECT, DELETE ON "outbound_body" TO :"console";
GRANT SELECT, INSERT ON "outbound_key_notice" TO :"console";
GRANT SELECT, INSERT (transfer_id, kind, state, partner_id, requested_by_id, in_reply_to_id, requested_at,
    next_attempt_at, attempts, resends, recipient, lease_fence, rung_at), UPDATE (transfer_id, state,
    composed_at, sent_at, next_attempt_at, resends, epoch, seq, transfer_digest, recipient, reason, detail,
    trace_parent, rung_at) ON "outbound_mail" TO :"console";
GRANT USAGE ON SEQUENCE "outbound_mail_id_seq" TO :"console";
GRANT SELECT, INSERT (outbound_mail_id, purchase_order_id, revision, version, live), UPDATE (live), DELETE ON
    "outbound_order" TO :"console";
GRANT USAGE ON SEQUENCE "outbound_order_id_seq" TO :"console";
GRANT SELECT ON "outbound_statement" TO :"console";
GRANT SELECT, INSERT (party_id, site_code, name, siret, vat_id, order_address, proposed_order_address,
    answer_address, language, flavour, out_epoch, out_seq, price_policy, price_tolerance,
    price_tolerance_percent, price_action, unknown_product, acceptance, minimum_order_action, answer_hours,
    takes, takes_at, paused_at, active, rests, rests_since, rests_reason, rests_by, heartbeat, heartbeat_at,
    heartbeat_returned_at, heartbeat_planned, heartbeat_told, told_epoch, told_seq, told_got_epoch,
    told_got_seq, told_at, told_since, clock_ahead_least, clock_ahead_most, clock_noted_at, created_at), UPDATE
    (order_address, rests, rests_since, rests_reason, rests_by) ON "partner" TO :"console";
GRANT USAGE ON SEQUENCE "partner_id_seq" TO :"console";
GRANT SELECT, INSERT (partner_id, budget, since, used, released_until), UPDATE (released_until) ON
    "partner_budget" TO :"console";
GRANT SELECT, INSERT (partner_id, kid, public_key, pending, known_at, valid_from, valid_until, replaced_from,
    revoked_at, revoked_since), UPDATE (pending, replaced_from, revoked_at) ON "partner_key" TO :"console";
GRANT USAGE ON SEQUENCE "partner_key_id_seq" TO :"console";
GRANT SELECT ON "partner_price" TO :"console";
GRANT SELECT, UPDATE (known) ON "partner_statement" TO :"console";
GRANT SELECT, INSERT (code, name, is_customer, is_supplier, siret, siren, vat_id, invoice_email,
    buyer_reference, credit_max, credit_insured, exposure_version, minimum_order, payment_term_id, category_id,
    invoice_grouping, created_at, picking_mode, incomplete, group_slips, anonymised_at), UPDATE (name,
    is_customer, is_supplier, siret, siren, vat_id, invoice_email, buyer_reference, credit_max, credit_insured,
    exposure_version, minimum_order, payment_term_id, category_id, invoice_grouping, picking_mode, incomplete,
    group_slips) ON "party" TO :"console";
GRANT USAGE ON SEQUENCE "party_id_seq" TO :"console";
GRANT SELECT, INSERT, DELETE ON "party_account" TO :"console";
GRANT SELECT, INSERT, UPDATE (next_number) ON "party_code_counter" TO :"console";
GRANT SELECT, DELETE ON "party_credit" TO :"console";
GRANT SELECT, INSERT, DELETE ON "party_fee" TO :"console";
GRANT SELECT, INSERT, DELETE ON "party_word" TO :"console";
GRANT SELECT, INSERT (number, party_id, establishment_id, received_on, due_date, amount, method, reference,
    state, created_at, created_by), UPDATE (state, failed_on, banked_on) ON "payment" TO :"console";
GRANT USAGE ON SEQUENCE "payment_id_seq" TO :"console";
GRANT SELECT, INSERT (code, name, active) ON "payment_term" TO :"console";
GRANT USAGE ON SEQUENCE "payment_term_id_seq" TO :"console";
GRANT SELECT, INSERT (term_id, position, percent, days, end_of_month, on_day) ON "payment_term_line" TO
    :"console";
GRANT USAGE ON SEQUENCE "payment_term_line_id_seq" TO :"console";
GRANT SELECT, INSERT (number, depot_id, establishment_id, sales_order_id, customer_id, state, version,
    delivery_note_id, changed_at, created_at, created_by, delivery_name, delivery_line1, delivery_line2,
    delivery_postcode, delivery_city, delivery_country), UPDATE (state, version, fault, fault_values,
    delivery_note_id, changed_at) ON "picking_slip" TO :"console";
GRANT USAGE ON SEQUENCE "picking_slip_id_seq" TO :"console";
GRANT SELECT, INSERT (slip_id, position, sales_order_line_id, allocation_id, proposed), UPDATE (proposed,
    prepared), DELETE ON "picking_slip_line" TO :"console";
GRANT USAGE ON SEQUENCE "picking_slip_line_id_seq" TO :"console";
GRANT SELECT, INSERT (mailbox_id, requested_at, requested_by), UPDATE (first_id, under_way) ON "poll_run" TO
    :"console";
GRANT USAGE ON SEQUENCE "poll_run_id_seq" TO :"console";
GRANT SELECT ON "poller" TO :"console";
GRANT SELECT, INSERT (price_list_id, product_id, family_id, min_quantity, price, discount), DELETE ON
    "price_line" TO :"console";
GRANT USAGE ON SEQUENCE "price_line_id_seq" TO :"console";
GRANT SELECT, INSERT (code, side, establishment_id, party_id, valid_from, valid_until), UPDATE (side,
    establishment_id, party_id, valid_from, valid_until) ON "price_list" TO :"console";
GRANT USAGE ON SEQUENCE "price_list_id_seq" TO :"console";
GRANT SELECT, INSERT (code, name, unit, gtin, sale_price, purchase_price, vat_category, vat_rate, family_id,
    subfamily_id, active, supply), UPDATE (code, name, unit, gtin, sale_price, purchase_price, vat_category,
    vat_rate, family_id, subfamily_id, active, supply) ON "product" TO :"console";
GRANT USAGE ON SEQUENCE "product_id_seq" TO :"console";
GRANT SELECT, INSERT (product_id, component_id, quantity), UPDATE (quantity), DELETE ON "product_component" TO
    :"console";
GRANT USAGE ON SEQUENCE "product_component_id_seq" TO :"console";
GRANT SELECT, INSERT (code, name), UPDATE (code, name) ON "product_family" TO :"console";
GRANT USAGE ON SEQUENCE "product_family_id_seq" TO :"console";
GRANT SELECT, INSERT (partner_id, their_code, product_id), UPDATE (product_id) ON "product_match" TO
    :"console";
GRANT USAGE ON SEQUENCE "product_match_id_seq" TO :"console";
GRANT SELECT, INSERT (party_id, name_key, name, product_id), UPDATE (name, product_id) ON "product_name" TO
    :"console";
GRANT USAGE ON SEQUENCE "product_name_id_seq" TO :"console";
GRANT SELECT, INSERT (family_id, code, name), UPDATE (family_id, code, name) ON "product_subfamily" TO
    :"console";
GRANT USAGE ON SEQUENCE "product_subfamily_id_seq" TO :"console";
GRANT SELECT ON "published" TO :"console";
GRANT SELECT, INSERT (supplier_id, followed_by_id, operation_code_id, state, version, outbound_mail_id,
    answer_epoch, answer_n, answer_code, answer_note, lines_epoch, lines_n, supplier_order_number,
    supplier_number_epoch, spelled, number_key, carried, created_at, exported_at, updated_at, number, revision,
    issue_date, note, currency, total_ht, total_vat, total_ttc, wanted_date, delivery_name, delivery_line1,
    delivery_line2, delivery_postcode, delivery_city, delivery_country, establishment_id, depot_id,
    category_id), UPDATE (supplier_id, followed_by_id, state, version, outbound_mail_id, carried, exported_at,
    updated_at, revision, issue_date, note, currency, total_ht, total_vat, total_ttc, wanted_date,
    delivery_name, delivery_line1, delivery_line2, delivery_postcode, delivery_city, delivery_country), DELETE
    ON "purchase_order" TO :"console";
GRANT USAGE ON SEQUENCE "purchase_order_id_seq" TO :"console";
GRANT SELECT, INSERT (purchase_order_id, revision, type, state, document, outbound_mail_id, answer_epoch,
    answer_n, answer_code, answer_note, answer_lines, requested_by, requested_at, updated_at), UPDATE (state,
    updated_at) ON "purchase_order_change" TO :"console";
GRANT USAGE ON SEQUENCE "purchase_order_change_id_seq" TO :"console";
GRANT SELECT, INSERT (purchase_order_id, reason, amount, vat_category, vat_rate), DELETE ON
    "purchase_order_charge" TO :"console";
GRANT USAGE ON SEQUENCE "purchase_order_charge_id_seq" TO :"console";
GRANT SELECT, INSERT (purchase_order_id, gtin, supplier_code, answer_code, answer, settled_epoch, settled_n,
    promised_date, line_id, position, product_code, name, quantity, unit, price, base_quantity, allowance,
    total, vat_category, vat_rate, note, wanted_date), UPDATE (quantity, total), DELETE ON
    "purchase_order_line" TO :"console";
GRANT USAGE ON SEQUENCE "purchase_order_line_id_seq" TO :"console";
GRANT SELECT, DELETE ON "purge_mail" TO :"console";
GRANT SELECT, INSERT (mailbox_id, requested_at, requested_by, archived_before, dry_run, heartbeats_only, done)
    ON "purge_run" TO :"console";
GRANT USAGE ON SEQUENCE "purge_run_id_seq" TO :"console";
GRANT SELECT, INSERT (customer_id, state, valid_until, created_at, number, revision, issue_date, note,
    currency, total_ht, total_vat, total_ttc, wanted_date, delivery_name, delivery_line1, delivery_line2,
    delivery_postcode, delivery_city, delivery_country), UPDATE (state) ON "quote" TO :"console";
GRANT USAGE ON SEQUENCE "quote_id_seq" TO :"console";
GRANT SELECT, INSERT (quote_id, fee_id, reason, amount, vat_category, vat_rate) ON "quote_charge" TO
    :"console";
GRANT USAGE ON SEQUENCE "quote_charge_id_seq" TO :"console";
GRANT SELECT, INSERT (quote_id, product_id, line_id, position, product_code, name, quantity, unit, price,
    base_quantity, allowance, total, vat_category, vat_rate, note, wanted_date) ON "quote_line" TO :"console";
GRANT USAGE ON SEQUENCE "quote_line_id_seq" TO :"console";
GRANT SELECT (id, from_mode, bounce_mode, bounce_address, mails_per_minute, mails_per_day, next_slot_at,
    paused_until, last_error, last_diagnosis, name, host, port, security, ca_file, login, oauth_grant_id),
    INSERT (from_mode, bounce_mode, bounce_address, mails_per_minute, mails_per_day, next_slot_at,
    paused_until, last_error, last_diagnosis, name, host, port, security, ca_file, login, secret, sealed,
    oauth_grant_id), UPDATE (from_mode, bounce_mode, bounce_address, mails_per_minute, mails_per_day,
    paused_until, last_error, host, port, security, ca_file, login, secret, sealed, oauth_grant_id) ON "relay"
    TO :"console";
GRANT USAGE ON SEQUENCE "relay_id_seq" TO :"console";
GRANT SELECT, UPDATE (given), DELETE ON "replay_mail" TO :"console";
GRANT SELECT, INSERT (requested_at, requested_by, shas, mailbox_id, partner_id, since, until, newest, looked,
    skipped), UPDATE (given_at, given_by) ON "replay_run" TO :"console";
GRANT USAGE ON SEQUENCE "replay_run_id_seq" TO :"console";
GRANT SELECT, INSERT (allocation_id, depot_id, product_id, kind, quantity, purchase_order_line_id,
    picking_slip_line_id, state, created_at, ended_at), UPDATE (quantity, picking_slip_line_id, state,
    ended_at), DELETE ON "reservation" TO :"console";
GRANT USAGE ON SEQUENCE "reservation_id_seq" TO :"console";
GRANT SELECT ON "resting_count" TO :"console";
GRANT SELECT, DELETE ON "review_reply" TO :"console";
GRANT SELECT, INSERT (customer_id, customer_order_number, quote_id, state, invoiced, operation_code_id,
    below_minimum, payment_term_id, address_id, incomplete, created_at, allocated_at, number, revision,
    issue_date, note, currency, total_ht, total_vat, total_ttc, wanted_date, delivery_name, delivery_line1,
    delivery_line2, delivery_postcode, delivery_city, delivery_country, establishment_id, depot_id,
    category_id), UPDATE (partner_id, state, invoiced, below_minimum, exported_at, allocated_at, total_ht,
    total_vat, total_ttc) ON "sales_order" TO :"console";
GRANT USAGE ON SEQUENCE "sales_order_id_seq" TO :"console";
GRANT SELECT, INSERT (sales_order_id, fee_id, reason, amount, vat_category, vat_rate) ON "sales_order_charge"
    TO :"console";
GRANT USAGE ON SEQUENCE "sales_order_charge_id_seq" TO :"console";
GRANT SELECT, INSERT (sales_order_id, product_id, line_id, position, product_code, name, quantity, unit, price,
    base_quantity, allowance, total, vat_category, vat_rate, note, wanted_date), UPDATE (product_id,
    promised_date, said, product_code, name, quantity, price, total), DELETE ON "sales_order_line" TO
    :"console";
GRANT USAGE ON SEQUENCE "sales_order_line_id_seq" TO :"console";
GRANT SELECT ON "series_beginning" TO :"console";
GRANT SELECT, INSERT, UPDATE (seen_at, told, strong_until), DELETE ON "session" TO :"console";
GRANT SELECT, INSERT (name, value), UPDATE (value) ON "setting" TO :"console";
GRANT SELECT, INSERT (payment_id, credit_note_id, invoice_due_id, amount, settled_on, created_at) ON
    "settlement" TO :"console";
GRANT USAGE ON SEQUENCE "settlement_id_seq" TO :"console";
GRANT SELECT, UPDATE (name, siret, vat_id, line1, line2, postcode, city, country, language, timezone,
    orders_address, answers_address, created_at) ON "site" TO :"console";
GRANT SELECT, INSERT, UPDATE ON "stock" TO :"console";
GRANT SELECT, INSERT (at, depot_id, product_id, quantity, unit_cost, reason, document, created_by) ON
    "stock_move" TO :"console";
GRANT USAGE ON SEQUENCE "stock_move_id_seq" TO :"console";
GRANT SELECT ON "taken_file" TO :"console";
GRANT SELECT, INSERT, UPDATE (tries, tried_at), DELETE ON "throttle" TO :"console";
GRANT SELECT ON "told_alarm" TO :"console";
GRANT SELECT ON "told_hold" TO :"console";
GRANT SELECT, INSERT (login, name, email, active, shortcuts), UPDATE (name, email, active, establishment_id,
    depot_id, password_hash, language, timezone, shortcuts, last_login_at, totp_sealed, totp_step, recovery) ON
    "user" TO :"console";
GRANT USAGE ON SEQUENCE "user_id_seq" TO :"console";
GRANT SELECT, INSERT, DELETE ON "user_right" TO :"console";
GRANT SELECT, INSERT, DELETE ON "user_role" TO :"console";
GRANT SELECT, INSERT (partner_id, epoch, seq) ON "withdrawn_number" TO :"console";
GRANT USAGE ON SEQUENCE "withdrawn_number_id_seq" TO :"console";
GRANT SELECT, INSERT (name, service, started_at, alive_until), UPDATE (alive_until), DELETE ON "worker" TO
    :"console";
-- end rights

-- What rights cannot say of a row, guards say. They are triggers, and each asks for the role first.
CREATE OR REPLACE FUNCTION refuse_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = format('permission denied for table %s: %s', TG_TABLE_NAME, TG_ARGV[0]);
END $$;

-- begin guards
\set ordered_head 'note, delivery_name, delivery_line1, delivery_line2, delivery_postcode, delivery_city, delivery_country, wanted_date, total_ht, total_vat, total_ttc, carried'
\set ordered_line 'product_code, name, quantity, unit, price, base_quantity, allowance, total, vat_category, vat_rate, note, wanted_date, promised_date, gtin, supplier_code'
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT ON event FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %2$L THEN (NEW.who = 'composer') IS NOT TRUE
    WHEN %3$L THEN (NEW.who = 'sender') IS NOT TRUE
    WHEN %4$L THEN (NEW.who = 'poller') IS NOT TRUE
    WHEN %5$L THEN (NEW.who = 'importer') IS NOT TRUE
    WHEN %6$L THEN (NEW.who = 'dispatcher') IS NOT TRUE
    WHEN %7$L THEN (NEW.who = 'geocoder') IS NOT TRUE
    WHEN %8$L THEN (NEW.who = 'allocator') IS NOT TRUE
    WHEN %9$L THEN (NEW.who NOT IN ('composer', 'sender', 'poller', 'importer', 'dispatcher', 'geocoder', 'allocator') AND NEW.subject IN ('user', 'purchase_order', 'purchase_order_change', 'outbound_mail', 'inbound_mail', 'partner', 'party', 'mailbox', 'relay', 'hold', 'sales_order', 'delivery_note', 'invoice', 'site', 'picking_slip', 'invoice_run', 'fee', 'payment_term', 'price_list', 'dossier', 'establishment', 'depot', 'accounting_folder', 'operation_code', 'category', 'stock', 'entry', 'fiscal_year', 'quote', 'payment', 'credit_note')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('own name')$guard$,
    'own name of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT ON worker FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %2$L THEN (NEW.service = 'composer') IS NOT TRUE
    WHEN %3$L THEN (NEW.service = 'sender') IS NOT TRUE
    WHEN %4$L THEN (NEW.service = 'poller') IS NOT TRUE
    WHEN %5$L THEN (NEW.service = 'importer') IS NOT TRUE
    WHEN %6$L THEN (NEW.service = 'dispatcher') IS NOT TRUE
    WHEN %7$L THEN (NEW.service = 'geocoder') IS NOT TRUE
    WHEN %8$L THEN (NEW.service = 'allocator') IS NOT TRUE
    WHEN %9$L THEN (NEW.service = 'console') IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('own worker')$guard$,
    'own worker of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OR DELETE ON worker FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %2$L THEN (OLD.service = 'composer') IS NOT TRUE
    WHEN %3$L THEN (OLD.service = 'sender') IS NOT TRUE
    WHEN %4$L THEN (OLD.service = 'poller') IS NOT TRUE
    WHEN %5$L THEN (OLD.service = 'importer') IS NOT TRUE
    WHEN %6$L THEN (OLD.service = 'dispatcher') IS NOT TRUE
    WHEN %7$L THEN (OLD.service = 'geocoder') IS NOT TRUE
    WHEN %8$L THEN (OLD.service = 'allocator') IS NOT TRUE
    WHEN %9$L THEN (OLD.service = 'console') IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('own sign')$guard$,
    'own sign of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT ON outbound_mail FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %5$L THEN (NEW.state = 'requested' AND NEW.kind IN ('answers', 'heartbeat', 'statement')) IS NOT TRUE
    WHEN %6$L THEN (NEW.state = 'requested' AND NEW.kind IN ('heartbeat', 'statement')) IS NOT TRUE
    WHEN %9$L THEN (NEW.state = 'requested' AND NEW.kind IN ('orders', 'answers', 'key')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('requests')$guard$,
    'requests of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT ON inbound_mail FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %4$L THEN (NEW.state = 'archived' AND NOT NEW.is_heartbeat) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('archived')$guard$,
    'archived of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF live ON outbound_order FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %5$L THEN (NOT NEW.live) IS NOT TRUE
    WHEN %9$L THEN (NOT NEW.live) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('given up')$guard$,
    'given up of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT ON purchase_order FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.state IN ('draft', 'confirmed', 'accepted') AND NEW.outbound_mail_id IS NULL AND NEW.revision = 0 AND NEW.version = 1) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('entered')$guard$,
    'entered of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE DELETE ON purchase_order FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (OLD.state = 'draft') IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('drafts go')$guard$,
    'drafts go of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE DELETE ON geocode_cache FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (OLD.latitude IS NULL) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('unknown places')$guard$,
    'unknown places of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF total_ht, total_vat, total_ttc ON sales_order FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (OLD.state <> 'review') IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('agreed sums')$guard$,
    'agreed sums of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE ON sales_order_line FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.quantity <= OLD.quantity AND NEW.price = OLD.price) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('lines only shrink')$guard$,
    'lines only shrink of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE ON fiscal_year FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (OLD.closed_at IS NULL) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('closed years stay')$guard$,
    'closed years stay of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF partner_id ON sales_order FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.partner_id IS NULL AND NEW.state = 'cancelled') IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('refused')$guard$,
    'refused of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF outbound_mail_id ON purchase_order FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN ((NEW.outbound_mail_id IS NULL) = (OLD.outbound_mail_id IS NOT NULL) AND NEW.state <> OLD.state) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('in its mail')$guard$,
    'in its mail of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT ON purge_run FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %6$L THEN (NEW.heartbeats_only AND NEW.requested_by = 'heartbeats') IS NOT TRUE
    WHEN %9$L THEN (NOT NEW.heartbeats_only AND NEW.done = 0 AND NEW.requested_by NOT IN ('heartbeats', 'composer', 'sender', 'poller', 'importer', 'dispatcher', 'geocoder', 'allocator')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('own purges')$guard$,
    'own purges of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT ON replay_run FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.looked = 0 AND NEW.requested_by NOT IN ('composer', 'sender', 'poller', 'importer', 'dispatcher', 'geocoder', 'allocator')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('own looks')$guard$,
    'own looks of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT OR UPDATE ON published FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %2$L THEN (NEW.name = 'card') IS NOT TRUE
    WHEN %5$L THEN (NEW.name = 'over_limit') IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('own words')$guard$,
    'own words of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT OR UPDATE ON setting FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.name IN ('codes.mode', 'codes.length', 'codes.prefix', 'accounts.mode', 'accounts.customer_root', 'accounts.supplier_root', 'accounts.width', 'search.party_fields', 'search.account_fields', 'credit.block_from', 'credit.by_payment_due', 'credit.invoice_delivered', 'credit.told_buyer', 'credit.max_default', 'credit.insured_default', 'terms.default', 'terms.shift', 'invoicing.split_months', 'fees.default', 'orders.minimum_default', 'orders.minimum_fee', 'geo.on_save', 'geo.provider', 'geo.calls_per_month', 'maps.provider', 'maps.tiles', 'maps.google_key')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('chosen by people')$guard$,
    'chosen by people of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT ON mailbox FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.secret IS NULL AND NEW.oauth_grant_id IS NULL) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('own passwords')$guard$,
    'own passwords of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE ON mailbox FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.secret IS NULL AND NEW.oauth_grant_id IS NULL AND NEW.sealed IS DISTINCT FROM OLD.sealed OR (NEW.secret, NEW.oauth_grant_id, NEW.sealed, NEW.host, NEW.login, NEW.security, NEW.ca_file) IS NOT DISTINCT FROM (OLD.secret, OLD.oauth_grant_id, OLD.sealed, OLD.host, OLD.login, OLD.security, OLD.ca_file)) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('passwords stay')$guard$,
    'passwords stay of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT ON relay FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.secret IS NULL AND NEW.oauth_grant_id IS NULL) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('own passwords')$guard$,
    'own passwords of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE ON relay FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.secret IS NULL AND NEW.oauth_grant_id IS NULL AND NEW.sealed IS DISTINCT FROM OLD.sealed OR (NEW.secret, NEW.oauth_grant_id, NEW.sealed, NEW.host, NEW.login, NEW.security, NEW.ca_file) IS NOT DISTINCT FROM (OLD.secret, OLD.oauth_grant_id, OLD.sealed, OLD.host, OLD.login, OLD.security, OLD.ca_file)) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('passwords stay')$guard$,
    'passwords stay of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE INSERT ON api_token FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.revoked_at IS NULL AND NEW.last_used_at IS NULL AND NEW.ends_at <= NEW.created_at + 31622400000000) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('tokens that end')$guard$,
    'tokens that end of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF revoked_at ON api_token FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('tokens end once')$guard$,
    'tokens end once of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE ON hold FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %5$L THEN (OLD.closed_at IS NULL AND (NEW.closed_at IS NULL AND NEW.closed_by IS NULL AND NEW.closed_how IS NULL OR NEW.closed_by = 'importer' AND NEW.closed_how = 'tried again')) IS NOT TRUE
    WHEN %9$L THEN (OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL AND NEW.closed_by NOT IN ('composer', 'sender', 'poller', 'importer', 'dispatcher', 'geocoder', 'allocator')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('own decisions')$guard$,
    'own decisions of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF outcome ON ledger FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.outcome = OLD.outcome OR NEW.outcome = 'rejected') IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('refused only')$guard$,
    'refused only of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF revision, version ON purchase_order FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %5$L THEN (NEW.revision BETWEEN OLD.revision AND OLD.revision + 1 AND NEW.version >= OLD.version) IS NOT TRUE
    WHEN %9$L THEN (NEW.revision = OLD.revision AND (NEW.version = OLD.version OR NEW.version = OLD.version + 1 AND 'draft' IN (OLD.state, NEW.state)) OR NEW.revision = OLD.revision + 1 AND NEW.version = OLD.version AND OLD.state = 'confirmed') IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('in sequence')$guard$,
    'in sequence of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF paused_at ON partner FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %6$L THEN (NEW.paused_at IS NULL OR NEW.paused_at < OLD.paused_at) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('no pause')$guard$,
    'no pause of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE ON mailbox_uid FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %6$L THEN (NEW.inbound_mail_id IS NULL AND NEW.note = 'heartbeat') IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('forgotten')$guard$,
    'forgotten of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE ON mailbox_uidl FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %6$L THEN (NEW.inbound_mail_id IS NULL AND NEW.note = 'heartbeat') IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('forgotten')$guard$,
    'forgotten of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE ON delivery_report FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %6$L THEN (NEW.outbound_mail_id IS NULL) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('forgotten')$guard$,
    'forgotten of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF paused_at ON inbound_mail FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %6$L THEN (NEW.paused_at IS NULL) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('no new pause')$guard$,
    'no new pause of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF state ON purchase_order FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %3$L THEN (NEW.state = OLD.state OR NEW.state = 'waiting' AND OLD.state IN ('transmitting')) IS NOT TRUE
    WHEN %5$L THEN (NEW.state = OLD.state OR NEW.state = 'waiting' AND OLD.state IN ('transmitting', 'waiting') OR NEW.state = 'accepted' AND OLD.state IN ('transmitting', 'waiting', 'accepted', 'changed', 'rejected') OR NEW.state = 'changed' AND OLD.state IN ('transmitting', 'waiting', 'accepted', 'changed', 'rejected') OR NEW.state = 'rejected' AND OLD.state IN ('transmitting', 'waiting', 'accepted', 'changed', 'rejected') OR NEW.state = 'waiting' AND OLD.state IN ('accepted', 'changed', 'rejected') OR NEW.state = 'cancelled' AND OLD.state IN ('waiting', 'accepted', 'changed') OR NEW.state = 'cancelled' AND OLD.state IN ('accepted')) IS NOT TRUE
    WHEN %9$L THEN (NEW.state = OLD.state OR NEW.state = 'confirmed' AND OLD.state IN ('draft') OR NEW.state = 'draft' AND OLD.state IN ('confirmed') OR NEW.state = 'transmitting' AND OLD.state IN ('confirmed') OR NEW.state = 'confirmed' AND OLD.state IN ('transmitting') OR NEW.state = 'cancelled' AND OLD.state IN ('accepted')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('moves')$guard$,
    'moves of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF state ON purchase_order_change FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %3$L THEN (NEW.state = OLD.state OR NEW.state = 'waiting' AND OLD.state IN ('transmitting')) IS NOT TRUE
    WHEN %5$L THEN (NEW.state = OLD.state OR NEW.state = 'waiting' AND OLD.state IN ('transmitting', 'waiting') OR NEW.state = 'accepted' AND OLD.state IN ('transmitting', 'waiting') OR NEW.state = 'changed' AND OLD.state IN ('transmitting', 'waiting') OR NEW.state = 'rejected' AND OLD.state IN ('transmitting', 'waiting')) IS NOT TRUE
    WHEN %9$L THEN (NEW.state = OLD.state OR NEW.state = 'abandoned' AND OLD.state IN ('transmitting')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('moves')$guard$,
    'moves of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF state ON outbound_mail FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %2$L THEN (NEW.state = OLD.state OR NEW.state = 'composed' AND OLD.state IN ('requested') OR NEW.state = 'held' AND OLD.state IN ('requested') OR NEW.state = 'abandoned' AND OLD.state IN ('requested', 'composed', 'sending') AND NEW.kind = 'heartbeat' OR NEW.state = 'abandoned' AND OLD.state IN ('requested', 'composed', 'held') AND NEW.kind = 'statement') IS NOT TRUE
    WHEN %3$L THEN (NEW.state = OLD.state OR NEW.state = 'sending' AND OLD.state IN ('composed', 'sent', 'unknown') OR NEW.state = 'sent' AND OLD.state IN ('sending') OR NEW.state = 'composed' AND OLD.state IN ('sending') OR NEW.state = 'unknown' AND OLD.state IN ('sending') OR NEW.state = 'held' AND OLD.state IN ('sending') OR NEW.state = 'held' AND OLD.state IN ('sent', 'unknown') OR NEW.state = 'abandoned' AND OLD.state IN ('requested', 'composed', 'sending') AND NEW.kind = 'heartbeat') IS NOT TRUE
    WHEN %5$L THEN (NEW.state = OLD.state OR NEW.state = 'answered' AND OLD.state IN ('composed', 'sending', 'sent', 'unknown', 'held') OR NEW.state = 'held' AND OLD.state IN ('sent', 'unknown', 'held') OR NEW.state = 'composed' AND OLD.state IN ('held', 'sent', 'unknown', 'answered')) IS NOT TRUE
    WHEN %6$L THEN (NEW.state = OLD.state OR NEW.state = 'abandoned' AND OLD.state IN ('requested', 'composed', 'sending') AND NEW.kind = 'heartbeat') IS NOT TRUE
    WHEN %9$L THEN (NEW.state = OLD.state OR NEW.state = 'abandoned' AND OLD.state IN ('requested', 'composed', 'held') OR NEW.state = 'composed' AND OLD.state IN ('held', 'sent', 'unknown', 'answered') OR NEW.state = 'requested' AND OLD.state IN ('held') OR NEW.state = 'requested' AND OLD.state IN ('held', 'sent', 'unknown', 'answered')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('moves')$guard$,
    'moves of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF state ON inbound_mail FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %5$L THEN (NEW.state = OLD.state OR NEW.state = 'done' AND OLD.state IN ('archived') OR NEW.state = 'held' AND OLD.state IN ('archived') OR NEW.state = 'alien' AND OLD.state IN ('archived') OR NEW.state = 'archived' AND OLD.state IN ('held') OR NEW.state = 'archived' AND OLD.state IN ('done', 'held', 'alien') OR NEW.state = 'done' AND OLD.state IN ('held')) IS NOT TRUE
    WHEN %6$L THEN (NEW.state = OLD.state OR NEW.state = 'archived' AND OLD.state IN ('held') OR NEW.state = 'archived' AND OLD.state IN ('done', 'held', 'alien') OR NEW.state = 'alien' AND OLD.state IN ('held')) IS NOT TRUE
    WHEN %9$L THEN (NEW.state = OLD.state OR NEW.state = 'archived' AND OLD.state IN ('held') OR NEW.state = 'done' AND OLD.state IN ('held') OR NEW.state = 'archived' AND OLD.state IN ('done', 'held', 'alien') OR NEW.state = 'held' AND OLD.state IN ('alien')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('moves')$guard$,
    'moves of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF state ON sales_order FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %5$L THEN (NEW.state = OLD.state OR NEW.state = 'cancelled' AND OLD.state IN ('review', 'accepted') OR NEW.state = 'cancelled' AND OLD.state IN ('accepted')) IS NOT TRUE
    WHEN %9$L THEN (NEW.state = OLD.state OR NEW.state = 'accepted' AND OLD.state IN ('review') OR NEW.state = 'cancelled' AND OLD.state IN ('review', 'accepted') OR NEW.state = 'cancelled' AND OLD.state IN ('accepted')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('moves')$guard$,
    'moves of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF state ON quote FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.state = OLD.state OR NEW.state = 'accepted' AND OLD.state IN ('open') OR NEW.state = 'refused' AND OLD.state IN ('open')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('moves')$guard$,
    'moves of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF state ON payment FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %9$L THEN (NEW.state = OLD.state OR NEW.state = 'failed' AND OLD.state IN ('entered') OR NEW.state = 'cancelled' AND OLD.state IN ('entered')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('moves')$guard$,
    'moves of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
SELECT format($guard$CREATE OR REPLACE TRIGGER %1$I BEFORE UPDATE OF state ON picking_slip FOR EACH ROW
    WHEN (CASE CURRENT_USER
    WHEN %5$L THEN (NEW.state = OLD.state OR NEW.state = 'cancelled' AND OLD.state IN ('generated', 'entered', 'error')) IS NOT TRUE
    WHEN %9$L THEN (NEW.state = OLD.state OR NEW.state = 'entered' AND OLD.state IN ('generated', 'entered') OR NEW.state = 'ready' AND OLD.state IN ('entered') OR NEW.state = 'expired' AND OLD.state IN ('ready') OR NEW.state = 'error' AND OLD.state IN ('ready') OR NEW.state = 'entered' AND OLD.state IN ('error') OR NEW.state = 'cancelled' AND OLD.state IN ('generated', 'entered', 'error')) IS NOT TRUE
    ELSE false END) EXECUTE FUNCTION refuse_service('moves')$guard$,
    'moves of ' || :'prefix', :'composer', :'sender', :'poller', :'importer', :'dispatcher', :'geocoder', :'allocator', :'console')
\gexec
-- end guards

-- The importer writes into an order of ours what the partner agreed to: only while there is a change or an answer of
-- theirs to one that the order does not have yet, so never before a person sent it. An order to another agency is sent to
-- nobody: it shrinks with those of the customers behind it.
CREATE OR REPLACE FUNCTION agreed_changes_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE written bigint;
BEGIN
    CASE
        WHEN TG_TABLE_NAME = 'purchase_order' THEN written := OLD.id;
        WHEN TG_OP = 'INSERT' THEN written := NEW.purchase_order_id;
        ELSE written := OLD.purchase_order_id;
    END CASE;
    IF EXISTS (
        SELECT FROM purchase_order_change AS agreed JOIN purchase_order ON purchase_order.id = agreed.purchase_order_id
        WHERE purchase_order.id = written AND agreed.revision = purchase_order.revision + 1
            AND agreed.type = 'change' AND agreed.state IN ('accepted', 'changed')
    ) OR EXISTS (SELECT FROM agency_order WHERE agency_order.purchase_order_id = written) THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = format('permission denied for table %s: nothing was agreed', TG_TABLE_NAME);
END $$;
SELECT format(
    'CREATE OR REPLACE TRIGGER %I BEFORE %s ON %I FOR EACH ROW WHEN (CURRENT_USER = %L) '
    'EXECUTE FUNCTION agreed_changes_only()', 'agreed as ' || :'importer', event, name, :'importer')
FROM (VALUES
    ('purchase_order', 'UPDATE OF ' || :'ordered_head'),
    ('purchase_order_line', 'INSERT OR DELETE OR UPDATE OF ' || :'ordered_line'),
    ('purchase_order_charge', 'INSERT OR DELETE')
) AS written (name, event)
\gexec

-- Rights cannot tell a heartbeat from an order; these guards do: of any other mail the dispatcher deletes nothing, but
-- statements of ours after a month, and what says where that came from or came back stays with it.
CREATE OR REPLACE FUNCTION heartbeats_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE mail bigint; direction text := 'out';
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'outbound_mail' THEN mail := OLD.id;
        WHEN 'inbound_mail' THEN mail := OLD.id; direction := 'in';
        WHEN 'mailbox_uid', 'mailbox_uidl' THEN mail := OLD.inbound_mail_id; direction := 'in';
        WHEN 'event' THEN
            mail := OLD.subject_id;
            direction := CASE OLD.subject WHEN 'outbound_mail' THEN 'out' WHEN 'inbound_mail' THEN 'in' END;
        ELSE mail := OLD.outbound_mail_id;
    END CASE;
    IF (direction = 'out' AND EXISTS (SELECT FROM outbound_mail WHERE id = mail AND (kind = 'heartbeat'
            OR kind = 'statement' AND state IN ('sent', 'unknown', 'abandoned')
            AND requested_at < 1000000 * extract(epoch FROM now() - interval '30 days'))))
        OR (direction = 'in' AND EXISTS (SELECT FROM inbound_mail WHERE id = mail AND is_heartbeat))
    THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = format('permission denied for table %s: no heartbeat', TG_TABLE_NAME);
END $$;
SELECT format(
    'CREATE OR REPLACE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW WHEN (CURRENT_USER = %L) '
    'EXECUTE FUNCTION heartbeats_only()', 'delete as ' || :'dispatcher', name, :'dispatcher')
FROM unnest(ARRAY['outbound_body', 'outbound_statement', 'delivery_attempt', 'outbound_mail', 'inbound_mail', 'event']) AS name
\gexec
SELECT format(
    'CREATE OR REPLACE TRIGGER %I BEFORE UPDATE ON %I FOR EACH ROW WHEN (CURRENT_USER = %L) '
    'EXECUTE FUNCTION heartbeats_only()', 'let go as ' || :'dispatcher', name, :'dispatcher')
FROM unnest(ARRAY['mailbox_uid', 'mailbox_uidl', 'delivery_report']) AS name
\gexec
-- Of older releases: the guard of all moves has taken its place.
DROP TRIGGER IF EXISTS :"moved_before" ON outbound_mail;

-- What is marked as a heartbeat goes from the mailbox and the archive soon. Of a mail that brought anything else the
-- importer does not say so.
CREATE OR REPLACE FUNCTION nothing_else_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM inbound_transfer WHERE inbound_mail_id = NEW.id AND kind <> 'heartbeat') THEN
        RAISE insufficient_privilege
            USING MESSAGE = format('permission denied for table %s: it brought more than a heartbeat', TG_TABLE_NAME);
    END IF;
    RETURN NEW;
END $$;
SELECT format(
    'CREATE OR REPLACE TRIGGER %I BEFORE UPDATE OF is_heartbeat ON inbound_mail FOR EACH ROW '
    'WHEN (CURRENT_USER = %L AND NEW.is_heartbeat) EXECUTE FUNCTION nothing_else_came()',
    'heartbeat of ' || :'importer', :'importer')
\gexec

-- A key that was announced by mail is pending, and only who acts for people changes that: the owner and the console. Nobody else brings
-- back a key that was revoked. The policies name no role, so that a backup can be restored before there are roles.
ALTER TABLE partner_key ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS anybody_reads ON partner_key;
DROP POLICY IF EXISTS announced_keys ON partner_key;
DROP POLICY IF EXISTS no_revoked_keys ON partner_key;
CREATE POLICY anybody_reads ON partner_key FOR SELECT USING (true);
SELECT format('CREATE POLICY announced_keys ON partner_key FOR INSERT WITH CHECK (pending OR CURRENT_USER = %L)', :'console')
\gexec
CREATE POLICY no_revoked_keys ON partner_key FOR UPDATE USING (revoked_at IS NULL) WITH CHECK (true);

-- In the browser the lines of drafts change; those of an order that is entered and confirmed at once come after it. The
-- lines of an order to another agency shrink with those of the customers behind it.
CREATE OR REPLACE FUNCTION entered_lines_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    line record := coalesce(NEW, OLD);
BEGIN
    PERFORM FROM purchase_order WHERE id = line.purchase_order_id AND outbound_mail_id IS NULL
        AND (state = 'draft' OR state = 'confirmed' AND TG_OP = 'INSERT');
    IF FOUND OR EXISTS (SELECT FROM agency_order WHERE agency_order.purchase_order_id = line.purchase_order_id) THEN
        RETURN line;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = format('permission denied for table %s: its order is no draft', TG_TABLE_NAME);
END $$;
SELECT format(
    'CREATE OR REPLACE TRIGGER %I BEFORE INSERT OR DELETE OR UPDATE ON %I FOR EACH ROW WHEN (CURRENT_USER = %L) '
    'EXECUTE FUNCTION entered_lines_only()', 'entered as ' || :'console', lines, :'console')
FROM unnest(ARRAY['purchase_order_line', 'purchase_order_charge']) AS of(lines)
\gexec
CREATE OR REPLACE FUNCTION drafts_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM agency_order WHERE agency_order.purchase_order_id = OLD.id) THEN
        RETURN NEW;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = 'permission denied for table purchase_order: drafts alone';
END $$;
SELECT format(
    'CREATE OR REPLACE TRIGGER %I BEFORE UPDATE OF supplier_id, followed_by_id, issue_date, currency, exported_at, %s '
    'ON purchase_order FOR EACH ROW WHEN (CURRENT_USER = %L AND OLD.state <> %L) EXECUTE FUNCTION drafts_only()',
    'drafts alone of ' || :'prefix', :'ordered_head', :'console', 'draft')
\gexec

-- What customers may owe is changed in the browser by whoever has the right `set_credit`; of an earlier release the
-- console set it for new customers alone.
SELECT format('DROP TRIGGER IF EXISTS %I ON party', 'owed as ' || :'console')
\gexec
DROP FUNCTION IF EXISTS new_customers_only();

-- A mail may withdraw a key that a person has not confirmed, or that does not sign yet; it lets no other one end.
CREATE OR REPLACE FUNCTION waiting_keys_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.pending OR OLD.valid_from > (SELECT max(archived_at) FROM inbound_mail) THEN
        RETURN NEW;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = 'permission denied for table partner_key: this key counts';
END $$;
SELECT format(
    'CREATE OR REPLACE TRIGGER %I BEFORE UPDATE OF revoked_at ON partner_key FOR EACH ROW WHEN (CURRENT_USER = %L) '
    'EXECUTE FUNCTION waiting_keys_only()', 'withdrawn as ' || :'importer', :'importer')
\gexec

-- Nobody else calls what these triggers and those of the tables run.
SELECT format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', oid::regprocedure)
FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND prorettype = 'trigger'::regtype
\gexec

\if :{?passwords}
    \set lines `for name in composer sender poller importer dispatcher geocoder allocator console; do ! [ -e :'passwords'/$name-database-password ] || printf '%s %s\n' $name "$(cat :'passwords'/$name-database-password)"; done`
    SELECT format('ALTER ROLE %I PASSWORD %L', :'prefix' || '-' || split_part(line, ' ', 1), substr(line, strpos(line, ' ') + 1))
    FROM regexp_split_to_table(:'lines', '\n') AS line
    \gexec
\endif

COMMIT;
\set QUIET :quiet_before
