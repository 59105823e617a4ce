-- Only the server leaves old versions of a row behind (see its twin); here a category is changed in its place.
SELECT 1;
