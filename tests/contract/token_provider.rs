//! Token providers.

use std::{
    fmt,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
};

use cmg_onboarding::{
    AccessToken, CachedTokens, StaticToken, TokenError, TokenProvider, TokenRequest, async_trait, contract, error::TokenFailure, token_fn,
};
use cmg_onboarding_emulator::EmulatedTenant;
use time::macros::datetime;
use uuid::Uuid;

use super::assert_broken;

const SCOPE: &str = "https://graph.microsoft.com/User.Read";

fn request() -> TokenRequest {
    TokenRequest::new([SCOPE]).in_tenant(Uuid::from_u128(1).into())
}

#[tokio::test(start_paused = true)]
async fn the_providers_of_this_crate_pass() {
    let tenant = EmulatedTenant::new();
    let request = TokenRequest::new(["https://graph.microsoft.com/.default"]).in_tenant(tenant.tenant_id().into());
    let token = tenant.token_for(&cmg_onboarding_emulator::Caller::global_administrator());
    contract::token_provider(&StaticToken::new(token), &request).await.unwrap();
    let provider = token_fn(|_| async { Ok(AccessToken::new(Uuid::new_v4().to_string())) });
    contract::token_provider(&provider, &request).await.unwrap();
    contract::token_provider(&CachedTokens::new(provider), &request).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_breaks_a_promise_fails_the_check_of_it() {
    for (broken, check) in [
        (Broken::HasBlanks, "a_token_can_be_sent_and_is_valid_now"),
        (Broken::HasExpired, "a_token_can_be_sent_and_is_valid_now"),
        (
            Broken::IsOfAnotherTenant,
            "a_token_is_for_the_tenant_and_the_scopes_that_were_asked_for",
        ),
        (
            Broken::HasOtherScopes,
            "a_token_is_for_the_tenant_and_the_scopes_that_were_asked_for",
        ),
        (Broken::FailsTheSecondTime, "a_token_can_be_had_again"),
        (Broken::FailsSomeOfMany, "many_callers_at_once_all_get_a_token"),
        (Broken::HangsUpWhenDropped, "a_call_that_was_dropped_hinders_no_other"),
        (Broken::GivesTheRefusedOne, "a_refused_token_is_not_given_again"),
        (Broken::ShowsTheToken, "debug_output_shows_no_token"),
    ] {
        let provider = Provider {
            broken,
            asked: AtomicUsize::new(0),
            is_busy: AtomicBool::new(false),
        };
        assert_broken(&broken, contract::token_provider(&provider, &request()).await, check);
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    HasBlanks,
    HasExpired,
    IsOfAnotherTenant,
    HasOtherScopes,
    FailsTheSecondTime,
    FailsSomeOfMany,
    HangsUpWhenDropped,
    GivesTheRefusedOne,
    ShowsTheToken,
}

struct Provider {
    broken: Broken,
    asked: AtomicUsize,
    is_busy: AtomicBool,
}

impl fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.broken == Broken::ShowsTheToken {
            "token-1"
        } else {
            "Provider"
        })
    }
}

#[async_trait]
impl TokenProvider for Provider {
    async fn token(&self, request: &TokenRequest) -> Result<AccessToken, TokenError> {
        let failed = || TokenError::new(TokenFailure::Provider, "no token", "Ask again.");
        let before = self.asked.fetch_add(1, Ordering::SeqCst);
        let was_busy = self.is_busy.swap(true, Ordering::SeqCst);
        // After the tenth, the one that is dropped: the eight before that come at once, which is another check.
        if was_busy && self.broken == Broken::HangsUpWhenDropped && before > 10 {
            return Err(failed());
        }
        tokio::task::yield_now().await;
        self.is_busy.store(false, Ordering::SeqCst);
        Ok(match self.broken {
            Broken::HasBlanks => AccessToken::new("Bearer token"),
            Broken::HasExpired => AccessToken::new("token").expiring_on(datetime!(2020-01-01 00:00 UTC)),
            // {"tid":"00000000-0000-0000-0000-000000000002"}
            Broken::IsOfAnotherTenant => AccessToken::new("e30.eyJ0aWQiOiIwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDIifQ.x"),
            Broken::HasOtherScopes => AccessToken::new("token").granting("Mail.Read"),
            Broken::FailsTheSecondTime if before == 1 => return Err(failed()),
            Broken::FailsSomeOfMany if before == 5 => return Err(failed()),
            Broken::GivesTheRefusedOne | Broken::ShowsTheToken if !request.fresh || self.broken == Broken::GivesTheRefusedOne => {
                AccessToken::new("token-1")
            }
            _ => AccessToken::new(format!("token-{before}")),
        })
    }
}
