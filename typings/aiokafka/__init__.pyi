"""What this project uses of aiokafka, which ships no types."""
