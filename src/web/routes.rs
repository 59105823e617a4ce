//! Every address of the site, on one page.
//!
//! Invariant: a page or an API route needs a signed-in person unless its line says `.open()`, and one who runs the shop if it says
//! `.admin()`; what is not listed is not found. A form that a signed-out person sends is kept where the line says `.parks()`: never one
//! with a password or a code in it. Where it says `.steps_up()`, a change asks for a fresh proof of who it is. A personal API token opens
//! what says `.opens_to()` its scope, and nothing else.
//! Beside these stand the small addresses that know no cookies (`mount`): /static, /pictures, /healthz, /readyz, /robots.txt,
//! /favicon.ico, /openapi.json, /.well-known, /csp-report, and all under /payments, which is
//! /payments/{provider}/webhook only.

mod mount;

pub use mount::{Route, configure, page};

use crate::auth::api_token::Scope;
use crate::web::api;
use crate::web::app::App;
use crate::web::pages::{
    account, activity, admin, cart, checkout, confirm_identity, dashboard, devices, discount, docs, email, forgot_password,
    front, login, login_code, logout, not_me, orders, parked, passkeys, password, pay, products, register, reset_password, saved,
    tokens, trial, two_factor, verify_email,
};

/// The pages.
#[must_use]
pub fn pages(app: &App) -> Vec<Route> {
    let limits = &app.limits;
    vec![
        // What is asked for most stands first: paths are tried in this order, and one with a word in it takes its time.
        page("/").get(front::show).open(),
        page("/dashboard").get(dashboard::show),
        page("/docs").get(docs::show).open(),
        page("/products").get(products::index).open(),
        page("/products/{slug}").get(products::show).open(),
        page("/register").get(register::show).post(register::submit).open().limited(limits.register.throttle()),
        page("/login").get(login::show).post(login::submit).open().limited(limits.sign_in.throttle()),
        page("/login/passkey").post(login::passkey::submit).open().limited(limits.sign_in.throttle()),
        page("/login/passkey/challenge").post(login::passkey::challenge).open(),
        page("/forgot-password").get(forgot_password::show).post(forgot_password::submit).open().limited(limits.reset.throttle()),
        page("/reset-password/{token}").get(reset_password::carry).open(),
        page("/reset-password").get(reset_password::show).post(reset_password::submit).open().limited(limits.code.throttle()),
        page("/not-me/{token}").get(not_me::carry).open(),
        page("/not-me").get(not_me::show).post(not_me::submit).open().limited(limits.code.throttle()),
        page("/verify-email/{token}").get(verify_email::carry).open(),
        page("/verify-email").get(verify_email::show).post(verify_email::submit).open().limited(limits.code.throttle()),
        page("/login/code").get(login_code::show).post(login_code::submit).open().limited(limits.code.throttle()),
        page("/login/code/passkey").post(login_code::passkey::submit).open().limited(limits.code.throttle()),
        page("/login/code/passkey/challenge").post(login_code::passkey::challenge).open(),
        page("/logout").post(logout::submit).open(),
        page("/confirm-identity").get(confirm_identity::show).post(confirm_identity::submit).limited(limits.sign_in.throttle()),
        page("/confirm-identity/passkey").post(confirm_identity::passkey::submit).limited(limits.sign_in.throttle()),
        page("/confirm-identity/passkey/challenge").post(confirm_identity::passkey::challenge),
        page("/cart").get(cart::show),
        page("/cart/items").post(cart::add).parks(),
        page("/cart/items/{product_id}").post(cart::set).parks(),
        page("/cart/items/{product_id}/remove").post(cart::remove).parks(),
        page("/cart/items/{product_id}/save").post(saved::save).parks(),
        page("/cart/saved/{product_id}/restore").post(saved::restore).parks(),
        page("/cart/saved/{product_id}/remove").post(saved::remove).parks(),
        page("/cart/undo").post(cart::undo).parks(),
        page("/cart/discount").post(discount::apply).limited(limits.checkout.throttle()),
        page("/cart/discount/remove").post(discount::remove).parks(),
        page("/checkout").get(checkout::show).post(checkout::submit).parks().limited(limits.checkout.throttle()),
        page("/orders").get(orders::index),
        page("/orders/{number}").get(orders::show),
        page("/orders/{number}/pay").post(pay::begin).parks().limited(limits.checkout.throttle()),
        page("/orders/{number}/cancel").post(orders::cancel).parks(),
        page("/orders/{number}/reorder").post(orders::reorder).parks(),
        page("/pay/trial/{reference}").get(trial::show).post(trial::submit).open(),
        page("/parked").get(parked::show).post(parked::submit),
        page("/account").get(account::show).post(account::submit).parks(),
        page("/account/devices").get(devices::index),
        page("/account/devices/{id}/sign-out").post(devices::end),
        page("/account/devices/sign-out-others").post(devices::end_others),
        page("/account/devices/sign-out-everywhere").post(devices::end_all),
        page("/account/activity").get(activity::index),
        page("/account/export").post(account::export::download).steps_up(),
        page("/account/delete").get(account::delete::show).post(account::delete::submit).steps_up(),
        page("/account/tokens").get(tokens::index).post(tokens::make).steps_up(),
        page("/account/tokens/{id}/revoke").post(tokens::revoke).steps_up(),
        page("/account/passkeys").get(passkeys::index),
        page("/account/passkeys/new").get(passkeys::make::show).post(passkeys::make::create).limited(limits.code.throttle()),
        page("/account/passkeys/new/challenge").post(passkeys::make::challenge),
        page("/account/passkeys/{id}").post(passkeys::rename),
        page("/account/passkeys/{id}/remove").post(passkeys::remove).steps_up(),
        page("/account/password").get(password::show).post(password::submit).limited(limits.sign_in.throttle()),
        page("/account/email").get(email::show).post(email::submit).parks().steps_up().limited(limits.register.throttle()),
        page("/account/email/resend").post(email::resend).limited(limits.register.throttle()),
        page("/account/two-factor").get(two_factor::show),
        page("/account/two-factor/enable").post(two_factor::enable).steps_up().limited(limits.code.throttle()),
        page("/account/two-factor/disable").post(two_factor::disable).steps_up(),
        page("/account/two-factor/recovery-codes").post(two_factor::renew).steps_up(),
        page("/admin").get(admin::show).admin(),
        page("/admin/audit").get(admin::audit::index).admin(),
        page("/admin/audit.csv").get(admin::audit::export::download).admin(),
        page("/admin/people").get(admin::people::index).admin(),
        page("/admin/people/{id}").get(admin::person::show).post(admin::person::submit).admin().steps_up(),
        page("/admin/products").get(admin::products::index).admin(),
        page("/admin/products/new").get(admin::product::blank).post(admin::product::create).admin(),
        page("/admin/products/{slug}").get(admin::product::show).post(admin::product::submit).admin(),
        page("/admin/products/{slug}/picture").post(admin::product::picture).admin().uploads(),
        page("/admin/products/{slug}/stock").post(admin::product::book).admin(),
        page("/admin/products/{slug}/options").get(admin::options::show).post(admin::options::call).admin(),
        page("/admin/products/{slug}/options/add").post(admin::options::add).admin(),
        page("/admin/products/{slug}/options/move").post(admin::options::shift).admin(),
        page("/admin/products/{slug}/options/leave").post(admin::options::leave).admin(),
        page("/admin/categories").get(admin::categories::index).post(admin::categories::create).admin(),
        page("/admin/categories/{slug}").get(admin::category::show).post(admin::category::submit).admin(),
        page("/admin/import").get(admin::import::show).post(admin::import::submit).admin().uploads(),
        page("/admin/import/{id}").get(admin::import::one::show).admin(),
        page("/admin/import/{id}/start").post(admin::import::one::start).admin(),
        page("/admin/import/{id}/stop").post(admin::import::one::stop).admin(),
        page("/admin/export").get(admin::export::download).admin(),
        page("/admin/discounts").get(admin::discounts::index).post(admin::discounts::create).admin(),
        page("/admin/discounts/{code}/stop").post(admin::discounts::stop).admin(),
        page("/admin/settings").get(admin::settings::show).admin(),
        page("/admin/orders").get(admin::orders::index).admin(),
        page("/admin/orders/{number}").get(admin::order::show).admin(),
        page("/admin/orders/{number}/move").post(admin::order::step).admin(),
        page("/admin/orders/{number}/payment").post(admin::payment::mark).admin(),
        page("/admin/payments").get(admin::payments::index).admin(),
    ]
}

/// The JSON API; the paths are below `/api`. Several have a short name, for what everyone tries first.
#[must_use]
pub fn api(app: &App) -> Vec<Route> {
    let limits = &app.limits;
    let register = |path| page(path).post(api::register::submit).open().limited(limits.register.throttle());
    let login = |path| page(path).post(api::login::submit).open().limited(limits.sign_in.throttle());
    let refresh = |path| page(path).post(api::refresh::submit).open().limited(limits.refresh.throttle());
    let logout = |path| page(path).post(api::logout::submit).open();
    let profile = |path| page(path).get(api::profile::show).patch(api::profile::update).opens_to(Scope::Read);
    vec![
        register("/auth/register"),
        register("/register"),
        login("/auth/login"),
        login("/login"),
        refresh("/auth/refresh"),
        refresh("/refresh"),
        logout("/auth/logout"),
        logout("/logout"),
        profile("/profile"),
        profile("/user"),
        profile("/auth/profile"),
        page("/sessions").get(api::sessions::index),
        page("/sessions/{id}").delete(api::sessions::end),
        page("/dashboard").get(api::dashboard::show).opens_to(Scope::Read),
        page("/products").get(api::products::index).open(),
        page("/products/{slug}").get(api::products::show).open(),
        page("/cart").get(api::cart::show).opens_to(Scope::Cart),
        page("/cart/items").post(api::cart::add).opens_to(Scope::Cart),
        page("/cart/items/{product_id}").put(api::cart::set).delete(api::cart::remove).opens_to(Scope::Cart),
        page("/cart/items/{product_id}/save").post(api::saved::save).opens_to(Scope::Cart),
        page("/cart/saved").get(api::saved::index).opens_to(Scope::Cart),
        page("/cart/saved/{product_id}").delete(api::saved::remove).opens_to(Scope::Cart),
        page("/cart/saved/{product_id}/restore").post(api::saved::restore).opens_to(Scope::Cart),
        page("/cart/undo").post(api::cart::undo).opens_to(Scope::Cart),
        page("/cart/discount")
            .post(api::discount::apply)
            .delete(api::discount::remove)
            .limited(limits.checkout.throttle())
            .opens_to(Scope::Cart),
        page("/orders")
            .get(api::orders::index)
            .post(api::orders::place)
            .limited(limits.checkout.throttle())
            .opens_to(Scope::Orders),
        page("/orders/{number}").get(api::orders::show).opens_to(Scope::Orders),
        page("/orders/{number}/cancel").post(api::orders::cancel).opens_to(Scope::Orders),
    ]
}
