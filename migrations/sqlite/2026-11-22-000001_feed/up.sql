-- The database's own time when the row was written, for measuring how long the other nodes took to hear of it. None in rows of an
-- earlier version.
ALTER TABLE revocations ADD COLUMN written_at TIMESTAMP;
