"""The contracts as documents for other programs: AsyncAPI of what travels through Kafka, OpenAPI of each service.

`python -m deploy.contracts` writes them beside this file; tests/contracts holds them to the code.
"""
