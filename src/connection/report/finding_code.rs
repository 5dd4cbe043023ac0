//! What a finding can be about, one code for each fact. One list, which stays whole so that it can be read as such.

use serde::{Deserialize, Serialize};

/// What a finding is about. The name in JSON is stable, and so are the names of the parameters.
///
/// Each code has one meaning: code and parameters together are the whole fact, and message and remedy are
/// made from them. An `app` is `server` or `client`; a date is a day in UTC, as `2027-11-23`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum FindingCode {
    /// The token cannot be read, so it is not known whether its permissions suffice.
    TokenUnreadable,
    /// The token has expired. Parameters: `expiredOn` (date).
    TokenExpired,
    /// This machine's clock differs from the directory's, as the date of an answer tells. Parameters: `minutes`
    /// (number), `direction` (ahead or behind).
    ClockWrong,
    /// The token belongs to another tenant. Parameters: `expected` and `signedIn` (tenant ids), `tenantName`
    /// (the name of the tenant that is signed in to; left out if it was not read).
    WrongTenant,
    /// The token names another tenant than the directory that takes it. Parameters: `tokenTenant` and
    /// `directoryTenant` (tenant ids).
    TokenTenantDiffers,
    /// The token belongs to another cloud. Parameters: `expected` and `signedIn` (Azure environments).
    WrongCloud,
    /// The token is for another service than Microsoft Graph. Parameters: `expected` and `audience`
    /// (resources), `scope` (the scope to ask for).
    WrongAudience,
    /// The token lacks permissions that the plan needs. Parameters: `permissions` (list of names), `count`
    /// (number of them).
    PermissionsMissing,
    /// The application may change only apps that it owns, and whether it owns those that are there was not read.
    /// Parameters: `clientIds` (list).
    OwnershipUnread,
    /// The account's directory roles do not suffice. Parameters: `role` (the least role that does), `account`
    /// (user principal name, optional).
    RoleTooWeak,
    /// The account's directory roles suffice for everything but discovery. Parameters: `role` (the least role
    /// that suffices), `account` (user principal name, optional).
    DiscoveryRoleTooWeak,
    /// The directory roles of the account could not be read, so it is not known whether they suffice. Parameters:
    /// `role` (the least role that does).
    RolesUnread,
    /// The signed-in application may not read the tenant's name and its verified domains, which nothing in this plan
    /// needs.
    TenantNameUnread,
    /// The App ID URI was left to its default and resolved. Parameters: `uri`.
    AppIdUriResolved,
    /// The App ID URI is on a domain that the tenant has not verified. Parameters: `uri`, `domain`.
    #[serde(alias = "appIdUriNotOwned")]
    AppIdUriOnForeignDomain,
    /// The App ID URI has an id that is neither the tenant's nor the app's. Parameters: `uri`, `id`.
    AppIdUriWithForeignId,
    /// The App ID URI names no domain and no id of the tenant, which most tenants refuse. Parameters: `uri`.
    AppIdUriWithoutOwner,
    /// The App ID URI belongs to another app already. Parameters: `uri`, `clientId` (of that app), `name` (of
    /// that app, optional).
    AppIdUriInUse,
    /// The tenant's policy refuses this App ID URI. Parameters: `uri`.
    AppIdUriBlockedByPolicy,
    /// The tenant's policy allows no App ID URI but those that contain the app's own id, so the app gets such a one in the
    /// place of the default. Parameters: `uri` (with placeholders as long as the app is not registered).
    AppIdUriByPolicy,
    /// The tenant's app management policy could not be read, so it is not known whether it refuses what the plan writes.
    /// Parameters: `permission` (the least one that reads it).
    PolicyNotRead,
    /// The secret is to end on a day that has passed. Parameters: `given` (date).
    SecretEndPassed,
    /// The tenant's policy allows no secrets.
    SecretsForbidden,
    /// The tenant's policy allows only shorter secrets. Parameters: `longestDays` and `wantedDays` (numbers
    /// of days).
    SecretTooLong,
    /// A deleted app registration holds the unique name. Parameters: `uniqueName`, `objectId` (of the deleted
    /// app), `name` (of the deleted app, optional).
    UniqueNameHeldByDeletedApp,
    /// A deleted app registration holds the unique name, and is restored. Parameters: `objectId`, `name` (of the deleted app,
    /// optional), `foreignSecrets` (number of its secrets that this crate has not made).
    DeletedAppRestored,
    /// A policy refuses the rest of the run, and an app that it has made stays, because another caller may be using it.
    /// Parameters: `app`, `clientId`, `marks` (list of what was found: "secret", "certificate", "servicePrincipal", "consent",
    /// "owner", "ownersUnread", "federatedCredential", "federatedCredentialsUnread", "makerUnknown").
    MadeAppStays,
    /// A policy refuses the rest of the run; an app that it has made is deleted and could not be purged, and holds its
    /// unique name. Parameters: `uniqueName`, `objectId`, `name` (optional), `until` (date).
    DeletedAppHoldsName,
    /// A policy refuses the rest of the run, and an adopted app keeps what this run has written to it: taking it out again could
    /// take away what others use by now. Parameters: `app`, `clientId`, `properties` (list, as Microsoft Graph calls them).
    AdoptedAppKeeps,
    /// An app is removed, and the directory refuses to list deleted service principals: one of the app may be left among
    /// them. Parameters: `app`, `clientId` (optional), `error`.
    DeletedPrincipalsUnread,
    /// An app is removed, and is not to be found among the deleted objects: another run may have removed it for good, or it is
    /// late to show there. Parameters: `app`, `clientId`.
    RemovalUnconfirmed,
    /// The app's secret was made before, and its text cannot be read again.
    SecretKept,
    /// The app's secret was lost and is replaced.
    SecretReplaced,
    /// The app has secrets of this crate that were issued for another site; they stay. Parameters: `count`
    /// (number of them).
    SecretOfAnotherSite,
    /// The site does not say which secret it holds, so each secret that it may hold stays. Parameters:
    /// `keyId` (of the secret that this run has issued).
    SecretHolderUnknown,
    /// The secret that this run has issued was tried out and signs in. Parameters: `keyId` (of that secret).
    NewSecretProven,
    /// The secret that this run has issued was not accepted within the limit, and may be later. Parameters: `keyId`
    /// (of that secret), `seconds` (how long was waited), `codes` (list of AADSTS numbers, optional).
    NewSecretNotYetAccepted,
    /// A policy of the tenant keeps the app from signing in with the secret that this run has issued. Parameters:
    /// `keyId` (of that secret), `codes` (list of AADSTS numbers, optional).
    NewSecretBlocked,
    /// The app cannot sign in with the secret that this run has issued, for another reason. Parameters: `keyId` (of
    /// that secret), `error` and `help` (texts of the sign-in error), `codes` (list of AADSTS numbers, optional).
    NewSecretRefused,
    /// The secret that this run has issued could not be tried out. Parameters: `keyId` (of that secret), `error` and
    /// `help` (texts of the sign-in error), `codes` (list of AADSTS numbers, optional).
    NewSecretUnproven,
    /// The site keeps the secret that it has for the server app: it takes another one from a person only.
    /// Parameters: `clientId`, `heldUntil` (date; none if the site does not tell it), `expiresOn` (date of the
    /// secret that the specification gives; none if this run issues one).
    SecretNotRenewed,
    /// The site knows the server app to import, and shows no secret: whether it holds the given one cannot be
    /// told. Parameters: `clientId`, `heldUntil` (date; none if the site does not tell it).
    ImportedSecretUncompared,
    /// A renewal has issued a secret for this site, and the site does not show its end: its text may be lost, or in a
    /// person's hands. Parameters: `keyId` (of that secret), `since` (date of its issue, optional), `expiresOn` (date,
    /// optional), `heldUntil` (date of the secret that the site has; none if the site does not tell it).
    RenewalWaiting,
    /// The site shows the end of the renewed secret, which proves no value: a person types value and date apart. Parameters:
    /// `keyId` (of that secret), `expiresOn` (date, optional), `shownSince` (date of the item's last change, optional),
    /// `oldUntil` (date on which the last older secret ends, optional).
    RenewedSecretUnproven,
    /// A secret that is issued now may end before the one that the site has, since that one is young. Parameters:
    /// `heldUntil` (date of the site's secret), `expiresAbout` (latest date of a new one), `from` (date from which on a new one
    /// ends later in any case; none if the specification names the day of the end).
    RenewedSecretMayEndEarlier,
    /// The site has another secret than this run's, so that nothing uses the one that this run has issued; the step
    /// `RetireSecrets` removes it. Parameters: `keyId` (of the secret that this run has issued).
    NewSecretNotUsed,
    /// The plan issues a secret, and no secret probe was given that signs in with it.
    NewSecretNotTried,
    /// Whether the console has created the server app or a person has imported it is not known, and the two are renewed in
    /// different ways. Parameters: `clientId`, `source` (the site's own number for it, optional).
    AppOriginUnknown,
    /// The console has created the server app, so its dialog makes the next secret. Parameters: `clientId`, `heldUntil` (date
    /// of the secret that the site has; none if the site does not tell it).
    ConsoleRenewsSecret,
    /// Version 2409 and later refuse to renew the secret of an app older than 800 days, and the server app is, or may be.
    /// Parameters: `clientId`, `createdOn` (date, as the site has it; none if the site does not tell it), `heldUntil` (date of
    /// the secret that the site has; none if the site does not tell it).
    RenewalRefusedByAge,
    /// The registration of the server app is not there, or was not read, so no secret of it can be renewed.
    RenewalWithoutRegistration,
    /// The site does not show for certain that it has the newest secret, so no older one is removed. Parameters: `keyId` (of
    /// the newest secret, optional), `expiresOn` (its date, optional), `heldUntil` (date of the secret that the site has; none
    /// if the site does not tell it).
    RenewedSecretNotShown,
    /// The site has no identity, so a secret that names no site may be the one that another site uses: no older one is
    /// removed.
    SiteIdentityUnknown,
    /// Since when the site has shown the end of the newest secret is not known. Parameters: `keyId` (of that secret),
    /// `expiresOn` (date, optional).
    ShownSinceUnknown,
    /// The site has not shown the end of the newest secret for long enough. Parameters: `since` (moment in UTC), `hours` (how
    /// long it takes), `earliest` (moment in UTC).
    SecretRemovalTooEarly,
    /// The plan removes old secrets before their own end, and an instance of the gateway may still use one. Parameters:
    /// `keyIds` (list), `since` (moment in UTC, from which on the site has shown the new end), `oldUntil` (date on which the
    /// last older secret ends, optional).
    OldSecretMayBeInUse,
    /// What another administrator has written before is gone. Parameters: `step`, `lost` (list of what is
    /// gone, each with the name of its property).
    ConcurrentChange,
    /// Another administrator overwrites what this run writes. Parameters: `step`.
    ChangeOverwritten,
    /// The secret to import has expired. Parameters: `expiredOn` (date).
    SecretExpired,
    /// The secret to import expires soon. Parameters: `expiresOn` (date), `withinDays` (the threshold that was passed).
    SecretExpiresSoon,
    /// The last secret of the registered server app has expired. Parameters: `expiredOn` (date).
    RegisteredSecretExpired,
    /// The last secret of the registered server app expires soon. Parameters: `expiresOn` (date), `withinDays` (the
    /// threshold that was passed).
    RegisteredSecretExpiresSoon,
    /// The site knows the server app, and the registration has no secret: every sign-in of the site fails.
    ServerAppWithoutSecret,
    /// The secret that the site uses has expired. Parameters: `expiredOn` (date, as the registration has it if its
    /// secret was found there, else as the site has it).
    SiteSecretExpired,
    /// The secret that the site uses expires soon. Parameters: `expiresOn` (date, as the registration has it if its
    /// secret was found there, else as the site has it), `withinDays` (the threshold that was passed).
    SiteSecretExpiresSoon,
    /// No secret of the registration ends when the secret that the site uses ends: it was deleted, or the site was given
    /// another date. Parameters: `expiresOn` (date, as the site has it), `registered` (list of dates).
    SiteSecretNotRegistered,
    /// It cannot be told which secret of the registration the site uses, so it is not known whether that one is valid.
    SiteSecretUnknown,
    /// The secret that is kept ends earlier than the validity asked for would have it. Parameters: `expiresOn` (date, as
    /// the registration has it), `askedUntil` (date, counted from the secret's issue).
    SecretShorterThanAsked,
    /// Microsoft Entra answers that the secret has expired, even if the date given for it is later.
    SecretExpiredAtSignIn,
    /// Microsoft Entra does not accept the secret that was given.
    SecretRejected,
    /// The Secret ID was given in the place of the secret.
    SecretIdGiven,
    /// The app cannot sign in for another reason. Parameters: `error` and `help` (texts of the sign-in
    /// error), `codes` (list of AADSTS numbers, optional).
    SignInRefused,
    /// Whether the secret is right could not be tried out. Parameters: `error` and `help` (texts of the
    /// sign-in error), `codes` (list of AADSTS numbers, optional).
    SecretUnproven,
    /// Whether tokens for the App ID URI are issued could not be tried out. Parameters: `uri`, `error` and
    /// `help` (texts of the sign-in error), `codes` (list of AADSTS numbers, optional).
    AppIdUriUnproven,
    /// No secret of the app ends when the one that was given is said to end. Parameters: `given` (date),
    /// `registered` (list of dates).
    SecretEndDiffers,
    /// The app has no secret. Parameters: `given` (date that was given for its end).
    SecretMissing,
    /// A policy of the tenant keeps the app from signing in.
    SignInBlocked,
    /// Conditional Access policies that are enforced are for the server app: they include it, or all resources, and do
    /// not exclude it. Parameters: `policies` (list of names).
    ConditionalAccessApplies,
    /// Conditional Access policies choose their resources by custom security attributes, which are not read, so it is
    /// not known whether they are for the server app. Parameters: `policies` (list of names).
    ConditionalAccessUnknown,
    /// The token has the permission to read Conditional Access policies, and reading them failed, so it is not known
    /// whether one is for the server app.
    ConditionalAccessUnread,
    /// The app is disabled in the tenant.
    AppDisabled,
    /// An app registration is deactivated (`isDisabled`): the app gets no token. Parameters: `app`.
    AppDeactivated,
    /// Microsoft has disabled an app (`disabledByMicrosoftStatus`). Parameters: `app`, `status` (as Microsoft Graph has it).
    AppDisabledByMicrosoft,
    /// The service principal of an app is disabled (`accountEnabled`): the app gets no token (AADSTS7000112). Parameters:
    /// `app`.
    ServicePrincipalDisabled,
    /// An app that was named is not registered in the tenant. Parameters: `app`, `clientId` (none of an app that this
    /// crate creates), `tenant` (tenant id).
    AppNotFound,
    /// An app that was named is deleted and can be restored. Parameters: `app`, `clientId`, `tenant` (tenant id).
    AppSoftDeleted,
    /// The sign-in service finds no app with this client id in the tenant. Parameters: `clientId`, `tenant`
    /// (tenant id).
    AppUnknownAtSignIn,
    /// The sign-in service does not know the tenant. Parameters: `tenant` (tenant id), `error` and `help`
    /// (texts of the sign-in error), `codes` (list of AADSTS numbers, optional).
    TenantUnknownAtSignIn,
    /// The site does not know an app that the specification reuses. Parameters: `app`, `clientId`.
    AppNotInSite,
    /// An app has no service principal, so it can be given no permission and no user can be allowed to use
    /// it. Parameters: `app`.
    ServicePrincipalMissing,
    /// Another App ID URI is registered than the one given. Parameters: `given`, `registered` (list).
    AppIdUriDiffers,
    /// The registered App ID URI differs from the one given by a letter's case or a slash. Parameters:
    /// `given`, `registered`.
    AppIdUriMisspelled,
    /// The app has no App ID URI. Parameters: `given`.
    AppIdUriMissing,
    /// The sign-in service finds no app by this App ID URI. Parameters: `given`.
    AppIdUriUnknown,
    /// Tokens for the server app name another App ID URI. Parameters: `given`, `audience`.
    TokenAudienceDiffers,
    /// Devices cannot get tokens for the server app without a user.
    DeviceTokensOff,
    /// The server app lacks the redirect URI that the product needs. Parameters: `uri`.
    #[serde(alias = "redirectMissing")]
    ServerRedirectMissing,
    /// The server app has its redirect URI on another platform than Web. Parameters: `uri`.
    #[serde(alias = "redirectOnWrongPlatform")]
    ServerRedirectOnWrongPlatform,
    /// The server app has the redirect URI of the Windows broker, which belongs on the client app.
    #[serde(alias = "redirectOnWrongApp")]
    BrokerRedirectOnServerApp,
    /// The client app lacks the redirect URI of the Windows broker. Parameters: `uri`.
    BrokerRedirectMissing,
    /// The client app has the redirect URI of the Windows broker on the platform Web. Parameters: `uri`.
    BrokerRedirectOnWrongPlatform,
    /// The client app has the redirect URI of the Windows broker with the id of another app. Parameters:
    /// `uri`, `registered`.
    BrokerRedirectOfAnotherApp,
    /// The client app does not allow public client flows.
    PublicClientOff,
    /// The server app's access tokens are of version 2, which the gateway refuses.
    TokenVersion,
    /// An app lets accounts of other tenants sign in. Parameters: `app`, `audience` (who may sign in, as the
    /// manifest has it).
    SignInAudience,
    /// The plan narrows who may sign in to an adopted app. Parameters: `app`, `from` and `to` (who may sign in, as the
    /// manifest has it).
    AudienceNarrowed,
    /// The plan changes the version of the access tokens of the adopted server app. Parameters: `from` and `to` (numbers).
    TokenVersionLowered,
    /// The client app has no permission of the server app.
    ConsentMissing,
    /// The client app's permission of the server app is configured, and no administrator has consented to it.
    ConsentOnlyConfigured,
    /// The consent to the client app's permission of the server app covers single users only.
    ConsentForSomeOnly,
    /// Admin consents of an app are missing and are left to another administrator. Parameters: `app`, `permissions`
    /// (list of names).
    ConsentLeftOpen,
    /// Admin consents of an app are left to another administrator, and the caller may not read whether they were
    /// given. Parameters: `app`, `permissions` (list of names).
    ConsentUnread,
    /// Discovery needs `Directory.Read.All` and the server app does not have it.
    DirectoryReadMissing,
    /// `Directory.Read.All` is configured on the server app, and no administrator has consented to it.
    DirectoryReadOnlyConfigured,
    /// Discovery needs `Directory.Read.All` and the server app's token does not have it.
    DirectoryReadNotInToken,
    /// The server app offers no `user_impersonation`.
    ScopeMissing,
    /// The server app's `user_impersonation` is switched off.
    ScopeDisabled,
    /// The server app to import belongs to another tenant than the one that was named. Parameters: `imported`
    /// and `expected` (tenant ids).
    TenantMismatch,
    /// The two reused apps belong to different tenants.
    ReusedAppsOfDifferentTenants,
    /// The App ID URI that the site has for the server app is not one of the registration, byte for byte: clients ask for
    /// tokens that are refused. Parameters: `site` (the site's), `registered` (list).
    SiteUriNotRegistered,
    /// The specification has another App ID URI than the site, which keeps its own; clients are told the site's.
    /// Parameters: `site` (the site's), `wanted` (the specification's).
    AppIdUriKeptBySite,
    /// The site has the tenant in another cloud. Parameters: `site` and `wanted` (Azure environments).
    SiteTenantInOtherCloud,
    /// The site has the tenant by another name. Parameters: `site` and `wanted` (names).
    SiteTenantNameDiffers,
    /// The site has an app by another name. Parameters: `app`, `site` and `wanted` (names).
    SiteAppNameDiffers,
    /// The site does not have the redirect URI of the server app that version 2309 and later demand. Parameters: `site`
    /// (what it has), `wanted`.
    SiteReplyUrlMissing,
    /// Version 2409 and later renew no secret of an app of this age. Parameters: `createdOn` (date, as the site has it),
    /// `days` (the greatest age).
    AppTooOldToRenew,
    /// Version 2409 and later will soon renew no secret of the app. Parameters: `createdOn` (date, as the site has it),
    /// `until` (the last day), `days` (the greatest age).
    AppRenewableUntil,
    /// The site knows the app as the other kind: as a native app where a web app is needed, or the other way round.
    /// Parameters: `app` (which was expected), `clientId`.
    WrongKindOfApp,
    /// The site does not tell values that would be compared, so it is not known whether they are right. Parameters:
    /// `fields` (list of what is not told, as "serverApp.replyUrl").
    SiteFieldsUnread,
    /// The site is too old. Parameters: `version`.
    SiteTooOld,
    /// The account may not write in the site.
    SiteRightsMissing,
    /// The site has a connection of another name for this tenant and this server app. Parameters:
    /// `connection` (name).
    #[serde(alias = "connectionConflict")]
    ConnectionNamedOtherwise,
    /// The site has a connection for this tenant with another server app. Parameters: `connection` (name).
    ConnectionOfAnotherServerApp,
    /// The site has a connection of this name for something else, or one whose name differs in upper and lower case alone.
    /// Parameters: `connection` (name).
    ConnectionNameTaken,
    /// The site has another connection for this tenant, and nothing tells of which type it is. Parameters:
    /// `connection` (name), `serviceType` (the site's own number, optional).
    ConnectionOfUnknownType,
    /// The site has an Azure service of another type for this tenant, which is no conflict. Parameters:
    /// `connection` (name), `serviceType` (the site's own number, optional).
    OtherAzureService,
    /// The site reports to another one, and apps belong to the site at the top of the hierarchy. Parameters:
    /// `siteCode`, `reportsTo` (site codes).
    SiteNotAtTop,
    /// The service connection point of the site is in offline mode.
    ServiceConnectionPointOffline,
    /// What the site does not tell beforehand, so that the run may still be refused. Parameters: `facts` (list
    /// of what was not read).
    SiteFactsUnknown,
    /// A cloud management gateway uses the connection. Parameters: `gateway` and `connection` (names).
    GatewayUsesConnection,
    /// Whether a cloud management gateway uses the connection cannot be told. Parameters: `connection` (name),
    /// `gateway` (name; none if the gateways could not be read at all).
    GatewayUseUnknown,
    /// The server app is registered by hand or elsewhere, and its consent for discovery was not read; it is left as it is.
    ServerAppLeftAsIs,
    /// The client app is registered by hand or elsewhere, and what it lacks cannot be told before the server app is there;
    /// its registration and consents are left as they are.
    #[serde(alias = "appLeftAsIs")]
    ClientAppLeftAsIs,
    /// A row of the site stays after a removal: the product offers no way to remove it. Parameters: `kind`
    /// ("application" or "tenant"), `name`.
    SiteRowStays,
    /// The apps stay after a removal: the server app has a secret that was issued for another site and is
    /// still valid. Parameters: `site` (its identity, as the secret's description has it).
    AppsUsedByAnotherSite,
    /// The apps stay after a removal: a connection of another name uses them. Parameters: `connection` (name).
    AppsUsedByConnection,
    /// The apps stay, because the server app has valid secrets that this crate has not made. Parameters:
    /// `descriptions` (list of the secrets' descriptions; a secret without one is told by its id).
    AppsUsedByAnotherSecret,
    /// The caller states that nothing else uses the apps, although something may be using them. Parameters:
    /// `sites` and `descriptions` (lists of what may be using them; none if empty).
    AppsStatedUnused,
    /// The server app to remove has valid secrets of this crate that were issued without a site. Parameters:
    /// `count` (number of them).
    SecretsHandedOver,
    /// The site has a connection of this name with a server app that is not this specification's, or is
    /// registered no longer; it stays. Parameters: `connection` (name), `name` and `clientId` (of the server
    /// app, as the site has them; none if the site does not tell).
    ConnectionOfRemovedServerApp,
    /// The web apps of a connection could not be read, so it is not known which apps it uses. In a removal the apps
    /// stay. Parameters: `connection` (name).
    ConnectionUnread,
    /// The site has a row that could not be read, so what it says is unknown. In a removal the apps stay if the row may
    /// be a connection or an app. Parameters: `class` (of the SMS Provider), `property`, `row` (its id, if that was read).
    SiteRowUnread,
    /// Which discovery a connection has could not be read. Parameters: `connection` (name).
    DiscoveryUnread,
    /// There is no site that tells whether discovery is on, so an update of settings leaves the permission to read the
    /// directory out.
    DiscoveryStateUnknown,
    /// Microsoft Entra has no group of a name that discovery is to add. Parameters: `groups` (list of names).
    GroupNotFound,
    /// Microsoft Entra has several groups of a name that discovery is to add, and the site takes names. Parameters: `groups`
    /// (list of names).
    GroupNameAmbiguous,
    /// Whether the groups that discovery is to add are there could not be read. Parameters: `groups` (list of names),
    /// `permission` (the least one that reads them).
    GroupsUnread,
    /// The site has no connection of this name. Parameters: `connection` (name), `names` (list of the connections that it
    /// has).
    ConnectionNotFound,
    /// The site does not tell which app a connection uses, or tells several. Parameters: `connection` (name), `app`,
    /// `clientIds` (list of those that may be meant).
    ConnectionAppUnclear,
    /// The site has carried the run out, and reads back otherwise than wanted. Parameters: `connection` (name),
    /// `properties` (list of what differs, as the specification calls it).
    ConnectionReadBackDiffers,
    /// The caller may not list deleted app registrations, so it is not known whether one of them holds a unique name.
    DeletedAppsUnread,
    /// The directory shows an app as registered and as deleted, for as long as was waited: one of the two answers is old.
    /// Parameters: `app`, `clientId`.
    RegistrationUncertain,
    /// The directory that was given could not be read, and the plan does not need it: the apps are not compared. Parameters:
    /// `error` and `help` (texts of the error).
    DirectoryUnread,
    /// An adopted app stays after a removal. Parameters: `app` ("server" or "client"), `clientId`.
    AdoptedAppStays,
    /// Only [`check`](crate::AzureServicesConnection::check) and [`expiring`](crate::connection::expiring) tell it: what a
    /// step makes is not there. Parameters: `step`.
    StepNotDone,
    /// Only [`check`](crate::AzureServicesConnection::check) tells it: what a step has made is there and is not as the
    /// specification wants it. Parameters: `step`, `properties` (list of what differs; none if the step tells no single
    /// ones).
    StepDiffers,
    /// Only [`check`](crate::AzureServicesConnection::check) and [`expiring`](crate::connection::expiring) tell it: which
    /// secret the site uses is not known, and the first of those that are valid expires soon. Parameters: `keyId` (of that
    /// secret), `expiresOn` (date), `withinDays` (the threshold that was passed).
    FirstSecretExpiresSoon,
    /// Only [`check`](crate::AzureServicesConnection::check) tells it: no directory was given, so nothing is known of the
    /// registrations.
    DirectoryNotGiven,
    /// The connection was made of a view or of an inventory, so that it can be removed, and was asked for something else.
    RemovalOnly,
}

impl FindingCode {
    /// Every code.
    pub const ALL: &'static [Self] = &[
        Self::TokenUnreadable,
        Self::TokenExpired,
        Self::ClockWrong,
        Self::WrongTenant,
        Self::TokenTenantDiffers,
        Self::WrongCloud,
        Self::WrongAudience,
        Self::PermissionsMissing,
        Self::OwnershipUnread,
        Self::RoleTooWeak,
        Self::DiscoveryRoleTooWeak,
        Self::RolesUnread,
        Self::TenantNameUnread,
        Self::AppIdUriResolved,
        Self::AppIdUriOnForeignDomain,
        Self::AppIdUriWithForeignId,
        Self::AppIdUriWithoutOwner,
        Self::AppIdUriInUse,
        Self::AppIdUriBlockedByPolicy,
        Self::AppIdUriByPolicy,
        Self::PolicyNotRead,
        Self::SecretEndPassed,
        Self::SecretsForbidden,
        Self::SecretTooLong,
        Self::UniqueNameHeldByDeletedApp,
        Self::DeletedAppRestored,
        Self::MadeAppStays,
        Self::DeletedAppHoldsName,
        Self::AdoptedAppKeeps,
        Self::DeletedPrincipalsUnread,
        Self::RemovalUnconfirmed,
        Self::SecretKept,
        Self::SecretReplaced,
        Self::SecretOfAnotherSite,
        Self::SecretHolderUnknown,
        Self::NewSecretProven,
        Self::NewSecretNotYetAccepted,
        Self::NewSecretBlocked,
        Self::NewSecretRefused,
        Self::NewSecretUnproven,
        Self::SecretNotRenewed,
        Self::ImportedSecretUncompared,
        Self::RenewalWaiting,
        Self::RenewedSecretUnproven,
        Self::RenewedSecretMayEndEarlier,
        Self::NewSecretNotUsed,
        Self::NewSecretNotTried,
        Self::AppOriginUnknown,
        Self::ConsoleRenewsSecret,
        Self::RenewalRefusedByAge,
        Self::RenewalWithoutRegistration,
        Self::RenewedSecretNotShown,
        Self::SiteIdentityUnknown,
        Self::ShownSinceUnknown,
        Self::SecretRemovalTooEarly,
        Self::OldSecretMayBeInUse,
        Self::ConcurrentChange,
        Self::ChangeOverwritten,
        Self::SecretExpired,
        Self::SecretExpiresSoon,
        Self::RegisteredSecretExpired,
        Self::RegisteredSecretExpiresSoon,
        Self::ServerAppWithoutSecret,
        Self::SiteSecretExpired,
        Self::SiteSecretExpiresSoon,
        Self::SiteSecretNotRegistered,
        Self::SiteSecretUnknown,
        Self::SecretShorterThanAsked,
        Self::SecretExpiredAtSignIn,
        Self::SecretRejected,
        Self::SecretIdGiven,
        Self::SignInRefused,
        Self::SecretUnproven,
        Self::AppIdUriUnproven,
        Self::SecretEndDiffers,
        Self::SecretMissing,
        Self::SignInBlocked,
        Self::ConditionalAccessApplies,
        Self::ConditionalAccessUnknown,
        Self::ConditionalAccessUnread,
        Self::AppDisabled,
        Self::AppDeactivated,
        Self::AppDisabledByMicrosoft,
        Self::ServicePrincipalDisabled,
        Self::AppNotFound,
        Self::AppSoftDeleted,
        Self::AppUnknownAtSignIn,
        Self::TenantUnknownAtSignIn,
        Self::AppNotInSite,
        Self::ServicePrincipalMissing,
        Self::AppIdUriDiffers,
        Self::AppIdUriMisspelled,
        Self::AppIdUriMissing,
        Self::AppIdUriUnknown,
        Self::TokenAudienceDiffers,
        Self::DeviceTokensOff,
        Self::ServerRedirectMissing,
        Self::ServerRedirectOnWrongPlatform,
        Self::BrokerRedirectOnServerApp,
        Self::BrokerRedirectMissing,
        Self::BrokerRedirectOnWrongPlatform,
        Self::BrokerRedirectOfAnotherApp,
        Self::PublicClientOff,
        Self::TokenVersion,
        Self::SignInAudience,
        Self::AudienceNarrowed,
        Self::TokenVersionLowered,
        Self::ConsentMissing,
        Self::ConsentOnlyConfigured,
        Self::ConsentForSomeOnly,
        Self::ConsentLeftOpen,
        Self::ConsentUnread,
        Self::DirectoryReadMissing,
        Self::DirectoryReadOnlyConfigured,
        Self::DirectoryReadNotInToken,
        Self::ScopeMissing,
        Self::ScopeDisabled,
        Self::TenantMismatch,
        Self::ReusedAppsOfDifferentTenants,
        Self::SiteUriNotRegistered,
        Self::AppIdUriKeptBySite,
        Self::SiteTenantInOtherCloud,
        Self::SiteTenantNameDiffers,
        Self::SiteAppNameDiffers,
        Self::SiteReplyUrlMissing,
        Self::AppTooOldToRenew,
        Self::AppRenewableUntil,
        Self::WrongKindOfApp,
        Self::SiteFieldsUnread,
        Self::SiteTooOld,
        Self::SiteRightsMissing,
        Self::ConnectionNamedOtherwise,
        Self::ConnectionOfAnotherServerApp,
        Self::ConnectionNameTaken,
        Self::ConnectionOfUnknownType,
        Self::OtherAzureService,
        Self::SiteNotAtTop,
        Self::ServiceConnectionPointOffline,
        Self::SiteFactsUnknown,
        Self::GatewayUsesConnection,
        Self::GatewayUseUnknown,
        Self::ServerAppLeftAsIs,
        Self::ClientAppLeftAsIs,
        Self::SiteRowStays,
        Self::AppsUsedByAnotherSite,
        Self::AppsUsedByConnection,
        Self::AppsUsedByAnotherSecret,
        Self::AppsStatedUnused,
        Self::SecretsHandedOver,
        Self::ConnectionOfRemovedServerApp,
        Self::ConnectionUnread,
        Self::SiteRowUnread,
        Self::DiscoveryUnread,
        Self::DiscoveryStateUnknown,
        Self::GroupNotFound,
        Self::GroupNameAmbiguous,
        Self::GroupsUnread,
        Self::ConnectionNotFound,
        Self::ConnectionAppUnclear,
        Self::ConnectionReadBackDiffers,
        Self::DeletedAppsUnread,
        Self::RegistrationUncertain,
        Self::DirectoryUnread,
        Self::AdoptedAppStays,
        Self::StepNotDone,
        Self::StepDiffers,
        Self::FirstSecretExpiresSoon,
        Self::DirectoryNotGiven,
        Self::RemovalOnly,
    ];
}
