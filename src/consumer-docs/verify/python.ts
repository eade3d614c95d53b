// Verification in Python. test/consumer-docs runs it.
export const python = `import base64
import hashlib
import hmac
import re
import time

TOLERANCE_SECONDS = 300


def verify(headers, body, secrets):
    """headers: names in lower case. body: the bytes as they arrived, before any parsing.
    secrets: the one of your endpoint; during a rotation also the one before. Raises ValueError if not genuine."""
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "").split(" ")
    if not re.fullmatch(r"[^.]+", webhook_id) or not re.fullmatch(r"[1-9][0-9]{0,11}", timestamp):
        raise ValueError("missing or malformed headers")
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        raise ValueError("too old, or the clock is wrong")
    content = f"{webhook_id}.{timestamp}.".encode() + body
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        right = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(right.encode(), signature.encode()) for signature in signatures):
            return webhook_id  # the same on every retry: drop what you have
    raise ValueError("no signature matches")
`;
