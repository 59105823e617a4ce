-- What a search reads of a product: its words, as tokens with a space between them, beside tokens that begin with a control character,
-- which nobody can type. 145: a symbol that is a letter. 146: a word of the title. 147: one of the category's name or the code.
-- 149: the category. The program says a search in the same way (src/shop/search/token.rs). Only what is for sale is here.
CREATE FUNCTION word_tokens(text TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        translate(text, '’‘“”!(),-./:;<=>?[\]^`{|}~–—‐«»„‚•·×→®©°⁄' || chr(8203) || chr(65279),
            '''''""                                       ')
        , '"', ' ' || chr(145) || '22 '), '#', ' ' || chr(145) || '23 '), '$', ' ' || chr(145) || '24 ')
        , '%', ' ' || chr(145) || '25 '), '&', ' ' || chr(145) || '26 '), '''', ' ' || chr(145) || '27 ')
        , '*', ' ' || chr(145) || '2a '), '+', ' ' || chr(145) || '2b '), '@', ' ' || chr(145) || '40 ')
        , '_', ' ' || chr(145) || '5f '), '€', ' ' || chr(145) || '20ac '), '£', ' ' || chr(145) || 'a3 ')
$$;

-- A vector is put together from the tokens themselves: the server's own parser reads addresses, numbers and hyphens its own way, and
-- letters by the locale. A token longer than a search can be is cut.
CREATE FUNCTION word_vector(text TEXT) RETURNS TSVECTOR LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(string_agg(left(token, 200) || ':' || least(place, 16383), ' '), '')::tsvector
    FROM regexp_split_to_table(text, ' +') WITH ORDINALITY AS tokens (token, place) WHERE token <> ''
$$;

CREATE TABLE product_words (
    rowid BIGINT PRIMARY KEY NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    tokens TSVECTOR NOT NULL
);

CREATE FUNCTION products_word(product BIGINT) RETURNS void LANGUAGE sql AS $$
    INSERT INTO product_words (rowid, tokens)
    SELECT p.id, word_vector(
        word_tokens(p.words)
        || regexp_replace(' ' || word_tokens(p.sort_title), ' +', ' ' || chr(146), 'g')
        || regexp_replace(' ' || word_tokens(lower(c.name) || ' ' || c.slug || ' ' || lower(p.sku)), ' +', ' ' || chr(147), 'g')
        || ' ' || chr(149) || p.category_id
    )
    FROM products p JOIN categories c ON c.id = p.category_id WHERE p.status = 'active' AND p.id = product
    ON CONFLICT (rowid) DO UPDATE SET tokens = excluded.tokens
$$;
SELECT count(products_word(id)) FROM products WHERE status = 'active';
-- Without a list of what is yet to be sorted in, which every search would have to read.
CREATE INDEX product_words_tokens ON product_words USING gin (tokens) WITH (fastupdate = off);

CREATE FUNCTION products_worded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'active' THEN
        PERFORM products_word(NEW.id);
    ELSE
        DELETE FROM product_words WHERE rowid = NEW.id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER products_worded_in AFTER INSERT ON products
FOR EACH ROW WHEN (NEW.status = 'active') EXECUTE FUNCTION products_worded();
-- A sale changes the stock alone, and nothing here.
CREATE TRIGGER products_worded AFTER UPDATE OF words, sort_title, sku, category_id, status ON products
FOR EACH ROW WHEN (OLD.words <> NEW.words OR OLD.sort_title <> NEW.sort_title OR OLD.sku <> NEW.sku
    OR OLD.category_id <> NEW.category_id OR (OLD.status = 'active') <> (NEW.status = 'active'))
EXECUTE FUNCTION products_worded();
