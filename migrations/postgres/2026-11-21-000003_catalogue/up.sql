-- `shown` and `shown_in_stock` count the active products; the triggers below keep them, so that a list need not.
CREATE TABLE categories (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    shown BIGINT NOT NULL DEFAULT 0 CHECK (shown >= 0),
    shown_in_stock BIGINT NOT NULL DEFAULT 0 CHECK (shown_in_stock BETWEEN 0 AND shown)
);

-- A product's picture; in the database, so that every node has it and one backup holds all.
CREATE TABLE pictures (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 22),
    media_type TEXT NOT NULL CHECK (media_type IN ('image/svg+xml', 'image/jpeg', 'image/png', 'image/webp')),
    bytes BYTEA NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE products (
    id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    public_id TEXT NOT NULL UNIQUE CHECK (length(public_id) = 22),
    sku TEXT NOT NULL UNIQUE,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    -- The title and description in lower case, made by the program: the databases fold case differently.
    words TEXT NOT NULL,
    sort_title TEXT NOT NULL,
    description TEXT NOT NULL,
    category_id BIGINT NOT NULL REFERENCES categories (id),
    price BIGINT NOT NULL CHECK (price BETWEEN 0 AND 1000000000000),
    stock BIGINT NOT NULL CHECK (stock BETWEEN 0 AND 1000000000),
    status TEXT NOT NULL CHECK (status IN ('active', 'draft', 'archived')),
    picture TEXT REFERENCES pictures (public_id),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX products_name ON products (status, sort_title, id);
CREATE INDEX products_newest ON products (status, created_at, id);
CREATE INDEX products_price ON products (status, price, id);
CREATE INDEX products_category_name ON products (category_id, status, sort_title, id);
CREATE INDEX products_category_newest ON products (category_id, status, created_at, id);
CREATE INDEX products_category_price ON products (category_id, status, price, id);
CREATE INDEX products_picture ON products (picture);

CREATE FUNCTION products_count() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.status = NEW.status AND (OLD.stock > 0) = (NEW.stock > 0) AND OLD.category_id = NEW.category_id THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.status = 'active' THEN
        UPDATE categories SET shown_in_stock = shown_in_stock - (OLD.stock > 0)::int, shown = shown - 1 WHERE id = OLD.category_id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status = 'active' THEN
        UPDATE categories SET shown = shown + 1, shown_in_stock = shown_in_stock + (NEW.stock > 0)::int WHERE id = NEW.category_id;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER products_counted AFTER INSERT OR DELETE OR UPDATE OF status, stock, category_id ON products
FOR EACH ROW EXECUTE FUNCTION products_count();
