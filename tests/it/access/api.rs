//! The rows of the matrix under `/api`.
//!
//! Invariant: as those of the pages; a body is empty, so that only the question who it is decides.

use super::Row;

pub(super) const API: [Row; 34] = [
    ("POST", "/api/auth/register", [422, 422, 422, 422]),
    ("POST", "/api/register", [422, 422, 422, 422]),
    ("POST", "/api/auth/login", [422, 422, 422, 422]),
    ("POST", "/api/login", [422, 422, 422, 422]),
    ("POST", "/api/auth/refresh", [401, 401, 401, 401]),
    ("POST", "/api/refresh", [401, 401, 401, 401]),
    ("GET", "/api/profile", [401, 200, 200, 200]),
    ("PATCH", "/api/profile", [401, 422, 422, 422]),
    ("GET", "/api/user", [401, 200, 200, 200]),
    ("PATCH", "/api/user", [401, 422, 422, 422]),
    ("GET", "/api/auth/profile", [401, 200, 200, 200]),
    ("PATCH", "/api/auth/profile", [401, 422, 422, 422]),
    ("GET", "/api/sessions", [401, 200, 200, 200]),
    ("DELETE", "/api/sessions/{id}", [401, 204, 404, 404]),
    ("GET", "/api/dashboard", [401, 200, 200, 200]),
    ("GET", "/api/products", [200, 200, 200, 200]),
    ("GET", "/api/products/{slug}", [200, 200, 200, 200]),
    ("GET", "/api/cart", [401, 200, 200, 200]),
    ("POST", "/api/cart/items", [401, 422, 422, 422]),
    ("PUT", "/api/cart/items/{product_id}", [401, 422, 422, 422]),
    ("DELETE", "/api/cart/items/{product_id}", [401, 200, 200, 200]),
    ("POST", "/api/cart/undo", [401, 200, 200, 200]),
    ("POST", "/api/cart/items/{product_id}/save", [401, 404, 404, 404]),
    ("GET", "/api/cart/saved", [401, 200, 200, 200]),
    ("POST", "/api/cart/saved/{product_id}/restore", [401, 404, 404, 404]),
    ("DELETE", "/api/cart/saved/{product_id}", [401, 200, 200, 200]),
    ("POST", "/api/cart/discount", [401, 422, 422, 422]),
    ("DELETE", "/api/cart/discount", [401, 200, 200, 200]),
    ("GET", "/api/orders", [401, 200, 200, 200]),
    ("POST", "/api/orders", [401, 422, 422, 422]),
    ("GET", "/api/orders/{number}", [401, 200, 404, 404]),
    ("POST", "/api/orders/{number}/cancel", [401, 200, 404, 404]),
    ("POST", "/api/auth/logout", [401, 204, 204, 204]),
    ("POST", "/api/logout", [401, 204, 204, 204]),
];
