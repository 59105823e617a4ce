-- Personal tokens for the API. Only SHA-256 of a token is here; revoking one deletes its row.
CREATE TABLE api_tokens (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 22),
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
    -- Words with a space between them.
    scope TEXT NOT NULL CHECK (length(scope) > 0),
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL CHECK (expires_at > created_at),
    -- Written at most once a minute.
    last_used_at TIMESTAMP
);
CREATE INDEX api_tokens_user ON api_tokens (user_id, expires_at);
CREATE INDEX api_tokens_expires ON api_tokens (expires_at);

-- Since when there is no account any more. What is left of the row has no name, address or password: a pseudonym for what is kept.
ALTER TABLE users ADD COLUMN deleted_at TIMESTAMP;
