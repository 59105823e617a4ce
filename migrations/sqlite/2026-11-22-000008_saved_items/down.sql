ALTER TABLE carts DROP COLUMN removed_quantity;
ALTER TABLE carts DROP COLUMN removed_product_id;
DROP TABLE saved_items;
