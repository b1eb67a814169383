"""What can be done in alerts: commands from HTTP, batches from Kafka, timers that are due, and the reads."""
