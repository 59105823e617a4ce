DROP TRIGGER products_worded ON products;
DROP TRIGGER products_worded_in ON products;
DROP FUNCTION products_worded();
DROP FUNCTION products_word(BIGINT);
DROP TABLE product_words;
DROP FUNCTION word_vector(TEXT);
DROP FUNCTION word_tokens(TEXT);
