-- A row that names a person costs a look at their row, a row that names nobody does not, and a stranger who asks for an address could
-- time the difference. Nothing is lost: rows of people are never deleted.
ALTER TABLE audit_events DROP CONSTRAINT audit_events_user_id_fkey;
ALTER TABLE mail_links DROP CONSTRAINT mail_links_user_id_fkey;
