-- A file of products on its way in: whose it is, how far it is, what came of it. The file itself lies at the node that got it, which
-- says at `beat_at` that it is alive. `slot` is taken while an import is open: there is one at a time.
CREATE TABLE imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 22),
    slot BIGINT UNIQUE CHECK (slot = 1),
    user_id BIGINT NOT NULL REFERENCES users (id),
    state TEXT NOT NULL CHECK (state IN ('checking', 'ready', 'asked', 'running', 'stopping',
        'wrong', 'done', 'stopped', 'failed', 'interrupted')),
    size BIGINT NOT NULL CHECK (size >= 0),
    position BIGINT NOT NULL DEFAULT 0,
    lines BIGINT NOT NULL DEFAULT 0,
    made BIGINT NOT NULL DEFAULT 0,
    changed BIGINT NOT NULL DEFAULT 0,
    same BIGINT NOT NULL DEFAULT 0,
    wrong BIGINT NOT NULL DEFAULT 0,
    told TEXT NOT NULL DEFAULT '',
    untold BIGINT NOT NULL DEFAULT 0,
    note TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    beat_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP,
    CHECK ((slot IS NULL) = (ended_at IS NOT NULL))
);
CREATE INDEX imports_ended ON imports (ended_at);
