-- When a key begins to sign (none: when it was made), and when its successor takes over (none: it has no successor).
ALTER TABLE signing_keys ADD COLUMN signs_from TIMESTAMP;
ALTER TABLE signing_keys ADD COLUMN signs_until TIMESTAMP;

-- Of several that nodes made at the same first start, the oldest signs; the others never mattered.
UPDATE signing_keys SET signs_until = created_at WHERE id <> (SELECT min(id) FROM signing_keys);

-- One key has no successor, never two: that is what makes one rotation of several that begin at once.
CREATE UNIQUE INDEX signing_keys_newest ON signing_keys (((signs_until IS NULL))) WHERE signs_until IS NULL;

-- Whose pepper is in a password (`lk1$`, then the secret's id), so that "does any need a secret that is not given?" is no scan.
CREATE INDEX users_pepper ON users (substr(password_hash, 5, 8)) WHERE substr(password_hash, 1, 4) = 'lk1$';
