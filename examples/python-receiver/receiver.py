"""The least that a receiver of webhooks must do: verify the raw body, and handle each event once."""

import os
import sqlite3

from flask import Flask, request
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
database = os.environ.get("DATABASE", "receiver.sqlite")
app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 4 * 1024 * 1024

with sqlite3.connect(database) as db:
    db.execute("create table if not exists seen (id text primary key)")
    db.execute("create table if not exists orders (order_id text)")


@app.post("/hooks")
def hooks():
    try:
        # the bytes as they came: request.json would parse them
        event = webhook.verify(request.get_data(), dict(request.headers))
    except WebhookVerificationError:
        return "the signature is wrong, or its time is more than 5 minutes off", 401
    event_id = request.headers["webhook-id"]
    if event_id.startswith("test_"):
        return "", 204
    # one transaction: the event is seen if and only if its work is done
    with sqlite3.connect(database) as db:
        new = db.execute("insert or ignore into seen (id) values (?)", (event_id,)).rowcount == 1
        if new and event["type"] == "order.created":
            db.execute("insert into orders (order_id) values (?)", (event["data"]["orderId"],))
    return "", 204


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "3000")))
