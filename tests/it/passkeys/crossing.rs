//! Passkeys that are shown while the password is set anew.
//!
//! Invariant: all of it takes the account's count before the person's row, so that nobody waits in a circle; whoever comes second is
//! told yes or no, and never that the shop is out of order.

use super::{offered, shown, with_key};
use crate::on_both;
use crate::password_reset::asks;
use crate::support::app::TestApp;
use crate::support::letterbox::{RESET, VERIFY};
use crate::support::people::{PASSWORD, Shopper, sign_in};
use crate::support::visitor::Visitor;
use futures_util::future::join_all;

on_both! {
    a_new_password_and_passkeys_at_once_do_not_wait_in_a_circle with { "LATCHKEY_LIMIT_ACCOUNT" = "1000/15m", "LATCHKEY_LIMIT_EMAIL" = "off" },
}

async fn a_new_password_and_passkeys_at_once_do_not_wait_in_a_circle(app: &TestApp) {
    let second = app.second_node().await;
    let ada = Shopper::registered(app).await;
    let page = ada.visit(&app.link(&ada.email, VERIFY, 0).await).await.expect(200);
    ada.press(&page, "/verify-email", &[]).await.expect_to("/account");
    let (mut key, _) = with_key(app, &ada).await;
    let mut password = PASSWORD.to_owned();
    for round in 0..4 {
        // The count is there, so that it can be waited for.
        sign_in(&Visitor::new(app), &ada.email, "wrong-wagon-lantern-42").await.expect(401);
        asks(app, &ada.email).await.expect(303);
        let owner = Visitor::new(app);
        owner.get(&app.link(&ada.email, RESET, round).await).await.expect_to("/reset-password");
        let form = owner.get("/reset-password").await.expect(200);
        let browsers: Vec<Visitor> = (0..10).map(|_| Visitor::new(app)).collect();
        browsers.iter().step_by(2).for_each(|browser| browser.is_sent_to(second.address));
        let mut sent = Vec::new();
        for browser in &browsers {
            let offer = offered(browser, "/login/passkey").await;
            sent.push(shown(browser, &mut key, &offer).await);
        }
        password = format!("{round} quiet lamps glow");
        let shows = join_all(browsers.iter().zip(&sent).map(|(browser, sent)| browser.tells("/login/passkey", sent)));
        let typed = [("password", password.as_str())];
        let (answers, reset) = tokio::join!(shows, owner.press(&form, "/reset-password", &typed));
        reset.expect_to("/login");
        let statuses: Vec<u16> = answers.iter().map(|page| page.status).collect();
        assert!(statuses.iter().all(|status| [200, 401].contains(status)), "{statuses:?}");
    }
    sign_in(&Visitor::new(app), &ada.email, &password).await.expect_to("/login/code");
    second.stop().await.expect("it closes");
}
