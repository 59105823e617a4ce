-- Who may sign in. `public_id` is what tokens, URLs and the API show; `id` never leaves the server.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 22),
    email TEXT NOT NULL UNIQUE CHECK (length(email) BETWEEN 3 AND 254),
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('shopper', 'admin')),
    password_hash TEXT NOT NULL,
    -- Raised by every change that must reach tokens already given out: password, role, lock.
    epoch BIGINT NOT NULL CHECK (epoch >= 0),
    email_verified_at TIMESTAMP,
    locked_at TIMESTAMP,
    last_sign_in_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL
);

-- The keys that sign access tokens, encrypted under the master secret that `secret_id` names.
CREATE TABLE signing_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kid TEXT NOT NULL UNIQUE CHECK (length(kid) BETWEEN 8 AND 32),
    algorithm TEXT NOT NULL,
    sealed TEXT NOT NULL,
    secret_id TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- What happened, append-only, kept 365 days.
CREATE TABLE audit_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at TIMESTAMP NOT NULL,
    kind TEXT NOT NULL,
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    session TEXT,
    address TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_events_at ON audit_events (at);
CREATE INDEX audit_events_user ON audit_events (user_id, id);
