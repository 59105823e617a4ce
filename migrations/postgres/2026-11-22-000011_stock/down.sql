DROP TRIGGER products_low ON products;
DROP TRIGGER products_low_in ON products;
DROP FUNCTION products_low;
DROP TABLE low_stock;
DROP TABLE stock_movements;
