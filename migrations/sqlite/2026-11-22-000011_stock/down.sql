DROP TRIGGER products_low;
DROP TRIGGER products_low_in;
DROP TABLE low_stock;
DROP TABLE stock_movements;
