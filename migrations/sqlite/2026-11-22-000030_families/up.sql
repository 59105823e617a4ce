-- One thing that is sold in several options. Each of them is a product with its own code, price and stock; `shown` of them are for sale,
-- and the dearest of those costs `dearest`. The program keeps both, with whatever changes one of them.
CREATE TABLE families (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    code TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    -- What the options differ in: one to three names, such as Colour and Size.
    name_1 TEXT NOT NULL,
    name_2 TEXT NOT NULL,
    name_3 TEXT NOT NULL,
    shown BIGINT NOT NULL DEFAULT 0 CHECK (shown >= 0),
    dearest BIGINT NOT NULL DEFAULT 0 CHECK (dearest >= 0),
    version BIGINT NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL
);

-- A word for each name, the place among the others, and whether it is the one that lists show in the place of all.
ALTER TABLE products ADD COLUMN family_id BIGINT REFERENCES families (id);
ALTER TABLE products ADD COLUMN option_1 TEXT NOT NULL DEFAULT '';
ALTER TABLE products ADD COLUMN option_2 TEXT NOT NULL DEFAULT '';
ALTER TABLE products ADD COLUMN option_3 TEXT NOT NULL DEFAULT '';
ALTER TABLE products ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
ALTER TABLE products ADD COLUMN listed BOOLEAN NOT NULL DEFAULT TRUE;
CREATE INDEX products_family ON products (family_id, status, place, id) WHERE family_id IS NOT NULL;

-- A list passes over the others by the index alone. What orders it stays in front, so the version before walks the same indexes.
DROP INDEX products_name;
DROP INDEX products_newest;
DROP INDEX products_price;
DROP INDEX products_category_name;
DROP INDEX products_category_newest;
DROP INDEX products_category_price;
CREATE INDEX products_name ON products (status, sort_title, id, listed);
CREATE INDEX products_newest ON products (status, created_at, id, listed);
CREATE INDEX products_price ON products (status, price, id, listed);
CREATE INDEX products_category_name ON products (category_id, status, sort_title, id, listed);
CREATE INDEX products_category_newest ON products (category_id, status, created_at, id, listed);
CREATE INDEX products_category_price ON products (category_id, status, price, id, listed);

-- Options of one thing count as one in a category: the first that goes on sale counts it, and the last that goes takes it off; the same
-- for what is in stock.
DROP TRIGGER products_counted_in;
DROP TRIGGER products_counted_out;
DROP TRIGGER products_recounted;
CREATE TRIGGER products_counted_in AFTER INSERT ON products WHEN NEW.status = 'active' BEGIN
    UPDATE categories SET
        shown = shown + (NOT EXISTS (SELECT 1 FROM products o WHERE o.family_id = NEW.family_id AND o.id <> NEW.id
            AND o.category_id = NEW.category_id AND o.status = 'active')),
        shown_in_stock = shown_in_stock + (NEW.stock > 0 AND NOT EXISTS (SELECT 1 FROM products o WHERE o.family_id = NEW.family_id
            AND o.id <> NEW.id AND o.category_id = NEW.category_id AND o.status = 'active' AND o.stock > 0))
    WHERE id = NEW.category_id;
END;
CREATE TRIGGER products_counted_out AFTER DELETE ON products WHEN OLD.status = 'active' BEGIN
    UPDATE categories SET
        shown = shown - (NOT EXISTS (SELECT 1 FROM products o WHERE o.family_id = OLD.family_id AND o.id <> OLD.id
            AND o.category_id = OLD.category_id AND o.status = 'active')),
        shown_in_stock = shown_in_stock - (OLD.stock > 0 AND NOT EXISTS (SELECT 1 FROM products o WHERE o.family_id = OLD.family_id
            AND o.id <> OLD.id AND o.category_id = OLD.category_id AND o.status = 'active' AND o.stock > 0))
    WHERE id = OLD.category_id;
END;
CREATE TRIGGER products_recounted AFTER UPDATE OF status, stock, category_id, family_id ON products
WHEN OLD.status <> NEW.status OR (OLD.stock > 0) <> (NEW.stock > 0) OR OLD.category_id <> NEW.category_id
    OR OLD.family_id IS NOT NEW.family_id BEGIN
    UPDATE categories SET
        shown = shown - (NOT EXISTS (SELECT 1 FROM products o WHERE o.family_id = OLD.family_id AND o.id <> OLD.id
            AND o.category_id = OLD.category_id AND o.status = 'active')),
        shown_in_stock = shown_in_stock - (OLD.stock > 0 AND NOT EXISTS (SELECT 1 FROM products o WHERE o.family_id = OLD.family_id
            AND o.id <> OLD.id AND o.category_id = OLD.category_id AND o.status = 'active' AND o.stock > 0))
    WHERE id = OLD.category_id AND OLD.status = 'active';
    UPDATE categories SET
        shown = shown + (NOT EXISTS (SELECT 1 FROM products o WHERE o.family_id = NEW.family_id AND o.id <> NEW.id
            AND o.category_id = NEW.category_id AND o.status = 'active')),
        shown_in_stock = shown_in_stock + (NEW.stock > 0 AND NOT EXISTS (SELECT 1 FROM products o WHERE o.family_id = NEW.family_id
            AND o.id <> NEW.id AND o.category_id = NEW.category_id AND o.status = 'active' AND o.stock > 0))
    WHERE id = NEW.category_id AND NEW.status = 'active';
END;

-- Only what lists show is in the index of words; its words are those of all its options.
DROP TRIGGER products_worded_in;
DROP TRIGGER products_worded;
CREATE TRIGGER products_worded_in AFTER INSERT ON products WHEN NEW.status = 'active' AND NEW.listed BEGIN
    INSERT INTO product_texts SELECT id, category_id, text FROM product_texts WHERE id = NEW.id;
END;
CREATE TRIGGER products_worded AFTER UPDATE OF words, sort_title, sku, category_id, status, listed ON products
WHEN OLD.words <> NEW.words OR OLD.sort_title <> NEW.sort_title OR OLD.sku <> NEW.sku OR OLD.category_id <> NEW.category_id
    OR (OLD.status = 'active') <> (NEW.status = 'active') OR OLD.listed <> NEW.listed BEGIN
    DELETE FROM product_words WHERE rowid = OLD.id;
    INSERT INTO product_texts SELECT id, category_id, text FROM product_texts WHERE id = NEW.id AND NEW.listed;
END;
