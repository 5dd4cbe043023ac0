//! How a site removes a connection: only the one that is meant, and never one that a gateway may use.

use super::Contents;
use cmg_onboarding::{
    error::{SiteError, SiteRefused},
    site::{SiteRemoval, SiteRemoved},
};

impl Contents {
    /// Removes the connection alone: the product has no cmdlet for what it was made of.
    pub(super) fn remove(&mut self, removal: &SiteRemoval) -> Result<SiteRemoved, SiteError> {
        let Some(position) = self
            .rows
            .connections
            .iter()
            .position(|connection| connection.id == removal.connection)
        else {
            return Ok(SiteRemoved::new(false, Vec::new()));
        };
        let is_meant = self
            .rows
            .connections
            .get(position)
            .is_some_and(|connection| connection.name == removal.name);
        if !is_meant {
            let message = format!("row {} is not the connection {}", removal.connection, removal.name);
            return Err(SiteRefused::new(
                "remove the connection",
                message,
                "Read the site again, and name the connection meant.",
            )
            .into());
        }
        self.check_gateways(removal)?;
        let connection = self.rows.connections.remove(position);
        let mut left_behind = Vec::new();
        for id in &connection.web_applications {
            let Some(server) = self.rows.applications.iter().find(|application| application.id == *id) else {
                continue;
            };
            let of_tenant = self
                .rows
                .applications
                .iter()
                .filter(|application| application.tenant == server.tenant);
            left_behind.extend(of_tenant.map(|application| format!("The application {} stays in the site.", application.name)));
            let tenant = self.rows.tenants.iter().find(|tenant| tenant.id == server.tenant);
            left_behind.extend(tenant.map(|tenant| format!("The tenant {} stays in the site.", tenant.name)));
        }
        Ok(SiteRemoved::new(true, left_behind))
    }

    /// A connection that a gateway uses stays, and so does one of which nothing tells whether one uses it, unless the
    /// caller has stated that none does.
    fn check_gateways(&self, removal: &SiteRemoval) -> Result<(), SiteError> {
        let help =
            "Look under Cloud Services > Cloud Management Gateway. If no gateway uses the connection, state so, and run the same again.";
        let refused = |message: String| Err(SiteRefused::new("remove the connection", message, help).into());
        if let Some(gateway) = self.rows.gateways_of(removal.connection).next() {
            return refused(format!("the cloud management gateway {} uses it", gateway.name));
        }
        let Some(gateways) = &self.rows.gateways else {
            return match removal.no_gateway_stated {
                true => Ok(()),
                false => refused("whether a gateway uses it cannot be told".to_owned()),
            };
        };
        match gateways
            .iter()
            .find(|gateway| gateway.connection.is_none() && !removal.no_gateway_stated)
        {
            Some(gateway) => refused(format!(
                "whether the cloud management gateway {} uses it cannot be told",
                gateway.name
            )),
            None => Ok(()),
        }
    }
}
