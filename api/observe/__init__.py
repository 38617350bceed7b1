"""The service seen from outside: metrics, log lines, request ids and trace context."""
