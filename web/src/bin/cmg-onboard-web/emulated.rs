//! An emulated tenant and site of this process, over real HTTP on the loopback interface.

use std::{sync::Arc, time::Duration};

use cmg_onboarding::{
    AccessToken,
    error::{SiteError, SiteRefusalReason, SiteRefused},
    site::SiteItem,
    token_fn,
};
use cmg_onboarding_emulator::{Caller, EmulatedSite, EmulatedTenant, EmulatorServer};
use cmg_onboarding_web::{Place, SignInWay, SiteKind};

use crate::{Ending, arguments::Arguments};

/// The emulator, which stops when this is dropped.
pub(crate) struct Emulated {
    tenant: EmulatedTenant,
    site: EmulatedSite,
    server: EmulatorServer,
}

pub(crate) async fn start(arguments: &Arguments) -> Result<Emulated, Ending> {
    let real = [
        ("--site", arguments.site.is_some()),
        ("--tenant", arguments.tenant.is_some()),
        ("--domain", arguments.domain.is_some()),
        ("--client-id", arguments.client_id.is_some()),
        ("--authority", arguments.authority.is_some()),
        ("--graph", arguments.graph.is_some()),
        ("--trusted-root", arguments.trusted_root.is_some()),
    ];
    if let Some((flag, _)) = real.iter().find(|(_, is_given)| *is_given) {
        return Err(format!("{flag} is for a real tenant or site: it needs --against entra."));
    }
    let (tenant, site) = (EmulatedTenant::new(), EmulatedSite::new());
    if arguments.emulated_fault {
        site.fail_at(SiteItem::Connection, fault());
    }
    let server = EmulatorServer::builder(tenant.clone())
        .site(site.clone())
        .latency(Duration::from_millis(arguments.emulated_latency));
    let server = server
        .start()
        .await
        .map_err(|error| format!("The emulator cannot be started: {error}"))?;
    Ok(Emulated { tenant, site, server })
}

fn fault() -> SiteError {
    let refused = SiteRefused::new(
        "CreateConnection",
        "the emulated site fails once, as --emulated-fault asks",
        "Run the same again.",
    );
    refused.because(SiteRefusalReason::ProviderFailed).into()
}

impl Emulated {
    pub(crate) fn place(&self) -> Place {
        let mut place = Place::default();
        place.endpoints = Some(self.server.endpoints().clone());
        place.site = Some(self.site.clone().into());
        place.site_kind = SiteKind::Emulated;
        place.is_emulated = true;
        place.sign_in_ways = vec![SignInWay::Token];
        let tenant = self.tenant.clone();
        // A new one for every request: the service may run for longer than a token lasts.
        place.tokens = Some(Arc::new(token_fn(move |_request| {
            let token = tenant.token_for(&Caller::global_administrator());
            async move { Ok(AccessToken::new(token)) }
        })));
        place
    }
}
