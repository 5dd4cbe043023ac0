//! Why no tenant was found.

use std::borrow::Cow;

use super::DiscoveredTenant;
use crate::{
    error::{Diagnostic, Refused, RequestTrace, UnexpectedAnswer, Unreachable},
    text::excerpt,
};

/// Why [`TenantDiscovery::find`](super::TenantDiscovery::find) found no tenant, or more than one.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TenantDiscoveryError {
    /// The text cannot name a tenant.
    #[error("{name:?} is neither a domain name nor a tenant id")]
    #[non_exhaustive]
    InvalidName {
        /// The text.
        name: String,
    },
    /// No cloud knows it.
    #[error("no tenant has the name {}", excerpt(.name))]
    #[non_exhaustive]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// Several tenants have the name, in different clouds.
    #[error("the name {} belongs to more than one tenant: {}", excerpt(.name), listed(.tenants))]
    #[non_exhaustive]
    Ambiguous {
        /// The name that was asked for.
        name: String,
        /// The tenants.
        tenants: Vec<DiscoveredTenant>,
    },
    /// The tenant is in a cloud that the wizard does not offer, or the answer names a host of no known cloud.
    #[error("the tenant belongs to the Microsoft Graph at {}, which is not one of the wizard's clouds", excerpt(.host))]
    #[non_exhaustive]
    OtherCloud {
        /// The host of its Microsoft Graph.
        host: String,
    },
    /// No sign-in host was reached.
    #[error(transparent)]
    Unreachable(Box<Unreachable>),
    /// The sign-in host refused to answer.
    #[error("the sign-in host refused: {} ({})", .0.service_code(), traced(.0))]
    Refused(Box<Refused>),
    /// The answer cannot be used.
    #[error(transparent)]
    UnexpectedAnswer(Box<UnexpectedAnswer>),
}

impl Diagnostic for TenantDiscoveryError {
    fn code(&self) -> &'static str {
        match self {
            Self::InvalidName { .. } => "invalidTenantName",
            Self::Unknown { .. } => "unknownTenant",
            Self::Ambiguous { .. } => "ambiguousTenant",
            Self::OtherCloud { .. } => "otherCloud",
            Self::Unreachable(error) => error.code(),
            Self::Refused(error) => error.code(),
            Self::UnexpectedAnswer(error) => error.code(),
        }
    }

    fn help(&self) -> Cow<'_, str> {
        match self {
            Self::InvalidName { .. } => {
                "Give a verified domain of the tenant, as contoso.com or contoso.onmicrosoft.com, or its tenant id (Entra admin center > Overview).".into()
            }
            Self::Unknown { .. } => {
                "Check the spelling, and take a domain that is listed in the Entra admin center under Settings > Domain names.".into()
            }
            Self::Ambiguous { .. } => "Choose the cloud, and give the tenant id instead of the domain (Entra admin center > Overview).".into(),
            Self::OtherCloud { .. } => {
                "A cloud management gateway is offered in the Azure public cloud and in the Azure US Government cloud only.".into()
            }
            Self::Unreachable(error) => error.help(),
            Self::Refused(error) => error.help(),
            Self::UnexpectedAnswer(error) => error.help(),
        }
    }

    fn carried(&self) -> Option<&dyn Diagnostic> {
        match self {
            Self::Unreachable(error) => Some(error.as_ref()),
            Self::Refused(error) => Some(error.as_ref()),
            Self::UnexpectedAnswer(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl From<Unreachable> for TenantDiscoveryError {
    fn from(error: Unreachable) -> Self {
        Self::Unreachable(Box::new(error))
    }
}

impl From<Refused> for TenantDiscoveryError {
    fn from(error: Refused) -> Self {
        Self::Refused(Box::new(error))
    }
}

impl From<UnexpectedAnswer> for TenantDiscoveryError {
    fn from(error: UnexpectedAnswer) -> Self {
        Self::UnexpectedAnswer(Box::new(error))
    }
}

fn traced(error: &Refused) -> String {
    error.trace().map(RequestTrace::to_string).unwrap_or_default()
}

fn listed(tenants: &[DiscoveredTenant]) -> String {
    let each = tenants
        .iter()
        .map(|tenant| format!("{} in {}", tenant.tenant_id, tenant.endpoints.environment()));
    each.collect::<Vec<_>>().join(", ")
}
