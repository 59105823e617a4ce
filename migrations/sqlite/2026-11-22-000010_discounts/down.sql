ALTER TABLE order_lines DROP COLUMN discount;
ALTER TABLE orders DROP COLUMN discount_code;
ALTER TABLE carts DROP COLUMN discount_id;
DROP TABLE discount_uses;
DROP TABLE discounts;
