ALTER TABLE categories RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
DROP TRIGGER products_counted_out ON products;
DROP FUNCTION products_count_out;
DROP TRIGGER products_counted_in ON products;
DROP FUNCTION products_count_in;
DROP TRIGGER products_counted ON products;
CREATE TRIGGER products_counted AFTER INSERT OR DELETE OR UPDATE OF status, stock, category_id ON products
FOR EACH ROW EXECUTE FUNCTION products_count();
