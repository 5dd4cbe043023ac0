// What a front end of cmg-onboarding sends and receives. Made from cmg-onboarding.schema.json; do not edit.

/** A client app that an administrator has registered by hand or with the console, to be adopted like an `AdoptedServerApp`. */
export type AdoptedClientApp = {
  /** *Application (client) ID*. */
  clientId: ApplicationId;
  /** Whether accounts of other tenants keep their access. Default: no. */
  keepSignInAudience?: boolean;
};

/**
 * A server app that was registered by hand or by the console and is adopted: this crate brings it into the shape the
 * product needs, and imported.
 *
 * Only what is missing is added. Its name, and other people's redirect URIs, permissions, secrets and owners stay.
 */
export type AdoptedServerApp = {
  /** *App ID URI*. Default: the first one that the app has, or `api://{tenantId}/ConfigMgrService`. */
  appIdUri?: AppIdUri | null;
  /** *Application (client) ID*. */
  clientId: ApplicationId;
  /** Whether accounts of other tenants keep their access. Default: no. */
  keepSignInAudience?: boolean;
  /** Whether the version of its access tokens stays as it is. Default: no. */
  keepTokenVersion?: boolean;
  /** *Secret key validity period* of a secret that has to be made. Default: `oneYear`. */
  secretValidity?: SecretValidity;
};

/** The answer to a question about tenant or site. */
export type Answer = "unknown" | "no" | "yes";

/** *Expose an API*. */
export type ApiApplication = {
  /** The delegated permissions the app offers. */
  oauth2PermissionScopes?: Array<PermissionScope> | null;
  /** The version of the access tokens for this app: 1, 2, or nothing, which is 1 for a single-tenant app. */
  requestedAccessTokenVersion?: number | null;
};

/**
 * The App ID URI of the server app: what clients name when they ask for a token.
 *
 * It is kept to the letter, because a client's value must equal the registered one byte for byte.
 *
 * A specification may also ask for `api://{tenantId}/{appId}` or `api://{appId}`, written with the braces: a run puts the
 * tenant's id and the app's own client id in their places once the app is registered. Tenants whose app management policy
 * allows no other App ID URI allow these two.
 */
export type AppIdUri = string;

/** One of the two apps at the end of a run. */
export type AppOutcome = {
  /** *Application (client) ID*. */
  applicationId: ApplicationId;
  /** The friendly name; `None` if the app is reused and the site does not tell it. */
  name?: string | null;
  /** *Object ID*; `None` if the run did not work on the app in the directory. */
  objectId?: ApplicationObjectId | null;
  /** *Object ID* of the enterprise application; `None` if the run did not work on it in the directory. */
  servicePrincipalId?: ServicePrincipalId | null;
};

/** One of the two apps of a connection. */
export type AppRole = "server" | "client";

/** How a connection gets an app. */
export type AppSource = "create" | "import" | "reuse" | "adopt";

/** One of the two apps, as the site and as Microsoft Entra ID have it, side by side. */
export type AppView = {
  /** *Application (client) ID*; `None` if neither side tells it. */
  applicationId?: ApplicationId | null;
  /** The site's item. */
  item: ReadingOfSiteApplication;
  /** The app registration. */
  registration: ReadingOfRegistrationView;
  /** The service principal (*Enterprise application*), and whether it is enabled. */
  servicePrincipal: ReadingOfServicePrincipal;
};

/**
 * The id of an application as clients know it (`appId`, *Application (client) ID*).
 *
 * The same in the app registration and in its service principal.
 */
export type ApplicationId = string;

/** The id of the app registration object itself (`id` of an `application`, *Object ID*). */
export type ApplicationObjectId = string;

/** The properties of an app registration (`application`) that this job reads and writes. */
export type ApplicationProperties = {
  /** *Expose an API*. */
  api?: ApiApplication | null;
  /** The friendly name. Not unique. */
  displayName?: string | null;
  /** The App ID URIs. */
  identifierUris?: Array<string> | null;
  /** Whether devices may get tokens without a user. The portal does not show it. */
  isDeviceOnlyAuthSupported?: boolean | null;
  /** *Allow public client flows*. */
  isFallbackPublicClient?: boolean | null;
  /** Settings of the *Mobile and desktop applications* platform. */
  publicClient?: PublicClientApplication | null;
  /** *API permissions*, as configured (not as consented). */
  requiredResourceAccess?: Array<RequiredResourceAccess> | null;
  /** *App instance property lock*. Written when an app is created; not read. */
  servicePrincipalLockConfiguration?: ServicePrincipalLockConfiguration | null;
  /** Who may sign in; `AzureADMyOrg` for this tenant only. */
  signInAudience?: string | null;
  /** Custom texts by which apps are grouped and found. Written when an app is created; read in lists of a tenant only. */
  tags?: Array<string> | null;
  /** The key that its creator chose. Unique in the tenant, unchangeable once set. */
  uniqueName?: string | null;
  /** Settings of the *Web* platform. */
  web?: WebApplication | null;
};

/** A connection as steps for people, as data. It prints as plain text. */
export type ByHand = {
  /** *Name* of the connection. */
  name: string;
  /** The work, in order. */
  parts: Array<ByHandPart>;
  /** What is known only on the way, in the order in which it becomes known. */
  placeholders: Array<ByHandPlaceholder>;
  /** The version of this form, 1. */
  version: number;
};

/** One field of a page. */
export type ByHandField = {
  /** The field, as the page calls it. */
  name: string;
  /** Its exact value, with placeholders in braces. */
  value: string;
};

/** One part of the work, at one place. */
export type ByHandPart = {
  /** Which. */
  kind: ByHandPartKind;
  /** Where it begins. */
  place: string;
  /** Which role it takes. */
  role: string;
  /** Microsoft's page. */
  source: string;
  /** The steps, in order. */
  steps: Array<ByHandStep>;
  /** What it is about. */
  title: string;
};

/** Which part of the work. */
export type ByHandPartKind = "tenant" | "serverApp" | "clientApp" | "import";

/** A value that is known only on the way. It stands in braces wherever it is needed. */
export type ByHandPlaceholder = {
  /** What it stands for, and where it is read. */
  meaning: string;
  /** As it stands in the steps, as `{tenantId}`. */
  name: string;
};

/** One step on one page. */
export type ByHandStep = {
  /** What is done there. */
  action: string;
  /** What is entered, chosen or copied, in order. */
  fields: Array<ByHandField>;
  /** The page, pane or dialog. */
  page: string;
};

/** What carrying out a plan takes of the caller. */
export type CallerNeeds = {
  /** The least application permissions of Microsoft Graph, if an application is signed in. */
  application: Array<string>;
  /** The least delegated permissions of Microsoft Graph, if a person is signed in. */
  delegated: Array<string>;
  /**
   * The least directory roles that suffice together for a person; empty if none is needed. A Global
   * Administrator needs no other one.
   */
  roles: Array<DirectoryRole>;
  /** The security roles of which one is needed in the site; empty if the plan writes nothing there. */
  siteRoles: Array<string>;
  /** What each kind of write takes, with Microsoft's page. */
  tasks: Array<Requirement>;
};

/**
 * The words of one language for the codes of this crate: pure data, to be stored as JSON and translated.
 *
 * Findings, violations, next steps and errors are codes with parameters, and carry English texts beside them. A catalogue
 * makes the texts of another language from the same codes. In a template `${name}` stands for a parameter, and
 * `${name|text}` for the parameter or, if it is not there, the text. What a catalogue does not have stays English.
 *
 * `english` is the one to translate; it is in the package, too, at `src/schema/catalogue.en.json`.
 */
export type Catalogue = {
  /** What was found, and what to do about it. */
  findings: Record<string, Wording>;
  /** The language, as HTML names it: `en`, `de-AT`. */
  language: string;
  /** What remains to be done, and how. */
  nextSteps: Record<string, Wording>;
  /**
   * What went wrong, by `Problem::code`, and what to do about it. A whole catalogue has those of a refusal by the
   * directory (`RefusalReason`) and by the site (`SiteRefusalReason`), and may have any other code. Parameters: `message`
   * and `help` (in English), `step`, `tenant`, `status`, `requestId` (all but the first two optional).
   */
  problems: Record<string, Wording>;
  /** The title of each step. */
  steps: Record<string, string>;
  /** Words for parameters that are one of few values, by name and value: `app.server`. */
  values: Record<string, string>;
  /** The message of a violation if a value was given. Parameters: `given` (in quotes), `expected`. */
  violationGiven: string;
  /** The message of a violation if no value was given, or if it is not shown. Parameters: `expected`. */
  violationMissing: string;
  /**
   * What is expected of a field, as it follows `violation_given`, and where the right value is
   * found.
   */
  violations: Record<string, Wording>;
};

/** One line of the Summary page, and one thing that a run of the plan does. */
export type Change = {
  /** What will happen. */
  action: PlannedAction;
  /** The changes before it whose results it uses. */
  needs?: Array<Step>;
  /** What exactly is written. */
  operation: Operation;
  /**
   * The least Microsoft Graph permissions that it takes of a person who is signed in; none if it does not write to the
   * directory. The table of `permissions` has those of applications as well.
   */
  permissions?: Array<string>;
  /** The round of the run that it belongs to, from 1. The changes of one round run side by side. */
  round: number;
  /** Which step: its name within the plan, which has one change for each step. */
  step: Step;
  /** When it runs. */
  when: When;
};

/**
 * What `check` or `expiring` has found of one
 * connection: how well it is, which secret ends next, and why.
 *
 * It prints as a monitoring plug-in does: the status and the reason in the first line, with the days that are left as
 * performance data, and everything else in the lines below. It never has a secret's text.
 */
export type Check = {
  /** *Application (client) ID* of the server app, if it is known. */
  applicationId?: ApplicationId | null;
  /** When it was read. */
  checkedAt: string;
  /**
   * The end of every valid secret and certificate of the server app, and of the secret that the site uses, the first
   * one first.
   */
  expiries?: Array<Expiry>;
  /** Every finding, those that decide the status first. */
  findings?: Array<Finding>;
  /** The connection's name, or what the caller calls an app that is watched by its client id; `None` if it has none. */
  name?: string | null;
  /**
   * The end that decides: of the secret that the site uses, else of the first valid one, else of the one that was valid
   * last. `None` if no secret is known.
   */
  nextExpiry?: Expiry | null;
  /** Why tenant or site could not be read. The status is unknown then, unless what was read is critical. */
  problem?: Problem | null;
  /** How well the connection is. */
  status: CheckStatus;
  /** The tenant, if it is known. */
  tenantId?: TenantId | null;
  /** The version of this form, 1. */
  version: number;
};

/**
 * How well a connection is, as monitoring plug-ins say it. Of two statuses the greater one counts.
 *
 * | status | exit code | what it means |
 * | --- | --- | --- |
 * | `Ok` | 0 | nothing that was looked at needs attention |
 * | `Warning` | 1 | the connection works; something differs, or a secret ends within a threshold |
 * | `Critical` | 2 | something does not work, or the secret has expired or ends within the last threshold |
 * | `Unknown` | 3 | what decides could not be read |
 *
 * Which finding leads to which status is a table in
 * `manual::life_after_onboarding`.
 *
 * Source: *Monitoring Plugins Development Guidelines*, plugin return codes.
 */
export type CheckStatus = "ok" | "warning" | "unknown" | "critical";

/** How the connection gets its client app: the three ways of the *Client App* dialog, and adopting. */
export type ClientApp = {
  create: ClientAppSpec;
} | {
  import: ImportedClientApp;
} | {
  reuse: ReusedApp;
} | {
  adopt: AdoptedClientApp;
};

/** A client app to be created: the fields of the *Create Client Application* dialog. */
export type ClientAppSpec = {
  /** The friendly name, 1 to 120 characters. */
  name: string;
  /** *Object ID* of each owner that the app registration gets when it is created. */
  owners?: Array<DirectoryObjectId>;
};

/** Azure environment of the tenant. */
export type CloudEnvironment = "AzurePublicCloud" | "AzureUSGovernmentCloud";

/** A specification that is still being filled in: the fields of `ConnectionSpec`, of which any may be missing or wrong. An imported secret is read and never written. */
export type ConnectionDraft = Record<string, unknown>;

/**
 * Everything one Azure service connection of type Cloud Management is to be.
 *
 * Pure data, checked as a whole: what exists has no violation. It reads and writes JSON; an imported secret is
 * read and never written.
 */
export type ConnectionSpec = {
  /** The native (client) app. */
  clientApp: ClientApp;
  /** *Description* of the connection in the site. */
  description?: string | null;
  /** User and group discovery. Without it both stay as they are. */
  discovery?: DiscoverySpec | null;
  /** *Azure environment* of the tenant. Default: `AzurePublicCloud`. */
  environment?: CloudEnvironment;
  /** Whether both apps may issue ID tokens, which only older sites need. Default: no. */
  issueIdTokens?: boolean;
  /** What the app registrations are found by when the same specification is run again. Default: the name. */
  key?: string | null;
  /** *Name* of the connection in the site. */
  name: string;
  /** The web (server) app. */
  serverApp: ServerApp;
};

/**
 * One Azure service connection of type Cloud Management as it is: in the site, in Microsoft Entra ID, and what the checks
 * find. It holds no secret.
 *
 * It is pure data, which can be stored and compared, and it prints as a page. `removal` begins the removal
 * of what it shows.
 */
export type ConnectionView = {
  /** The native (client) app. */
  clientApp: AppView;
  /** The row of the node *Azure Services*. */
  connection: ReadingOfSiteConnection;
  /** The admin consents that the connection needs. */
  consents: Array<ConsentView>;
  /**
   * The cloud, as the tenant's row in the site has it, else the directory or the specification; `None` if none of them
   * tells.
   */
  environment?: CloudEnvironment | null;
  /** What the checks have found, the gravest first. */
  findings: Array<Finding>;
  /** The gateways that use the connection, and those of which the site does not say which connection they use. */
  gateways: ReadingOfListOfSiteGateway;
  /** Group discovery. */
  groupDiscovery: ReadingOfSiteDiscovery;
  /** Whether it is of the type Cloud Management. The site tells it only if a gateway uses a service of that type. */
  isCloudManagement: Answer;
  /** *Name* in the site; the specification's name if the site has no such connection, or was not given. */
  name: string;
  /** When tenant and site were read. */
  readAt: string;
  /** The web (server) app. */
  serverApp: AppView;
  /** The three-character site code; `None` without a site. */
  siteCode?: string | null;
  /** The row of the node *Microsoft Entra tenants*. */
  tenant: ReadingOfSiteTenant;
  /** The Entra tenant's id; `None` if neither site nor directory tells it. */
  tenantId?: TenantId | null;
  /** The tenant's name as the directory has it: its initial domain. */
  tenantName: ReadingOfText;
  /** User discovery. */
  userDiscovery: ReadingOfSiteDiscovery;
  /** The version of this form, 1. A program that reads it should refuse a version that it does not know. */
  version: number;
};

/**
 * The Azure services of type Cloud Management of one site. It prints as the nodes *Azure Services* and *Microsoft Entra
 * tenants* of the console, one connection after the other.
 *
 * Services of other types, as Administration Service Management, Log Analytics and tenant attach, are not listed.
 */
export type ConnectionsView = {
  /** The connections, in the order in which the site has them. */
  connections: Array<ConnectionView>;
  /** When tenant and site were read. */
  readAt: string;
  /** The site. */
  site: SiteInfo;
  /** What the site has and could not be read: a connection may be among it. */
  unread?: Array<UnreadRow>;
  /** The version of this form, 1. A program that reads it should refuse a version that it does not know. */
  version: number;
};

/** Who consents to a permission. */
export type ConsentState = "givenByPlan" | "inPlace" | "leftToAdministrator";

/** An admin consent that the connection needs. */
export type ConsentView = {
  /** The app that may use the permission. */
  app: AppRole;
  /** Whether it is given for the whole tenant. */
  given: Answer;
  /** What offers it: the server app, or `None` for Microsoft Graph. */
  offeredBy?: AppRole | null;
  /** The permission, as `user_impersonation`. */
  permission: string;
};

/** A name and its value, both for people. */
export type Detail = {
  /** What it is, as the portal or the console calls it. */
  name: string;
  /** Its value. Of a changed property the old one and the new one. */
  value: string;
};

/**
 * The object id of a user or of a service principal: who is signed in, or who owns an app registration (`id` of a
 * `directoryObject`, *Object ID*).
 */
export type DirectoryObjectId = string;

/** A directory role of Microsoft Entra. Source: *Microsoft Entra built-in roles*. */
export type DirectoryRole = "applicationDeveloper" | "cloudApplicationAdministrator" | "applicationAdministrator" | "privilegedRoleAdministrator" | "globalReader" | "globalAdministrator";

/**
 * What the Discovery page asks for, of at least one of the two kinds.
 *
 * A kind that is not given stays as it is in the site. In JSON, `"off"` in the place of the settings switches a kind
 * off: `{"users": "off"}`. Groups that are not named stay, too; `removedNames` takes groups out.
 *
 * No default is invented: a schedule or an interval that is not given is left to the product, whose defaults
 * Microsoft does not document.
 */
export type DiscoverySpec = {
  /** *Enable Microsoft Entra group Discovery*, or `"off"`. */
  groups?: "off" | GroupDiscovery;
  /** *Enable Microsoft Entra user Discovery*, or `"off"`. */
  users?: "off" | UserDiscovery;
};

/**
 * One piece of progress. In JSON the kind's fields stand beside `version`, `run`, `sequence`, `at` and
 * `elapsedMilliseconds`, and a field `event` has the kind's name.
 *
 * No event ever carries a secret or a token. It prints as one line.
 */
export type Event = ({
  event: "runStarted";
  /** What it was asked to do. */
  verb: Verb;
} | {
  event: "planMade";
  /** How many steps the plan has. Each of them will be started if the run gets that far. */
  total: number;
} | {
  event: "stepStarted";
  /** Its place in the plan, from 1. Steps need not begin or end in this order. */
  index: number;
  /** The round it belongs to, from 1. */
  round: number;
  /** Which. */
  step: Step;
  /** How many steps the plan has. */
  total: number;
} | {
  /** How many times it has tried, from 1. */
  attempt: number;
  /**
   * The code of the refusal it got: the directory's own, `AADSTS` with its number, or that of another error of signing in.
   * Else `notVisible` if it was answered without what must be there, `unexpectedAnswer`, `noAnswer`, or
   * `registeredAndDeleted`.
   */
  code: string;
  /** How long it waits now. In JSON in milliseconds. */
  delayMilliseconds: number;
  event: "waitingForReplication";
  /** Which step. */
  step: Step;
} | {
  /** Whether Microsoft Entra accepted it; `None` if that could not be found out, or not within the limit. */
  accepted: boolean | null;
  event: "secretTried";
  /** *Secret ID*. */
  keyId: KeyId;
} | {
  /** Which attempt failed, from 1. */
  attempt: number;
  /** The wait before the next one. */
  delayMilliseconds: number;
  event: "retried";
  /** Why. */
  reason: RetryReason;
  /** Which request, as method and path without query. */
  request: string;
  /** Which step; `None` while tenant and site are being read. */
  step?: Step | null;
} | {
  /** What it came to. */
  action: StepAction;
  event: "stepDone";
  /** Its place in the plan, from 1. */
  index: number;
  /** What it made or found, by its id, if it has one. */
  object?: string | null;
  /** The round it belongs to, from 1. */
  round: number;
  /** Which. */
  step: Step;
  /** How many steps the plan has. */
  total: number;
} | {
  event: "stepSkipped";
  /** Its place in the plan, from 1. */
  index: number;
  /** The round it belongs to, from 1. */
  round: number;
  /** Which. */
  step: Step;
  /** How many steps the plan has. */
  total: number;
} | {
  /** What happened, with all causes, in one line. */
  error: string;
  event: "stepFailed";
  /** What to do about it. */
  help: string;
  /** Its place in the plan, from 1. */
  index: number;
  /** The round it belongs to, from 1. */
  round: number;
  /** Which. */
  step: Step;
  /** How many steps the plan has. */
  total: number;
  /** Which request it was. */
  trace?: RequestTrace | null;
} | {
  /** Whether anything was changed. */
  changed: boolean;
  event: "runFinished";
} | {
  /** What happened, with all causes, in one line. */
  error: string;
  event: "runFailed";
  /** What to do about it. */
  help: string;
} | {
  event: "runCancelled";
}) & ({
  /** When it happened. */
  at: string;
  /** How long the run had lasted by then, by tokio's timer. In JSON in milliseconds. */
  elapsedMilliseconds: number;
  /** Which run. */
  run: RunId;
  /** Its place among the events of the run, from 1, without gaps. */
  sequence: number;
  /** The version of this form, 1. Lines of before it was written have it, too. */
  version: number;
});

/** The end of one secret or certificate of the server app. */
export type Expiry = {
  /** *Description*, as the directory has it. It may hold characters that steer a terminal, which the text form does not. */
  description?: string | null;
  /** When. As the registration has it; as the site has it if the registration does not show this secret. */
  ends: string;
  /** Whether this crate has made it, as its description says. Another one belongs to another program or person. */
  isOwn: boolean;
  /** The site that this crate has issued it for, as its description has it; `None` if it names none. */
  issuedFor?: string | null;
  /** *Secret ID* or *Certificate ID*; `None` if the registration does not show it. */
  keyId?: KeyId | null;
  /** What ends. */
  kind: ExpiryKind;
  /** Whether the site uses it; unknown if it cannot be told which one the site uses. */
  usedBySite: Answer;
};

/** What ends. */
export type ExpiryKind = "secret" | "certificate";

/**
 * One finding: what, how bad, and what to do about it.
 *
 * Code and parameters are the facts; message and remedy are made from them, in English. In JSON it is
 * `{"severity", "code", "parameters", "field", "step", "message", "remedy"}`; it is read without the texts, the
 * parameters or the place, too.
 */
export type Finding = {
  /** What it is about. */
  code: FindingCode;
  /** The field of the specification that it is about, as violations name it: `serverApp.create.appIdUri`. */
  field?: string | null;
  /** What was found, in one sentence. */
  message: string;
  /** The values of this finding by their stable names, as each code documents them. */
  parameters: Record<string, unknown>;
  /** What to do about it. */
  remedy: string;
  /** How much it weighs. */
  severity: Severity;
  /** The step of the job that it belongs to. */
  step?: Step | null;
};

/**
 * What a finding is about. The name in JSON is stable, and so are the names of the parameters.
 *
 * Each code has one meaning: code and parameters together are the whole fact, and message and remedy are
 * made from them. An `app` is `server` or `client`; a date is a day in UTC, as `2027-11-23`.
 */
export type FindingCode = "tokenUnreadable" | "tokenExpired" | "clockWrong" | "wrongTenant" | "tokenTenantDiffers" | "wrongCloud" | "wrongAudience" | "permissionsMissing" | "ownershipUnread" | "roleTooWeak" | "discoveryRoleTooWeak" | "rolesUnread" | "tenantNameUnread" | "appIdUriResolved" | "appIdUriOnForeignDomain" | "appIdUriWithForeignId" | "appIdUriWithoutOwner" | "appIdUriInUse" | "appIdUriBlockedByPolicy" | "appIdUriByPolicy" | "policyNotRead" | "secretEndPassed" | "secretsForbidden" | "secretTooLong" | "uniqueNameHeldByDeletedApp" | "deletedAppRestored" | "madeAppStays" | "deletedAppHoldsName" | "adoptedAppKeeps" | "deletedPrincipalsUnread" | "removalUnconfirmed" | "secretKept" | "secretReplaced" | "secretOfAnotherSite" | "secretHolderUnknown" | "newSecretProven" | "newSecretNotYetAccepted" | "newSecretBlocked" | "newSecretRefused" | "newSecretUnproven" | "secretNotRenewed" | "importedSecretUncompared" | "renewalWaiting" | "renewedSecretUnproven" | "renewedSecretMayEndEarlier" | "newSecretNotUsed" | "newSecretNotTried" | "appOriginUnknown" | "consoleRenewsSecret" | "renewalRefusedByAge" | "renewalWithoutRegistration" | "renewedSecretNotShown" | "siteIdentityUnknown" | "shownSinceUnknown" | "secretRemovalTooEarly" | "oldSecretMayBeInUse" | "concurrentChange" | "changeOverwritten" | "secretExpired" | "secretExpiresSoon" | "registeredSecretExpired" | "registeredSecretExpiresSoon" | "serverAppWithoutSecret" | "siteSecretExpired" | "siteSecretExpiresSoon" | "siteSecretNotRegistered" | "siteSecretUnknown" | "secretShorterThanAsked" | "secretExpiredAtSignIn" | "secretRejected" | "secretIdGiven" | "signInRefused" | "secretUnproven" | "appIdUriUnproven" | "secretEndDiffers" | "secretMissing" | "signInBlocked" | "conditionalAccessApplies" | "conditionalAccessUnknown" | "conditionalAccessUnread" | "appDisabled" | "appDeactivated" | "appDisabledByMicrosoft" | "servicePrincipalDisabled" | "appNotFound" | "appSoftDeleted" | "appUnknownAtSignIn" | "tenantUnknownAtSignIn" | "appNotInSite" | "servicePrincipalMissing" | "appIdUriDiffers" | "appIdUriMisspelled" | "appIdUriMissing" | "appIdUriUnknown" | "tokenAudienceDiffers" | "deviceTokensOff" | "serverRedirectMissing" | "serverRedirectOnWrongPlatform" | "brokerRedirectOnServerApp" | "brokerRedirectMissing" | "brokerRedirectOnWrongPlatform" | "brokerRedirectOfAnotherApp" | "publicClientOff" | "tokenVersion" | "signInAudience" | "audienceNarrowed" | "tokenVersionLowered" | "consentMissing" | "consentOnlyConfigured" | "consentForSomeOnly" | "consentLeftOpen" | "consentUnread" | "directoryReadMissing" | "directoryReadOnlyConfigured" | "directoryReadNotInToken" | "scopeMissing" | "scopeDisabled" | "tenantMismatch" | "reusedAppsOfDifferentTenants" | "siteUriNotRegistered" | "appIdUriKeptBySite" | "siteTenantInOtherCloud" | "siteTenantNameDiffers" | "siteAppNameDiffers" | "siteReplyUrlMissing" | "appTooOldToRenew" | "appRenewableUntil" | "wrongKindOfApp" | "siteFieldsUnread" | "siteTooOld" | "siteRightsMissing" | "connectionNamedOtherwise" | "connectionOfAnotherServerApp" | "connectionNameTaken" | "connectionOfUnknownType" | "otherAzureService" | "siteNotAtTop" | "serviceConnectionPointOffline" | "siteFactsUnknown" | "gatewayUsesConnection" | "gatewayUseUnknown" | "serverAppLeftAsIs" | "clientAppLeftAsIs" | "siteRowStays" | "appsUsedByAnotherSite" | "appsUsedByConnection" | "appsUsedByAnotherSecret" | "appsStatedUnused" | "secretsHandedOver" | "connectionOfRemovedServerApp" | "connectionUnread" | "siteRowUnread" | "discoveryUnread" | "discoveryStateUnknown" | "groupNotFound" | "groupNameAmbiguous" | "groupsUnread" | "connectionNotFound" | "connectionAppUnclear" | "connectionReadBackDiffers" | "deletedAppsUnread" | "registrationUncertain" | "directoryUnread" | "adoptedAppStays" | "stepNotDone" | "stepDiffers" | "firstSecretExpiresSoon" | "directoryNotGiven" | "removalOnly";

/** Group discovery with its settings. */
export type GroupDiscovery = {
  /** How often changes are read, in minutes. `None` leaves delta discovery to the product. */
  deltaMinutes?: number | null;
  /** When everything is read. `None` leaves it to the product. */
  fullSchedule?: Schedule | null;
  /** The groups to discover, by name. Groups that the site has besides stay. */
  names?: Array<string>;
  /** The groups to take out, by name. */
  removedNames?: Array<string>;
};

/** Which tokens the authorization endpoint may issue directly. */
export type ImplicitGrantSettings = {
  /** *Access tokens*. */
  enableAccessTokenIssuance?: boolean | null;
  /** *ID tokens*. */
  enableIdTokenIssuance?: boolean | null;
};

/** A client app that exists: the values of the *Import apps* dialog. Its tenant is the server app's. */
export type ImportedClientApp = {
  /** *Client ID*: the *Application (client) ID* of the portal. */
  clientId: ApplicationId;
  /** *Application Name*, as the site is to show it. */
  name: string;
};

/** A server app that exists: the values of the *Import apps* dialog. */
export type ImportedServerApp = {
  /** *App ID URI*, exactly as it is registered. */
  appIdUri: AppIdUri;
  /** *Client ID*: the *Application (client) ID* of the portal. */
  clientId: ApplicationId;
  /** *Application Name*, as the site is to show it. */
  name: string;
  /** Secret Key: the Value of the secret. It is read and never written. */
  secretKey?: string;
  /** *Secret Key Expiry*. A date as `2027-11-23` is read, too. */
  secretKeyExpiry: string;
  /** *Microsoft Entra tenant ID*. */
  tenantId: TenantId;
  /** *Microsoft Entra tenant name*. */
  tenantName: string;
};

/** A specification that cannot be carried out, with every violation found. */
export type InvalidSpec = {
  /** Every violation, in the order of the fields. Never empty. */
  violations: Array<Violation>;
};

/**
 * The app registrations that this crate has made in a tenant, the deleted ones included that can still be restored.
 *
 * It is pure data, which can be stored, and it prints as a list. `removal` begins the removal of a pair.
 */
export type Inventory = {
  /** What could not be read. */
  findings: Array<Finding>;
  /** When the tenant was read. */
  readAt: string;
  /** The registrations, by their unique names. */
  registrations: Array<InventoryEntry>;
  /** The tenant; `None` if it could not be told. */
  tenantId?: TenantId | null;
  /** The version of this form, 1. A program that reads it should refuse a version that it does not know. */
  version: number;
};

/** One app registration that this crate has made. */
export type InventoryEntry = {
  /** *Application (client) ID*. */
  applicationId?: ApplicationId | null;
  /** When it was registered, if the directory tells it. */
  created?: string | null;
  /** When it was deleted, if it is and the directory tells it. */
  deleted?: string | null;
  /** Whether it is deleted and can still be restored. */
  isDeleted: boolean;
  /** Whether it has the tag `configmgr-cmg-onboarding`. Apps of older versions have none. */
  isTagged: boolean;
  /**
   * The key of the specification that it was made for, if one was found that gives this unique name: the name itself holds
   * a digest only.
   */
  key?: string | null;
  /** The friendly name, which others may have changed. */
  name?: string | null;
  /** *Object ID*. */
  objectId: ApplicationObjectId;
  /** Which of the two apps it is, if its unique name tells. */
  role?: AppRole | null;
  /**
   * The unique name, which cannot be changed and tells that this crate has made it. `None` for an app that only has the
   * tag, which others may have set: it is never removed.
   */
  uniqueName?: string | null;
};

/**
 * A secret that this run has issued. Its text exists nowhere else, apart from the site and the caller's sink
 * if they have got it.
 */
export type IssuedSecret = {
  /** When it expires, as the directory said. */
  expiresOn: string;
  /** *Secret ID*. */
  keyId: KeyId;
};

/** The id of one secret of an app registration (`keyId`, *Secret ID*). It is not the secret. */
export type KeyId = string;

/** One app that the site knows and that a `ReusedApp` can name. */
export type KnownApp = {
  /** *Client ID*. */
  clientId: ApplicationId;
  /** The friendly name. */
  name: string;
  /**
   * The names of the Azure services that use it; `None` if they are not known: of a client app, or because a service or its
   * web apps could not be read.
   */
  services?: Array<string> | null;
  /** The tenant; `None` if the site does not show its row. */
  tenantId?: TenantId | null;
  /** The tenant's name; `None` as above. */
  tenantName?: string | null;
};

/** Something that stays after a removal. */
export type LeftBehind = {
  /** Microsoft's page, if it is the product that leaves it. */
  source?: string | null;
  /** What stays, and where. */
  what: string;
  /** Why it stays, or how it is removed. */
  why: string;
};

/** One thing that remains to be done, and how. Both texts are made from code and parameters. */
export type NextStep = {
  /** What kind. */
  code: NextStepCode;
  /** How it is done, and where. */
  how: string;
  /** What remains, for people. */
  message: string;
  /** The values that the texts speak of by their stable names, as each `NextStepCode` documents them. */
  parameters: Record<string, unknown>;
};

/** What kind of thing remains to be done. The name in JSON is stable, and so are the names of the parameters. */
export type NextStepCode = "recordSecretExpiry" | "handOverSecret" | "grantAdminConsent" | "renewSecretInSite" | "renewSecretByConsole" | "chooseDiscoveryGroups" | "updateSettingsInConsole" | "excludeFromConditionalAccess" | "setUpGateway" | "configureClientAuthentication";

/** What exactly a change writes. References stand for what is known only while the plan runs. Never a secret. */
export type Operation = {
  /** Its id. */
  id?: string | null;
  kind: "keep";
  /** Its name, if it has one. */
  name?: string | null;
} | {
  /** *Application (client) ID*. */
  applicationId: ApplicationId;
  kind: "confirmApp";
  /** Its friendly name. */
  name?: string | null;
  /** *Object ID*. */
  objectId: ApplicationObjectId;
  /** What is sent: the value that is there. */
  sends: ApplicationProperties;
} | {
  kind: "createApp";
  /** Its owners, beside the caller that Microsoft Entra may add. */
  owners?: Array<DirectoryObjectId>;
  /** What is registered. */
  properties: ApplicationProperties;
  /** The secret that is created with it. */
  secret?: PlannedSecret | null;
  /** The unique name by which every run finds it again. */
  uniqueName: string;
} | {
  kind: "restoreApp";
  /** Its friendly name. */
  name?: string | null;
  /** Its *Object ID*. */
  objectId: ApplicationObjectId;
  /** What it has to have. Lists only grow. */
  properties: ApplicationProperties;
  /** The unique name by which every run finds it again. */
  uniqueName: string;
} | {
  /** What is added: of lists the missing values only. */
  adds: ApplicationProperties;
  /** *Application (client) ID*. */
  applicationId: ApplicationId;
  kind: "updateApp";
  /** Its friendly name. */
  name: string;
  /** The same for people: each property with its old and its new value. */
  properties: Array<PropertyChange>;
} | {
  /** The app. */
  app: ReferenceToApplicationId;
  kind: "createServicePrincipal";
} | {
  /** What an existing client app lacks besides. */
  adds: ApplicationProperties;
  /** The client app. */
  client: ReferenceToApplicationId;
  kind: "completeClientApp";
  /** The same for people: each property with its old and its new value. */
  properties?: Array<PropertyChange>;
  /** The id of `user_impersonation`. */
  scope: PermissionId;
  /** The server app. */
  server: ReferenceToApplicationId;
} | {
  /** The server app. */
  app: ReferenceToApplicationId;
  /** The App ID URI; with placeholders for the ids as long as the app is not registered. */
  appIdUri: AppIdUri;
  /** The App ID URIs that the app has so far, and keeps; those of a deleted app, which is restored before, are not known. */
  held?: Array<string>;
  kind: "setAppIdUri";
} | {
  kind: "shortenSecret";
  /** The shorter ones, in this order. */
  secrets: Array<PlannedSecret>;
} | {
  /** The server app. */
  app: ReferenceToApplicationId;
  kind: "issueSecret";
  /** Until when it is valid. */
  secret: PlannedSecret;
} | {
  /** Who may use it: the client app's service principal. */
  client: ReferenceToServicePrincipalId;
  kind: "createGrant";
  /** On what: the service principal that offers the permission. */
  resource: ReferenceToServicePrincipalId;
  /** The permission. */
  scope: string;
} | {
  /** Who may use it. */
  client: ReferenceToServicePrincipalId;
  /** The consent. */
  grant: PermissionGrantId;
  /** The permissions that it has so far, and keeps, separated by spaces. */
  held: string;
  kind: "extendGrant";
  /** On what. */
  resource: ReferenceToServicePrincipalId;
  /** The permission that is added. */
  scope: string;
} | {
  kind: "assignRole";
  /** Who may use it: the server app's service principal. */
  principal: ReferenceToServicePrincipalId;
  /** On what: Microsoft Graph's service principal. */
  resource: ReferenceToServicePrincipalId;
  /** The permission. */
  role: PermissionId;
} | {
  kind: "importTenant";
  /** Its name in the site. */
  name: string;
  /** The tenant. */
  tenantId: TenantId;
} | {
  /** *Client ID*. */
  app: ReferenceToApplicationId;
  /** *App ID URI*. */
  appIdUri: AppIdUri | null;
  kind: "importServerApp";
  /** *Application Name*. */
  name: string;
  /**
   * *Secret Key Expiry*, if the specification gives the secret. A secret that this run issues ends as its
   * own change says.
   */
  secretKeyExpiry?: string | null;
} | {
  /** *Client ID*. */
  app: ReferenceToApplicationId;
  /** Whether the site cannot take it, so that a person types it into the console. */
  byHand?: boolean;
  /** The day on which the secret ends that the site has, if the site tells it. */
  from?: string | null;
  kind: "renewSecret";
  /**
   * Whether the console has created the app: its dialog signs a person in and makes the secret by itself, so that
   * none is issued here.
   */
  madeByConsole?: boolean;
  /** The day on which the specification's secret ends; `None` if this run issues one. */
  to?: string | null;
} | {
  /** *Client ID*. */
  app: ReferenceToApplicationId;
  kind: "importClientApp";
  /** *Application Name*. */
  name: string;
} | {
  /** *Description*. */
  description?: string | null;
  kind: "createConnection";
  /** *Name*. */
  name: string;
} | {
  /** *Description*, as it is. */
  from?: string | null;
  kind: "updateConnection";
  /** *Name*, as it is. */
  name: string;
  /** *Name*, as it becomes; `None` if it stays. */
  newName?: string | null;
  /** Its row in the site. */
  row: SiteRowId;
  /** *Description*, as it becomes. */
  to?: string | null;
} | {
  /** The connection. */
  connection: ReferenceToSiteRowId;
  /** The settings. */
  discovery: DiscoverySpec;
  kind: "configureDiscovery";
  /**
   * Of a connection that is there: each setting that is changed, with its old and its new value. The old one is
   * `null` if it was not read.
   */
  properties?: Array<PropertyChange>;
} | {
  /** The server app. */
  app: ReferenceToApplicationId;
  /** *Secret ID* of each. More may follow if an answer is lost. */
  keys: Array<KeyId>;
  kind: "removeSecrets";
  /**
   * Since when the site has shown the end of their successor, if the caller states it. `None` if the site tells it,
   * and if nothing was ever using them.
   */
  shownSince?: string | null;
} | {
  kind: "removeConnection";
  /** *Name*. */
  name: string;
  /** Whether the caller states that no cloud management gateway uses it. */
  noGatewayStated?: boolean;
  /** Its row in the site. */
  row: SiteRowId;
} | {
  /** The app. */
  app: ReferenceToApplicationId;
  kind: "removeMadeApp";
} | {
  /** *Application (client) ID* of the registration, if it is still registered. */
  applicationId?: ApplicationId | null;
  /** *Application (client) ID* of a deleted registration that still holds the unique name. */
  deletedApplicationId?: ApplicationId | null;
  /** Its *Object ID*. */
  deletedObjectId?: ApplicationObjectId | null;
  kind: "removeApp";
  /** Its friendly name, if it is still registered. */
  name?: string | null;
  /** *Object ID* of the registration, if it is still registered. */
  objectId?: ApplicationObjectId | null;
  /** Its service principal. */
  servicePrincipalId?: ServicePrincipalId | null;
};

/** The end of a run that went well, whether it set the connection up or removed it. */
export type Outcome = {
  /**
   * The App ID URI of the server app, which clients ask for: the one that the site has if it knew the app before, else
   * the one of the plan. `None` if the site does not tell it.
   */
  appIdUri?: AppIdUri | null;
  /** Whether this run changed anything; `false` if everything was in place. */
  changed: boolean;
  /** The native (client) app; `None` as above. */
  clientApp?: AppOutcome | null;
  /** The connection as the site has it; `None` if there is no site. */
  connection?: SiteConnection | null;
  /** The cloud. */
  environment: CloudEnvironment;
  /** Everything that was found on the way: by the checks before the run, and by the run itself. */
  findings: Array<Finding>;
  /** What remains to be done, and by whom. */
  nextSteps: Array<NextStep>;
  /**
   * When tenant and site were read for the plan. What the run has left as it was, was so by the answers of that
   * moment; see `verify_alive`.
   */
  readAt: string;
  /** Everything that was done. */
  report: Report;
  /** The secret that this run issued; `None` if it issued none. In JSON without its text. */
  secret?: IssuedSecret | null;
  /**
   * The web (server) app; `None` after a removal, or if it is not there because the run was for the other
   * app only.
   */
  serverApp?: AppOutcome | null;
  /** The tenant. */
  tenantId: TenantId;
  /** The tenant's name in the site; empty if the signed-in application may not read it. */
  tenantName: string;
  /** The version of this form, 1. */
  version: number;
};

/** The id of a delegated permission grant (`oauth2PermissionGrant`). Opaque, not a GUID. */
export type PermissionGrantId = string;

/** The id of one permission: a delegated scope or an application role. */
export type PermissionId = string;

/** Delegated or application. */
export type PermissionKind = "Scope" | "Role";

/** One delegated permission that an app offers. */
export type PermissionScope = {
  /** Shown to an administrator who consents. */
  adminConsentDescription?: string | null;
  /** Shown to an administrator who consents. */
  adminConsentDisplayName?: string | null;
  /** Its id, chosen by the caller that created it. */
  id: PermissionId;
  /** Whether it is on. */
  isEnabled: boolean;
  /** Who may consent: `User` or `Admin`. */
  type: string | null;
  /** Shown to a user who consents. */
  userConsentDescription?: string | null;
  /** Shown to a user who consents. */
  userConsentDisplayName?: string | null;
  /** Its name, as `user_impersonation`. */
  value: string | null;
};

/** How a permission is held. The two are granted apart, and one request may take different ones. */
export type PermissionType = "delegated" | "application";

/** One difference between a plan that was approved and what would be done now. */
export type PlanDifference = {
  /** What was approved; `null` if there was nothing. */
  approved: unknown;
  /** What it would be now; `null` if there is nothing. */
  now: unknown;
  /**
   * Where in the document, as a JSON pointer with the name of the step in the place of a change's index:
   * `/changes/issueSecret/action`.
   */
  path: string;
};

/**
 * What a plan will do, as data: it can be stored, sent, shown and approved elsewhere, and never holds a
 * secret.
 *
 * A document is only ever compared with a fresh plan and never executed, since the file that it comes from
 * may be forged: see
 * `AzureServicesConnection::plan_from`.
 *
 * It prints as the wizard's Summary page.
 */
export type PlanDocument = {
  /**
   * The App ID URI, with the default resolved; `None` if the server app is reused and the site does not
   * tell it.
   */
  appIdUri?: AppIdUri | null;
  /** Every change, in the order of the run. */
  changes: Array<Change>;
  /** The native (client) app. */
  clientApp: PlannedApp;
  /** *Description* of the connection. */
  description?: string | null;
  /** The cloud. */
  environment: CloudEnvironment;
  /** What was found that does not stand in the way. */
  findings: Array<Finding>;
  /** When the plan was made. */
  madeOn: string;
  /** *Name* of the connection. */
  name: string;
  /** The one app that the plan is for; `None` if it is for the whole connection. */
  only?: AppRole | null;
  /** What a removal takes away; left out if it is the default. */
  removalScope?: RemovalScope;
  /** The web (server) app. */
  serverApp: PlannedApp;
  /** The site; `None` if the plan has none. */
  site?: PlannedSite | null;
  /** A digest of the specification without its secrets. */
  specification: string;
  /** The tenant. */
  tenantId: TenantId;
  /** The tenant's name in the site; empty if the signed-in application may not read it. */
  tenantName: string;
  /**
   * What the plan is for: `Verb::Onboard`, `Verb::UpdateSettings`, `Verb::RenewSecret`, `Verb::RemoveOldSecrets` or
   * `Verb::Remove`.
   */
  verb: Verb;
  /** The version of this form, 1. A reader refuses a version that it does not know. */
  version: number;
};

/** What is planned for a step. */
export type PlannedAction = "create" | "update" | "remove" | "confirm" | "restore" | "keep" | "byHand";

/** One of the two apps of a plan. */
export type PlannedApp = {
  /** *Application (client) ID*; `None` as long as the app is not registered. */
  applicationId?: ApplicationId | null;
  /** The friendly name; `None` if the app is reused and the site does not tell it. */
  name?: string | null;
  /** How the connection gets it. */
  source: AppSource;
};

/** Until when a secret will be valid: a rule, since it counts from the moment of its issue. */
export type PlannedSecret = {
  /**
   * The longest validity, in seconds, that the tenant's policy allows; `None` if there is no limit, if the policy was
   * not read, or if `validity` does not ask for it.
   */
  allowedSeconds?: number | null;
  /**
   * The day of its end, were it issued when the plan is made. A secret that is added to others ends some
   * days earlier, so that its end tells it from them.
   */
  expiresAbout: string;
  /** How long, from its issue. */
  validity: SecretValidity;
};

/** The site that a plan is for. */
export type PlannedSite = {
  /** What tells it from another one, if the site or the caller says so. */
  identity?: SiteIdentity | null;
  /** The three-character site code. */
  siteCode: string;
};

/**
 * What preflight found: who is signed in, where, and everything worth knowing before anything is written.
 *
 * It reads and writes JSON. One that was read has no plan, since a plan is made of what tenant and site say now: ask for
 * another preflight.
 */
export type Preflight = {
  /** Every finding, the gravest first. */
  findings: Array<Finding>;
  /** What the wizard's page shows after signing in. */
  signIn?: SignInSummary | null;
  /** Who is signed in. */
  signedIn?: SignedIn | null;
  /** The site. */
  site?: SiteInfo | null;
  /** The tenant, whose name the wizard shows after signing in. */
  tenant?: Tenant | null;
  /** The version of this form, 1. One that was read has no plan, so a later version is read as far as it is understood. */
  version: number;
};

/**
 * An error as data: what a service answers with, what a front end shows, what a log keeps. It never holds a
 * secret.
 *
 * It is made after RFC 9457 (*Problem Details for HTTP APIs*): `code` stands for the type, `message` for
 * title and detail, `request` for the instance. What is empty is left out of the JSON, and a reader takes it
 * as empty.
 */
export type Problem = {
  /** What went wrong, for programs: see `Diagnostic::code`. */
  code: string;
  /** What has changed since the plan was approved. */
  differences?: Array<PlanDifference>;
  /** Whether tenant or site were changed. */
  effect: Written;
  /** Every step that failed, if more than one did. */
  failures?: Array<ProblemFailure>;
  /** Everything that was found before it ended. */
  findings?: Array<Finding>;
  /** What to do about it: see `Diagnostic::help`. */
  help: string;
  /** What went wrong, for people: the error and all its sources in one line. */
  message: string;
  /** The request that failed. */
  request?: RequestTrace | null;
  /** Whether the same call, repeated later, may succeed: see `Diagnostic::is_retryable`. */
  retryable: boolean;
  /** What the sign-in service said, if it refused. */
  signIn?: SignInRefusal | null;
  /** The step that failed first. */
  step?: Step | null;
  /** The tenant, if the error knows it. A caller with many tenants may fill it in. */
  tenant?: TenantId | null;
  /** The version of this form, 1. */
  version: number;
  /** Every wrong field of the specification. */
  violations?: Array<Violation>;
};

/** One step that failed, in a `Problem`. */
export type ProblemFailure = {
  /** What went wrong, for programs. */
  code: string;
  /** What to do about it. */
  help: string;
  /** What went wrong, for people. */
  message: string;
  /** The request that failed. */
  request?: RequestTrace | null;
  /** Whether the same call, repeated later, may succeed. */
  retryable: boolean;
  /** Which step. */
  step: Step;
};

/** One property that is changed, of an app registration or of discovery in the site, with its old and its new value. */
export type PropertyChange = {
  /** What it is now; `null` if it has no value. */
  from: unknown;
  /** The property, as Microsoft Graph calls it; of discovery, as the specification calls it. */
  property: string;
  /**
   * What it becomes. A list keeps what it has; permissions are told as `{client id of the API}/{permission
   * id}`.
   */
  to: unknown;
};

/** Settings of the *Mobile and desktop applications* platform. */
export type PublicClientApplication = {
  /** *Redirect URIs* of that platform. */
  redirectUris?: Array<string> | null;
};

/**
 * One part of tenant or site as it was read. What could not be read is unknown, and never absent.
 *
 * In JSON it is `"unknown"`, `"absent"` or `{"present": ..}`.
 */
export type ReadingOfListOfSiteGateway = "unknown" | "absent" | {
  present: Array<SiteGateway>;
};

/**
 * One part of tenant or site as it was read. What could not be read is unknown, and never absent.
 *
 * In JSON it is `"unknown"`, `"absent"` or `{"present": ..}`.
 */
export type ReadingOfRegistrationView = "unknown" | "absent" | {
  present: RegistrationView;
};

/**
 * One part of tenant or site as it was read. What could not be read is unknown, and never absent.
 *
 * In JSON it is `"unknown"`, `"absent"` or `{"present": ..}`.
 */
export type ReadingOfServicePrincipal = "unknown" | "absent" | {
  present: ServicePrincipal;
};

/**
 * One part of tenant or site as it was read. What could not be read is unknown, and never absent.
 *
 * In JSON it is `"unknown"`, `"absent"` or `{"present": ..}`.
 */
export type ReadingOfSiteApplication = "unknown" | "absent" | {
  present: SiteApplication;
};

/**
 * One part of tenant or site as it was read. What could not be read is unknown, and never absent.
 *
 * In JSON it is `"unknown"`, `"absent"` or `{"present": ..}`.
 */
export type ReadingOfSiteConnection = "unknown" | "absent" | {
  present: SiteConnection;
};

/**
 * One part of tenant or site as it was read. What could not be read is unknown, and never absent.
 *
 * In JSON it is `"unknown"`, `"absent"` or `{"present": ..}`.
 */
export type ReadingOfSiteDiscovery = "unknown" | "absent" | {
  present: SiteDiscovery;
};

/**
 * One part of tenant or site as it was read. What could not be read is unknown, and never absent.
 *
 * In JSON it is `"unknown"`, `"absent"` or `{"present": ..}`.
 */
export type ReadingOfSiteTenant = "unknown" | "absent" | {
  present: SiteTenant;
};

/**
 * One part of tenant or site as it was read. What could not be read is unknown, and never absent.
 *
 * In JSON it is `"unknown"`, `"absent"` or `{"present": ..}`.
 */
export type ReadingOfText = "unknown" | "absent" | {
  present: string;
};

/** Something that a change works on: there already, or made by an earlier change of the same plan. */
export type ReferenceToApplicationId = {
  known: ApplicationId;
} | {
  madeBy: Step;
} | "missing";

/** Something that a change works on: there already, or made by an earlier change of the same plan. */
export type ReferenceToServicePrincipalId = {
  known: ServicePrincipalId;
} | {
  madeBy: Step;
} | "missing";

/** Something that a change works on: there already, or made by an earlier change of the same plan. */
export type ReferenceToSiteRowId = {
  known: SiteRowId;
} | {
  madeBy: Step;
} | "missing";

/** An app registration. */
export type RegistrationView = {
  /** How many certificates it has. */
  certificates: number;
  /** Whether and why Microsoft has disabled it, as the directory says it. */
  disabledByMicrosoftStatus?: string | null;
  /** Whether an administrator has deactivated it. */
  isDisabled: Answer;
  /** Whether its unique name is one that this crate gives. Only such an app can be removed. */
  madeByThisCrate: boolean;
  /** *Object ID*. */
  objectId: ApplicationObjectId;
  /** What it is set to. */
  properties: ApplicationProperties;
  /** Its secrets. */
  secrets: Array<SecretView>;
};

/** What a removal takes away. It is shown in the plan before anything is removed. */
export type RemovalScope = "connection" | "connectionAndApps";

/** Everything that a run has done, in order. Never a secret. */
export type Report = {
  caller?: string | null;
  run?: RunId | null;
  steps: Array<StepReport>;
  /** The version of this form, 1. Reports of before it was written have it, too. */
  version: number;
};

/** One request as both sides know it. Microsoft's support asks for these ids and the date. */
export type RequestTrace = {
  /** How many attempts were made. */
  attempts: number;
  /** The id this crate gave to the call (`client-request-id`), the same for all its attempts. */
  clientRequestId?: string | null;
  /** The service's own time of the last answer (`Date`). */
  date?: string | null;
  /** The HTTP method. */
  method: string;
  /** The path, without host and query. */
  path: string;
  /** The id the service gave to the last attempt (`request-id`). */
  requestId?: string | null;
  /** The HTTP status of the last answer, if there was one. */
  status?: number | null;
};

/** The permissions an app is configured to ask of one other app. */
export type RequiredResourceAccess = {
  /** The permissions. */
  resourceAccess: Array<ResourceAccess>;
  /** The app that offers the permissions. */
  resourceAppId: ApplicationId;
};

/**
 * What one use takes.
 *
 * It is read back by its use, and the rest is what the table of this version says.
 */
export type Requirement = {
  /** Application permissions: one of each set. */
  application: Array<Array<string>>;
  /** Delegated permissions: one of each set. */
  delegated: Array<Array<string>>;
  /** Whether the source says all of it. If not, the sets hold what is known to suffice, and more may. */
  isDocumented: boolean;
  /** The directory roles of which a person needs one, the least privileged first. */
  roles: Array<DirectoryRole>;
  /** The page or file of Microsoft that says so. */
  source: string;
  /** Which use. */
  use: Use;
  /** Who needs none of them. */
  withoutRole: WithoutRole;
};

/** One configured permission. */
export type ResourceAccess = {
  /** The permission's id. */
  id: PermissionId;
  /** Delegated or application. */
  type: PermissionKind;
};

/** Why an attempt is repeated. */
export type RetryReason = "throttled" | "serviceUnavailable" | "connection" | "concurrentChange" | "tokenRefused";

/** An app that the site already knows, by its client id. */
export type ReusedApp = {
  /** *Client ID* of an app that the site knows. */
  clientId: ApplicationId;
};

/** Everything that a review board asks about a plan, as data. It prints as plain text. */
export type Review = {
  /** What carrying out the plan takes of the caller. */
  caller: CallerNeeds;
  /** Every object that is made, changed or removed. */
  changes: Array<ReviewedChange>;
  /** What the plan has found. */
  findings: Array<Finding>;
  /** What stays if the connection is removed one day; of a removal, what stays after it. */
  leftBehind: Array<LeftBehind>;
  /** When the plan was made. */
  madeOn: string;
  /** Every permission of the two apps that the plan gives, finds given, or leaves to another administrator. */
  permissions: Array<ReviewedPermission>;
  /** The settings, as the Summary page shows them: connection, tenant, apps, site. */
  settings: Array<Detail>;
  /** The usual tenant checks that will flag what the plan makes. */
  tenantChecks: Array<TenantCheck>;
  /**
   * What the plan is for: `Verb::Onboard`, `Verb::UpdateSettings`, `Verb::RenewSecret`, `Verb::RemoveOldSecrets` or
   * `Verb::Remove`.
   */
  verb: Verb;
  /** The version of this form, 1. */
  version: number;
};

/** One object that a plan makes, changes or removes. */
export type ReviewedChange = {
  /** What happens. */
  action: PlannedAction;
  /** Everything that is written. */
  details: Array<Detail>;
  /** Which step of the plan. */
  step: Step;
  /** What it is, for people. */
  title: string;
  /** When it happens: in every run, or only if a lost answer makes it necessary. */
  when: When;
};

/** One permission of one of the two apps. */
export type ReviewedPermission = {
  /** Who consents to it. */
  consent: ConsentState;
  /** The app that may use it. */
  heldBy: AppRole;
  /** Its id; `None` if the plan does not name it. */
  id?: PermissionId | null;
  /** Delegated, so used on behalf of a user, or used by the app itself. */
  kind: PermissionType;
  /** Its name. */
  name: string;
  /** Who offers it. */
  offeredBy: string;
  /** Why the product needs it. */
  reason: string;
  /** Microsoft's page. */
  source: string;
};

/** The template id of a directory role, the same in every tenant. */
export type RoleTemplateId = string;

/** The id of one run, the same in all its events. Every run draws another one. */
export type RunId = string;

/** When discovery runs: a token of 16 hexadecimal digits, as it is written, or words such as `every 7 days from 02:30 UTC`, which are read, too. */
export type Schedule = string;

/** Who has issued a secret, and for whom, as its description tells. */
export type SecretIssuer = "forThisSite" | {
  forAnotherSite: {
    /** What tells that site from others. */
    site: string;
  };
} | {
  forUnknownSite: {
    /** What tells that site from others. */
    site: string;
  };
} | "withoutSite" | "other";

/** How long the server app's secret is valid: `oneYear`, `twoYears`, `longestAllowed`, a number of days as `P180D`, or the last day as `2027-05-31`. */
export type SecretValidity = string;

/** A secret of an app registration. Its text is nowhere in it. */
export type SecretView = {
  /** *Description*. */
  description?: string | null;
  /** *Expires*, if the directory tells it. */
  ends?: string | null;
  /** The first characters of its text, if the directory tells them. */
  hint?: string | null;
  /**
   * Whether this site uses it, as far as the date that the site shows tells. A person types value and date apart, so a
   * date is no proof of the value.
   */
  inUse: Answer;
  /** Who has issued it, and for whom. */
  issued: SecretIssuer;
  /** *Secret ID*. */
  keyId: KeyId;
  /** The beginning of its validity, if the directory tells it. */
  starts?: string | null;
};

/** How the connection gets its server app: the three ways of the *Server App* dialog, and adopting. */
export type ServerApp = {
  create: ServerAppSpec;
} | {
  import: ImportedServerApp;
} | {
  reuse: ReusedApp;
} | {
  adopt: AdoptedServerApp;
};

/** A server app to be created: the fields of the *Create Server Application* dialog. */
export type ServerAppSpec = {
  /** *App ID URI*. Without it the plan takes `api://{tenantId}/ConfigMgrService`. */
  appIdUri?: AppIdUri | null;
  /** *HomePage URL*. Default: `https://ConfigMgrService`. */
  homePageUrl?: string;
  /** The friendly name, 1 to 120 characters. */
  name: string;
  /** *Object ID* of each owner that the app registration gets when it is created. */
  owners?: Array<DirectoryObjectId>;
  /** *Secret key validity period*. Default: `oneYear`. */
  secretValidity?: SecretValidity;
};

/** The local side of an application in a tenant (*Enterprise application*). Consent is given to it. */
export type ServicePrincipal = {
  /** *Enabled for users to sign-in?*: if not, the app gets no token. `None` if the directory does not tell. */
  accountEnabled: boolean | null;
  /** *Application ID*. */
  appId: ApplicationId;
  /** *Object ID* of the enterprise application. */
  id: ServicePrincipalId;
};

/**
 * The id of a service principal object (`id` of a `servicePrincipal`).
 *
 * Consent is given between service principals, so these are the ids in grants and role assignments.
 */
export type ServicePrincipalId = string;

/**
 * *App instance property lock*: which sensitive properties cannot be changed on the service principals of an app.
 *
 * Source: `servicePrincipalLockConfiguration` in Microsoft Graph v1.0.
 */
export type ServicePrincipalLockConfiguration = {
  /** *All properties*. */
  allProperties: boolean;
  /** *Enable property lock*. */
  isEnabled: boolean;
};

/** How much a finding weighs. */
export type Severity = "note" | "warning" | "blocker";

/**
 * What the sign-in service said when it refused, for people and for a support case.
 *
 * Source: *Microsoft Entra authentication and authorization error codes*. It never holds the service's free text, which
 * may repeat what was sent.
 */
export type SignInRefusal = {
  /** Claims that another sign-in must ask for, as JSON, if the service wants some. */
  claims?: string | null;
  /** The numbers behind `AADSTS`, each once. They may change, so they only serve to explain. */
  codes: Array<number>;
  /** The id that finds this sign-in in the tenant's sign-in logs. */
  correlationId?: string | null;
  /** The OAuth `error`, as `invalid_grant`. What happens next follows from it. */
  error: string;
  /** What the first known code means, what to do about it, and who can do it. */
  explanation?: string | null;
  /** The service's own time, as it writes it. */
  timestamp?: string | null;
  /** The id that Microsoft's support asks for. */
  traceId?: string | null;
};

/**
 * Who is signed in, where, and whether that is enough. By names, so that it can be shown as it is: control
 * characters and bidirectional formatting characters in names are spaces here.
 */
export type SignInSummary = {
  /** The account; `None` if an application signed in, or if the token names no account. */
  account: string | null;
  /** The cloud that the connection is for. */
  environment: CloudEnvironment;
  /** The Microsoft Graph permissions granted; `None` if the token cannot be read. */
  permissionsGranted: Array<string> | null;
  /** Those of them that were not granted. */
  permissionsLacking: Array<string>;
  /** The Microsoft Graph permissions that the plan takes. */
  permissionsNeeded: Array<string>;
  /** The least directory role that the plan takes and that is lacking, if one is. */
  roleLacking: string | null;
  /**
   * The directory roles held, of those that matter here; `None` if they are not known, as for an
   * application.
   */
  rolesHeld: Array<string> | null;
  /** The tenant's display name, as its administrators have set it. */
  tenantDisplayName: string;
  /** The tenant's id. */
  tenantId: TenantId;
  /**
   * The tenant's name as Configuration Manager shows it: its initial domain. Empty if the signed-in application may
   * not read it.
   */
  tenantName: string;
};

/** Who acts on the directory, as far as the token tells. Every field may be unknown. */
export type SignedIn = {
  /** The account, where a user is signed in. */
  account: string | null;
  /** The application permissions; `None` where the token cannot be read. */
  appRoles: Array<string> | null;
  /** The application that asked for the token. */
  applicationId: ApplicationId | null;
  /** The resource the token is for. */
  audience: string | null;
  /** The directory roles the token names; `None` where it names none, which proves nothing. */
  directoryRoles: Array<RoleTemplateId> | null;
  /** The end of the token's validity. */
  expiresOn: string | null;
  /** Whether an application acts by itself, without a user. */
  isApplication: boolean;
  /** Who issued the token. */
  issuer: string | null;
  /** The user or the service principal that acts; `None` where the token does not tell. */
  objectId: DirectoryObjectId | null;
  /** The delegated permissions; `None` where the token cannot be read. */
  scopes: Array<string> | null;
  /** The tenant of the token. */
  tenantId: TenantId | null;
};

/** One application that the site knows. */
export type SiteApplication = {
  /** The rows of the apps that belong to this one (`AssociatedAADApplications`), where they were read. */
  associatedApplications?: Array<SiteRowId>;
  /** The application (client) id. */
  clientId: ApplicationId;
  /**
   * When the app was created, where set. Since version 2409 the console renews no secret of an app older than 800
   * days.
   */
  created?: string | null;
  /** The row. */
  id: SiteRowId;
  /** The App ID URI of a server app. */
  identifierUri?: string | null;
  /** Native (client) app or web (server) app. */
  isClientApp: boolean;
  /** The friendly name. */
  name: string;
  /** The redirect URI that the site knows, where it was read. */
  replyUrl?: string | null;
  /**
   * When the secret was made or stored (`SecretKeyCreationTime`), if it was read. Which of the two is not
   * documented.
   */
  secretCreated?: string | null;
  /** When the secret of a server app expires, where set. */
  secretExpiry?: string | null;
  /** The site's own number for where the app came from (`Source`). Its meaning is not documented. */
  source?: number | null;
  /** The row of its tenant. */
  tenant: SiteRowId;
  /** When the row was changed last (`LastUpdateTime`), if it was read. */
  updated?: string | null;
};

/** One Azure service connection. */
export type SiteConnection = {
  /** *Description*. */
  description?: string | null;
  /** Group discovery as the site has it; `None` where it is off or not known. */
  groupDiscovery?: SiteDiscovery | null;
  /** The row. */
  id: SiteRowId;
  /** Whether its discovery settings could not be read, so that nothing tells whether discovery is on. */
  isDiscoveryUnread?: boolean;
  /** *Name*. */
  name: string;
  /**
   * The site's own number for the kind of service (`ServiceType`), where it was read. The one of Cloud Management is
   * not documented.
   */
  serviceType?: number | null;
  /** User discovery as the site has it; `None` where it is off or not known. */
  userDiscovery?: SiteDiscovery | null;
  /** The rows of its web apps; empty if they could not be read. */
  webApplications: Array<SiteRowId>;
};

/** Discovery as the site has it. */
export type SiteDiscovery = {
  /** The site's own number for the kind of discovery (`AgentType`), where it was read. Its meaning is not documented. */
  agentType?: number | null;
  /** How often changes are read, in minutes. */
  deltaMinutes?: number | null;
  /** When everything is read. */
  fullSchedule?: Schedule | null;
  /** The full schedule as the site wrote it, where it was read, also where it is no single schedule. */
  fullScheduleText?: string | null;
  /** The groups, by their object ids in Entra, where they were read. Empty for user discovery. */
  groupIds?: Array<string>;
  /** The groups, by name. Empty for user discovery. */
  groupNames?: Array<string>;
  /** When changes were read last. */
  lastDeltaSync?: string | null;
  /** When everything was read last. */
  lastFullSync?: string | null;
};

/** A cloud management gateway that the site knows (`SMS_AzureService`). */
export type SiteGateway = {
  /** The row of the connection that it uses; `None` if the site does not say which. */
  connection?: SiteRowId | null;
  /** Its name. */
  name: string;
};

/** Where in its hierarchy a site is (`SMS_Site.ReportingSiteCode`). */
export type SiteHierarchy = "unknown" | "top" | {
  below: {
    /** The site code of the one above. */
    reportsTo: string;
  };
};

/** What tells one site from another in the description of a secret. */
export type SiteIdentity = string;

/** The site itself. What an implementation cannot tell stays unknown, and a plan says so. */
export type SiteInfo = {
  /** Where in its hierarchy the site is. Apps and their secrets belong to the site at the top. */
  hierarchy?: SiteHierarchy;
  /** What tells this site from another one; `None` if the implementation cannot tell. */
  identity?: SiteIdentity | null;
  /**
   * Whether the service connection point is online; `None` if that was not read. A gateway needs one that is
   * online.
   */
  isServiceConnectionPointOnline?: boolean | null;
  /** Whether the caller's rights suffice to write; `None` if that cannot be told beforehand. */
  mayWrite?: boolean | null;
  /** The version of the module ConfigurationManager that writes, if there is one and it was read. */
  moduleVersion?: string | null;
  /** The SMS Provider that was asked, if the implementation tells it. */
  provider?: string | null;
  /** The three-character site code. */
  siteCode: string;
  /**
   * Whether the site takes another secret for a server app that it knows, as
   * `ServerAppImport::Renew`. Default: it does not, since the product has a dialog
   * for this (*Renew Secret Key*) and no documented cmdlet.
   */
  takesRenewedSecrets?: boolean;
  /** The version, as `5.00.9128.1000`. */
  version: string;
};

/** The row id that a site gives to a tenant, an application or a connection. Large numbers are usual. */
export type SiteRowId = number;

/** Everything this job wants to know of a site, read in one go. */
export type SiteSnapshot = {
  /** The applications of all tenants. */
  applications: Array<SiteApplication>;
  /** The *Azure Services* node. */
  connections: Array<SiteConnection>;
  /** The *Cloud Management Gateway* node; `None` if it was not read. */
  gateways?: Array<SiteGateway> | null;
  /** The site itself. */
  info: SiteInfo;
  /** The *Microsoft Entra tenants* node. */
  tenants: Array<SiteTenant>;
  /** What the site has and the reader could not read. It is unknown, not absent. */
  unread?: Array<UnreadRow>;
};

/** One row of the *Microsoft Entra tenants* node. */
export type SiteTenant = {
  /** The cloud; `None` where the site's number for it is not known. */
  environment?: CloudEnvironment | null;
  /** The site's own name for that number (`SMS_AzureEnvironments.EnvironmentName`), where it has one. */
  environmentName?: string | null;
  /** The site's own number for the cloud (`Environment`), where it was read. */
  environmentNumber?: number | null;
  /** The row. */
  id: SiteRowId;
  /** The name as typed on import. */
  name: string;
  /** The Entra tenant. */
  tenantId: TenantId;
};

/** One step of the job, in the order of the run. Its name in JSON is stable. */
export type Step = "registerServerApp" | "registerClientApp" | "serverServicePrincipal" | "clientServicePrincipal" | "completeClientApp" | "setAppIdUri" | "issueSecret" | "shortenSecret" | "consentServerApp" | "consentUserRead" | "consentDirectoryRead" | "importTenant" | "importServerApp" | "importClientApp" | "createConnection" | "configureDiscovery" | "retireSecrets" | "removeConnection" | "removeServerApp" | "removeClientApp";

/** How a step ended. */
export type StepAction = "created" | "found" | "updated" | "unconfirmed" | "unchanged" | "differs" | "removed" | "restored" | "failed";

/** One step in a `Report`. */
export type StepReport = {
  /** What it came to. */
  action: StepAction;
  /** Ids of what it made or found, by name. */
  ids?: Record<string, string>;
  /** What is left to do by hand, or what went wrong. */
  note?: string | null;
  /** The writes that were answered, with the ids that Microsoft's support asks for. */
  requests?: Array<RequestTrace>;
  /** Which. */
  step: Step;
};

/** The tenant that the token belongs to. */
export type Tenant = {
  /** The name its people gave it. */
  displayName: string;
  /** The tenant's id. */
  id: TenantId;
  /** The domains that are the tenant's own. */
  verifiedDomains: Array<VerifiedDomain>;
};

/** A usual tenant check that will flag what the plan makes. */
export type TenantCheck = {
  /** The check, with its number if it has one. */
  check: string;
  /** What in this plan it flags. */
  flags: string;
  /** Why the product needs that; `None` if it does not, or if no source says. */
  neededFor?: string | null;
  /** What can be done about it; `None` if nothing can. */
  remedy?: string | null;
  /** Where the check is described. */
  source: string;
  /** Whose check: `Zero Trust Assessment` or `CISA SCuBA`. */
  suite: string;
};

/** The id of a Microsoft Entra tenant (the *Directory (tenant) ID* of the portal). */
export type TenantId = string;

/** A row that the site has and that could not be read, because of one of its properties. */
export type UnreadRow = {
  /** The class of the SMS Provider, as `SMS_AAD_Application_Ex`. */
  class: string;
  /** The property, as `ClientID`. */
  property: string;
  /** The row, if its id could be read. */
  row?: SiteRowId | null;
};

/** One kind of request that this job makes of Microsoft Graph. Writes stand before reads. The name in JSON is stable. */
export type Use = "registerApp" | "updateApp" | "issueSecret" | "removeSecret" | "createServicePrincipal" | "grantPermission" | "assignRole" | "removeApp" | "removeServicePrincipal" | "purge" | "readTenant" | "readRoles" | "readApps" | "readDeleted" | "readPermissionGrants" | "readRoleAssignments" | "readPolicy" | "readConditionalAccess" | "readGroups";

/** User discovery with its settings. */
export type UserDiscovery = {
  /** How often changes are read, in minutes. `None` leaves delta discovery to the product. */
  deltaMinutes?: number | null;
  /** When everything is read. `None` leaves it to the product. */
  fullSchedule?: Schedule | null;
};

/** What a run was asked to do. */
export type Verb = "preflight" | "check" | "verify" | "plan" | "planRemoval" | "apply" | "view" | "registrations" | "planRenewal" | "planSecretRemoval" | "onboard" | "remove" | "planSettingsUpdate" | "updateSettings" | "renewSecret" | "removeOldSecrets";

/** What verifying has found. */
export type Verification = {
  findings: Array<Finding>;
  /** Whether the registrations were compared. */
  isCompared: boolean;
  /**
   * Whether Microsoft Entra accepted id and secret; `None` if that was not tried or could not be found
   * out.
   */
  isSecretAccepted: boolean | null;
};

/** A domain that a tenant has proven to be its own. */
export type VerifiedDomain = {
  /** Whether it is the default for new users. */
  isDefault: boolean;
  /** Whether it is the `onmicrosoft.com` name the tenant began with. */
  isInitial: boolean;
  /** The domain. */
  name: string;
};

/**
 * One wrong field.
 *
 * Path, code, parameters and given value are the facts; message and help are made from them, in English. In JSON it is
 * `{"path", "code", "parameters", "given", "message", "help"}`; it is read without the texts or the parameters, too.
 */
export type Violation = {
  /** The rule that the field breaks. */
  code: ViolationCode;
  /** The value that was given, shortened; left out if nothing was given, or if the value is a secret. */
  given?: string | null;
  /** What to do about it, and where the right value is found. */
  help: string;
  /** What was given and what is expected instead. */
  message: string;
  /** The values of the rule by their stable names, as each code documents them. */
  parameters: Record<string, unknown>;
  /** Where the field is: `serverApp.create.appIdUri`. Empty for the document as a whole. */
  path: string;
};

/**
 * The rule that a field breaks. The name in JSON is stable, and so are the names of the parameters.
 *
 * Code, parameters and the given value together are the whole fact, and both texts of a violation are made from them.
 */
export type ViolationCode = "jsonInvalid" | "objectExpected" | "textExpected" | "flagExpected" | "wholeNumberExpected" | "textListExpected" | "oneChoiceExpected" | "fieldUnknown" | "nameMissing" | "nameInvalid" | "appNameMissing" | "appNameInvalid" | "descriptionInvalid" | "environmentUnknown" | "serverAppMissing" | "clientAppMissing" | "sameApp" | "clientIdMissing" | "clientIdInvalid" | "reusedClientIdMissing" | "reusedClientIdInvalid" | "tenantIdMissing" | "tenantIdInvalid" | "homePageUrlInvalid" | "appIdUriMissing" | "appIdUriTooLong" | "appIdUriTrailingSlash" | "appIdUriWildcard" | "appIdUriScheme" | "appIdUriNotAUri" | "secretValidityUnknown" | "secretValidityZero" | "ownerInvalid" | "secretKeyMissing" | "secretKeyEmpty" | "secretIdGiven" | "secretKeyExpiryMissing" | "secretKeyExpiryInvalid" | "discoveryEmpty" | "groupNamesMissing" | "groupNamedTwice" | "deltaMinutesZero" | "scheduleNotAToken" | "scheduleWordsUnclear" | "scheduleTypeUnknown" | "schedulePartOutOfRange" | "scheduleStartYearOutOfRange" | "scheduleDayUnknown" | "scheduleIntervalMixed" | "scheduleBitsMeaningless" | "schedulePartOfAMinute" | "scheduleMeansNoStart";

/** Settings of the *Web* platform. */
export type WebApplication = {
  /** *Home page URL*. */
  homePageUrl?: string | null;
  /** Which tokens the authorization endpoint may issue directly. */
  implicitGrantSettings?: ImplicitGrantSettings | null;
  /** *Redirect URIs* of the Web platform. */
  redirectUris?: Array<string> | null;
};

/** When a change runs. */
export type When = "always" | "ifNeeded" | "ifRefused";

/** Who may do it without any directory role, if the permissions suffice. It matters for people only. */
export type WithoutRole = "everyone" | "members" | "owners" | "noCaller";

/** Two templates of a `Catalogue`; as what a catalogue answers, the same with the values in their places. */
export type Wording = {
  /** What to do about it. */
  help: string;
  /** What is so. */
  message: string;
};

/** Whether an operation that failed has changed tenant or site. */
export type Written = "nothing" | "partial" | "unknown";
