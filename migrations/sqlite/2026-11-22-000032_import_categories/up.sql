-- The names of the categories that a file would make, a line each: who sent it sees them before they are made.
ALTER TABLE imports ADD COLUMN categories TEXT NOT NULL DEFAULT '';
