DROP TRIGGER products_worded_out;
DROP TRIGGER products_worded;
DROP TRIGGER products_worded_in;
DROP TABLE product_words;
DROP VIEW product_texts;
