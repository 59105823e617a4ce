CREATE OR REPLACE FUNCTION word_vector(text TEXT) RETURNS TSVECTOR LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(string_agg(left(token, 200) || ':' || least(place, 16383), ' '), '')::tsvector
    FROM regexp_split_to_table(text, ' +') WITH ORDINALITY AS tokens (token, place) WHERE token <> ''
$$;
CREATE OR REPLACE FUNCTION products_word(product BIGINT) RETURNS void LANGUAGE sql AS $$
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
