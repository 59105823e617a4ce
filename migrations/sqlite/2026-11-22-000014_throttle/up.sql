-- How many sign-ins failed for an address, known or not: `counter` is a keyed hash, so that the table names nobody. Before `open_at`
-- no password is looked at, once the failures are too many; from `forget_at` on the row says nothing any more.
CREATE TABLE login_failures (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    counter TEXT NOT NULL UNIQUE CHECK (length(counter) = 43),
    failures BIGINT NOT NULL CHECK (failures >= 0),
    open_at TIMESTAMP NOT NULL,
    forget_at TIMESTAMP NOT NULL
);
CREATE INDEX login_failures_forget ON login_failures (forget_at);

-- Browsers, and programs at their address, that somebody has signed in with: `mark` is a hash of what only that browser has.
CREATE TABLE known_devices (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('web', 'api')),
    mark TEXT NOT NULL CHECK (length(mark) = 43),
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    UNIQUE (user_id, mark)
);
CREATE INDEX known_devices_seen ON known_devices (seen_at);

-- Which browser or program it was, in words of ours.
ALTER TABLE audit_events ADD COLUMN client TEXT NOT NULL DEFAULT '';
-- A person's own events, and those of one kind among them.
CREATE INDEX audit_events_person ON audit_events (user_id, at, id);
CREATE INDEX audit_events_person_kind ON audit_events (user_id, kind, at, id);

-- Nothing is changed, but that a deleted person is no longer named; nothing goes within a year of the newest event (a day less, so that
-- housekeeping is never refused). The rows' own times count: the database's clock may be another than the shop's.
CREATE TRIGGER audit_events_unchanged BEFORE UPDATE ON audit_events
WHEN NEW.user_id IS NOT NULL OR NEW.id <> OLD.id OR NEW.at <> OLD.at OR NEW.kind <> OLD.kind OR NEW.session IS NOT OLD.session
    OR NEW.address <> OLD.address OR NEW.detail <> OLD.detail OR NEW.client <> OLD.client
BEGIN
    SELECT RAISE(ABORT, 'an audit event is never changed');
END;
CREATE TRIGGER audit_events_kept BEFORE DELETE ON audit_events
WHEN julianday(OLD.at) > (SELECT julianday(max(at)) - 364 FROM audit_events)
BEGIN
    SELECT RAISE(ABORT, 'an audit event is kept for a year');
END;
