-- What a search reads of a product, in three parts: its title, its category's name and its code, and all its words. Only what is for
-- sale is here. What is inserted into this view goes into the index below.
CREATE VIEW product_texts (id, category_id, text) AS
SELECT p.id, p.category_id,
    p.sort_title || char(148) || lower(c.name) || ' ' || c.slug || ' ' || lower(p.sku) || char(150) || p.words
FROM products p JOIN categories c ON c.id = p.category_id WHERE p.status = 'active';

-- Every beginning of a token up to 16 characters has a list of its own: a search for it walks one list, newest first, and need not
-- merge those of all the words that begin with it. `ascii` parts the tokens where the trigger put a space and nowhere else.
CREATE VIRTUAL TABLE product_words USING fts5 (
    tokens, tokenize = 'ascii', prefix = '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16', columnsize = 0
);

-- The words as tokens, beside tokens that begin with a control character, which nobody can type. 145: a symbol that is a letter. 146: a
-- word of the title. 147: one of the category's name or the code. 149: the category. The program says a search in the same way
-- (src/shop/search/token.rs). `OFFSET 0` has the text made once, not where it is read.
CREATE TRIGGER product_texts_in INSTEAD OF INSERT ON product_texts BEGIN
    INSERT INTO product_words (rowid, tokens)
    SELECT NEW.id, ' ' || substr(text, instr(text, char(150)) + 1)
        || replace(' ' || substr(text, 1, instr(text, char(148)) - 1), ' ', ' ' || char(146))
        || replace(' ' || substr(text, instr(text, char(148)) + 1, instr(text, char(150)) - instr(text, char(148)) - 1),
            ' ', ' ' || char(147))
        || ' ' || char(149) || NEW.category_id
    FROM (
        SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(text
        , '$', ' ' || char(145) || '24 '), '%', ' ' || char(145) || '25 '), '&', ' ' || char(145) || '26 ')
        , '''', ' ' || char(145) || '27 '), '*', ' ' || char(145) || '2a '), '+', ' ' || char(145) || '2b ')
        , '@', ' ' || char(145) || '40 '), '_', ' ' || char(145) || '5f '), '€', ' ' || char(145) || '20ac ')
        , '£', ' ' || char(145) || 'a3 '), '  ', ' '), '  ', ' ') AS text
        FROM (
        SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        replace(replace(text
        , '»', ' '), '„', ' '), '‚', ' '), '•', ' '), '·', ' '), '×', ' '), '→', ' '), '®', ' '), '©', ' '), '°', ' ')
        , '⁄', ' '), char(8203), ' '), char(65279), ' '), '"', ' ' || char(145) || '22 '), '#', ' ' || char(145) || '23 ') AS text
        FROM (
        SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        replace(replace(text
        , '>', ' '), '?', ' '), '[', ' '), '\', ' '), ']', ' '), '^', ' '), '`', ' '), '{', ' '), '|', ' '), '}', ' ')
        , '~', ' '), '–', ' '), '—', ' '), '‐', ' '), '«', ' ') AS text
        FROM (
        SELECT replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        replace(replace(NEW.text
        , '’', ''''), '‘', ''''), '“', '"'), '”', '"'), '!', ' '), '(', ' '), ')', ' '), ',', ' '), '-', ' '), '.', ' ')
        , '/', ' '), ':', ' '), ';', ' '), '<', ' '), '=', ' ') AS text
        )
        )
        )
        LIMIT 1 OFFSET 0
    );
END;
INSERT INTO product_texts SELECT id, category_id, text FROM product_texts;

CREATE TRIGGER products_worded_in AFTER INSERT ON products WHEN NEW.status = 'active' BEGIN
    INSERT INTO product_texts SELECT id, category_id, text FROM product_texts WHERE id = NEW.id;
END;
-- A sale changes the stock alone, and nothing here.
CREATE TRIGGER products_worded AFTER UPDATE OF words, sort_title, sku, category_id, status ON products
WHEN OLD.words <> NEW.words OR OLD.sort_title <> NEW.sort_title OR OLD.sku <> NEW.sku OR OLD.category_id <> NEW.category_id
    OR (OLD.status = 'active') <> (NEW.status = 'active') BEGIN
    DELETE FROM product_words WHERE rowid = OLD.id;
    INSERT INTO product_texts SELECT id, category_id, text FROM product_texts WHERE id = NEW.id;
END;
CREATE TRIGGER products_worded_out AFTER DELETE ON products BEGIN
    DELETE FROM product_words WHERE rowid = OLD.id;
END;
