-- One role for each service, with the rights that its work needs and no others.
--
--     psql --dbname=intergestan --file=roles.sql [--set=prefix=intergestan] [--set=passwords=FOLDER]
--
-- Run it as the owner of the base's tables (who may create roles, or for whom an administrator has created them)
-- after `intergestan init` and after each `intergestan upgrade`. It may be run at any time: rights that a role should
-- not have are taken away. The roles are called PREFIX-composer, PREFIX-sender, PREFIX-poller, PREFIX-importer and
-- PREFIX-dispatcher; where services log in by the unix socket these are the names of their operating-system users.
-- With `passwords`, each role gets the password in FOLDER/SERVICE-database-password.

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
\set quiet_before :QUIET
\set QUIET on

BEGIN;
SET LOCAL client_min_messages = warning;

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', role)
FROM unnest(ARRAY[:'composer', :'sender', :'poller', :'importer', :'dispatcher']) AS role
WHERE role NOT IN (SELECT rolname FROM pg_roles)
\gexec

-- Nobody else comes in, and nobody but the owner makes tables, not even temporary ones.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database())
\gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role)
FROM unnest(ARRAY[:'composer', :'sender', :'poller', :'importer', :'dispatcher']) AS role
\gexec
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :"composer", :"sender", :"poller", :"importer", :"dispatcher";
GRANT USAGE ON SCHEMA public TO :"composer", :"sender", :"poller", :"importer", :"dispatcher";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO :"composer", :"sender", :"poller", :"importer", :"dispatcher";

-- What every service does: look who we are, give signs of life, write down what it did, give back its leases at the end.
GRANT SELECT ON alembic_version, site, high_water TO :"composer", :"sender", :"poller", :"importer", :"dispatcher";
GRANT SELECT, INSERT, UPDATE, DELETE ON worker TO :"composer", :"sender", :"poller", :"importer", :"dispatcher";
GRANT INSERT ON event TO :"composer", :"sender", :"poller", :"importer", :"dispatcher";
GRANT SELECT (owner), UPDATE (owner) ON mailbox TO :"composer", :"sender", :"importer", :"dispatcher";
GRANT SELECT (lease_owner), UPDATE (lease_owner, lease_until) ON inbound_mail
    TO :"composer", :"sender", :"poller", :"importer", :"dispatcher";
GRANT SELECT (lease_owner), UPDATE (lease_owner, lease_until) ON outbound_mail
    TO :"composer", :"sender", :"poller", :"importer", :"dispatcher";
GRANT SELECT (lease_owner), UPDATE (lease_owner, lease_until) ON notice
    TO :"composer", :"sender", :"poller", :"importer", :"dispatcher";

-- Composer: freezes and signs what was requested or is to be answered. It books nothing.
GRANT SELECT ON
    "user", party, address, partner, inbound_transfer, answer, delivery_attempt,
    purchase_order, purchase_order_line, purchase_order_charge, purchase_order_change, outbound_mail, outbound_order,
    outbound_body, outbound_key_notice, heartbeat
    TO :"composer";
GRANT SELECT (id, from_mode, bounce_mode, bounce_address) ON relay TO :"composer";
GRANT UPDATE ON outbound_mail, outbound_order, purchase_order TO :"composer";
GRANT UPDATE (out_epoch, out_seq) ON partner TO :"composer";
GRANT INSERT ON outbound_body TO :"composer";
GRANT SELECT (inbound_transfer_id, partner_id, number) ON ledger TO :"composer"; -- how partners spell what is answered
-- … and what statements say: which numbers came and are missing.
GRANT SELECT ON inbound_mail, outbound_statement, partner_statement TO :"composer";
GRANT SELECT, INSERT, DELETE ON missing_number TO :"composer";

-- Sender: hands frozen mails and notices to the relay. It cannot alter their bytes.
GRANT SELECT ON
    "user", party, partner, relay, oauth_grant, outbound_mail, outbound_order, outbound_body, delivery_attempt,
    purchase_order, purchase_order_change, notice
    TO :"sender";
GRANT UPDATE ON outbound_mail, purchase_order, relay, oauth_grant TO :"sender";
GRANT UPDATE (state, updated_at) ON purchase_order_change TO :"sender";
GRANT UPDATE (next_attempt_at, attempts, sent_at, error, lease_fence, rung_at) ON notice TO :"sender";
GRANT INSERT, UPDATE ON delivery_attempt TO :"sender";

-- Poller: fetches mails, and purges mailboxes of what is safe. It can write no order, and sees of them only what is left
-- to decide or to answer.
GRANT SELECT ON mailbox, mailbox_uid, mailbox_uidl, poll_run, purge_run, purge_mail, inbound_mail, oauth_grant TO :"poller";
GRANT SELECT (id, kind, partner_id, jti) ON inbound_transfer TO :"poller";
GRANT SELECT (id, inbound_transfer_id, partner_id, number, outcome) ON ledger TO :"poller";
GRANT SELECT (id, inbound_mail_id, partner_id, number, closed_at) ON hold TO :"poller";
GRANT SELECT (outbound_mail_id, partner_id, order_number) ON answer TO :"poller";
GRANT SELECT (id, in_reply_to_id, state) ON outbound_mail TO :"poller";
GRANT SELECT (id, partner_id, customer_order_number, state) ON sales_order TO :"poller";
GRANT UPDATE ON mailbox, poll_run, oauth_grant TO :"poller";
GRANT UPDATE (total, done, ended_at, error) ON purge_run TO :"poller";
GRANT INSERT, UPDATE, DELETE ON purge_mail TO :"poller";
GRANT INSERT, DELETE ON mailbox_uid, mailbox_uidl TO :"poller";
GRANT SELECT, INSERT, UPDATE, DELETE ON poller, mailbox_traffic TO :"poller"; -- who takes which mailbox, how much came
GRANT INSERT ON inbound_mail TO :"poller";

-- Importer: decides and books. It cannot make a key count (below), and reads no account's password.
GRANT SELECT ON
    "user", party, address, partner, partner_key, partner_price, product, product_match, customer_match, inbound_mail,
    inbound_transfer, ledger, hold, difference, answer, review_reply, number_series, sales_order, sales_order_line,
    sales_order_charge, delivery_note_line, purchase_order, purchase_order_line, purchase_order_charge,
    purchase_order_change, outbound_mail, outbound_order, outbound_key_notice, delivery_report
    TO :"importer";
GRANT INSERT ON inbound_transfer, answer, outbound_mail, delivery_report, partner_key TO :"importer";
GRANT INSERT, UPDATE ON ledger, hold, sales_order TO :"importer";
GRANT INSERT, DELETE ON difference, review_reply, sales_order_charge, purchase_order_charge TO :"importer";
GRANT INSERT, UPDATE, DELETE ON sales_order_line, purchase_order_line TO :"importer";
GRANT UPDATE ON
    inbound_mail, number_series, outbound_mail, outbound_order, purchase_order, purchase_order_change
    TO :"importer";
GRANT SELECT, INSERT ON heartbeat TO :"importer";
GRANT UPDATE (outcome) ON heartbeat TO :"importer";
GRANT UPDATE (takes, takes_at, heartbeat_returned_at, heartbeat_told, clock_ahead_least, clock_ahead_most, clock_noted_at)
    ON partner TO :"importer";
GRANT SELECT (host, login, mails_per_day) ON relay TO :"importer"; -- whether an echo is within the day's budget
GRANT SELECT (id, started_at, outcome) ON delivery_attempt TO :"importer";
GRANT UPDATE (told_epoch, told_seq, told_got_epoch, told_got_seq, told_at, told_since) ON partner TO :"importer";
GRANT SELECT (id, at) ON event TO :"importer"; -- the last sign of life, which the archive is compared with
GRANT UPDATE (revoked_at, replaced_from) ON partner_key TO :"importer";
GRANT UPDATE (created_at) ON site TO :"importer"; -- to lock its row
GRANT SELECT ON missing_number TO :"importer";
GRANT SELECT, INSERT, UPDATE ON partner_statement TO :"importer";
GRANT INSERT ON outbound_statement TO :"importer";

-- Dispatcher: looks what is due, counts, reminds, writes notices. It decides nothing and books nothing.
GRANT SELECT ON
    hold, ledger, inbound_mail, inbound_transfer, outbound_mail, outbound_order, outbound_key_notice, delivery_attempt,
    purchase_order, purchase_order_change, partner, partner_key, answer, review_reply, notice, told_hold, event
    TO :"dispatcher";
GRANT SELECT (id, number, customer_order_number, partner_id) ON sales_order TO :"dispatcher";
GRANT UPDATE (state, rung_at, size, strikes, replayed, reason, detail) ON inbound_mail TO :"dispatcher";
GRANT UPDATE (rung_at, next_attempt_at, reminded_at, resends) ON outbound_mail TO :"dispatcher";
GRANT UPDATE (rung_at) ON notice TO :"dispatcher";
GRANT INSERT, DELETE ON notice, told_hold TO :"dispatcher";
GRANT UPDATE (created_at) ON site TO :"dispatcher"; -- to lock its row
-- It asks for statements, and ends a pause of booking when a partner's agrees.
GRANT SELECT ON partner_statement, missing_number TO :"dispatcher";
GRANT INSERT ON outbound_mail, outbound_statement TO :"dispatcher";
GRANT UPDATE (paused_at) ON partner, inbound_mail TO :"dispatcher";

-- It also measures how the site is and tells people (alarms); of accounts it sees neither passwords nor tokens.
GRANT SELECT (id, name, host, login, security, bounce_address, oauth_grant_id, mails_per_day) ON relay TO :"dispatcher";
GRANT SELECT (id, name, host, security, login, oauth_grant_id, poll_seconds, active, rests_since, keeps_heartbeats,
    last_success_at)
    ON mailbox TO :"dispatcher";
GRANT SELECT (id, error, expires_at) ON oauth_grant TO :"dispatcher";
GRANT SELECT, INSERT, UPDATE ON setting TO :"dispatcher";
GRANT UPDATE (n) ON high_water TO :"dispatcher"; -- it writes the high-water file
GRANT SELECT ON number_series TO :"dispatcher"; -- … and what it has given

-- Dispatcher: it asks for heartbeats, gives them up, and deletes old ones with all that belongs to them.
GRANT SELECT ON heartbeat, mailbox_uid, mailbox_uidl, purge_run, purge_mail TO :"dispatcher";
GRANT SELECT (id, inbound_mail_id, outbound_mail_id) ON delivery_report TO :"dispatcher";
GRANT SELECT (outbound_mail_id) ON outbound_body TO :"dispatcher";
GRANT UPDATE (heartbeat_at, heartbeat_planned) ON partner TO :"dispatcher";
GRANT UPDATE (state, next_attempt_at) ON outbound_mail TO :"dispatcher";
GRANT UPDATE (inbound_mail_id, note) ON mailbox_uid, mailbox_uidl TO :"dispatcher";
GRANT UPDATE (outbound_mail_id) ON delivery_report TO :"dispatcher";
GRANT UPDATE (outcome) ON heartbeat TO :"dispatcher";
GRANT INSERT ON outbound_mail, heartbeat, purge_run TO :"dispatcher";
GRANT DELETE ON
    heartbeat, outbound_body, delivery_attempt, outbound_mail, inbound_mail, event, purge_mail, purge_run
    TO :"dispatcher";

-- Rights cannot tell a heartbeat from an order; these guards do: of any other mail it deletes and moves nothing.
CREATE OR REPLACE FUNCTION heartbeats_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE mail bigint; direction text := 'out';
BEGIN
    CASE TG_TABLE_NAME
        WHEN 'outbound_mail' THEN mail := OLD.id;
        WHEN 'inbound_mail' THEN mail := OLD.id; direction := 'in';
        WHEN 'event' THEN
            mail := OLD.subject_id;
            direction := CASE OLD.subject WHEN 'outbound_mail' THEN 'out' WHEN 'inbound_mail' THEN 'in' END;
        ELSE mail := OLD.outbound_mail_id;
    END CASE;
    IF (direction = 'out' AND EXISTS (SELECT FROM outbound_mail WHERE id = mail AND kind = 'heartbeat'))
        OR (direction = 'in' AND EXISTS (SELECT FROM inbound_mail WHERE id = mail AND is_heartbeat))
    THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE insufficient_privilege USING MESSAGE = format('permission denied for table %s: no heartbeat', TG_TABLE_NAME);
END $$;
SELECT format(
    'CREATE OR REPLACE TRIGGER %I BEFORE DELETE ON %I FOR EACH ROW WHEN (CURRENT_USER = %L) '
    'EXECUTE FUNCTION heartbeats_only()', 'delete as ' || :'dispatcher', name, :'dispatcher')
FROM unnest(ARRAY['outbound_body', 'delivery_attempt', 'outbound_mail', 'inbound_mail', 'event']) AS name
\gexec
SELECT format(
    'CREATE OR REPLACE TRIGGER %I BEFORE UPDATE OF state ON outbound_mail FOR EACH ROW '
    'WHEN (CURRENT_USER = %L) EXECUTE FUNCTION heartbeats_only()', 'move as ' || :'dispatcher', :'dispatcher')
\gexec

-- A key that was announced by mail is pending, and only the owner, who acts for people, changes that. Nobody else brings
-- back a key that was revoked. The policies name no role, so that a backup can be restored before there are roles.
ALTER TABLE partner_key ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS anybody_reads ON partner_key;
DROP POLICY IF EXISTS announced_keys ON partner_key;
DROP POLICY IF EXISTS no_revoked_keys ON partner_key;
CREATE POLICY anybody_reads ON partner_key FOR SELECT USING (true);
CREATE POLICY announced_keys ON partner_key FOR INSERT WITH CHECK (pending);
CREATE POLICY no_revoked_keys ON partner_key FOR UPDATE USING (revoked_at IS NULL) WITH CHECK (true);

\if :{?passwords}
    \set lines `for name in composer sender poller importer dispatcher; do printf '%s %s\n' $name "$(cat :'passwords'/$name-database-password)"; done`
    SELECT format('ALTER ROLE %I PASSWORD %L', :'prefix' || '-' || split_part(line, ' ', 1), substr(line, strpos(line, ' ') + 1))
    FROM regexp_split_to_table(:'lines', '\n') AS line
    \gexec
\endif

COMMIT;
\set QUIET :quiet_before
