"""The machinery: database, outbox, relay, supervisor, live hub, manifests. Knows no business."""
