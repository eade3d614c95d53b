import base64
import sys

from webhook import verify

for line in sys.stdin.read().splitlines():
    webhook_id, timestamp, signature, secrets, body = line.split("\t")
    headers = {"webhook-id": webhook_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
    try:
        print(verify(headers, base64.b64decode(body), secrets.split(" ")))
    except ValueError:
        print("-")
