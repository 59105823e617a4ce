-- Names that programs gave to their orders, kept 24 hours. `body` is the SHA-256 of what was asked: the same name for another wish
-- is a mistake of theirs. A row is written in the transaction of its order, so there is never one without the other.
CREATE TABLE idempotency_keys (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    body TEXT NOT NULL CHECK (length(body) = 43),
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
CREATE INDEX idempotency_keys_order ON idempotency_keys (order_id);
