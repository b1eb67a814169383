"""Containers: what goes into the images, what starts beside them, and Kafka and PostgreSQL for tests."""
