"""Ask about one person with types generated from the schema of SECURITY."""

import os

import httpx
import security
from sgqlc.operation import Operation
from sgqlc.types import Arg, Variable, non_null

operation = Operation(security.Query, name="Person", variables={"id": Arg(non_null(security.ID))})
account = operation.social_account(id=Variable("id"))
account.display_name()
account.messenger_link.account.usage.active_days28()

response = httpx.post(
    f"{os.environ['GATEWAY_URL']}/graphql",
    json={"query": str(operation), "variables": {"id": "sa_80000001"}},
    headers={
        "Authorization": f"Bearer {os.environ['GATEWAY_TOKEN']}",
        "Gateway-Purpose": "SECURITY",
        "Accept": "application/graphql-response+json",
    },
)
body = response.json()
if "errors" in body:
    raise SystemExit(body["errors"][0]["extensions"]["code"])
found = (operation + body).social_account
print(found.display_name, found.messenger_link.account.usage.active_days28)
