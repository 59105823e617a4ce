-- Who took a step of an order, and what they wanted to remember of it. Steps from before have neither.
ALTER TABLE order_events ADD COLUMN user_id BIGINT REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE order_events ADD COLUMN note TEXT NOT NULL DEFAULT '';
CREATE INDEX order_events_user ON order_events (user_id);

-- The operators' list walks these. The first also holds all that a day's figures are made of, so that no row is read for them.
CREATE INDEX orders_placed ON orders (placed_at, id, status, total);
CREATE INDEX orders_status ON orders (status, placed_at, id);

-- The days' sign-ins and failures, and the audit of one kind.
CREATE INDEX audit_events_kind ON audit_events (kind, at, id);

-- Counts the changes of a product's words, price and status, so that a form knows which ones it was drawn from.
ALTER TABLE products ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
