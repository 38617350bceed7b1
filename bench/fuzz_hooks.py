"""What schemathesis is told beside the document: a body of JSON lines is sent as it is."""

from __future__ import annotations

import schemathesis

schemathesis.serializer.alias(["application/x-ndjson", "application/jsonl"], "text/plain")
