"""What clients rely on: the OpenAPI document, forms of answers, entity tags, repeated requests."""
