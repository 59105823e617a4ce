-- Every piece that came or went, and why: nothing here is changed or deleted, and a product's pieces add up to its stock.
CREATE TABLE stock_movements (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    product_id BIGINT NOT NULL REFERENCES products (id),
    pieces BIGINT NOT NULL CHECK (pieces <> 0),
    reason TEXT NOT NULL CHECK (reason IN ('opening', 'sold', 'cancelled', 'received', 'returned', 'damaged', 'counted')),
    order_id BIGINT REFERENCES orders (id) ON DELETE SET NULL,
    user_id BIGINT REFERENCES users (id) ON DELETE SET NULL,
    note TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX stock_movements_product ON stock_movements (product_id, id);
CREATE INDEX stock_movements_order ON stock_movements (order_id);
CREATE INDEX stock_movements_user ON stock_movements (user_id);

-- What is on the shelf already.
INSERT INTO stock_movements (product_id, pieces, reason, note, at)
SELECT id, stock, 'opening', '', created_at FROM products WHERE stock <> 0;

-- The active products of which few are left, by their rows; the triggers below keep it. An index on products.stock would do the same,
-- and make every sale write all the other indexes of the product anew on Postgres.
CREATE TABLE low_stock (
    id BIGINT PRIMARY KEY NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    stock BIGINT NOT NULL
);
CREATE INDEX low_stock_stock ON low_stock (stock, id);
INSERT INTO low_stock (id, stock) SELECT id, stock FROM products WHERE status = 'active' AND stock <= 5;

CREATE TRIGGER products_low_in AFTER INSERT ON products WHEN NEW.status = 'active' AND NEW.stock <= 5 BEGIN
    INSERT INTO low_stock (id, stock) VALUES (NEW.id, NEW.stock);
END;
CREATE TRIGGER products_low AFTER UPDATE OF status, stock ON products WHEN OLD.stock <= 5 OR NEW.stock <= 5 BEGIN
    DELETE FROM low_stock WHERE id = NEW.id;
    INSERT INTO low_stock (id, stock) SELECT NEW.id, NEW.stock WHERE NEW.status = 'active' AND NEW.stock <= 5;
END;
