DROP TABLE products;
DROP TABLE pictures;
DROP TABLE categories;
DROP FUNCTION products_count();
