-- New products are counted once for a statement, not once for each of its rows: every change leaves an old version of the category
-- behind, and whoever lists the categories reads past all of them until they are swept. A sale changes one row, and seldom a count.
DROP TRIGGER products_counted ON products;
CREATE TRIGGER products_counted AFTER UPDATE OF status, stock, category_id ON products
FOR EACH ROW EXECUTE FUNCTION products_count();

CREATE FUNCTION products_count_in() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE categories SET shown = shown + fresh.count, shown_in_stock = shown_in_stock + fresh.in_stock
    FROM (
        SELECT category_id, count(*), count(*) FILTER (WHERE stock > 0) AS in_stock
        FROM changed WHERE status = 'active' GROUP BY category_id
    ) AS fresh WHERE id = fresh.category_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER products_counted_in AFTER INSERT ON products
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION products_count_in();

CREATE FUNCTION products_count_out() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE categories SET shown = shown - gone.count, shown_in_stock = shown_in_stock - gone.in_stock
    FROM (
        SELECT category_id, count(*), count(*) FILTER (WHERE stock > 0) AS in_stock
        FROM changed WHERE status = 'active' GROUP BY category_id
    ) AS gone WHERE id = gone.category_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER products_counted_out AFTER DELETE ON products
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION products_count_out();

-- A few rows that change often: room in their page for the next version, a sweep soon, and what lies there now put together.
ALTER TABLE categories SET (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
CLUSTER categories USING categories_pkey;
