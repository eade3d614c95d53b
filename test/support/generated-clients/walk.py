# Uses the generated Python client: tenant, endpoint, event, list, replay. Prints the id of the event.
import os
import time

from posthorn_client import AuthenticatedClient
from posthorn_client.api.deliveries import get_delivery, list_deliveries, replay_delivery
from posthorn_client.api.endpoints import create_endpoint
from posthorn_client.api.events import post_event
from posthorn_client.api.tenants import change_tenant, create_tenant, get_tenant
from posthorn_client.models import (
    CommandReason,
    DeliveryStatus,
    NewEndpoint,
    NewEvent,
    NewTenant,
    Problem,
    RetrySchedule,
    TenantChange,
)

client = AuthenticatedClient(base_url=os.environ["POSTHORN_URL"], token=os.environ["POSTHORN_API_KEY"])

tenant = create_tenant.sync(client=client, body=NewTenant(name="Python"), idempotency_key=os.environ["WALK"])
again = create_tenant.sync(client=client, body=NewTenant(name="Python"), idempotency_key=os.environ["WALK"])
assert tenant.id == again.id, (tenant, again)

late = change_tenant.sync(tenant.id, client=client, body=TenantChange(name="Changed"), if_match='"stale"')
assert isinstance(late, Problem) and late.code == "precondition_failed", late
changed = change_tenant.sync(tenant.id, client=client, body=TenantChange(name="Changed"), if_match=tenant.etag)
assert changed.name == "Changed" and changed.etag != tenant.etag, changed

hook = NewEndpoint(url=os.environ["RECEIVER_URL"], event_types=["order.*"], retry=RetrySchedule(schedule=["1s"]))
endpoint = create_endpoint.sync(tenant.id, client=client, body=hook)
assert endpoint.secret.startswith("whsec_"), endpoint

refused = create_endpoint.sync(tenant.id, client=client, body=NewEndpoint(url="http://10.0.0.1/"))
assert isinstance(refused, Problem) and refused.errors[0].path == "url", refused
assert get_tenant.sync("nobody", client=client).status == 404

event = post_event.sync(tenant.id, client=client, body=NewEvent(type_="order.created", data={"orderId": 1001}))
assert event.duplicate is False, event


def delivery():
    finished = [DeliveryStatus.SUCCEEDED, DeliveryStatus.DEAD_LETTERED]
    page = list_deliveries.sync(client=client, tenant=tenant.id, endpoint=endpoint.id, status=finished, limit=10)
    return page.data[0] if page.data else None


deadline = time.monotonic() + 60
while delivery() is None and time.monotonic() < deadline:
    time.sleep(0.05)
first = delivery()
assert first.status == DeliveryStatus.SUCCEEDED and first.event == event.id, first

replayed = replay_delivery.sync(first.id, client=client, body=CommandReason(reason="a test"))
assert replayed.round_ == 2, replayed
while get_delivery.sync(first.id, client=client).status != DeliveryStatus.SUCCEEDED and time.monotonic() < deadline:
    time.sleep(0.05)
print(event.id)
