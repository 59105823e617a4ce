ALTER TABLE revocations DROP COLUMN written_at;
