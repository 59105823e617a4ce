-- An attempt to pay for an order: at most one of an order is open at a time. `due_at`: when the order is called off unless it is
-- paid; `ask_at`: when the provider is asked what became of it. `received` is what came, where it is not what was asked.
CREATE TABLE payments (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 22),
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    attempt BIGINT NOT NULL CHECK (attempt > 0),
    provider TEXT NOT NULL,
    reference TEXT,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    state TEXT NOT NULL CHECK (state IN ('due', 'pending', 'declined', 'paid', 'cancelled', 'refund_due', 'refunded')),
    received BIGINT CHECK (received >= 0),
    received_currency TEXT,
    due_at TIMESTAMP,
    ask_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (order_id, attempt),
    UNIQUE (provider, reference)
);
CREATE UNIQUE INDEX payments_open ON payments (order_id) WHERE ((state = 'due') OR (state = 'pending'));
CREATE INDEX payments_owed ON payments (updated_at, id) WHERE state = 'refund_due';
CREATE INDEX payments_due ON payments (due_at, id);
CREATE INDEX payments_ask ON payments (ask_at, id);

-- What providers said, as they said it. A provider names each of its tidings, and each counts once.
CREATE TABLE payment_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    payment_id BIGINT NOT NULL REFERENCES payments (id) ON DELETE CASCADE,
    provider TEXT NOT NULL,
    event TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('paid', 'declined')),
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    UNIQUE (provider, event)
);
CREATE INDEX payment_events_payment ON payment_events (payment_id);

-- The books of the trial provider, which no other room reads: to the shop it is a stranger.
CREATE TABLE trial_bills (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    reference TEXT NOT NULL UNIQUE CHECK (length(reference) = 22),
    payment TEXT NOT NULL UNIQUE CHECK (length(payment) = 22),
    number TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    verdict TEXT CHECK (verdict IN ('paid', 'declined')),
    event TEXT,
    created_at TIMESTAMP NOT NULL
);

-- What became of the money, where the order itself took no step.
ALTER TABLE order_events ADD COLUMN payment TEXT;
