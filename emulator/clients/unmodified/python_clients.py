"""Unmodified clients for Python against a running emulator: one line of JSON for each flow that was tried."""

import sys

from trying import holds, start, tried

SERVER = "5e4e7000-0000-4000-8000-0000000005e4"
CLIENT = "c11e4700-0000-4000-8000-000000000c11"
RESOURCE = "api://c0170505-0000-4000-8000-00000000c0de/ConfigMgrService"
SECRET = "emulator-only~server-secret"


def msal_flows(emulator, authority, certificate):
    import msal

    def application(client_id, secret=None):
        given = {"authority": authority, "verify": certificate, "instance_discovery": False}
        if secret is None:
            return msal.PublicClientApplication(client_id, **given)
        return msal.ConfidentialClientApplication(client_id, client_credential=secret, **given)

    def client_secret():
        answer = application(SERVER, SECRET).acquire_token_for_client(["https://graph.microsoft.com/.default"])
        holds("access_token" in answer, answer)

    def wrong_secret():
        answer = application(SERVER, "wrong").acquire_token_for_client(["https://graph.microsoft.com/.default"])
        holds(7000215 in answer.get("error_codes", []), answer)

    def device_code():
        client = application(CLIENT)
        flow = client.initiate_device_flow([RESOURCE + "/user_impersonation"])
        emulator.ask("POST", f"device-codes/{flow['user_code']}/approve")
        answer = client.acquire_token_by_device_flow(flow)
        holds("access_token" in answer, answer)
        account = client.get_accounts()[0]
        again = client.acquire_token_silent([RESOURCE + "/user_impersonation"], account, force_refresh=True)
        holds(again and "access_token" in again, again)

    def consent_missing():
        flow = application(CLIENT).initiate_device_flow(["https://graph.microsoft.com/Application.ReadWrite.All"])
        emulator.ask("POST", f"device-codes/{flow['user_code']}/approve")
        answer = application(CLIENT).acquire_token_by_device_flow(flow)
        holds(65001 in answer.get("error_codes", []), answer)

    def on_behalf_of():
        client = application(CLIENT)
        flow = client.initiate_device_flow([RESOURCE + "/user_impersonation"])
        emulator.ask("POST", f"device-codes/{flow['user_code']}/approve")
        token = client.acquire_token_by_device_flow(flow)["access_token"]
        answer = application(SERVER, SECRET).acquire_token_on_behalf_of(token, ["https://graph.microsoft.com/User.Read"])
        holds("access_token" in answer, answer)

    tried("msal", "client secret", client_secret)
    tried("msal", "wrong secret (AADSTS7000215)", wrong_secret)
    tried("msal", "device code, refresh", device_code)
    tried("msal", "missing consent (AADSTS65001)", consent_missing)
    tried("msal", "on behalf of", on_behalf_of)


def identity_flows(emulator, host, certificate):
    from azure.identity import ClientSecretCredential, DeviceCodeCredential

    given = {"authority": host, "connection_verify": certificate, "disable_instance_discovery": True}

    def client_secret():
        tenant = emulator.environment["tenantId"]
        credential = ClientSecretCredential(tenant, SERVER, SECRET, **given)
        holds(credential.get_token("https://graph.microsoft.com/.default").token, "no token")

    def device_code():
        def approve(_, user_code, __):
            emulator.ask("POST", f"device-codes/{user_code}/approve")

        credential = DeviceCodeCredential(CLIENT, tenant_id=emulator.environment["tenantId"], prompt_callback=approve, **given)
        holds(credential.get_token(RESOURCE + "/user_impersonation").token, "no token")

    tried("azure-identity", "client secret", client_secret)
    tried("azure-identity", "device code", device_code)


def main():
    with start(sys.argv[1]) as emulator:
        certificate = emulator.environment["certificateFile"]
        host = emulator.environment["address"]
        msal_flows(emulator, f"{host}/{emulator.environment['tenantId']}", certificate)
        identity_flows(emulator, host, certificate)


main()
