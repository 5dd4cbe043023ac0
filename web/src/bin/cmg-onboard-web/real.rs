//! Microsoft Entra, and the site that the flags name.

use cmg_onboarding::{
    CloudEndpoints, CloudEnvironment, Diagnostic, HttpClient, HttpOptions, SiteHandle, error::chain, site::power_shell::PowerShellSite,
    token::TenantDiscovery,
};
use cmg_onboarding_web::{Place, SignInWay, SiteKind};

use crate::{Ending, arguments::Arguments};

pub(crate) async fn place(arguments: &Arguments) -> Result<Place, Ending> {
    if arguments.emulated_fault || arguments.emulated_latency > 0 {
        return Err("--emulated-fault and --emulated-latency are for --against emulator.".to_owned());
    }
    let http = http(arguments)?;
    let mut place = Place::default();
    place.http = http.clone();
    place.sign_in_ways = vec![SignInWay::Browser, SignInWay::DeviceCode, SignInWay::Token];
    place.tenant = arguments.tenant;
    place.client_id = arguments.client_id;
    let is_elsewhere = arguments.authority.is_some() || arguments.graph.is_some();
    if is_elsewhere {
        place.endpoints = Some(endpoints(arguments, CloudEndpoints::of(CloudEnvironment::default()))?);
    }
    if let Some(domain) = &arguments.domain {
        let mut discovery = TenantDiscovery::new().http(http);
        if let Some(endpoints) = &place.endpoints {
            discovery = discovery.with_endpoints(vec![endpoints.clone()]);
        }
        let found = discovery.find(domain).await;
        let found = found.map_err(|error| format!("{}. {}", chain(&error), error.help()))?;
        place.tenant = Some(found.tenant_id);
        place.endpoints = Some(endpoints(arguments, found.endpoints)?);
    }
    // A Microsoft Graph of its own without an authority of its own may be an emulator, whose secrets are not for the cloud.
    place.tries_secrets = arguments.graph.is_none() || arguments.authority.is_some();
    if arguments.site.is_some() {
        place.site = Some(site(arguments)?);
        place.site_kind = SiteKind::PowerShell;
    }
    Ok(place)
}

fn http(arguments: &Arguments) -> Result<HttpClient, Ending> {
    let mut options = HttpOptions::new();
    if let Some(path) = &arguments.trusted_root {
        let unreadable = |error: &dyn std::fmt::Display| format!("{} cannot be read: {error}", path.display());
        let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
        options = options.trusted_root_pem(pem.as_slice()).map_err(|error| unreadable(&error))?;
    }
    Ok(HttpClient::new(options))
}

fn endpoints(arguments: &Arguments, mut endpoints: CloudEndpoints) -> Result<CloudEndpoints, Ending> {
    if let Some(authority) = &arguments.authority {
        endpoints = endpoints.with_authority(authority.clone()).map_err(|error| error.to_string())?;
    }
    if let Some(graph) = &arguments.graph {
        endpoints = endpoints.with_graph(graph.clone()).map_err(|error| error.to_string())?;
    }
    Ok(endpoints)
}

fn site(arguments: &Arguments) -> Result<SiteHandle, Ending> {
    let (Some(code), Some(provider)) = (&arguments.site_code, &arguments.provider) else {
        return Err("--site power-shell needs --site-code and --provider.".to_owned());
    };
    let site = PowerShellSite::builder(code, provider).build();
    Ok(site.map_err(|error| error.to_string())?.into())
}
