-- Only the server plans a function anew for every row (see its twin); here the statements of a trigger are prepared once.
SELECT 1;
