-- `last_seen_at` moves at every exchange. A person's live sessions are few, so it is sorted where it is asked for; here it would
-- only be written once more each time.
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, kind, ended_at);
