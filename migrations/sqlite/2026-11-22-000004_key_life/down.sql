DROP INDEX users_pepper;
DROP INDEX signing_keys_newest;
ALTER TABLE signing_keys DROP COLUMN signs_until;
ALTER TABLE signing_keys DROP COLUMN signs_from;
