//! Sites.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use cmg_onboarding::{
    Call, DiscoverySpec, Site, SiteError, async_trait, contract,
    error::{NotSupported, SiteRefused},
    site::{
        SecretHeld, ServerAppImport, SiteAction, SiteFailure, SiteItem, SiteOnboarded, SiteOnboarding, SiteProgress, SiteRemoval,
        SiteRemoved, SiteRowId, SiteSnapshot, SplitSite, power_shell::PowerShellSite,
    },
};
use cmg_onboarding_emulator::{EmulatedSite, EmulatedTenant, EmulatorServer, RemoteSite};

use super::{PREFIX, assert_broken, by_hand::EmptySite, scripted_host::ScriptedHost};

#[tokio::test]
async fn the_emulated_site_passes_every_time() {
    let site = EmulatedSite::new();
    for _ in 0..2 {
        contract::site(&site, PREFIX).await.unwrap();
    }
    assert_eq!(site.snapshot(Call::quiet()).await.unwrap().connections, []);
}

#[tokio::test]
async fn a_site_that_takes_renewed_secrets_passes_here_and_in_another_process() {
    let site = EmulatedSite::builder().takes_renewed_secrets(true).build();
    contract::site(&site, PREFIX).await.unwrap();
    let server = EmulatorServer::builder(EmulatedTenant::new()).site(site).start().await.unwrap();
    let remote = RemoteSite::builder(server.url().clone()).build();
    contract::site(&remote, PREFIX).await.unwrap();
}

#[tokio::test]
async fn the_power_shell_site_passes_over_a_host_that_plays_the_script() {
    let host = ScriptedHost::new(EmulatedSite::new());
    let site = PowerShellSite::builder("P01", "provider.contoso.com").host(host).build().unwrap();
    contract::site(&site, PREFIX).await.unwrap();
}

#[tokio::test]
async fn a_reader_and_a_writer_of_one_site_pass_together() {
    let site = EmulatedSite::new();
    contract::site(&SplitSite::new(site.clone(), site), PREFIX).await.unwrap();
}

#[tokio::test]
async fn a_mock_without_memory_passes_what_needs_none() {
    contract::site_reads(&EmptySite).await.unwrap();
    let answer = contract::site(&EmptySite, PREFIX).await;
    assert_broken(&EmptySite, answer, "the_snapshot_shows_what_was_onboarded");
}

#[tokio::test]
async fn a_site_that_breaks_a_promise_fails_the_check_of_it() {
    for (broken, check) in [
        (Broken::ShowsSomethingElseEachTime, "looking_twice_shows_the_same"),
        (Broken::DoesNotOfferToOnboard, "an_onboarding_does_each_item_once"),
        (Broken::LeavesAnItemOut, "an_onboarding_does_each_item_once"),
        (Broken::CallsNewWhatIsOld, "onboarding_again_changes_nothing"),
        (Broken::CallsOldWhatIsNew, "an_onboarding_does_each_item_once"),
        (Broken::NamesAnotherConnection, "an_onboarding_does_each_item_once"),
        (Broken::DeniesTheFirstSecret, "an_onboarding_does_each_item_once"),
        (Broken::TellsWhatItDoesNotDo, "what_is_told_meanwhile_is_in_the_answer"),
        (Broken::HidesTheConnection, "the_snapshot_shows_what_was_onboarded"),
        (Broken::TakesAppsForServers, "the_snapshot_shows_what_was_onboarded"),
        (Broken::NamesAnotherRow, "the_snapshot_shows_what_was_onboarded"),
        (Broken::DeniesTheSecretLater, "onboarding_again_changes_nothing"),
        (Broken::ClaimsEverySecret, "another_secret_is_never_called_this_one"),
        (Broken::ShowsTheSecret, "no_secret_is_shown"),
        (Broken::IgnoresRenewedSecrets, "a_renewed_secret_is_taken"),
        (Broken::LeavesDiscoveryOn, "discovery_is_switched_on_and_off"),
        (Broken::KeepsTheName, "a_rename_keeps_the_row"),
        (Broken::RemovesWhatIsNotMeant, "a_removal_under_another_name_removes_nothing"),
        (Broken::OnlySaysThatItRemoves, "a_removal_removes_the_connection_that_it_names"),
        (Broken::FailsForWhatIsGone, "removing_what_is_gone_is_no_error"),
    ] {
        let site = BrokenSite {
            broken,
            inner: EmulatedSite::builder().takes_renewed_secrets(true).build(),
            asked: Arc::default(),
        };
        assert_broken(&broken, contract::site(&site, PREFIX).await, check);
    }
}

#[tokio::test]
async fn what_was_made_is_removed_after_a_violation() {
    let inner = EmulatedSite::new();
    let site = BrokenSite {
        broken: Broken::ClaimsEverySecret,
        inner: inner.clone(),
        asked: Arc::default(),
    };
    contract::site(&site, PREFIX).await.unwrap_err();
    assert_eq!(inner.snapshot(Call::quiet()).await.unwrap().connections, []);
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Broken {
    ShowsSomethingElseEachTime,
    DoesNotOfferToOnboard,
    LeavesAnItemOut,
    CallsNewWhatIsOld,
    CallsOldWhatIsNew,
    NamesAnotherConnection,
    DeniesTheFirstSecret,
    TellsWhatItDoesNotDo,
    HidesTheConnection,
    TakesAppsForServers,
    NamesAnotherRow,
    DeniesTheSecretLater,
    ClaimsEverySecret,
    ShowsTheSecret,
    IgnoresRenewedSecrets,
    LeavesDiscoveryOn,
    KeepsTheName,
    RemovesWhatIsNotMeant,
    OnlySaysThatItRemoves,
    FailsForWhatIsGone,
}

/// Forwards everything, and spoils one thing.
#[derive(Debug)]
struct BrokenSite {
    broken: Broken,
    inner: EmulatedSite,
    asked: Arc<AtomicUsize>,
}

#[async_trait]
impl Site for BrokenSite {
    async fn snapshot(&self, call: Call) -> Result<SiteSnapshot, SiteError> {
        let mut shown = self.inner.snapshot(call).await?;
        match self.broken {
            Broken::ShowsSomethingElseEachTime => shown.info.version = self.asked.fetch_add(1, Ordering::SeqCst).to_string(),
            Broken::HidesTheConnection => shown.connections.clear(),
            Broken::TakesAppsForServers => shown.applications.iter_mut().for_each(|app| app.is_client_app = false),
            Broken::ShowsTheSecret => {
                let secrets = shown.applications.iter().filter_map(|app| self.inner.secret_of(app.client_id));
                shown.info.version = secrets.map(|secret| secret.expose().to_owned()).collect();
            }
            _ => {}
        }
        Ok(shown)
    }

    async fn onboard(&self, call: Call, wanted: &SiteOnboarding) -> Result<SiteOnboarded, SiteFailure> {
        if self.broken == Broken::DoesNotOfferToOnboard {
            return Err(SiteError::from(NotSupported::new("onboard", "BrokenSite")).into());
        }
        if self.broken == Broken::TellsWhatItDoesNotDo {
            call.progress(SiteProgress::new(SiteItem::Discovery, SiteAction::Created, None));
        }
        let before = self.asked.fetch_add(1, Ordering::SeqCst);
        let mut meant = wanted.clone();
        if let (Broken::IgnoresRenewedSecrets, ServerAppImport::Renew { client_id, .. }) = (self.broken, &wanted.server_app) {
            meant.server_app = ServerAppImport::Known(*client_id);
        }
        let is_off = wanted.discovery.as_ref().is_some_and(DiscoverySpec::users_are_off);
        if self.broken == Broken::LeavesDiscoveryOn && is_off {
            meant.discovery = None;
        }
        if let (Broken::KeepsTheName, Some(former)) = (self.broken, &wanted.renamed_from) {
            (meant.renamed_from, meant.name) = (None, former.name.clone());
        }
        let mut done = self.inner.onboard(call, &meant).await?;
        match self.broken {
            Broken::LeavesAnItemOut => drop(done.done.pop()),
            Broken::CallsNewWhatIsOld => done.done.iter_mut().for_each(|item| item.action = SiteAction::Created),
            Broken::CallsOldWhatIsNew => done.done.iter_mut().for_each(|item| item.action = SiteAction::Unchanged),
            Broken::NamesAnotherConnection => done.connection.name.push('x'),
            Broken::NamesAnotherRow => done.connection.id = SiteRowId(1),
            Broken::DeniesTheFirstSecret => done.secret = SecretHeld::Another,
            Broken::DeniesTheSecretLater if before == 1 => done.secret = SecretHeld::Another,
            Broken::ClaimsEverySecret if matches!(wanted.server_app, ServerAppImport::Import { .. }) => done.secret = SecretHeld::This,
            _ => {}
        }
        Ok(done)
    }

    async fn remove(&self, call: Call, removal: &SiteRemoval) -> Result<SiteRemoved, SiteError> {
        if self.broken == Broken::OnlySaysThatItRemoves && !removal.name.ends_with("another") {
            return Ok(SiteRemoved::new(true, Vec::new()));
        }
        let mut meant = removal.clone();
        if self.broken == Broken::RemovesWhatIsNotMeant {
            meant.name = meant.name.trim_end_matches(" but another").to_owned();
        }
        let removed = self.inner.remove(call, &meant).await?;
        if self.broken == Broken::FailsForWhatIsGone && !removed.connection {
            return Err(SiteRefused::new("remove the connection", "it is not there", "Look again.").into());
        }
        Ok(removed)
    }
}
