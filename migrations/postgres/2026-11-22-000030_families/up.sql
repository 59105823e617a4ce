-- One thing that is sold in several options. Each of them is a product with its own code, price and stock; `shown` of them are for sale,
-- and the dearest of those costs `dearest`. The program keeps both, with whatever changes one of them.
CREATE TABLE families (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
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
-- for what is in stock. Of two that sell out at once, the second waits for the category and then sees that it is the last: it has to
-- wait in a statement of its own, since a statement that waits goes on with what it saw before. New products are counted by the statement,
-- as they were: each comes by itself, and joins a family afterwards.
CREATE FUNCTION category_count(product BIGINT, family BIGINT, category BIGINT, in_stock BOOLEAN, step INT) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF family IS NULL THEN
        UPDATE categories SET shown_in_stock = shown_in_stock + step * in_stock::int, shown = shown + step WHERE id = category;
        RETURN;
    END IF;
    PERFORM 1 FROM categories WHERE id = category FOR NO KEY UPDATE;
    UPDATE categories SET
        shown = shown + step * (NOT EXISTS (SELECT 1 FROM products o WHERE o.family_id = family AND o.id <> product
            AND o.category_id = category AND o.status = 'active'))::int,
        shown_in_stock = shown_in_stock + step * (in_stock AND NOT EXISTS (SELECT 1 FROM products o WHERE o.family_id = family
            AND o.id <> product AND o.category_id = category AND o.status = 'active' AND o.stock > 0))::int
    WHERE id = category;
END
$$;
CREATE OR REPLACE FUNCTION products_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = NEW.status AND (OLD.stock > 0) = (NEW.stock > 0) AND OLD.category_id = NEW.category_id
        AND OLD.family_id IS NOT DISTINCT FROM NEW.family_id THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.status = 'active' THEN
        PERFORM category_count(OLD.id, OLD.family_id, OLD.category_id, OLD.stock > 0, -1);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status = 'active' THEN
        PERFORM category_count(NEW.id, NEW.family_id, NEW.category_id, NEW.stock > 0, 1);
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER products_counted ON products;
CREATE TRIGGER products_counted AFTER UPDATE OF status, stock, category_id, family_id ON products
FOR EACH ROW EXECUTE FUNCTION products_count();

-- Only what lists show is in the index of words; its words are those of all its options.
CREATE OR REPLACE FUNCTION products_worded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'active' AND NEW.listed THEN
        PERFORM products_word(NEW.id);
    ELSE
        DELETE FROM product_words WHERE rowid = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
DROP TRIGGER products_worded ON products;
CREATE TRIGGER products_worded AFTER UPDATE OF words, sort_title, sku, category_id, status, listed ON products
FOR EACH ROW WHEN (OLD.words <> NEW.words OR OLD.sort_title <> NEW.sort_title OR OLD.sku <> NEW.sku
    OR OLD.category_id <> NEW.category_id OR (OLD.status = 'active') <> (NEW.status = 'active') OR OLD.listed <> NEW.listed)
EXECUTE FUNCTION products_worded();
