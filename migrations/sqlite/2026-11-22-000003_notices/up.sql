-- What a person must be told of a session that ended without their asking; kept 30 days.
CREATE TABLE notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('reuse', 'limit')),
    -- The session that ended: its kind, its client, when it was last used.
    door TEXT NOT NULL CHECK (door IN ('web', 'api')),
    user_agent TEXT NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    -- Where it came from: of a reuse, who showed the old token.
    address TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    -- When it was first shown to anybody.
    told_at TIMESTAMP
);
CREATE INDEX notices_user ON notices (user_id, created_at);
CREATE INDEX notices_created ON notices (created_at);

-- The sessions that have not been shown a notice yet. A page asks only whether there is a row for its own.
CREATE TABLE unread_notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    session TEXT NOT NULL REFERENCES sessions (public_id) ON DELETE CASCADE,
    notice_id BIGINT NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    UNIQUE (session, notice_id)
);
CREATE INDEX unread_notices_notice ON unread_notices (notice_id);
