DROP TRIGGER products_counted ON products;
DROP TRIGGER products_worded ON products;
DROP INDEX products_family;
DROP INDEX products_name;
DROP INDEX products_newest;
DROP INDEX products_price;
DROP INDEX products_category_name;
DROP INDEX products_category_newest;
DROP INDEX products_category_price;
ALTER TABLE products DROP COLUMN family_id;
ALTER TABLE products DROP COLUMN option_1;
ALTER TABLE products DROP COLUMN option_2;
ALTER TABLE products DROP COLUMN option_3;
ALTER TABLE products DROP COLUMN place;
ALTER TABLE products DROP COLUMN listed;
DROP TABLE families;
CREATE INDEX products_name ON products (status, sort_title, id);
CREATE INDEX products_newest ON products (status, created_at, id);
CREATE INDEX products_price ON products (status, price, id);
CREATE INDEX products_category_name ON products (category_id, status, sort_title, id);
CREATE INDEX products_category_newest ON products (category_id, status, created_at, id);
CREATE INDEX products_category_price ON products (category_id, status, price, id);
CREATE OR REPLACE FUNCTION products_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = NEW.status AND (OLD.stock > 0) = (NEW.stock > 0) AND OLD.category_id = NEW.category_id THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.status = 'active' THEN
        UPDATE categories SET shown_in_stock = shown_in_stock - (OLD.stock > 0)::int, shown = shown - 1 WHERE id = OLD.category_id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status = 'active' THEN
        UPDATE categories SET shown = shown + 1, shown_in_stock = shown_in_stock + (NEW.stock > 0)::int WHERE id = NEW.category_id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER products_counted AFTER UPDATE OF status, stock, category_id ON products
FOR EACH ROW EXECUTE FUNCTION products_count();
DROP FUNCTION category_count(BIGINT, BIGINT, BIGINT, BOOLEAN, INT);
CREATE OR REPLACE FUNCTION products_worded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'active' THEN
        PERFORM products_word(NEW.id);
    ELSE
        DELETE FROM product_words WHERE rowid = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER products_worded AFTER UPDATE OF words, sort_title, sku, category_id, status ON products
FOR EACH ROW WHEN (OLD.words <> NEW.words OR OLD.sort_title <> NEW.sort_title OR OLD.sku <> NEW.sku
    OR OLD.category_id <> NEW.category_id OR (OLD.status = 'active') <> (NEW.status = 'active'))
EXECUTE FUNCTION products_worded();
