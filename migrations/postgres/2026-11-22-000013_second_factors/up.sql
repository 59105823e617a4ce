-- The secret of a person's authenticator app, sealed with the master secret, and the newest of its steps that was used.
CREATE TABLE second_factors (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    user_id BIGINT NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    sealed TEXT NOT NULL CHECK (length(sealed) BETWEEN 40 AND 200),
    secret_id TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX second_factors_secret ON second_factors (secret_id);

-- SHA-256 of codes of 125 bits for the day when the app is gone. Each is good once.
CREATE TABLE recovery_codes (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    hash TEXT NOT NULL CHECK (length(hash) = 43),
    used_at TIMESTAMP,
    UNIQUE (user_id, hash)
);

-- Wrong codes, so that all nodes count them together.
CREATE TABLE code_failures (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at TIMESTAMP NOT NULL
);
CREATE INDEX code_failures_user ON code_failures (user_id, at);
CREATE INDEX code_failures_at ON code_failures (at);

-- Sign-ins whose password was right and whose code is awaited, for five minutes.
CREATE TABLE half_sign_ins (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    -- SHA-256 of the ticket in the browser's cookie.
    ticket TEXT NOT NULL UNIQUE CHECK (length(ticket) = 43),
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What changed their epoch since ends this too.
    epoch BIGINT NOT NULL,
    remember BOOLEAN NOT NULL,
    next TEXT,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX half_sign_ins_user ON half_sign_ins (user_id);
CREATE INDEX half_sign_ins_expires ON half_sign_ins (expires_at);

-- When the person last proved in this session who they are; sessions from before have not.
ALTER TABLE sessions ADD COLUMN confirmed_at TIMESTAMP;
