-- One signed-in browser (web) or API client (api), a kind for life.
CREATE TABLE sessions (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 22),
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('web', 'api')),
    remember BOOLEAN NOT NULL,
    -- The newest generation of its refresh tokens.
    generation BIGINT NOT NULL CHECK (generation >= 1),
    user_agent TEXT NOT NULL,
    address TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    ended_because TEXT CHECK (ended_because IN ('sign_out', 'reuse', 'password', 'replaced', 'limit', 'locked')),
    -- The session that ends when this one is first seen.
    replaces BIGINT REFERENCES sessions (id) ON DELETE SET NULL,
    CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
CREATE INDEX sessions_user ON sessions (user_id, kind, ended_at, last_seen_at);
CREATE INDEX sessions_expires ON sessions (expires_at);
CREATE INDEX sessions_ended ON sessions (ended_at);
CREATE INDEX sessions_replaces ON sessions (replaces);

-- Its generations. Only the SHA-256 of a token is kept.
CREATE TABLE refresh_tokens (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    session_id BIGINT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL CHECK (generation >= 1),
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
    -- The secret whose refresh key derived this token from the one before; none for a first, random one.
    derived_with TEXT,
    created_at TIMESTAMP NOT NULL,
    replaced_at TIMESTAMP,
    seen_at TIMESTAMP,
    UNIQUE (session_id, generation)
);

-- What ends an access token before its time: a session, or every token of a user below an epoch.
CREATE TABLE revocations (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    session TEXT,
    user_public_id TEXT,
    epoch BIGINT,
    at TIMESTAMP NOT NULL,
    CHECK ((session IS NULL) <> (user_public_id IS NULL)),
    CHECK ((user_public_id IS NULL) = (epoch IS NULL))
);
CREATE INDEX revocations_at ON revocations (at);
