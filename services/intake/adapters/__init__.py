"""Where intake meets Kafka (through Faust), the wire, the sealing key and its metrics."""
