//! What the sign-in service's own error codes mean, and what to do about them.
//!
//! For people only. The numbers may change, as Microsoft says, so nothing is decided by them: what happens next follows
//! from the OAuth `error` of the same answer.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// What one AADSTS code means.
///
/// Source: *Microsoft Entra authentication and authorization error codes*, and what tools in the field report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explanation {
    /// The number behind `AADSTS`.
    pub code: u32,
    /// What happened, in one sentence without a full stop.
    pub meaning: &'static str,
    /// What to do about it, in whole sentences.
    pub remedy: &'static str,
    /// Who can do it.
    pub who: &'static str,
}

impl Explanation {
    /// Microsoft's own page about this code.
    #[must_use]
    pub fn page(&self) -> String {
        format!("https://login.microsoftonline.com/error?code={}", self.code)
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AADSTS{}: {}. {} ({})", self.code, self.meaning, self.remedy, self.who)
    }
}

/// What an AADSTS code means; `None` for one that is not known here.
///
/// ```
/// use cmg_onboarding::token::explain;
///
/// let explanation = explain(7000222).unwrap();
/// assert_eq!(explanation.meaning, "the secret has expired");
/// assert!(explain(1).is_none());
/// ```
#[must_use]
pub fn explain(code: u32) -> Option<Explanation> {
    let group = GROUPS.iter().find(|group| group.codes.contains(&code))?;
    Some(Explanation {
        code,
        meaning: group.meaning,
        remedy: group.remedy,
        who: group.who,
    })
}

/// The AADSTS codes in an error answer of the sign-in service, each once and in order.
///
/// Takes `error_codes` and what stands as `AADSTS` and digits in `error_description`; anything else is passed over.
///
/// ```
/// use cmg_onboarding::token::error_codes;
/// use serde_json::json;
///
/// let answer = json!({"error": "invalid_client", "error_codes": [7000215], "error_description": "AADSTS7000215: Invalid ..."});
/// assert_eq!(error_codes(&answer), [7_000_215]);
/// ```
#[must_use]
pub fn error_codes(answer: &Value) -> Vec<u32> {
    let mut codes = Vec::new();
    let mut add = |code: Option<u32>| {
        if let Some(code) = code.filter(|code| !codes.contains(code)) {
            codes.push(code);
        }
    };
    match answer.get("error_codes") {
        Some(Value::Array(items)) => items.iter().for_each(|item| add(number(item))),
        Some(single) => add(number(single)),
        None => {}
    }
    let description = answer.get("error_description").and_then(Value::as_str).unwrap_or_default();
    for rest in description.split("AADSTS").skip(1) {
        let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
        add(rest[..end].parse().ok());
    }
    codes
}

fn number(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.trim().trim_start_matches("AADSTS").parse().ok(),
        _ => None,
    }
}

/// Codes that mean the same.
struct Group {
    codes: &'static [u32],
    meaning: &'static str,
    remedy: &'static str,
    who: &'static str,
}

const fn group(codes: &'static [u32], meaning: &'static str, remedy: &'static str, who: &'static str) -> Group {
    Group {
        codes,
        meaning,
        remedy,
        who,
    }
}

const ACCOUNT_HOLDER: &str = "the person who signs in";
const TENANT_ADMINISTRATOR: &str = "an administrator of the tenant";
const SECURITY_ADMINISTRATOR: &str = "the administrator of Conditional Access and sign-in risk in the tenant";
const CALLER: &str = "the person who runs this program";
const DEVELOPER: &str = "the developers of this program";

const GROUPS: &[Group] = &[
    group(
        &[50020, 50034, 51004, 50014],
        "the account is not in this tenant, or its invitation as a guest is still open",
        "Sign in with an account of the tenant that the connection is for, or correct the tenant.",
        ACCOUNT_HOLDER,
    ),
    group(
        &[50053],
        "the account is locked",
        "Wait, or have the account unlocked.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[50055],
        "the password has expired",
        "Change the password in a browser, then sign in again.",
        ACCOUNT_HOLDER,
    ),
    group(
        &[50057],
        "the account is disabled",
        "Sign in with another account, or have this one enabled.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[50126],
        "the user name or the password is wrong",
        "Sign in again with the right ones.",
        ACCOUNT_HOLDER,
    ),
    group(
        &[50058, 50078, 50132, 50133, 50173, 70043, 700082],
        "the session or the token behind this sign-in is too old or was revoked",
        "Sign in again.",
        ACCOUNT_HOLDER,
    ),
    group(
        &[50072, 50074, 50076, 50079],
        "multifactor authentication is required, or has to be registered first",
        "Sign in interactively in a browser.",
        ACCOUNT_HOLDER,
    ),
    group(
        &[50097, 50129, 53000, 53001],
        "the device must be joined to the tenant or be compliant",
        "Sign in from a managed device in a browser that proves it, or bring a token that was got on one.",
        ACCOUNT_HOLDER,
    ),
    group(
        &[50105],
        "the user is not assigned to the application that signs in",
        "Assign the user to that application: Entra admin center > Enterprise applications > Users and groups.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[50131, 53003, 530_032, 530_035],
        "Conditional Access or the security defaults block this sign-in",
        "Sign in another way. If that is blocked, too, the correlation id of this answer finds the policy in the sign-in logs.",
        SECURITY_ADMINISTRATOR,
    ),
    group(
        &[50158],
        "an external provider asks for multifactor authentication",
        "Sign in again, interactively in a browser.",
        ACCOUNT_HOLDER,
    ),
    group(
        &[50199],
        "the sign-in page waits for a confirmation that it is really you",
        "Sign in again and confirm.",
        ACCOUNT_HOLDER,
    ),
    group(
        &[53011, 530_034],
        "the sign-in was blocked as risky",
        "Have the risk looked at before trying again.",
        SECURITY_ADMINISTRATOR,
    ),
    group(
        &[65001, 90094, 90095],
        "no administrator has consented to what the sign-in application asks for, or only an administrator may",
        "Give admin consent to the sign-in application, or sign in with another one.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[65002],
        "the sign-in application is Microsoft's own and may not ask for one of these permissions",
        "Ask for fewer permissions, or sign in with another application.",
        CALLER,
    ),
    group(
        &[65004],
        "the person at the sign-in page declined the permissions",
        "Sign in again and accept, if that was not meant.",
        ACCOUNT_HOLDER,
    ),
    group(
        &[650_052, 650_054, 650_056, 650_057],
        "the resource is not in this tenant, or the application does not list it",
        "Check that the server app and its service principal are in this tenant, and that the client app lists its permission.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[500_011],
        "the tenant has no service principal for the resource",
        "Check the App ID URI and the tenant, and that the server app has its service principal.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[700_011, 700_016],
        "the application is not in this tenant",
        "Check client id, tenant and cloud. If the application was created moments ago, try again in a minute.",
        CALLER,
    ),
    group(
        &[700_025],
        "a secret was sent for an application that must not have one",
        "Leave the secret out: the application is a public client.",
        DEVELOPER,
    ),
    group(
        &[700_023],
        "the assertion is for another audience, or the scope names no resource",
        "Check the cloud, and the resource that a token is asked for.",
        CALLER,
    ),
    group(
        &[700_027],
        "the signature of the assertion is not from a certificate of the application",
        "Check the certificate and the cloud.",
        CALLER,
    ),
    group(
        &[700_024],
        "the assertion is outside the time in which it is valid",
        "Set this machine's clock right. An assertion of another identity provider is good for minutes: have a new one issued.",
        CALLER,
    ),
    group(
        &[70021, 700_211, 700_212, 700_213],
        "no federated credential of the application has the issuer, the subject and the audience of the assertion",
        "Compare the three letter by letter, and add the federated credential if it is missing: Entra admin center > App registrations > Certificates & secrets > Federated credentials.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[700_054],
        "the application may not issue ID tokens",
        "Switch ID tokens on for the application: Entra admin center > App registrations > Authentication.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[7_000_112, 70001],
        "the application is disabled in the tenant",
        "Have it enabled: Entra admin center > Enterprise applications > Properties.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[7_000_215],
        "the secret is wrong",
        "Give the secret's Value, not its Secret ID. If the secret was made moments ago, try again in a minute.",
        CALLER,
    ),
    group(
        &[7_000_218],
        "the request has no secret, and the application does not count as a public client",
        "Allow public client flows for the application: Entra admin center > App registrations > Authentication.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[7_000_222],
        "the secret has expired",
        "Renew the secret of the application.",
        TENANT_ADMINISTRATOR,
    ),
    group(
        &[50059, 50128, 90002, 90019],
        "the tenant was not found, or cannot be told from the request",
        "Check the tenant id or domain, and the cloud.",
        CALLER,
    ),
    group(
        &[90038, 900_382, 900_432, 900_439, 1_000_104, 50049],
        "account, application and sign-in service are not in the same cloud",
        "Choose the Azure environment that the tenant is in.",
        CALLER,
    ),
    group(
        &[50001, 70011, 28002, 700_022],
        "the resource or the scope is not valid, or two resources were asked for at once",
        "Ask for the scopes of one resource, by their full names.",
        DEVELOPER,
    ),
    group(
        &[50011],
        "the redirect address is not one of the application's",
        "Register http://localhost as a redirect URI of the sign-in application, or use another one.",
        DEVELOPER,
    ),
    group(
        &[54005],
        "the authorization code was used already",
        "Sign in again; report it if it happens again.",
        DEVELOPER,
    ),
    group(
        &[501_481],
        "the code verifier does not match the code challenge",
        "Sign in again; report it if it happens again.",
        DEVELOPER,
    ),
    group(
        &[50196],
        "the same request was repeated too often",
        "Stop trying, and try again later.",
        DEVELOPER,
    ),
    group(
        &[90006, 90012, 90024, 90033, 50033, 50087, 90090],
        "the sign-in service is in trouble for the moment",
        "Try again in a few minutes.",
        CALLER,
    ),
    group(
        &[90055],
        "the tenant is throttled or blocked",
        "Try again later. If it persists, ask Microsoft support.",
        TENANT_ADMINISTRATOR,
    ),
];

#[cfg(test)]
mod tests;
