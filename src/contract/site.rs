//! What any [`Site`] must do: an onboarding is an ensure, asking twice is harmless, and what was done is read
//! back.

use time::Duration;
use uuid::Uuid;

use super::violation::{Check, ContractViolation};
use crate::{
    call::{Call, CallEvent},
    clock::{Clock, SystemClock},
    cloud::CloudEnvironment,
    ids::{ApplicationId, TenantId},
    secret::ClientSecret,
    site::{
        ClientAppImport, NamedConnection, SecretHeld, ServerAppImport, Site, SiteAction, SiteItem, SiteOnboarded, SiteOnboarding,
        SiteProgress, SiteRemoval, SiteRowId, SiteSnapshot,
    },
    spec::DiscoverySpec,
};

type Checked = Result<(), ContractViolation>;

/// The items of an onboarding without discovery, in the order in which a site ensures them.
const ITEMS: [SiteItem; 4] = [SiteItem::Tenant, SiteItem::ServerApp, SiteItem::ClientApp, SiteItem::Connection];

/// How long the secret is valid. Sites refuse one that ends soon.
const VALIDITY: Duration = Duration::days(180);

pub(super) async fn reads(site: &dyn Site) -> Checked {
    let check = Check("looking_twice_shows_the_same");
    let first = snapshot(check, site).await?;
    let second = snapshot(check, site).await?;
    check.holds(first == second, "the same twice", (first, second))
}

pub(super) async fn writes(site: &dyn Site, prefix: &str) -> Checked {
    let check = Check("the_names_can_be_used");
    let wanted = wanted(check, prefix, secret())?;
    let checked = onboarded(site, &wanted).await;
    // Also after a violation, which is what is told then.
    let removed_first = removed(site, &wanted).await;
    let removed_renamed = removed(site, &renamed(&wanted, SiteRowId(0))).await;
    checked.and(removed_first).and(removed_renamed)
}

async fn onboarded(site: &dyn Site, wanted: &SiteOnboarding) -> Checked {
    let (first, told) = an_onboarding_does_each_item_once(site, wanted).await?;
    what_is_told_meanwhile_is_in_the_answer(&first, &told)?;
    let shown = the_snapshot_shows_what_was_onboarded(site, wanted, &first).await?;
    onboarding_again_changes_nothing(site, wanted, &shown).await?;
    another_secret_is_never_called_this_one(site, wanted).await?;
    no_secret_is_shown(wanted, &first, &shown)?;
    if shown.info.takes_renewed_secrets {
        a_renewed_secret_is_taken(site, wanted).await?;
    }
    discovery_is_switched_on_and_off(site, wanted).await?;
    a_rename_keeps_the_row(site, wanted, first.connection.id).await
}

async fn removed(site: &dyn Site, wanted: &SiteOnboarding) -> Checked {
    let check = Check("a_removal_removes_the_connection_that_it_names");
    let before = snapshot(check, site).await?;
    let Some(row) = row(&before, wanted) else { return Ok(()) };
    a_removal_under_another_name_removes_nothing(site, wanted, row).await?;
    let removal = SiteRemoval::new(row, &wanted.name);
    let removed = site.remove(Call::quiet(), &removal).await.map_err(check.failed("remove"))?;
    check.holds(removed.connection, "the connection to be removed", removed)?;
    let after = snapshot(check, site).await?;
    check.holds(
        self::row(&after, wanted).is_none(),
        "a snapshot without the connection",
        &after.connections,
    )?;
    removing_what_is_gone_is_no_error(site, &removal).await
}

async fn an_onboarding_does_each_item_once(
    site: &dyn Site,
    wanted: &SiteOnboarding,
) -> Result<(SiteOnboarded, Vec<SiteProgress>), ContractViolation> {
    let check = Check("an_onboarding_does_each_item_once");
    let (call, mut events) = Call::channel();
    let first = site.onboard(call, wanted).await.map_err(check.failed("onboard"))?;
    let mut told = Vec::new();
    while let Some(event) = events.try_next() {
        if let CallEvent::Progress(progress) = event {
            told.push(progress);
        }
    }
    let done: Vec<SiteItem> = first.done.iter().map(|progress| progress.item).collect();
    check.holds(
        done == ITEMS,
        "tenant, server app, client app and connection, each once",
        &first.done,
    )?;
    let is_made = |progress: &SiteProgress| progress.action == SiteAction::Created;
    check.holds(first.done.iter().all(is_made), "what was not there to be created", &first.done)?;
    check.holds(
        first.connection.name == wanted.name,
        "the connection with its name",
        &first.connection,
    )?;
    let is_ours = first.secret != SecretHeld::Another;
    check.holds(
        is_ours,
        "a site that has just created the app to hold this secret, or not to say",
        first.secret,
    )?;
    Ok((first, told))
}

fn what_is_told_meanwhile_is_in_the_answer(onboarded: &SiteOnboarded, told: &[SiteProgress]) -> Checked {
    let check = Check("what_is_told_meanwhile_is_in_the_answer");
    let mut done = onboarded.done.iter();
    let in_order = told.iter().all(|progress| done.any(|item| item == progress));
    check.holds(in_order, "each item that is told, in this order, in the answer", told)
}

async fn the_snapshot_shows_what_was_onboarded(
    site: &dyn Site,
    wanted: &SiteOnboarding,
    onboarded: &SiteOnboarded,
) -> Result<SiteSnapshot, ContractViolation> {
    let check = Check("the_snapshot_shows_what_was_onboarded");
    let shown = snapshot(check, site).await?;
    let tenant = shown.tenant(wanted.tenant_id);
    check.holds(tenant.is_some(), "the tenant", &shown.tenants)?;
    for (id, is_client_app) in [(wanted.server_app.client_id(), false), (wanted.client_app.client_id(), true)] {
        let application = shown.application(id);
        let is_shown = application.is_some_and(|row| row.is_client_app == is_client_app && Some(row.tenant) == tenant.map(|row| row.id));
        check.holds(is_shown, "each app, of its kind and of its tenant", application)?;
    }
    let found = shown.connections_of(wanted.tenant_id).find(|row| row.name == wanted.name);
    check.holds(found.is_some(), "the connection, with the server app", &shown.connections)?;
    let is_same = found.is_some_and(|row| row.id == onboarded.connection.id);
    check.holds(
        is_same,
        "the connection in the row that onboard has named",
        (found, &onboarded.connection),
    )?;
    Ok(shown)
}

async fn onboarding_again_changes_nothing(site: &dyn Site, wanted: &SiteOnboarding, before: &SiteSnapshot) -> Checked {
    let check = Check("onboarding_again_changes_nothing");
    let again = site
        .onboard(Call::quiet(), wanted)
        .await
        .map_err(check.failed("onboard, a second time"))?;
    let is_kept = |progress: &SiteProgress| progress.action == SiteAction::Unchanged;
    check.holds(again.done.iter().all(is_kept), "every item unchanged", &again.done)?;
    check.holds(
        again.secret != SecretHeld::Another,
        "this secret to be held, or not said",
        again.secret,
    )?;
    let after = snapshot(check, site).await?;
    check.holds(after == *before, "a site as it was", (before, after))
}

/// A secret that the site says to hold is kept in the directory, and the others of this site are removed.
async fn another_secret_is_never_called_this_one(site: &dyn Site, wanted: &SiteOnboarding) -> Checked {
    let check = Check("another_secret_is_never_called_this_one");
    let mut other = wanted.clone();
    if let ServerAppImport::Import { secret_key, .. } = &mut other.server_app {
        *secret_key = secret();
    }
    let answer = site.onboard(Call::quiet(), &other).await;
    let answer = answer.map_err(check.failed("onboard, with another secret"))?;
    check.holds(
        answer.secret != SecretHeld::This,
        "another secret to be held, or not said",
        answer.secret,
    )?;
    let again = site.onboard(Call::quiet(), wanted).await;
    let again = again.map_err(check.failed("onboard, with the first secret again"))?;
    check.holds(
        again.secret != SecretHeld::Another,
        "the first secret to be held still, or not said",
        again.secret,
    )
}

async fn a_renewed_secret_is_taken(site: &dyn Site, wanted: &SiteOnboarding) -> Checked {
    let check = Check("a_renewed_secret_is_taken");
    let mut renewed = known(wanted);
    renewed.server_app = ServerAppImport::Renew {
        client_id: wanted.server_app.client_id(),
        secret_key: secret(),
        secret_key_expiry: SystemClock.now().replace_nanosecond(0).unwrap_or_else(|_| SystemClock.now()) + VALIDITY * 2,
    };
    let taken = site.onboard(Call::quiet(), &renewed).await;
    let taken = taken.map_err(check.failed("onboard, with a renewed secret"))?;
    let is_changed = |progress: &SiteProgress| progress.item != SiteItem::ServerApp || progress.action == SiteAction::Changed;
    let is_taken = taken.done.iter().all(is_changed) && taken.secret != SecretHeld::Another;
    check.holds(
        is_taken,
        "the server app to be changed, and this secret to be held or not said",
        &taken,
    )?;
    let again = site.onboard(Call::quiet(), &renewed).await;
    let again = again.map_err(check.failed("onboard, with the same secret again"))?;
    let is_kept = again.done.iter().all(is_unchanged) && again.secret != SecretHeld::Another;
    check.holds(is_kept, "every item unchanged, and this secret to be held or not said", &again)
}

async fn discovery_is_switched_on_and_off(site: &dyn Site, wanted: &SiteOnboarding) -> Checked {
    let check = Check("discovery_is_switched_on_and_off");
    let on = DiscoverySpec::builder().users().build().map_err(check.failed("user discovery"))?;
    let off = DiscoverySpec::builder()
        .users_off()
        .build()
        .map_err(check.failed("no user discovery"))?;
    for (discovery, is_on) in [(on, true), (off, false)] {
        let mut wanted = known(wanted);
        wanted.discovery = Some(discovery);
        let set = site
            .onboard(Call::quiet(), &wanted)
            .await
            .map_err(check.failed("onboard, with discovery"))?;
        let has_told = set.done.iter().any(|progress| progress.item == SiteItem::Discovery);
        check.holds(has_told, "discovery among the items", &set.done)?;
        let is_set = set.connection.is_discovery_unread || set.connection.user_discovery.is_some() == is_on;
        check.holds(
            is_set,
            if is_on { "user discovery on" } else { "user discovery off" },
            &set.connection,
        )?;
        let again = site
            .onboard(Call::quiet(), &wanted)
            .await
            .map_err(check.failed("onboard, with discovery again"))?;
        check.holds(again.done.iter().all(is_unchanged), "every item unchanged", &again.done)?;
    }
    Ok(())
}

async fn a_rename_keeps_the_row(site: &dyn Site, wanted: &SiteOnboarding, before: SiteRowId) -> Checked {
    let check = Check("a_rename_keeps_the_row");
    let renamed = renamed(&known(wanted), before);
    let told = site
        .onboard(Call::quiet(), &renamed)
        .await
        .map_err(check.failed("onboard, under another name"))?;
    let is_same = told.connection.id == before && told.connection.name == renamed.name;
    check.holds(is_same, "the same row under the other name", &told.connection)?;
    let after = snapshot(check, site).await?;
    let is_shown = row(&after, &renamed) == Some(before) && row(&after, wanted).is_none();
    check.holds(is_shown, "a snapshot with the other name alone", &after.connections)?;
    let again = site
        .onboard(Call::quiet(), &renamed)
        .await
        .map_err(check.failed("onboard, under the other name again"))?;
    check.holds(again.done.iter().all(is_unchanged), "every item unchanged", &again.done)
}

fn is_unchanged(progress: &SiteProgress) -> bool {
    progress.action == SiteAction::Unchanged
}

/// The same once the site knows both apps.
fn known(wanted: &SiteOnboarding) -> SiteOnboarding {
    let mut wanted = wanted.clone();
    wanted.server_app = ServerAppImport::Known(wanted.server_app.client_id());
    wanted.client_app = ClientAppImport::Known(wanted.client_app.client_id());
    wanted
}

fn renamed(wanted: &SiteOnboarding, row: SiteRowId) -> SiteOnboarding {
    let mut renamed = wanted.clone();
    renamed.name = format!("{} renamed", wanted.name);
    renamed.renamed_from = Some(NamedConnection::new(row, &wanted.name));
    renamed
}

fn no_secret_is_shown(wanted: &SiteOnboarding, onboarded: &SiteOnboarded, shown: &SiteSnapshot) -> Checked {
    let check = Check("no_secret_is_shown");
    let ServerAppImport::Import { secret_key, .. } = &wanted.server_app else {
        return Ok(());
    };
    let text = format!("{onboarded:?} {shown:?}");
    check.holds(
        !text.contains(secret_key.expose()),
        "no secret in what the site answers",
        "the secret's text",
    )
}

async fn a_removal_under_another_name_removes_nothing(site: &dyn Site, wanted: &SiteOnboarding, row: SiteRowId) -> Checked {
    let check = Check("a_removal_under_another_name_removes_nothing");
    let removal = SiteRemoval::new(row, format!("{} but another", wanted.name));
    let answer = site.remove(Call::quiet(), &removal).await;
    let is_refused = answer.as_ref().map_or(true, |removed| !removed.connection);
    check.holds(is_refused, "a removal under another name to be refused", answer)?;
    let after = snapshot(check, site).await?;
    check.holds(
        self::row(&after, wanted).is_some(),
        "the connection to be there still",
        &after.connections,
    )
}

async fn removing_what_is_gone_is_no_error(site: &dyn Site, removal: &SiteRemoval) -> Checked {
    let check = Check("removing_what_is_gone_is_no_error");
    let again = site
        .remove(Call::quiet(), removal)
        .await
        .map_err(check.failed("remove, a second time"))?;
    check.holds(!again.connection, "nothing to be removed", again)
}

async fn snapshot(check: Check, site: &dyn Site) -> Result<SiteSnapshot, ContractViolation> {
    site.snapshot(Call::quiet()).await.map_err(check.failed("snapshot"))
}

fn row(shown: &SiteSnapshot, wanted: &SiteOnboarding) -> Option<SiteRowId> {
    let mut rows = shown.connections_of(wanted.tenant_id);
    rows.find(|row| row.name == wanted.name).map(|row| row.id)
}

/// An onboarding of apps that are nowhere registered. New ids, because a site keeps apps for ever.
fn wanted(check: Check, prefix: &str, secret_key: ClientSecret) -> Result<SiteOnboarding, ContractViolation> {
    let tenant = Uuid::new_v4();
    let expiry = SystemClock.now() + VALIDITY;
    let uri = format!("api://{tenant}/ConfigMgrService");
    let server_app = ServerAppImport::Import {
        name: format!("{prefix} server"),
        client_id: ApplicationId::new(Uuid::new_v4()),
        secret_key,
        secret_key_expiry: expiry.replace_nanosecond(0).unwrap_or(expiry),
        app_id_uri: uri.parse().map_err(check.failed("an App ID URI of a new tenant"))?,
    };
    let client_app = ClientAppImport::Import {
        name: format!("{prefix} client"),
        client_id: ApplicationId::new(Uuid::new_v4()),
    };
    let name = format!("{prefix} {tenant}");
    let tenant_name = format!("{prefix}.onmicrosoft.com");
    let environment = CloudEnvironment::AzurePublicCloud;
    Ok(SiteOnboarding::new(
        TenantId::new(tenant),
        tenant_name,
        environment,
        server_app,
        client_app,
        name,
    ))
}

/// A text that is the secret of no app.
fn secret() -> ClientSecret {
    ClientSecret::new(format!("{}~{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
}
