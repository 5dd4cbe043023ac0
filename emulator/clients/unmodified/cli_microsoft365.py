"""CLI for Microsoft 365 as it is installed from its registry, against a running emulator: one line of JSON for each flow that was tried.

python cli_microsoft365.py CONFIGURATION FOLDER, where FOLDER/node_modules is what npm installed
"""

import json
import sys
import tempfile

from host_names import HostNames
from trying import GRAPH, NotHere, Program, holds, start, tried

CLIENT = "c11e4700-0000-4000-8000-000000000c11"


def flows(m365, emulator):
    app, principal = {}, {}

    def sign_in():
        m365("login", "--authType", "secret", "--appId", emulator.clientId, "--secret", emulator.clientSecret, "--tenant", emulator.tenantId)
        holds(m365("status")["appId"] == emulator.clientId, "signed in as another application")

    def wrong_secret():
        m365("logout")
        said = m365.refused("login", "--authType", "secret", "--appId", emulator.clientId, "--secret", "wrong", "--tenant", emulator.tenantId)
        holds("7000215" in said, said)
        sign_in()

    def create():
        app.update(m365("entra", "app", "add", "--name", "By the CLI", "--redirectUris", "http://localhost:3000/callback", "--platform", "web", "--withSecret",
                        "--uri", "api://_appId_", "--scopeName", "user_impersonation", "--scopeConsentBy", "adminsAndUsers",
                        "--scopeAdminConsentDisplayName", "Use", "--scopeAdminConsentDescription", "Use it."))
        holds(app["appId"] and app["secrets"][0]["value"], app)

    def consented():
        made = m365("entra", "app", "add", "--name", "With consent", "--apisDelegated", "https://graph.microsoft.com/User.Read",
                    "--apisApplication", "https://graph.microsoft.com/Directory.Read.All", "--grantAdminConsent")
        found = m365("entra", "enterpriseapp", "get", "--displayName", "With consent")
        grants = m365("entra", "oauth2grant", "list", "--spObjectId", found["id"])
        holds([one["scope"].strip() for one in grants] == ["User.Read"], grants)
        roles = m365("entra", "approleassignment", "list", "--appId", made["appId"])
        holds([one["roleName"] for one in roles] == ["Directory.Read.All"], roles)
        m365("entra", "approleassignment", "remove", "--appId", made["appId"], "--resource", "Microsoft Graph", "--scopes", "Directory.Read.All", "--force")
        m365("entra", "approleassignment", "add", "--appId", made["appId"], "--resource", "Microsoft Graph", "--scopes", "Organization.Read.All")
        roles = m365("entra", "approleassignment", "list", "--appId", made["appId"])
        holds([one["roleName"] for one in roles] == ["Organization.Read.All"], roles)
        m365("entra", "app", "remove", "--appId", made["appId"], "--force")

    def find():
        shown = m365("entra", "app", "get", "--name", "By the CLI")
        holds(shown["id"] == app["objectId"] and shown["identifierUris"] == [f"api://{app['appId']}"], shown)
        listed = [one["appId"] for one in m365("entra", "app", "list")]
        holds(app["appId"] in listed, listed)
        said = m365.refused("entra", "app", "get", "--appId", "11111111-1111-4111-8111-111111111111")
        holds("not found in Microsoft Entra ID" in said, said)

    def change():
        m365("entra", "app", "set", "--appId", app["appId"], "--redirectUris", "http://localhost:4000/callback", "--platform", "web", "--allowPublicClientFlows", "true")
        now = m365("entra", "app", "get", "--appId", app["appId"])
        holds(sorted(now["web"]["redirectUris"]) == ["http://localhost:3000/callback", "http://localhost:4000/callback"], now)
        holds(now["isFallbackPublicClient"], now)

    def roles():
        m365("entra", "app", "role", "add", "--appId", app["appId"], "--name", "Readers", "--description", "Read.", "--allowedMembers", "applications",
             "--claim", "Read")
        listed = m365("entra", "app", "role", "list", "--appId", app["appId"])
        holds([one["value"] for one in listed] == ["Read"], listed)
        m365("entra", "app", "role", "remove", "--appId", app["appId"], "--claim", "Read", "--force")
        holds(m365("entra", "app", "role", "list", "--appId", app["appId"]) == [], "the role is there")

    def permissions():
        m365("entra", "app", "permission", "add", "--appId", app["appId"], "--delegatedPermissions", "https://graph.microsoft.com/User.Read",
             "--applicationPermissions", "https://graph.microsoft.com/Directory.Read.All")
        listed = m365("entra", "app", "permission", "list", "--appId", app["appId"])
        holds({one["permission"] for one in listed} == {"User.Read", "Directory.Read.All"}, listed)
        m365("entra", "app", "permission", "remove", "--appId", app["appId"], "--applicationPermissions", "https://graph.microsoft.com/Directory.Read.All",
             "--force")
        listed = m365("entra", "app", "permission", "list", "--appId", app["appId"])
        holds({one["permission"] for one in listed} == {"User.Read"}, listed)

    def make_principal():
        principal.update(m365("entra", "enterpriseapp", "add", "--id", app["appId"]))
        found = m365("entra", "enterpriseapp", "get", "--id", app["appId"])
        holds(found["id"] == principal["id"], found)
        listed = [one["id"] for one in m365("entra", "enterpriseapp", "list")]
        holds(principal["id"] in listed, listed)

    def grant():
        resource = m365("request", "--url", f"@graph/servicePrincipals(appId='{GRAPH}')")["id"]
        m365("entra", "oauth2grant", "add", "--clientId", principal["id"], "--resourceId", resource, "--scope", "User.Read")
        made = m365("entra", "oauth2grant", "list", "--spObjectId", principal["id"])
        m365("entra", "oauth2grant", "set", "--grantId", made[0]["id"], "--scope", "User.Read Application.Read.All")
        now = m365("entra", "oauth2grant", "list", "--spObjectId", principal["id"])
        holds([one["scope"] for one in now] == ["User.Read Application.Read.All"], now)
        m365("entra", "oauth2grant", "remove", "--grantId", made[0]["id"], "--force")
        holds(m365("entra", "oauth2grant", "list", "--spObjectId", principal["id"]) == [], "the grant is there")

    def people():
        listed = m365("entra", "user", "list")
        holds(listed[0]["userPrincipalName"], listed)
        holds(m365("entra", "user", "get", "--id", listed[0]["id"])["id"] == listed[0]["id"], "another person is shown")

    def requests():
        listed = m365("request", "--url", "@graph/organization")
        holds(listed["value"][0]["id"] == emulator.tenantId, listed)

    def delete():
        m365("entra", "enterpriseapp", "remove", "--id", app["appId"], "--force")
        m365("entra", "app", "remove", "--appId", app["appId"], "--force")
        said = m365.refused("entra", "app", "get", "--appId", app["appId"])
        holds("not found in Microsoft Entra ID" in said, said)

    def device_code():
        m365("logout")
        m365.sign_in_with_code(emulator, "login", "--authType", "deviceCode", "--appId", CLIENT, "--tenant", emulator.tenantId)
        holds(m365("status")["connectedAs"].startswith("admin@"), "signed in as another person")
        holds(m365("request", "--url", "@graph/me")["userPrincipalName"].startswith("admin@"), "another person")

    def groups():
        said = m365.refused("entra", "group", "add", "--displayName", "A group", "--type", "security")
        holds("The emulator does not offer" in said, said)
        raise NotHere("501 notImplemented")

    return [
        ("login with a secret; status", sign_in), ("login with a wrong secret (AADSTS7000215)", wrong_secret),
        ("app add with App ID URI, scope, redirect URI and secret", create), ("app add with permissions and admin consent; approleassignment", consented),
        ("app get, list; not there", find), ("app set", change), ("app role add, list, remove", roles), ("app permission add, list, remove", permissions),
        ("enterpriseapp add, get, list", make_principal), ("oauth2grant add, list, set, remove", grant), ("user list, get", people),
        ("request", requests), ("group add", groups), ("enterpriseapp and app remove", delete), ("login with a device code", device_code),
    ]


def main():
    configuration, folder = sys.argv[1:3]
    with tempfile.TemporaryDirectory(prefix="cmg-cli-microsoft365-") as scratch, start(configuration) as emulator:
        with HostNames(emulator.address) as names:
            own = {"HOME": scratch, "XDG_CONFIG_HOME": scratch, "CLIMICROSOFT365_ENV": ""}
            m365 = Program(f"{folder}/node_modules/.bin/m365", {**names.environment(emulator.certificateFile), **own})
            m365("cli", "config", "set", "--key", "disableTelemetry", "--value", "true")
            m365("cli", "config", "set", "--key", "output", "--value", "json")
            m365("cli", "config", "set", "--key", "prompt", "--value", "false")
            with open(f"{folder}/node_modules/@pnp/cli-microsoft365/package.json", encoding="utf-8") as file:
                release = json.load(file)["version"]
            for flow, job in flows(m365, emulator):
                tried("@pnp/cli-microsoft365", flow, job, language="command line", release=release)


main()
