DROP TABLE products;
DROP TABLE pictures;
DROP TABLE categories;
