-- Passkeys: the public half of a key pair whose other half never leaves the person's device.
CREATE TABLE passkeys (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 22),
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- What the authenticator calls it, at most 1,023 bytes (WebAuthn section 4), in base64url.
    credential_id TEXT NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1364),
    -- The public key and what was said of it, as webauthn-rs writes them.
    credential TEXT NOT NULL,
    -- How often it has signed, where the authenticator counts; else 0.
    sign_count BIGINT NOT NULL CHECK (sign_count >= 0),
    backed_up BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP
);
CREATE INDEX passkeys_user ON passkeys (user_id);

-- Challenges that were shown: each is good once. Those that were only given out leave no row.
CREATE TABLE spent_challenges (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    challenge TEXT NOT NULL UNIQUE CHECK (length(challenge) = 22),
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX spent_challenges_expires ON spent_challenges (expires_at);
