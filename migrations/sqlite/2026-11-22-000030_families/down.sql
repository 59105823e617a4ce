DROP TRIGGER products_counted_in;
DROP TRIGGER products_counted_out;
DROP TRIGGER products_recounted;
DROP TRIGGER products_worded_in;
DROP TRIGGER products_worded;
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
CREATE TRIGGER products_counted_in AFTER INSERT ON products WHEN NEW.status = 'active' BEGIN
    UPDATE categories SET shown = shown + 1, shown_in_stock = shown_in_stock + (NEW.stock > 0) WHERE id = NEW.category_id;
END;
CREATE TRIGGER products_counted_out AFTER DELETE ON products WHEN OLD.status = 'active' BEGIN
    UPDATE categories SET shown_in_stock = shown_in_stock - (OLD.stock > 0), shown = shown - 1 WHERE id = OLD.category_id;
END;
CREATE TRIGGER products_recounted AFTER UPDATE OF status, stock, category_id ON products
WHEN OLD.status <> NEW.status OR (OLD.stock > 0) <> (NEW.stock > 0) OR OLD.category_id <> NEW.category_id BEGIN
    UPDATE categories SET shown_in_stock = shown_in_stock - (OLD.stock > 0), shown = shown - 1 WHERE id = OLD.category_id AND OLD.status = 'active';
    UPDATE categories SET shown = shown + 1, shown_in_stock = shown_in_stock + (NEW.stock > 0) WHERE id = NEW.category_id AND NEW.status = 'active';
END;
CREATE TRIGGER products_worded_in AFTER INSERT ON products WHEN NEW.status = 'active' BEGIN
    INSERT INTO product_texts SELECT id, category_id, text FROM product_texts WHERE id = NEW.id;
END;
-- A sale changes the stock alone, and nothing here.
CREATE TRIGGER products_worded AFTER UPDATE OF words, sort_title, sku, category_id, status ON products
WHEN OLD.words <> NEW.words OR OLD.sort_title <> NEW.sort_title OR OLD.sku <> NEW.sku OR OLD.category_id <> NEW.category_id
    OR (OLD.status = 'active') <> (NEW.status = 'active') BEGIN
    DELETE FROM product_words WHERE rowid = OLD.id;
    INSERT INTO product_texts SELECT id, category_id, text FROM product_texts WHERE id = NEW.id;
END;
