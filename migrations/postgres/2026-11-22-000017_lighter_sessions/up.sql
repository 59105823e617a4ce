-- `last_seen_at` moves at every exchange. A person's live sessions are few, so it is sorted where it is asked for; here it would
-- only be written once more each time.
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, kind, ended_at);
-- Room in each page for the next version of its rows: what an exchange writes then touches no index (heap-only tuples).
ALTER TABLE sessions SET (fillfactor = 80);
ALTER TABLE refresh_tokens SET (fillfactor = 80);
