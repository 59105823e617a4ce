DROP TRIGGER audit_events_kept ON audit_events;
DROP TRIGGER audit_events_unchanged ON audit_events;
DROP FUNCTION audit_events_kept();
DROP INDEX audit_events_person_kind;
DROP INDEX audit_events_person;
ALTER TABLE audit_events DROP COLUMN client;
DROP TABLE known_devices;
DROP TABLE login_failures;
