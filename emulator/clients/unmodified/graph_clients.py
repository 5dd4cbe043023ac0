"""Clients of Microsoft Graph for Python against a running emulator: one line of JSON for each flow that was tried.

python graph_clients.py CONFIGURATION. They are given nothing but a tenant, an application and a secret: the hosts are those that they have
compiled in.
"""

import asyncio
import os
import sys
import urllib.error
import urllib.request

from host_names import HostNames
from trying import DIRECTORY_READ_ALL, GRAPH, USER_READ, holds, start, tried

V1 = "https://graph.microsoft.com/v1.0"
DEFAULT = "https://graph.microsoft.com/.default"
CALLBACK = "http://localhost:8400/callback"


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def sent_back_to(address):
    """Where a browser is sent after a person signed in at this address."""
    try:
        urllib.request.build_opener(Stay()).open(address, timeout=20)
    except urllib.error.HTTPError as answer:
        if answer.code in (302, 303):
            return answer.headers["location"]
        raise
    raise AssertionError("the sign-in page sends no browser back")


def o365_flows(emulator):
    from O365 import Account
    from O365.utils.token import MemoryTokenBackend

    def account(application, secret, **more):
        return Account((application, secret), tenant_id=emulator.tenantId, token_backend=MemoryTokenBackend(), **more)

    def automation(secret=emulator.clientSecret):
        return account(emulator.clientId, secret, auth_flow_type="credentials")

    def signed_in():
        signed = automation()
        holds(signed.authenticate(requested_scopes=[DEFAULT]), "not signed in")
        return signed

    def wrong_secret():
        holds(not automation("wrong").authenticate(requested_scopes=[DEFAULT]), "signed in with a wrong secret")

    def people():
        listed = list(signed_in().directory(resource="").get_users())
        holds(listed and listed[0].user_principal_name, listed)

    def life():
        connection = signed_in().connection
        app = connection.post(f"{V1}/applications", {"displayName": "By O365"}).json()
        principal = connection.post(f"{V1}/servicePrincipals", {"appId": app["appId"]}).json()
        secret = connection.post(f"{V1}/applications/{app['id']}/addPassword", {"passwordCredential": {"displayName": "one"}}).json()
        holds(secret["secretText"], secret)
        found = connection.get(f"{V1}/applications", params={"$filter": "displayName eq 'By O365'", "$select": "id"}).json()["value"]
        holds([one["id"] for one in found] == [app["id"]], found)
        connection.patch(f"{V1}/applications/{app['id']}", {"notes": "x"})
        holds(connection.get(f"{V1}/applications/{app['id']}").json()["notes"] == "x", "not changed")
        connection.delete(f"{V1}/servicePrincipals/{principal['id']}")
        connection.delete(f"{V1}/applications/{app['id']}")

    def person():
        connection = signed_in().connection
        app = connection.post(f"{V1}/applications", {"displayName": "Web", "web": {"redirectUris": [CALLBACK]}}).json()
        principal = connection.post(f"{V1}/servicePrincipals", {"appId": app["appId"]}).json()
        graph = connection.get(f"{V1}/servicePrincipals(appId='{GRAPH}')").json()
        connection.post(f"{V1}/oauth2PermissionGrants", {
            "clientId": principal["id"], "resourceId": graph["id"], "consentType": "AllPrincipals", "scope": "User.Read",
        })
        secret = connection.post(f"{V1}/applications/{app['id']}/addPassword", {}).json()["secretText"]
        web = account(app["appId"], secret)
        address, flow = web.get_authorization_url(["https://graph.microsoft.com/User.Read"], redirect_uri=CALLBACK)
        holds(web.request_token(sent_back_to(address), flow=flow), "no token")
        holds(web.connection.refresh_token(), "not refreshed")
        holds(web.directory(resource="me").get_current_user().user_principal_name.startswith("admin@"), "another person")

    return [
        ("client secret", signed_in), ("wrong secret", wrong_secret), ("directory: people", people),
        ("create, find, change and delete an app with a secret", life), ("authorization code (PKCE), refresh, the person", person),
    ]


def msgraph_flows(emulator):
    from azure.identity import ClientSecretCredential
    from kiota_abstractions.base_request_configuration import RequestConfiguration
    from msgraph import GraphServiceClient
    from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
    from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
    from msgraph.generated.models.api_application import ApiApplication
    from msgraph.generated.models.app_role_assignment import AppRoleAssignment
    from msgraph.generated.models.application import Application
    from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.password_credential import PasswordCredential
    from msgraph.generated.models.permission_scope import PermissionScope
    from msgraph.generated.models.required_resource_access import RequiredResourceAccess
    from msgraph.generated.models.resource_access import ResourceAccess
    from msgraph.generated.models.service_principal import ServicePrincipal
    from uuid import UUID

    def client(secret=emulator.clientSecret):
        return GraphServiceClient(ClientSecretCredential(emulator.tenantId, emulator.clientId, secret), [DEFAULT])

    def running(job):
        return lambda: asyncio.run(job(client()))

    async def organization(graph):
        found = (await graph.organization.get()).value
        holds([one.id for one in found] == [emulator.tenantId], found)

    async def made(graph, name):
        scope = PermissionScope(
            id=UUID("0a5c0000-0000-4000-8000-000000000001"), value="user_impersonation", type="User", is_enabled=True,
            admin_consent_display_name="Use", admin_consent_description="Use it.",
        )
        permission = RequiredResourceAccess(resource_app_id=GRAPH, resource_access=[ResourceAccess(id=UUID(USER_READ), type="Scope")])
        return await graph.applications.post(Application(
            display_name=name, api=ApiApplication(oauth2_permission_scopes=[scope]), required_resource_access=[permission],
        ))

    async def app(graph):
        one = await made(graph, "By the SDK")
        await graph.applications.by_application_id(one.id).patch(Application(notes="x", identifier_uris=[f"api://{one.app_id}"]))
        secret = await graph.applications.by_application_id(one.id).add_password.post(
            AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="one")))
        holds(secret.secret_text and secret.key_id, secret)
        now = await graph.applications_with_app_id(one.app_id).get()
        holds(now.notes == "x" and now.identifier_uris == [f"api://{one.app_id}"], now)
        holds(now.password_credentials[0].key_id == secret.key_id, now.password_credentials)

    async def principal(graph):
        one = await made(graph, "With consent")
        own = await graph.service_principals.post(ServicePrincipal(app_id=one.app_id))
        resource = await graph.service_principals_with_app_id(GRAPH).get()
        grant = await graph.oauth2_permission_grants.post(OAuth2PermissionGrant(
            client_id=own.id, resource_id=resource.id, consent_type="AllPrincipals", scope="User.Read"))
        await graph.oauth2_permission_grants.by_o_auth2_permission_grant_id(grant.id).patch(OAuth2PermissionGrant(scope="User.Read Application.Read.All"))
        role = await graph.service_principals.by_service_principal_id(own.id).app_role_assignments.post(AppRoleAssignment(
            principal_id=UUID(own.id), resource_id=UUID(resource.id), app_role_id=UUID(DIRECTORY_READ_ALL)))
        listed = (await graph.service_principals.by_service_principal_id(own.id).app_role_assignments.get()).value
        holds([other.id for other in listed] == [role.id], listed)
        grants = (await graph.service_principals.by_service_principal_id(own.id).oauth2_permission_grants.get()).value
        holds([other.scope for other in grants] == ["User.Read Application.Read.All"], grants)
        await graph.service_principals.by_service_principal_id(own.id).app_role_assignments.by_app_role_assignment_id(role.id).delete()
        await graph.oauth2_permission_grants.by_o_auth2_permission_grant_id(grant.id).delete()
        await graph.service_principals.by_service_principal_id(own.id).delete()

    async def found(graph):
        query = ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters(
            filter="startswith(displayName,'By the')", count=True, select=["id", "displayName"], top=5)
        order = RequestConfiguration(query_parameters=query)
        order.headers.add("ConsistencyLevel", "eventual")
        page = await graph.applications.get(request_configuration=order)
        holds([one.display_name for one in page.value] == ["By the SDK"] and page.odata_count == 1, page)

    async def deleted(graph):
        one = await made(graph, "To be deleted")
        await graph.applications.by_application_id(one.id).delete()
        try:
            await graph.applications.by_application_id(one.id).get()
            raise AssertionError("it is there")
        except ODataError as error:
            holds(error.response_status_code == 404 and error.error.code == "Request_ResourceNotFound", error)
        kept = await graph.directory.deleted_items.by_directory_object_id(one.id).get()
        holds(isinstance(kept, Application) and kept.app_id == one.app_id, type(kept))
        back = await graph.directory.deleted_items.by_directory_object_id(one.id).restore.post()
        holds(isinstance(back, Application), type(back))
        await graph.applications.by_application_id(one.id).delete()
        await graph.directory.deleted_items.by_directory_object_id(one.id).delete()

    def wrong_secret():
        from azure.core.exceptions import ClientAuthenticationError

        try:
            asyncio.run(organization(client("wrong")))
        except ClientAuthenticationError as error:
            return holds("AADSTS7000215" in str(error), error)
        raise AssertionError("signed in with a wrong secret")

    return [
        ("client secret, organization", running(organization)), ("wrong secret (AADSTS7000215)", wrong_secret),
        ("create, change and read an app with a scope and a secret", running(app)), ("list with $filter, $count and $select", running(found)),
        ("service principal, grant, app role assignment", running(principal)), ("delete, not there, deleted items, restore, purge", running(deleted)),
    ]


def main():
    with start(sys.argv[1]) as emulator, HostNames(emulator.address) as names:
        os.environ.update(names.environment(emulator.certificateFile))
        for client, flows in (("o365", o365_flows), ("msgraph-sdk", msgraph_flows)):
            for flow, job in flows(emulator):
                tried(client, flow, job)


main()
