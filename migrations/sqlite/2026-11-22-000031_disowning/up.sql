-- A link for what happened to an account and was not its person's doing. A rule of a table cannot be changed here, so the table is made
-- anew, with its rows.
CREATE TABLE mail_links_anew (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- SHA-256 of the 32 bytes in the link.
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 43),
    purpose TEXT NOT NULL CHECK (purpose IN ('verify', 'reset', 'change', 'register', 'disown')),
    -- Whose account, and its epoch then; none for an account that is yet to be, and for what was asked of an address without one.
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    epoch BIGINT,
    -- The address that the mail went to.
    email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    -- The sign-in that asked for it, which outlives a change of the address.
    session TEXT,
    -- Of an account that is yet to be: its public name, what to call its person, and their password.
    public_id TEXT CHECK (length(public_id) = 22),
    name TEXT,
    password_hash TEXT,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    spent_at TIMESTAMP,
    CHECK ((user_id IS NULL) = (epoch IS NULL)),
    CHECK ((public_id IS NULL) = (password_hash IS NULL)),
    CHECK ((public_id IS NULL) = (name IS NULL))
);
INSERT INTO mail_links_anew (id, hash, purpose, user_id, epoch, email, session, public_id, name, password_hash, created_at, expires_at, spent_at)
SELECT id, hash, purpose, user_id, epoch, email, session, public_id, name, password_hash, created_at, expires_at, spent_at FROM mail_links;
DROP TABLE mail_links;
ALTER TABLE mail_links_anew RENAME TO mail_links;
CREATE INDEX mail_links_user ON mail_links (user_id, purpose, id);
CREATE INDEX mail_links_email ON mail_links (email, purpose, id);
CREATE INDEX mail_links_expires ON mail_links (expires_at);
