ALTER TABLE products DROP COLUMN version;
DROP INDEX audit_events_kind;
DROP INDEX orders_status;
DROP INDEX orders_placed;
DROP INDEX order_events_user;
ALTER TABLE order_events DROP COLUMN note;
ALTER TABLE order_events DROP COLUMN user_id;
