//! The site itself, and the gateways that it knows.

use serde::{Deserialize, Serialize};

use super::{SiteIdentity, SiteRowId};

/// The site itself. What an implementation cannot tell stays unknown, and a plan says so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SiteInfo {
    /// The three-character site code.
    pub site_code: String,
    /// The version, as `5.00.9128.1000`.
    pub version: String,
    /// Whether the caller's rights suffice to write; `None` if that cannot be told beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_write: Option<bool>,
    /// What tells this site from another one; `None` if the implementation cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<SiteIdentity>,
    /// The SMS Provider that was asked, if the implementation tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Where in its hierarchy the site is. Apps and their secrets belong to the site at the top.
    #[serde(default, skip_serializing_if = "SiteHierarchy::is_unknown")]
    pub hierarchy: SiteHierarchy,
    /// The version of the module ConfigurationManager that writes, if there is one and it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module_version: Option<String>,
    /// Whether the service connection point is online; `None` if that was not read. A gateway needs one that is
    /// online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_service_connection_point_online: Option<bool>,
    /// Whether the site takes another secret for a server app that it knows, as
    /// [`ServerAppImport::Renew`](super::ServerAppImport::Renew). Default: it does not, since the product has a dialog
    /// for this (*Renew Secret Key*) and no documented cmdlet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub takes_renewed_secrets: bool,
}

impl SiteInfo {
    /// Describes a site of which nothing else is known.
    #[must_use]
    pub fn new(site_code: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            site_code: site_code.into(),
            version: version.into(),
            ..Self::default()
        }
    }

    /// The same with what tells this site from another one.
    #[must_use]
    pub fn identified_by(mut self, identity: SiteIdentity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// The build number in the version, as 9128; `None` if the version is not of the usual form.
    #[must_use]
    pub fn build(&self) -> Option<u32> {
        self.version.split('.').nth(2)?.parse().ok()
    }
}

/// Where in its hierarchy a site is (`SMS_Site.ReportingSiteCode`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum SiteHierarchy {
    /// It was not read.
    #[default]
    Unknown,
    /// The site is at the top: a stand-alone primary site or a central administration site.
    Top,
    /// The site reports to another one.
    Below {
        /// The site code of the one above.
        reports_to: String,
    },
}

impl SiteHierarchy {
    /// What a site code of the site above says: an empty one is that of a site at the top.
    #[must_use]
    pub fn of(reporting_site_code: Option<&str>) -> Self {
        match reporting_site_code.map(str::trim) {
            None => Self::Unknown,
            Some("") => Self::Top,
            Some(code) => Self::Below {
                reports_to: code.to_owned(),
            },
        }
    }

    /// Whether it was not read.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

/// A cloud management gateway that the site knows (`SMS_AzureService`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SiteGateway {
    /// Its name.
    pub name: String,
    /// The row of the connection that it uses; `None` if the site does not say which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<SiteRowId>,
}

impl SiteGateway {
    /// Describes a gateway.
    #[must_use]
    pub fn new(name: impl Into<String>, connection: Option<SiteRowId>) -> Self {
        Self {
            name: name.into(),
            connection,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_reporting_site_code_is_that_of_a_site_at_the_top_and_none_is_unknown() {
        assert_eq!(SiteHierarchy::of(Some(" ")), SiteHierarchy::Top);
        assert_eq!(SiteHierarchy::of(None), SiteHierarchy::Unknown);
        let below = SiteHierarchy::of(Some("CAS"));
        assert_eq!(
            serde_json::to_value(below).unwrap(),
            serde_json::json!({"below": {"reportsTo": "CAS"}})
        );
    }
}
