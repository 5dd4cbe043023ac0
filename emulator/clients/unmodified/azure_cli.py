"""The Azure CLI as it is installed from its registry, against a running emulator: one line of JSON for each flow that was tried.

python azure_cli.py CONFIGURATION FOLDER, where FOLDER/bin/az is the program
"""

import json
import sys
import tempfile

from host_names import HostNames
from trying import DIRECTORY_READ_ALL, GRAPH, USER_READ, NotHere, Program, holds, start, tried

V1 = "https://graph.microsoft.com/v1.0"


def application_flows(az, names):
    """Signed in as an application: an app with all that belongs to it, made and deleted by the CLI's own commands."""
    app, principal = {}, {}

    def create():
        app.update(az("ad", "app", "create", "--display-name", "By the CLI", "--sign-in-audience", "AzureADMyOrg",
                      "--web-redirect-uris", "http://localhost:3000/callback", "--enable-id-token-issuance", "true",
                      "--required-resource-accesses", json.dumps([
                          {"resourceAppId": GRAPH, "resourceAccess": [{"id": USER_READ, "type": "Scope"}]}])))
        holds(app["displayName"] == "By the CLI" and app["web"]["redirectUris"] == ["http://localhost:3000/callback"], app)

    def find():
        for words in (["--display-name", "By the"], ["--filter", "startswith(displayName,'By the')"], ["--app-id", app["appId"]], ["--all"]):
            found = [one["appId"] for one in az("ad", "app", "list", *words)]
            holds(app["appId"] in found, found)
        holds(az("ad", "app", "list", "--filter", "displayName eq 'another'") == [], "an app of another name is found")
        holds(az("ad", "app", "show", "--id", app["appId"])["id"] == app["id"], "another app is shown")
        said = az.refused("ad", "app", "show", "--id", "11111111-1111-4111-8111-111111111111")
        holds("does not exist" in said, said)

    def change():
        scope = {"oauth2PermissionScopes": [{
            "id": "0a5c0000-0000-4000-8000-000000000001", "value": "user_impersonation", "type": "User", "isEnabled": True,
            "adminConsentDisplayName": "Use", "adminConsentDescription": "Use it.",
        }]}
        roles = [{"displayName": "Reader", "description": "Reads.", "value": "Read", "allowedMemberTypes": ["Application"]}]
        az("ad", "app", "update", "--id", app["appId"], "--identifier-uris", f"api://{app['appId']}", "--set", f"api={json.dumps(scope)}")
        az("ad", "app", "update", "--id", app["appId"], "--app-roles", json.dumps(roles), "--is-fallback-public-client", "true")
        now = az("ad", "app", "show", "--id", app["appId"])
        holds(now["identifierUris"] == [f"api://{app['appId']}"] and now["isFallbackPublicClient"], now)
        holds(now["appRoles"][0]["value"] == "Read" and now["api"]["oauth2PermissionScopes"][0]["value"] == "user_impersonation", now)

    def secrets():
        first = az("ad", "app", "credential", "reset", "--id", app["appId"], "--display-name", "one", "--years", "1")
        app["secret"] = first["password"]
        az("ad", "app", "credential", "reset", "--id", app["appId"], "--append", "--display-name", "two")
        listed = az("ad", "app", "credential", "list", "--id", app["appId"])
        holds(sorted(one["displayName"] for one in listed) == ["one", "two"], listed)
        two = next(one["keyId"] for one in listed if one["displayName"] == "two")
        az("ad", "app", "credential", "delete", "--id", app["appId"], "--key-id", two)
        listed = az("ad", "app", "credential", "list", "--id", app["appId"])
        holds([one["displayName"] for one in listed] == ["one"], listed)

    def certificate():
        az("ad", "app", "credential", "reset", "--id", app["appId"], "--append", "--create-cert")
        listed = az("ad", "app", "credential", "list", "--id", app["appId"], "--cert")
        holds(len(listed) == 1 and listed[0]["customKeyIdentifier"] and listed[0]["key"] is None, listed)

    def make_principal():
        principal.update(az("ad", "sp", "create", "--id", app["appId"]))
        holds(az("ad", "sp", "show", "--id", app["appId"])["id"] == principal["id"], "another service principal is shown")
        found = az("ad", "sp", "list", "--filter", f"appId eq '{app['appId']}'")
        holds([one["id"] for one in found] == [principal["id"]], found)
        az("ad", "sp", "update", "--id", principal["id"], "--set", "appRoleAssignmentRequired=true")
        holds(az("ad", "sp", "show", "--id", principal["id"])["appRoleAssignmentRequired"], "not changed")

    def principal_secrets():
        az("ad", "sp", "credential", "reset", "--id", principal["id"], "--append", "--display-name", "its own")
        listed = az("ad", "sp", "credential", "list", "--id", principal["id"])
        holds("its own" in [one["displayName"] for one in listed], listed)
        for one in listed:
            az("ad", "sp", "credential", "delete", "--id", principal["id"], "--key-id", one["keyId"])
        holds(az("ad", "sp", "credential", "list", "--id", principal["id"]) == [], "a secret is left")

    def permissions():
        az("ad", "app", "permission", "add", "--id", app["appId"], "--api", GRAPH, "--api-permissions", f"{DIRECTORY_READ_ALL}=Role")
        listed = az("ad", "app", "permission", "list", "--id", app["appId"])
        holds({one["id"] for one in listed[0]["resourceAccess"]} == {USER_READ, DIRECTORY_READ_ALL}, listed)
        az("ad", "app", "permission", "delete", "--id", app["appId"], "--api", GRAPH, "--api-permissions", DIRECTORY_READ_ALL)
        listed = az("ad", "app", "permission", "list", "--id", app["appId"])
        holds([one["id"] for one in listed[0]["resourceAccess"]] == [USER_READ], listed)

    def grant():
        az("ad", "app", "permission", "grant", "--id", app["appId"], "--api", GRAPH, "--scope", "User.Read")
        listed = az("ad", "app", "permission", "list-grants", "--id", app["appId"], "--show-resource-name")
        holds([(one["scope"], one["consentType"]) for one in listed] == [("User.Read", "AllPrincipals")], listed)

    def role():
        resource = az("ad", "sp", "show", "--id", GRAPH)["id"]
        body = {"principalId": principal["id"], "resourceId": resource, "appRoleId": DIRECTORY_READ_ALL}
        made = az("rest", "--method", "post", "--url", f"{V1}/servicePrincipals/{principal['id']}/appRoleAssignments", "--body", json.dumps(body))
        holds(made["principalId"] == principal["id"], made)
        listed = az("rest", "--url", f"{V1}/servicePrincipals/{principal['id']}/appRoleAssignments")
        holds([one["id"] for one in listed["value"]] == [made["id"]], listed)

    def owners():
        person = az("ad", "user", "list")[0]["id"]
        az("ad", "app", "owner", "add", "--id", app["appId"], "--owner-object-id", person)
        listed = [one["id"] for one in az("ad", "app", "owner", "list", "--id", app["appId"])]
        holds(person in listed, listed)
        az("ad", "app", "owner", "remove", "--id", app["appId"], "--owner-object-id", person)
        listed = [one["id"] for one in az("ad", "app", "owner", "list", "--id", app["appId"])]
        holds(person not in listed, listed)
        az("ad", "sp", "owner", "list", "--id", principal["id"])

    def federated():
        given = {"name": "pipeline", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:contoso/x:ref:refs/heads/main",
                 "audiences": ["api://AzureADTokenExchange"]}
        made = az("ad", "app", "federated-credential", "create", "--id", app["appId"], "--parameters", json.dumps(given))
        given["subject"] = "repo:contoso/x:environment:live"
        az("ad", "app", "federated-credential", "update", "--id", app["appId"], "--federated-credential-id", made["id"], "--parameters", json.dumps(given))
        shown = az("ad", "app", "federated-credential", "show", "--id", app["appId"], "--federated-credential-id", "pipeline")
        holds(shown["subject"] == given["subject"], shown)
        az("ad", "app", "federated-credential", "delete", "--id", app["appId"], "--federated-credential-id", made["id"])
        holds(az("ad", "app", "federated-credential", "list", "--id", app["appId"]) == [], "one is left")

    def for_automation():
        made = az("ad", "sp", "create-for-rbac", "--display-name", "For automation")
        holds(made["password"] and made["appId"], made)
        az("ad", "sp", "delete", "--id", made["appId"])
        az("ad", "app", "delete", "--id", made["appId"])

    def people():
        person = az("ad", "user", "list")[0]
        holds(az("ad", "user", "show", "--id", person["userPrincipalName"])["id"] == person["id"], person)

    def token():
        made = az("account", "get-access-token", "--resource-type", "ms-graph")
        holds(made["tokenType"] == "Bearer" and made["accessToken"], "no token")

    def delete():
        az("ad", "sp", "delete", "--id", principal["id"])
        az("ad", "app", "delete", "--id", app["appId"])
        deleted = az("rest", "--url", f"{V1}/directory/deletedItems/microsoft.graph.application")
        holds(app["id"] in [one["id"] for one in deleted["value"]], deleted)
        az("rest", "--method", "post", "--url", f"{V1}/directory/deletedItems/{app['id']}/restore")
        az("ad", "app", "delete", "--id", app["appId"])
        az("rest", "--method", "delete", "--url", f"{V1}/directory/deletedItems/{app['id']}")
        holds(az("ad", "app", "list", "--app-id", app["appId"]) == [], "the app is there")

    def admin_consent():
        before = len(names.refused)
        az.refused("ad", "app", "permission", "admin-consent", "--id", app["appId"])
        asked = names.refused[before:]
        holds(any("main.iam.ad.ext.azure.com" in one for one in asked), asked)
        raise NotHere("it asks main.iam.ad.ext.azure.com, an interface of the portal; `permission grant` and `az rest` are here")

    def groups():
        holds(az("ad", "group", "list") == [], "there are groups")
        said = az.refused("ad", "group", "create", "--display-name", "A group", "--mail-nickname", "group")
        holds("The emulator does not offer" in said, said)
        raise NotHere("`group list` is; `group create` is told 501 notImplemented")

    return app, [
        ("app create with redirect URIs and permissions", create), ("app list by name, filter and id; show; not there", find),
        ("app update: App ID URI, scope, roles, public client", change), ("app credential reset, append, list, delete", secrets),
        ("app credential reset with a certificate", certificate), ("sp create, show, list with filter, update", make_principal),
        ("sp credential reset, list, delete", principal_secrets), ("permission add, list, delete", permissions),
        ("permission grant, list-grants", grant), ("rest: app role assignment", role), ("owner add, list, remove", owners),
        ("federated-credential create, update, show, delete", federated), ("sp create-for-rbac, delete", for_automation),
        ("user list, show", people), ("get-access-token", token), ("permission admin-consent", admin_consent), ("group list, create", groups),
        ("sp and app delete; rest: deleted items, restore, purge", delete),
    ]


def device_code(az, emulator):
    az.sign_in_with_code(emulator, "login", "--use-device-code", "--tenant", emulator.tenantId, "--skip-subscription-discovery")
    person = az("ad", "signed-in-user", "show")
    app = az("ad", "app", "create", "--display-name", "Of a person")
    holds(app["appId"] in [one["appId"] for one in az("ad", "app", "list", "--show-mine")], "not among the person's own apps")
    holds(person["userPrincipalName"].startswith("admin@"), person)
    owned = az("ad", "signed-in-user", "list-owned-objects", "--type", "application")
    holds(app["id"] in [one["id"] for one in owned], owned)
    az("ad", "app", "delete", "--id", app["appId"])


def registered(az, emulator):
    """Without Microsoft's host names and the proxy: a cloud of one's own."""
    host = emulator.address
    az("cloud", "register", "--name", "Emulator", "--skip-endpoint-discovery", "--endpoint-active-directory", host,
       "--endpoint-active-directory-resource-id", "https://management.core.windows.net/", "--endpoint-active-directory-graph-resource-id", f"{host}/",
       "--endpoint-resource-manager", f"{host}/", "--endpoint-microsoft-graph-resource-id", f"{host}/")
    az("cloud", "set", "--name", "Emulator")
    az("config", "set", "core.instance_discovery=false")
    az("login", "--service-principal", "--username", emulator.clientId, f"--password={emulator.clientSecret}", "--tenant", emulator.tenantId,
       "--skip-subscription-discovery")
    app = az("ad", "app", "create", "--display-name", "In a cloud of its own")
    holds([one["id"] for one in az("ad", "app", "list", "--all")].count(app["id"]) == 1, "not listed")
    az("ad", "app", "delete", "--id", app["appId"])


def main():
    configuration, folder = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="cmg-azure-cli-") as scratch, start(configuration) as emulator:
        with HostNames(emulator.address) as names:
            own = {"AZURE_CONFIG_DIR": f"{scratch}/az", "HOME": scratch, "AZURE_CORE_COLLECT_TELEMETRY": "no", "AZURE_CORE_ONLY_SHOW_ERRORS": "yes"}
            az = Program(f"{folder}/bin/az", {**names.environment(emulator.certificateFile), **own})
            release = az("version")["azure-cli"]

            def tell(flow, job):
                tried("azure-cli", flow, job, release=release, language="command line")

            def sign_in(application, secret):
                az("login", "--service-principal", "--username", application, f"--password={secret}", "--tenant", emulator.tenantId,
                   "--skip-subscription-discovery")

            tell("login --service-principal with a secret", lambda: sign_in(emulator.clientId, emulator.clientSecret))
            app, flows = application_flows(az, names)
            for flow, job in flows[:-1]:
                tell(flow, job)

            def own_secret():
                az("logout")
                sign_in(app["appId"], app["secret"])
                az("logout")
                sign_in(emulator.clientId, emulator.clientSecret)

            def wrong_secret():
                said = az.refused("login", "--service-principal", "--username", app["appId"], "--password=wrong", "--tenant", emulator.tenantId,
                                  "--skip-subscription-discovery")
                holds("AADSTS7000215" in said, said)

            tell("login with the secret that it made", own_secret)
            tell("login with a wrong secret (AADSTS7000215)", wrong_secret)
            tell(*flows[-1])
            tell("login --use-device-code; apps of one's own", lambda: device_code(az, emulator))
        own["REQUESTS_CA_BUNDLE"] = emulator.certificateFile
        own["AZURE_CONFIG_DIR"] = f"{scratch}/registered"
        tell("cloud register; login, app create, list, delete", lambda: registered(Program(az.path, own), emulator))


main()
