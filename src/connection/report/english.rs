//! The English words of findings and next steps, made from code and parameters. There is no other place for
//! them: it is one table with a row for each code, and stays whole so that a code is never without words.

use crate::{
    connection::report::{finding_code::FindingCode, next_step_code::NextStepCode, step::Step},
    words::{Parameters, Words, fill, set},
};

/// Message and help with the values in their places. A step is named by its title.
pub(crate) fn filled(words: Words, parameters: &Parameters) -> (String, String) {
    let step = parameters.get("step").cloned();
    let Some(title) = step.and_then(|step| serde_json::from_value::<Step>(step).ok()).map(Step::title) else {
        return (fill(words.message, parameters), fill(words.help, parameters));
    };
    let mut titled = parameters.clone();
    set(&mut titled, "step", title);
    (fill(words.message, &titled), fill(words.help, &titled))
}

/// The forms of an App ID URI, as [`ACCEPTED_FORMS`](crate::spec::ACCEPTED_FORMS) has them.
macro_rules! uri_remedy {
    () => {
        "Leave the App ID URI to its default, or use one of these forms: api://{tenantId}/{string}, api://{appId}, api://{tenantId}/{appId}, api://{string}/{appId}, api://{string}.{verifiedDomain}/{string}, https://{verifiedDomain}/{string}, https://{subdomain}.{verifiedDomain}/{string} or https://{initialDomain}.onmicrosoft.com/{string}."
    };
}

macro_rules! exemption {
    () => {
        "Ask a Cloud Application Administrator for an exemption from the tenant's app management policy (Entra admin center > Enterprise applications > Application policies); if this account is exempt already, say so with policy_exempt(true)."
    };
}

macro_rules! grant_consent {
    () => {
        "Have a Cloud Application Administrator choose 'Grant admin consent' (Entra admin center > App registrations > (the app) > API permissions)."
    };
}

/// Who may change an app registration.
macro_rules! owner_can {
    () => {
        " An owner of the app registration can do it, or at least a Cloud Application Administrator."
    };
}

macro_rules! restorer_can {
    () => {
        " It takes at least the role Cloud Application Administrator."
    };
}

/// Where the site is given a secret, and who may.
macro_rules! renew_secret_key {
    () => {
        "console > Administration > Cloud Services > Microsoft Entra tenants > (the server app) > Renew Secret Key; security role in the site: Infrastructure Administrator or Full Administrator"
    };
}

/// Where a Conditional Access policy is changed, and who may.
macro_rules! exclude_from_policy {
    () => {
        "Entra admin center > Protection > Conditional Access > (the policy) > Target resources > Exclude; at least Conditional Access Administrator"
    };
}

const EXACT_URI: &str = "Give the App ID URI exactly as it is registered, letter by letter and slash by slash (Entra admin center > App registrations > (the app) > Expose an API): clients ask for that very text.";
const ADD_SCOPE: &str = concat!(
    "Add or enable it as a scope for admins and users (Entra admin center > App registrations > (the app) > Expose an API).",
    owner_can!()
);
const ADD_WEB_REDIRECT: &str = concat!(
    "Add it on the platform Web (Entra admin center > App registrations > (the app) > Authentication).",
    owner_can!()
);
const ADD_BROKER_REDIRECT: &str = concat!(
    "Add ${uri} on the platform 'Mobile and desktop applications' (Entra admin center > App registrations > (the app) > Authentication).",
    owner_can!()
);
const RENEW: &str = concat!(
    "Add a new client secret to the server app (Entra admin center > App registrations > (the app) > Certificates & secrets) and give its Value with its own date.",
    owner_can!()
);
const RENEW_IN_TIME: &str = "Renew the secret in good time: the site raises no notification for imported apps.";
/// The new secret for a site; it is added by one administrator and typed in by another one.
macro_rules! add_and_type {
    ($before:literal) => {
        concat!(
            $before,
            " a new client secret to the server app (Entra admin center > App registrations > (the app) > Certificates & secrets; an owner of the app registration, or at least a Cloud Application Administrator), and give its Value and date to the site (",
            renew_secret_key!(),
            ")."
        )
    };
}

const RENEW_IN_SITE: &str = add_and_type!("If a renewal is under way already, which a finding of its own tells, finish that one. Else add");
const RENEW_BY_HAND: &str = "Add the next client secret in Microsoft Entra (Entra admin center > App registrations > (the app) > Certificates & secrets). If the site refuses its Value, register another server app.";
const RUN_AGAIN: &str = "Make a plan of the same specification, which shows this change, and carry it out.";
const ENABLE: &str = "Set 'Enabled for users to sign-in?' to Yes (Entra admin center > Enterprise applications > (the app) > Properties), after asking why it was disabled. An owner of the enterprise application can do it, or at least a Cloud Application Administrator.";
const AUDIT_LOG: &str = "Compare with the app registration's audit log (Entra admin center > App registrations > the app > Activity > Audit logs), and add what is missing again.";

/// What a finding says.
pub(crate) const fn finding(code: FindingCode) -> Words {
    use FindingCode as Code;
    match code {
        Code::TokenUnreadable => Words::new(
            "The token cannot be read, so it is not known beforehand whether its permissions suffice.",
            "Nothing to do; a missing permission is reported by the step that needs it.",
        ),
        Code::TokenExpired => Words::new("The token has expired.", "Sign in again."),
        Code::ClockWrong => Words::new(
            "This machine's clock is ${minutes} minutes ${direction}, as the date of the directory's answer shows.",
            "Set the clock right and repeat the run: the ends of tokens and secrets are counted by it.",
        ),
        Code::WrongTenant => Words::new(
            "The sign-in is for tenant ${signedIn} (${tenantName|its name was not read}), not for ${expected}.",
            "Sign in with an account of the right tenant, or name the tenant when signing in (--tenant). If an app is imported, check its tenant id as well.",
        ),
        Code::TokenTenantDiffers => Words::new(
            "The token names another tenant than the directory, which answers for ${directoryTenant}.",
            "Check the addresses of Microsoft Graph and of the authority (CloudEndpoints; --graph and --authority), and sign in again.",
        ),
        Code::WrongCloud => Words::new(
            "The token is for ${signedIn}, and the connection is for ${expected}.",
            "Sign in to the right cloud, or choose the other Azure environment in the specification.",
        ),
        Code::WrongAudience => Words::new("The token is for ${audience}, not for ${expected}.", "Ask for the scope ${scope}."),
        Code::PermissionsMissing => Words::new(
            "The token lacks ${count} of the permissions that the plan takes: ${permissions}.",
            "Sign in asking for them; the sign-in application needs them with admin consent (Entra admin center > Enterprise applications > Permissions).",
        ),
        Code::OwnershipUnread => Words::new(
            "The signed-in application may change only apps that it owns (Application.ReadWrite.OwnedBy), and whether it owns ${clientIds} was not read.",
            "Nothing to do if the same application has made them. Else a step is refused: have the application added as an owner (Graph: POST /applications/{id}/owners/$ref), or give it Application.ReadWrite.All.",
        ),
        Code::RoleTooWeak => Words::new(
            "The directory roles of ${account|the signed-in account} do not suffice to consent.",
            "Activate or assign at least ${role} (Entra admin center > Roles & admins) and sign in again, or sign in with another account.",
        ),
        Code::DiscoveryRoleTooWeak => Words::new(
            "The directory roles of ${account|the signed-in account} do not suffice to consent.",
            "Activate or assign at least ${role} (Entra admin center > Roles & admins) and sign in again, or sign in with another account. Without discovery Cloud Application Administrator is enough.",
        ),
        Code::RolesUnread => Words::new(
            "The directory roles of the signed-in account could not be read, so it is not known whether they suffice; at least ${role} is needed.",
            "Nothing to do; a role that is lacking is reported by the step that needs it. Accounts of another tenant, as in delegated administration, may not be allowed to ask.",
        ),
        Code::TenantNameUnread => Words::new(
            "The tenant's name and its verified domains were not read, because the signed-in application may not read them.",
            "Nothing to do without a site. To have them, consent to Organization.Read.All as an application permission (Entra admin center > Enterprise applications > Permissions).",
        ),
        Code::AppIdUriResolved => Words::new(
            "The App ID URI is ${uri}; the wizard's default https://ConfigMgrService has been refused by Microsoft Entra since October 2021.",
            "Nothing to do; set the App ID URI to have another one.",
        ),
        Code::AppIdUriOnForeignDomain => Words::new(
            "The App ID URI ${uri} would be refused: ${domain} is not a verified domain of the tenant, nor below one.",
            uri_remedy!(),
        ),
        Code::AppIdUriWithForeignId => Words::new(
            "The App ID URI ${uri} would be refused: ${id} is neither the id of the tenant nor of this application.",
            uri_remedy!(),
        ),
        Code::AppIdUriWithoutOwner => Words::new(
            "The App ID URI ${uri} may be refused: it contains neither a verified domain, nor the tenant id, nor the application id.",
            uri_remedy!(),
        ),
        Code::AppIdUriInUse => Words::new(
            "The App ID URI ${uri} belongs to the app ${name|without a name} (${clientId}) already.",
            "Choose another App ID URI, for a second site for example with a suffix, or import or reuse that app instead of creating one.",
        ),
        Code::AppIdUriBlockedByPolicy => Words::new(
            "The tenant's policy allows only api://{appId} and api://{tenantId}/{appId}, so ${uri} would be refused.",
            concat!(
                "Leave the App ID URI out, or ask for one of these two, written with the braces. ",
                exemption!()
            ),
        ),
        Code::AppIdUriByPolicy => Words::new(
            "The tenant's policy allows only App ID URIs that contain the app's own id, so the server app gets ${uri}.",
            "Nothing to do; the ids are put in once the app is registered, and clients and site get the same text.",
        ),
        Code::PolicyNotRead => Words::new(
            "The tenant's app management policy was not read, so it is not known beforehand whether it refuses a secret or the App ID URI.",
            "Sign in with the permission ${permission} to have it checked, or say with policy_exempt(true) that no policy applies to this account. If it refuses, the run does what the plan shows for that case.",
        ),
        Code::SecretEndPassed => Words::new(
            "The secret is to be valid until ${given}, which has passed.",
            "Give a later date, a number of days such as P180D, or longestAllowed.",
        ),
        Code::SecretsForbidden => Words::new(
            "The tenant's app management policy forbids secrets, which the product needs.",
            exemption!(),
        ),
        Code::SecretTooLong => Words::new(
            "The tenant's app management policy allows secrets of at most ${longestDays} days, and ${wantedDays} are asked for.",
            concat!(
                "Ask for the longest validity that is allowed (SecretValidity::LongestAllowed, in JSON \"longestAllowed\"), or for a number of days such as P180D. ",
                exemption!()
            ),
        ),
        Code::UniqueNameHeldByDeletedApp => Words::new(
            "The deleted app registration ${name|without a name} (${objectId}) still holds the unique name ${uniqueName}.",
            concat!(
                "Remove this connection, which purges it; or purge or restore it by hand (Entra admin center > App registrations > Deleted applications); or give the connection another key.",
                restorer_can!()
            ),
        ),
        Code::DeletedAppRestored => Words::new(
            "The deleted app registration ${name|without a name} (${objectId}) holds the unique name of this specification and is restored; it has ${foreignSecrets} secret(s) that cmg-onboarding has not made.",
            concat!(
                "Nothing to do if it may come back. Otherwise purge it first (Entra admin center > App registrations > Deleted applications), or give the connection another key.",
                restorer_can!()
            ),
        ),
        Code::MadeAppStays => Words::new(
            "A policy of the tenant refuses the rest, and the ${app} app ${clientId} that this run has made stays, since another caller may be using it: ${marks}.",
            "Look at the app, and delete it if it is not used (Entra admin center > App registrations > All applications). A later run of the same specification finds it and goes on from there.",
        ),
        Code::DeletedAppHoldsName => Words::new(
            "A policy of the tenant refuses the rest; the app registration ${name|without a name} (${objectId}) that this run has made is deleted, and could not be purged: it holds the unique name ${uniqueName} until ${until}.",
            "Nothing to do: a later run of the same specification restores it. To be rid of it earlier, purge it with an account that may (Entra admin center > App registrations > Deleted applications).",
        ),
        Code::AdoptedAppKeeps => Words::new(
            "A policy of the tenant refuses the rest, and the ${app} app ${clientId}, which is adopted, keeps what this run has written to it: ${properties}.",
            "Nothing to do if a later run is to go on: it finds what is there. Otherwise take it out by hand, if it is not used (Entra admin center > App registrations > (the app)).",
        ),
        Code::DeletedPrincipalsUnread => Words::new(
            "Whether a deleted service principal of the ${app} app ${clientId|without a known id} is left is not known: ${error}.",
            "Nothing to do: the directory removes deleted service principals by itself after 30 days, and they hold no unique name.",
        ),
        Code::RemovalUnconfirmed => Words::new(
            "The ${app} app ${clientId} is not to be found, neither registered nor deleted: another run has removed it for good, or it is late to show among the deleted objects.",
            "Repeat the removal to be sure.",
        ),
        Code::SecretKept => Words::new(
            "The server app has a secret from an earlier run; its text cannot be read again.",
            "If it is lost, run with reissue_secret(true): that issues a new one and keeps the old one; a later run with remove_superseded_secrets(true) removes the old one.",
        ),
        Code::SecretReplaced => Words::new(
            "The server app is there from an earlier run, but the site did not get its secret: a new one is issued and the lost one removed.",
            "Nothing to do.",
        ),
        Code::SecretOfAnotherSite => Words::new(
            "The server app has ${count} secret(s) that were issued for another site; they stay.",
            "Nothing to do if two sites share this specification. Otherwise give one of them another key.",
        ),
        Code::SecretHolderUnknown => Words::new(
            "The site does not say whether it holds the secret ${keyId} that this run has issued; that one and every older secret that the site may hold stay.",
            "Compare the secret key expiry in the site with the app registration (console > Administration > Cloud Services > Microsoft Entra tenants).",
        ),
        Code::NewSecretProven => Words::new("The new secret ${keyId} signs in.", "Nothing to do."),
        Code::NewSecretNotYetAccepted => Words::new(
            "The new secret ${keyId} was not accepted within ${seconds} seconds, so it is not known yet whether it works.",
            "Nothing is lost: the secret was handed over. A new secret may take minutes to be known everywhere; try it out again before clients need it (ImportVerifier with a secret probe).",
        ),
        Code::NewSecretBlocked => Words::new(
            "A policy of the tenant keeps the server app from signing in with the new secret ${keyId} (Conditional Access, AADSTS53003).",
            concat!(
                "Exclude the server app from Conditional Access policies for all resources, or the site cannot sign in either (",
                exclude_from_policy!(),
                "). Since June 2026 such an exclusion changes how policies are enforced for baseline scopes; see Microsoft's page on resource exclusions first."
            ),
        ),
        Code::NewSecretRefused => Words::new("The server app cannot sign in with the new secret ${keyId}: ${error}.", "${help}"),
        Code::NewSecretUnproven => Words::new("Whether the new secret ${keyId} works could not be tried out: ${error}.", "${help}"),
        Code::SecretNotRenewed => Words::new(
            "The site keeps the secret that it has for the server app ${clientId}, which ends on ${heldUntil|a day that was not read}: the product has no documented cmdlet that takes a renewed one.",
            concat!("Type the new secret's Value and its expiry in by hand (", renew_secret_key!(), ")."),
        ),
        Code::ImportedSecretUncompared => Words::new(
            "The site knows the server app ${clientId} already, with a secret that ends on ${heldUntil|a day that was not read}; whether that is the secret that was given cannot be told.",
            "Nothing to do if it is. If it is another one with the same end, run with reissue_secret(true).",
        ),
        Code::RenewalWaiting => Words::new(
            "The secret ${keyId} was issued for this site on ${since|a day that was not read} and ends on ${expiresOn|a day that was not read}; the site still shows ${heldUntil|no date that was read}. So the renewal waits: whether the Value is lost or in a person's hands cannot be told.",
            concat!(
                "Have its Value and its date typed into the console (",
                renew_secret_key!(),
                "). If the Value is lost, run with reissue_secret(true): that issues another one, and the old one stays."
            ),
        ),
        Code::RenewedSecretUnproven => Words::new(
            "The site shows the new date ${expiresOn|of the newest secret}, last changed on ${shownSince|a day that was not read}; the value is not proven, since a person types value and date apart.",
            "Nothing to do: the old secret stays valid until its own end, ${oldUntil|which was not read}. Before that day, see whether the gateway and discovery still work with the new one (console > Administration > Cloud Services > Cloud Management Gateway); if in doubt, type value and date in once more.",
        ),
        Code::RenewedSecretMayEndEarlier => Words::new(
            "The site's secret ends on ${heldUntil}, and a new one at the latest on ${expiresAbout}: one that is added to others ends some weeks earlier, so it may end before the one that it replaces.",
            "Renew on ${from|a later day, with a later end in the specification,} or later, unless the Value of the present secret has become known to others: then renew now, and again before the new one ends.",
        ),
        Code::NewSecretNotUsed => Words::new(
            "The site has another secret, probably that of another run of this specification, so that nothing uses the secret ${keyId} that this run has issued: the last step removes it, if the report does not say otherwise.",
            "Take the secret ${keyId} out of the place where it was stored, if it was. Nothing is to be done in the site: if the report says that the site's secret key differs, it speaks of this secret.",
        ),
        Code::NewSecretNotTried => Words::new(
            "The new secret is not tried out by signing in, because no secret probe was given.",
            "Give one (secret_probe, feature sign-in), so that a site gets no secret in the place of a working one that was not accepted.",
        ),
        Code::AppOriginUnknown => Words::new(
            "Whether the console has created the server app ${clientId} or a person has registered and imported it is not known (the site's source number is ${source|not read}), so nothing is written.",
            "Look at how the app was made: an app of the wizard's 'Create Server Application' is renewed by the console's own dialog, an imported one with a secret of Microsoft Entra. Then say so with state_created_by_console(true) or state_created_by_console(false).",
        ),
        Code::ConsoleRenewsSecret => Words::new(
            "The console has created the server app ${clientId}, so its dialog signs in and makes the next secret itself; nothing is added in Microsoft Entra. The site's secret ends on ${heldUntil|a day that was not read}.",
            concat!(
                "Choose Renew Secret Key, and sign in as a Global Administrator (",
                renew_secret_key!(),
                "). Privileged Role Administrator may also work, but did not on every site; since version 2409 Cloud Application Administrator no longer works."
            ),
        ),
        Code::RenewalRefusedByAge => Words::new(
            "Version 2409 and later refuse Renew Secret Key for apps older than 800 days, and the server app ${clientId} was created on ${createdOn|a day that the site does not tell}; the site keeps its secret, which ends on ${heldUntil|a day that was not read}.",
            concat!(
                "Microsoft does not document whether the dialog also refuses a Value that a person types in. Try it well before that day: issue a secret by the renewal (for an app that the console has created, with state_created_by_console(false)), and type its Value in (",
                renew_secret_key!(),
                "). If it is refused, ask Microsoft's support before the secret ends: the site then needs another pair of apps, and the product allows one connection for each tenant."
            ),
        ),
        Code::RenewalWithoutRegistration => Words::new(
            "The registration of the server app is not there or was not read, so no secret of it can be renewed.",
            "Onboard first if it is not there. Else give the connection a directory whose sign-in may read and change the app, or add a client secret in the Entra admin center (App registrations > (the app) > Certificates & secrets) and give it in a specification that imports the app.",
        ),
        Code::RenewedSecretNotShown => Words::new(
            "The site does not show for certain that it has the newest secret ${keyId|of this crate}, which ends on ${expiresOn|a day that was not read}: it shows ${heldUntil|no date that was read}. No older secret is removed.",
            "Nothing to do: an old secret ends by itself. To remove it earlier, finish the renewal first (plan_renewal tells what is open).",
        ),
        Code::SiteIdentityUnknown => Words::new(
            "What identifies the site is not known, so an older secret may be the one that another site uses. No older secret is removed.",
            "Nothing to do: an old secret ends by itself. Secrets that are issued with a site_identity can be removed earlier.",
        ),
        Code::ShownSinceUnknown => Words::new(
            "Since when the site has shown the date ${expiresOn|of the newest secret} is not known, so it is not known whether every instance of the gateway has the new secret.",
            "Say since when with state_shown_since, or wait for the old secret's own end. A reader that tells LastUpdateTime, such as the administration service, tells it by itself.",
        ),
        Code::SecretRemovalTooEarly => Words::new(
            "The site has shown the new date since ${since}, and an old secret is removed ${hours} hours later at the earliest: instances of the gateway may still use it.",
            "Repeat the run after ${earliest|that time}, or wait for the old secret's own end.",
        ),
        Code::OldSecretMayBeInUse => Words::new(
            "The plan removes ${keyIds} before its own end (${oldUntil|a day that was not read}). The site has shown the new date since ${since}; the new value is not proven, and an instance of the gateway may still use the old one.",
            "See first whether the gateway and discovery work with the new secret (console > Administration > Cloud Services > Cloud Management Gateway). A removed secret does not come back: if the gateway stops, renew once more.",
        ),
        Code::ConcurrentChange => Words::new(
            "At the step \"${step}\" another administrator wrote at the same time, and this is gone: ${lost}.",
            AUDIT_LOG,
        ),
        Code::ChangeOverwritten => Words::new(
            "At the step \"${step}\" another administrator wrote at the same time, and this is gone: what this run has written.",
            AUDIT_LOG,
        ),
        Code::SecretExpired => Words::new(
            "The secret to import expired on ${expiredOn}, and the site takes only dates in the future.",
            RENEW,
        ),
        Code::SecretExpiresSoon => Words::new("The secret to import expires on ${expiresOn}.", RENEW_IN_TIME),
        Code::RegisteredSecretExpired => Words::new("The last secret of the server app expired on ${expiredOn}.", add_and_type!("Add")),
        Code::RegisteredSecretExpiresSoon => Words::new("The last secret of the server app expires on ${expiresOn}.", RENEW_IN_TIME),
        Code::ServerAppWithoutSecret => Words::new(
            "The site knows the server app, and its registration has no secret any more, so the site cannot sign in.",
            RENEW_IN_SITE,
        ),
        Code::SiteSecretExpired => Words::new(
            "The secret that the site uses expired on ${expiredOn}, so the site cannot sign in.",
            RENEW_IN_SITE,
        ),
        Code::SiteSecretExpiresSoon => Words::new("The secret that the site uses expires on ${expiresOn}.", RENEW_IN_SITE),
        Code::SiteSecretNotRegistered => Words::new(
            "The secret that the site uses ends on ${expiresOn}, and the registration of the server app has none that does; its secrets end on ${registered}.",
            add_and_type!(
                "See whether the secret was deleted (Entra admin center > App registrations > (the app) > Certificates & secrets). If it was, add"
            ),
        ),
        Code::SiteSecretUnknown => Words::new(
            "Which secret of the server app the site uses cannot be told, so it is not known whether that secret is still valid.",
            "Compare the secret key expiry in the site (console > Administration > Cloud Services > Microsoft Entra tenants) with the secrets of the registration (Entra admin center > App registrations > (the app) > Certificates & secrets).",
        ),
        Code::SecretShorterThanAsked => Words::new(
            "The secret of the server app that is kept ends on ${expiresOn}; with the validity asked for it would end on ${askedUntil}.",
            "Nothing to do: the validity asked for counts for the next secret that is issued. No run replaces a secret that works.",
        ),
        Code::SecretExpiredAtSignIn => Words::new(
            "Microsoft Entra answers that the secret of the server app has expired (AADSTS7000222), even if the given date is later.",
            RENEW,
        ),
        Code::SecretRejected => Words::new(
            "Microsoft Entra does not accept the secret of the server app (AADSTS7000215).",
            "Give the secret's Value, which is shown once when it is made, not its Secret ID; if it is lost, create a new one (Entra admin center > App registrations > (the app) > Certificates & secrets). One made in the last minutes may need a little longer.",
        ),
        Code::SecretIdGiven => Words::new(
            "The Secret ID was given in the place of the secret.",
            "Give the secret's Value, which is shown once when it is made (Entra admin center > App registrations > (the app) > Certificates & secrets).",
        ),
        Code::SignInRefused => Words::new("The server app cannot sign in: ${error}.", "${help}"),
        Code::SecretUnproven => Words::new("Whether the secret is right could not be tried out: ${error}.", "${help}"),
        Code::AppIdUriUnproven => Words::new("Whether tokens for ${uri} are issued could not be tried out: ${error}.", "${help}"),
        Code::SecretEndDiffers => Words::new(
            "No secret of the server app ends on ${given}; they end on ${registered}.",
            "Give the date that stands beside the secret (Entra admin center > App registrations > (the app) > Certificates & secrets): the site takes this date as it is, and raises no notification when the secret ends.",
        ),
        Code::SecretMissing => Words::new("The server app has no secret.", RENEW),
        Code::SignInBlocked => Words::new(
            "A policy of the tenant keeps the server app from signing in.",
            concat!(
                "Exclude the server app from Conditional Access policies for all resources (",
                exclude_from_policy!(),
                ")."
            ),
        ),
        Code::ConditionalAccessApplies => Words::new(
            "Conditional Access policies are for the server app and may keep clients from the gateway: ${policies}.",
            concat!(
                "Exclude the server app from them (",
                exclude_from_policy!(),
                "). Since 2026-06-15 a policy on all resources that excludes one is also enforced for sign-ins that ask for baseline scopes alone, such as openid, profile and User.Read: have its other conditions looked at, too."
            ),
        ),
        Code::ConditionalAccessUnknown => Words::new(
            "Whether these Conditional Access policies are for the server app is not known, because they choose by custom security attributes: ${policies}.",
            "Look at the policies and the server app's attributes (Entra admin center > Protection > Conditional Access > (the policy) > Target resources > Filter).",
        ),
        Code::ConditionalAccessUnread => Words::new(
            "The tenant's Conditional Access policies could not be read, although the token has the permission, so it is not known whether one is for the server app.",
            "Have the account's directory role looked at: reading policies takes at least Global Reader. Or look at the policies by hand (Entra admin center > Protection > Conditional Access).",
        ),
        Code::AppDisabled => Words::new("The server app is disabled in the tenant (AADSTS7000112).", ENABLE),
        Code::AppDeactivated => Words::new(
            "The registration of the ${app} app is deactivated, so the app gets no token.",
            concat!(
                "Activate it again (Entra admin center > App registrations > (the app) > Overview), after asking why it was deactivated.",
                owner_can!()
            ),
        ),
        Code::AppDisabledByMicrosoft => Words::new(
            "Microsoft has disabled the ${app} app (${status}).",
            "Ask Microsoft's support for the reason, or register another app.",
        ),
        Code::ServicePrincipalDisabled => Words::new(
            "The service principal of the ${app} app is disabled, so the app gets no token (AADSTS7000112).",
            ENABLE,
        ),
        Code::AppNotFound => Words::new(
            "The ${app} app ${clientId|of this specification} is not registered in tenant ${tenant}.",
            "If the specification creates it, have it registered first. Otherwise check the client id and the tenant id (Entra admin center > App registrations > All applications); the Object ID and the Secret ID look alike. If the app was deleted, restore it within 30 days (App registrations > Deleted applications).",
        ),
        Code::AppSoftDeleted => Words::new(
            "The ${app} app ${clientId} was deleted in tenant ${tenant}, and can still be restored.",
            "Restore it if it was deleted by mistake (Entra admin center > App registrations > Deleted applications > (the app) > Restore app registration); after 30 days it is gone. Otherwise choose another app registration.",
        ),
        Code::AppUnknownAtSignIn => Words::new(
            "Tenant ${tenant} has no app with the client id ${clientId} (AADSTS700016).",
            "Check the client id, the tenant id and the Azure environment; an app made in the last minutes may need a little longer.",
        ),
        Code::TenantUnknownAtSignIn => Words::new("The sign-in service does not know tenant ${tenant}: ${error}.", "${help}"),
        Code::AppNotInSite => Words::new(
            "The site knows no ${app} app with client id ${clientId}.",
            "Import the app instead of reusing it, or see which apps the site knows (console > Administration > Cloud Services > Microsoft Entra tenants).",
        ),
        Code::ServicePrincipalMissing => Words::new(
            "The ${app} app has no service principal in the tenant, so no consent can be given and no user can be allowed to use it.",
            concat!(
                "Choose 'Create Service Principal' (Entra admin center > App registrations > (the app) > Overview).",
                owner_can!()
            ),
        ),
        Code::AppIdUriDiffers => Words::new("The App ID URI is registered as ${registered}, not as ${given}.", EXACT_URI),
        Code::AppIdUriMisspelled => Words::new(
            "The App ID URI is registered as ${registered}, not as ${given}: they differ in a letter's case or a slash.",
            EXACT_URI,
        ),
        Code::AppIdUriMissing => Words::new("The server app has no App ID URI, and ${given} was given.", EXACT_URI),
        Code::AppIdUriUnknown => Words::new("Microsoft Entra knows no app by the App ID URI ${given} (AADSTS500011).", EXACT_URI),
        Code::TokenAudienceDiffers => Words::new("Tokens for the server app name ${audience}, not ${given}.", EXACT_URI),
        Code::DeviceTokensOff => Words::new(
            "Devices get no token for the server app without a user (isDeviceOnlyAuthSupported is not set), so they reach the gateway only while a user is signed in.",
            "Choose Update Application Settings on the server app after importing it (console > Administration > Cloud Services > Microsoft Entra tenants), or set the property through Microsoft Graph; the portal does not show it.",
        ),
        Code::ServerRedirectMissing => Words::new(
            "The server app lacks the redirect URI ${uri}, without which version 2309 and later refuse to create a gateway.",
            ADD_WEB_REDIRECT,
        ),
        Code::ServerRedirectOnWrongPlatform => Words::new(
            "The server app has the redirect URI ${uri} for public clients, where Microsoft's instructions of 2023 had it; those of 2026 have it on the platform Web.",
            "Add it on the platform Web, too (Entra admin center > App registrations > (the app) > Authentication).",
        ),
        Code::BrokerRedirectOnServerApp => Words::new(
            "The server app has the redirect URI of the Windows broker, which belongs on the client app.",
            "Remove it here, and check that the client app has its own (Entra admin center > App registrations > (the app) > Authentication).",
        ),
        Code::BrokerRedirectMissing => Words::new("The client app lacks the redirect URI of the Windows broker.", ADD_BROKER_REDIRECT),
        Code::BrokerRedirectOnWrongPlatform => Words::new(
            "The client app has the redirect URI of the Windows broker on the platform Web, where Windows does not use it.",
            ADD_BROKER_REDIRECT,
        ),
        Code::BrokerRedirectOfAnotherApp => Words::new(
            "The client app has the redirect URI of the Windows broker with another id than its own: ${registered}.",
            ADD_BROKER_REDIRECT,
        ),
        Code::PublicClientOff => Words::new(
            "The client app does not allow public client flows, so clients would be asked for a secret they do not have (AADSTS7000218).",
            concat!(
                "Set 'Allow public client flows' to Yes (Entra admin center > App registrations > (the app) > Authentication).",
                owner_can!()
            ),
        ),
        Code::TokenVersion => Words::new(
            "The server app's access tokens are of version 2, and the gateway takes version 1, whose audience is the App ID URI.",
            concat!(
                "Set requestedAccessTokenVersion to null or 1 (Entra admin center > App registrations > (the app) > Manifest).",
                owner_can!()
            ),
        ),
        Code::SignInAudience => Words::new(
            "The ${app} app lets accounts of other tenants sign in (${audience}).",
            concat!(
                "Choose 'Accounts in this organizational directory only' (Entra admin center > App registrations > (the app) > Authentication).",
                owner_can!()
            ),
        ),
        Code::AudienceNarrowed => Words::new(
            "The plan narrows who may sign in to the adopted ${app} app, from ${from} to ${to}: accounts of other tenants lose it.",
            "Ask who else uses the app. To leave it as it is, set keep_sign_in_audience(true) on the adopted app (keepSignInAudience in JSON).",
        ),
        Code::TokenVersionLowered => Words::new(
            "The plan changes the version of the adopted server app's access tokens from ${from} to ${to}, and another API behind this app may take version ${from} only.",
            "Ask who else uses the app. The gateway takes version 1 only; to leave the app as it is, set keep_token_version(true) on it (keepTokenVersion in JSON), or register another server app.",
        ),
        Code::ConsentMissing => Words::new(
            "The client app has no permission user_impersonation of the server app.",
            concat!(
                "Add it as a delegated permission (API permissions > Add a permission > APIs my organization uses). ",
                grant_consent!()
            ),
        ),
        Code::ConsentOnlyConfigured => Words::new(
            "The client app's permission user_impersonation of the server app is configured, and no administrator has consented to it.",
            grant_consent!(),
        ),
        Code::ConsentForSomeOnly => Words::new(
            "The consent to user_impersonation of the server app covers single users, not the whole tenant.",
            grant_consent!(),
        ),
        Code::ConsentLeftOpen => Words::new(
            "Admin consent of the ${app} app to ${permissions} is missing and is left to another administrator.",
            "Have a Cloud Application Administrator (for Directory.Read.All a Privileged Role Administrator) choose 'Grant admin consent' (Entra admin center > App registrations > (the app) > API permissions); the next steps of a run have the links. Then repeat the run, which reads whether the consent was given.",
        ),
        Code::ConsentUnread => Words::new(
            "Whether an administrator has consented for the ${app} app to ${permissions} could not be read.",
            "Look at it (Entra admin center > App registrations > (the app) > API permissions), or repeat the run with an account or application that has Directory.Read.All.",
        ),
        Code::DirectoryReadMissing => Words::new(
            "The server app has no application permission Directory.Read.All of Microsoft Graph, which discovery needs.",
            "Add it, as an application permission of Microsoft Graph and not of Azure AD Graph, and have a Privileged Role Administrator grant admin consent (Entra admin center > App registrations > (the app) > API permissions).",
        ),
        Code::DirectoryReadOnlyConfigured => Words::new(
            "Directory.Read.All is configured on the server app, and no administrator has consented to it, so discovery would read nothing.",
            "Have a Privileged Role Administrator choose 'Grant admin consent' (Entra admin center > App registrations > (the app) > API permissions).",
        ),
        Code::DirectoryReadNotInToken => Words::new(
            "The server app's token has no Directory.Read.All, which discovery needs.",
            "Add the application permission Directory.Read.All of Microsoft Graph and grant admin consent (Entra admin center > App registrations > (the app) > API permissions). A consent given in the last minutes may need a little longer.",
        ),
        Code::ScopeMissing => Words::new(
            "The server app does not offer the permission user_impersonation, which the client app needs.",
            ADD_SCOPE,
        ),
        Code::ScopeDisabled => Words::new("The server app's permission user_impersonation is switched off.", ADD_SCOPE),
        Code::TenantMismatch => Words::new(
            "The server app to import belongs to tenant ${imported}, and another one was named.",
            "Correct the Tenant ID of the server app, or name no other tenant.",
        ),
        Code::ReusedAppsOfDifferentTenants => Words::new(
            "The two reused apps belong to different tenants.",
            "Choose a server app and a client app of one tenant.",
        ),
        Code::SiteUriNotRegistered => Words::new(
            "The site has the App ID URI ${site} for the server app, which is registered with ${registered|none}.",
            "Add the site's App ID URI to the registration, letter by letter (Entra admin center > App registrations > (the app) > Expose an API); the product has no way to change the one in the site.",
        ),
        Code::AppIdUriKeptBySite => Words::new(
            "The site has the App ID URI ${site} for the server app and keeps it, although the specification has ${wanted}; clients are told the site's.",
            "Give the specification the site's App ID URI. If the new one is needed, register another server app with it and set up a connection with that app: the product has no way to change the App ID URI of an app in the site.",
        ),
        Code::SiteTenantInOtherCloud => Words::new(
            "The site has the tenant in ${site}, and the connection is for ${wanted}.",
            "Check the Azure environment of the specification. If it is right, remove the connection and import the apps again with it: the product has no way to change the environment of a tenant in the site (console > Administration > Cloud Services > Microsoft Entra tenants).",
        ),
        Code::SiteTenantNameDiffers => Words::new(
            "The site has the tenant by the name ${site}, not ${wanted}.",
            "Nothing to do: the name is shown and not used to sign in, and the product has no way to change it.",
        ),
        Code::SiteAppNameDiffers => Words::new(
            "The site has the ${app} app by the name ${site}, not ${wanted}.",
            "Nothing to do: the name is shown and not used to sign in, and the product has no way to change it.",
        ),
        Code::SiteReplyUrlMissing => Words::new(
            "The site has the redirect URI ${site} for the server app, not ${wanted}, without which version 2309 and later refuse to create a gateway.",
            "Choose Update Application Settings on the server app (console > Administration > Cloud Services > Microsoft Entra tenants), or run Set-UpdateServerApplication.",
        ),
        Code::AppTooOldToRenew => Words::new(
            "The server app was created on ${createdOn}, and version 2409 and later refuse to renew the secret of an app older than ${days} days.",
            RENEW_BY_HAND,
        ),
        Code::AppRenewableUntil => Words::new(
            "The server app was created on ${createdOn}; from version 2409 on the site renews its secret until ${until} only, when it is ${days} days old.",
            RENEW_BY_HAND,
        ),
        Code::WrongKindOfApp => Words::new(
            "The site does not know ${clientId} as a ${app} app but as the other kind.",
            "Choose another app registration as the ${app} app: the site knows each app as one kind only (console > Administration > Cloud Services > Microsoft Entra tenants).",
        ),
        Code::SiteFieldsUnread => Words::new(
            "The site does not tell ${fields}, so it is not known whether that is right.",
            "Look at the app and the tenant in the console (Administration > Cloud Services > Microsoft Entra tenants), or read the site with an account that may read all of their properties.",
        ),
        Code::SiteTooOld => Words::new(
            "The site has version ${version}; importing apps takes 2010 (5.00.9040) or later.",
            "Update the site to version 2010 or later (console > Administration > Updates and Servicing; the security role Full Administrator suffices).",
        ),
        Code::SiteRightsMissing => Words::new(
            "The account may not change Azure services in the site.",
            "Give it the security role Infrastructure Administrator or Full Administrator (console > Administration > Security > Administrative Users).",
        ),
        Code::ConnectionNamedOtherwise => Words::new(
            "The site has the connection \"${connection}\" for this tenant already, with the same server app; the product allows one of the type Cloud Management per tenant.",
            "To rename it, give the specification a key (that connection's former name, if cmg-onboarding has made its apps); to use it as it is, give the specification its name.",
        ),
        Code::ConnectionOfAnotherServerApp => Words::new(
            "The site has the connection \"${connection}\" for this tenant already, with another server app; the product allows one per tenant.",
            "Give the specification that server app (reuse, import or adopt it), or look at the connection first (console > Administration > Cloud Services > Azure Services): one whose server app is gone, and that no gateway uses, has to be removed there by hand.",
        ),
        Code::ConnectionNameTaken => Words::new(
            "The site has a connection named \"${connection}\" for something else already.",
            "Choose another name. If this one differs from the name that is wanted in upper and lower case alone, write the name as the site has it.",
        ),
        Code::ConnectionOfUnknownType => Words::new(
            "The site has the connection \"${connection}\" for this tenant, and whether it is of the type Cloud Management cannot be told (service type ${serviceType|not read}).",
            "Look at it (console > Administration > Cloud Services > Azure Services). The product allows one connection of that type for each tenant, and refuses a second one; services of other types stand beside it.",
        ),
        Code::OtherAzureService => Words::new(
            "The site has the Azure service \"${connection}\" for this tenant, which is not of the type Cloud Management (service type ${serviceType|not read}).",
            "Nothing to do: services of other types stand beside the connection.",
        ),
        Code::SiteNotAtTop => Words::new(
            "Site ${siteCode} reports to site ${reportsTo}, and apps and their secrets belong to the site at the top of the hierarchy.",
            "Connect to site ${reportsTo} and an SMS Provider of that site.",
        ),
        Code::ServiceConnectionPointOffline => Words::new(
            "The service connection point is offline, and a cloud management gateway needs one that is online.",
            "Set it to online before the gateway is created (console > Administration > Site Configuration > Servers and Site System Roles > the service connection point > Properties).",
        ),
        Code::SiteFactsUnknown => Words::new(
            "Not read from the site: ${facts}.",
            "Nothing to do if the run is not refused. Rights: Infrastructure Administrator or Full Administrator with all scopes; the service connection point must be online, and the site must be the one at the top of its hierarchy.",
        ),
        Code::GatewayUsesConnection => Words::new(
            "The cloud management gateway \"${gateway}\" uses the connection \"${connection}\".",
            "A connection that a gateway uses is not removed: look at the gateway first (console > Administration > Cloud Services > Cloud Management Gateway). Every other change of this connection takes effect for the clients of that gateway.",
        ),
        Code::GatewayUseUnknown => Words::new(
            "Whether ${gateway|a cloud management gateway} uses the connection \"${connection}\" cannot be told.",
            "Look at the gateways (console > Administration > Cloud Services > Cloud Management Gateway). If none uses the connection, say so with state_no_gateway(true) (--no-gateway-uses-it).",
        ),
        Code::ServerAppLeftAsIs => Words::new(
            "The server app is not created by this run, so its consent to Directory.Read.All is neither looked at nor given.",
            "Discovery needs it as an application permission with admin consent (Entra admin center > App registrations > API permissions).",
        ),
        Code::ClientAppLeftAsIs => Words::new(
            "The client app is not created by this run, so its registration and consents are left as they are.",
            "Give it the permission user_impersonation of the server app with admin consent (Entra admin center > App registrations > API permissions).",
        ),
        Code::SiteRowStays => Words::new(
            "The ${kind} ${name} stays in the site.",
            "Nothing to do: the site no longer uses it, and it does no harm. The product has no cmdlet that removes it (console > Administration > Cloud Services > Microsoft Entra tenants).",
        ),
        Code::AppsUsedByAnotherSite => Words::new(
            "The apps stay: the server app has a secret that was issued for another site (${site}).",
            "Run the removal against that site: it shows whether it is the same one. If nothing there uses the apps, say so with state_apps_unused(true) (--apps-unused).",
        ),
        Code::AppsUsedByConnection => Words::new(
            "The apps stay: the connection \"${connection}\" of the site uses them.",
            "Run the removal with the specification of that connection, or look at the connection first (console > Administration > Cloud Services > Azure Services).",
        ),
        Code::AppsUsedByAnotherSecret => Words::new(
            "The apps stay: the server app has valid secrets that another person or program has made (${descriptions}).",
            "Ask who uses them (Entra admin center > App registrations > (the app) > Certificates & secrets). If nothing else uses the apps, say so with state_apps_unused(true) (--apps-unused).",
        ),
        Code::AppsStatedUnused => Words::new(
            "The apps are removed although they may be in use, since the caller states that nothing else uses them: other sites ${sites|none}, other secrets ${descriptions|none}.",
            "Nothing to do if the statement is right.",
        ),
        Code::SecretsHandedOver => Words::new(
            "The server app has ${count} valid secret(s) that were issued without a site; the person who got one may be using it.",
            "Ask that person before the apps are removed.",
        ),
        Code::ConnectionOfRemovedServerApp => Words::new(
            "The connection \"${connection}\" stays: its server app ${name|without a name} (${clientId|unknown client id}) is not this specification's, or is registered no longer.",
            "Look at the connection (console > Administration > Cloud Services > Azure Services). The product cannot give a connection another server app; remove the connection there by hand if no gateway uses it.",
        ),
        Code::ConnectionUnread => Words::new(
            "Which apps the connection \"${connection}\" uses could not be read from the site.",
            "Look at the connection (console > Administration > Cloud Services > Azure Services), and read the site again with an account that may read all of its objects.",
        ),
        Code::SiteRowUnread => Words::new(
            "The site has a row of ${class} that could not be read, because of its ${property}: what it says is unknown.",
            "Look at it (console > Administration > Cloud Services > Azure Services, and > Microsoft Entra tenants), and read the site again with an account that may read all of its objects.",
        ),
        Code::DiscoveryUnread => Words::new(
            "Which discovery the connection \"${connection}\" has could not be read from the site, so it may be as wanted already.",
            "Look at the connection (console > Administration > Cloud Services > Azure Services > (the connection) > Properties > Discovery), and read the site again with an account that may read all of its objects.",
        ),
        Code::DiscoveryStateUnknown => Words::new(
            "Whether discovery is on is not known, since no site was given: the permission to read the directory (Directory.Read.All) is left as it is.",
            "If discovery is on, give the site too, or switch discovery on in the specification.",
        ),
        Code::GroupNotFound => Words::new(
            "Microsoft Entra has no group named ${groups}, so group discovery finds nothing by that name, or the site refuses it.",
            "Correct the name in the specification, or create the group (Entra admin center > Groups).",
        ),
        Code::GroupNameAmbiguous => Words::new(
            "Microsoft Entra has more than one group named ${groups}. The site takes names, and which of them it takes is not documented.",
            "Rename one of the groups, or choose the group by hand (console > Administration > Cloud Services > Azure Services > (the connection) > Properties > Discovery).",
        ),
        Code::GroupsUnread => Words::new(
            "Whether Microsoft Entra has groups named ${groups} is not known: they could not be read.",
            "Compare the names by hand (Entra admin center > Groups), or make the plan again with a sign-in that has the permission ${permission}.",
        ),
        Code::ConnectionNotFound => Words::new(
            "The site has no connection \"${connection}\"; it has these: ${names|none}.",
            "Give the name as the console shows it (Administration > Cloud Services > Azure Services).",
        ),
        Code::ConnectionAppUnclear => Words::new(
            "The site does not tell which ${app} app the connection \"${connection}\" uses; these may be meant: ${clientIds|none}.",
            "Write a specification that reuses both apps by their client ids (console > Administration > Cloud Services > Microsoft Entra tenants).",
        ),
        Code::ConnectionReadBackDiffers => Words::new(
            "The connection \"${connection}\" reads back otherwise than wanted: ${properties}.",
            "Compare it with the specification (console > Administration > Cloud Services > Azure Services > (the connection) > Properties), and repeat the run: the plan tells what the site has.",
        ),
        Code::DeletedAppsUnread => Words::new(
            "Deleted app registrations could not be listed, so one of them may still hold the unique name of an app.",
            "Nothing to do, unless a step says that the name is held: then look under Entra admin center > App registrations > Deleted applications.",
        ),
        Code::RegistrationUncertain => Words::new(
            "The directory shows the ${app} app ${clientId} as registered and as deleted at the same time, so one of the two answers is old.",
            "Repeat the run in some minutes. If the app was just deleted or restored, look under Entra admin center > App registrations > Deleted applications.",
        ),
        Code::DirectoryUnread => Words::new(
            "The apps were not compared with Microsoft Entra, because the directory could not be read: ${error}.",
            "${help}",
        ),
        Code::AdoptedAppStays => Words::new(
            "The adopted ${app} app ${clientId} stays, with what was changed on it and with its consents.",
            "Take back by hand what is no longer wanted (Entra admin center > App registrations).",
        ),
        Code::StepNotDone => Words::new("This step is not done, or was undone: ${step}.", RUN_AGAIN),
        Code::StepDiffers => Words::new(
            "What this step has made is not as the specification wants it: ${step} (${properties|the plan shows what differs}).",
            RUN_AGAIN,
        ),
        Code::FirstSecretExpiresSoon => Words::new(
            "Which secret the site uses is not known, and the first of the server app's secrets expires on ${expiresOn}.",
            "Compare that day with the secret key expiry in the site (console > Administration > Cloud Services > Microsoft Entra tenants). If they are the same, renew the secret in good time; if not, remove the secret once nothing uses it, or let it end.",
        ),
        Code::DirectoryNotGiven => Words::new(
            "No directory was given, so it is not known whether the apps are registered, enabled and consented to.",
            "Give a directory, signed in as an account or an application that may read applications and consents (Directory.Read.All).",
        ),
        Code::RemovalOnly => Words::new(
            "This connection was made of what was found and not of a specification, so nothing but a removal can be planned for it.",
            "Ask for plan_removal, removal_from or remove; to change the connection, write a specification for it.",
        ),
    }
}

/// What a next step says.
pub(crate) const fn next_step(code: NextStepCode) -> Words {
    match code {
        NextStepCode::RecordSecretExpiry => Words::new(
            "The server app's secret expires on ${expiresOn}, and the site raises no notification for imported apps.",
            "Put the date into a calendar.",
        ),
        NextStepCode::HandOverSecret => Words::new(
            "The secret is shown only once.",
            "Hand it to the administrator who gives it to the site, by a safe way.",
        ),
        NextStepCode::GrantAdminConsent => Words::new(
            "The ${app} app ${clientId} needs admin consent to ${permissions}, which is left to another administrator.",
            "Choose 'Grant admin consent' at ${portal} (App registrations > (the app) > API permissions), or open ${consentUrl}; there the last page may not load, and that is no failure. Then repeat the run.",
        ),
        NextStepCode::RenewSecretInSite => Words::new(
            "The site still has the server app's former secret, which ends on ${heldUntil|a day that was not read}; the new one ends on ${expiresOn}.",
            concat!(
                "Type the new secret's Value and its expiry in (",
                renew_secret_key!(),
                "). It is the app ${name|without a known name} (${clientId|client id not known}) of the tenant ${tenantName|without a known name} (${tenantId|id not known})."
            ),
        ),
        NextStepCode::RenewSecretByConsole => Words::new(
            "The console has to renew the secret of the app ${name|without a known name} (${clientId}) of the tenant ${tenantName|without a known name} (${tenantId}), which ends on ${heldUntil|a day that was not read}.",
            concat!(
                "Choose Renew Secret Key, and sign in as a Global Administrator or with a role that may consent for Microsoft Graph (",
                renew_secret_key!(),
                "). Then plan the renewal again: the site must show a later date, and the registration a secret that ends on that day."
            ),
        ),
        NextStepCode::ChooseDiscoveryGroups => Words::new(
            "Group discovery does not have these groups yet: ${groups}.",
            "Choose them in the console, which finds them by name in Microsoft Entra and may ask for a sign-in (console > Administration > Cloud Services > Azure Services > the connection > Properties > Discovery > Settings).",
        ),
        NextStepCode::UpdateSettingsInConsole => Words::new(
            "The site's own record of the server app has the redirect URI ${site|that was not read}; version 2309 and later create a gateway only if it is ${wanted}, and only the console changes it.",
            "Choose Update Application Settings and sign in (console > Administration > Cloud Services > Microsoft Entra tenants > the tenant > the server app), or run Set-UpdateServerApplication -TenantId ${tenant}, which signs in, too.",
        ),
        NextStepCode::ExcludeFromConditionalAccess => Words::new(
            "A Conditional Access policy on all resources would keep clients from the gateway.",
            concat!("Exclude the server app from such policies (", exclude_from_policy!(), ")."),
        ),
        NextStepCode::SetUpGateway => Words::new(
            "The connection serves a cloud management gateway, which is set up by itself.",
            "Create it (console > Administration > Cloud Services > Cloud Management Gateway).",
        ),
        NextStepCode::ConfigureClientAuthentication => Words::new(
            "Clients on the internet authenticate at the gateway by Microsoft Entra ID, a certificate or a token.",
            "Choose how before clients are installed (documentation: Configure client authentication for the CMG).",
        ),
    }
}

#[cfg(test)]
mod tests;
