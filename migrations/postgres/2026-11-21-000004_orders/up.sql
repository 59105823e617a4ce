-- One open cart a person. `version` counts its changes, so that a form knows which cart it was drawn from.
CREATE TABLE carts (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 22),
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status TEXT NOT NULL CHECK (status IN ('open', 'ordered')),
    version BIGINT NOT NULL CHECK (version >= 0),
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX carts_open ON carts (user_id) WHERE status = 'open';
CREATE INDEX carts_user ON carts (user_id, status);

-- `seen_price` is the price when it was last put in or set, so that a change can be said.
CREATE TABLE cart_items (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    cart_id BIGINT NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    product_id BIGINT NOT NULL REFERENCES products (id),
    quantity BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    seen_price BIGINT NOT NULL CHECK (seen_price >= 0),
    UNIQUE (cart_id, product_id)
);
CREATE INDEX cart_items_product ON cart_items (product_id);

-- `cart_id` is unique: a cart becomes at most one order, however often the button is pressed.
CREATE TABLE orders (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    number TEXT NOT NULL UNIQUE,
    user_id BIGINT NOT NULL REFERENCES users (id),
    cart_id BIGINT UNIQUE REFERENCES carts (id) ON DELETE SET NULL,
    status TEXT NOT NULL CHECK (status IN ('placed', 'paid', 'packed', 'shipped', 'delivered', 'cancelled', 'refunded')),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    subtotal BIGINT NOT NULL CHECK (subtotal >= 0),
    discount BIGINT NOT NULL CHECK (discount BETWEEN 0 AND subtotal),
    delivery BIGINT NOT NULL CHECK (delivery >= 0),
    total BIGINT NOT NULL CHECK (total >= 0 AND total = subtotal - discount + delivery),
    name TEXT NOT NULL,
    address1 TEXT NOT NULL,
    address2 TEXT NOT NULL,
    city TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    country TEXT NOT NULL CHECK (length(country) = 2),
    phone TEXT NOT NULL,
    note TEXT NOT NULL,
    placed_at TIMESTAMP NOT NULL
);
CREATE INDEX orders_user ON orders (user_id, placed_at, id);

-- What was bought, as it was then: title and price are copies.
CREATE TABLE order_lines (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    product_id BIGINT NOT NULL REFERENCES products (id),
    title TEXT NOT NULL,
    unit_price BIGINT NOT NULL CHECK (unit_price >= 0),
    quantity BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    line_total BIGINT NOT NULL CHECK (line_total >= 0),
    UNIQUE (order_id, product_id)
);
CREATE INDEX order_lines_product ON order_lines (product_id);

CREATE TABLE order_events (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    order_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    status TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX order_events_order ON order_events (order_id, id);
