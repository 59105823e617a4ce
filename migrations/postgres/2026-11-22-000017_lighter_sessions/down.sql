ALTER TABLE refresh_tokens RESET (fillfactor);
ALTER TABLE sessions RESET (fillfactor);
DROP INDEX sessions_user;
CREATE INDEX sessions_user ON sessions (user_id, kind, ended_at, last_seen_at);
