-- What a person put aside for later. It belongs to them and not to a cart, which ends with its order.
CREATE TABLE saved_items (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    product_id BIGINT NOT NULL REFERENCES products (id),
    quantity BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 99),
    UNIQUE (user_id, product_id)
);
CREATE INDEX saved_items_product ON saved_items (product_id);

-- The last thing that was taken out, so that it can be put back.
ALTER TABLE carts ADD COLUMN removed_product_id BIGINT REFERENCES products (id);
ALTER TABLE carts ADD COLUMN removed_quantity BIGINT CHECK (removed_quantity BETWEEN 1 AND 99);
