-- Codes that take something off: a percentage or an amount. `uses` counts the orders that used one and were not cancelled.
CREATE TABLE discounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    code TEXT NOT NULL UNIQUE CHECK (length(code) BETWEEN 3 AND 32),
    percent BIGINT CHECK (percent BETWEEN 1 AND 100),
    amount BIGINT CHECK (amount > 0),
    starts_at TIMESTAMP,
    ends_at TIMESTAMP,
    most_uses BIGINT CHECK (most_uses > 0),
    uses BIGINT NOT NULL CHECK (uses >= 0 AND (most_uses IS NULL OR uses <= most_uses)),
    created_at TIMESTAMP NOT NULL,
    CHECK ((percent IS NULL) <> (amount IS NULL))
);

-- Who used which, in which order: once a person.
CREATE TABLE discount_uses (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    discount_id BIGINT NOT NULL REFERENCES discounts (id),
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    order_id BIGINT NOT NULL UNIQUE REFERENCES orders (id) ON DELETE CASCADE,
    UNIQUE (discount_id, user_id)
);
CREATE INDEX discount_uses_user ON discount_uses (user_id);

ALTER TABLE carts ADD COLUMN discount_id BIGINT REFERENCES discounts (id);
-- What was typed, and each line's share of what was taken off.
ALTER TABLE orders ADD COLUMN discount_code TEXT;
ALTER TABLE order_lines ADD COLUMN discount BIGINT NOT NULL DEFAULT 0 CHECK (discount >= 0);
