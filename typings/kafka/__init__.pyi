# The part of kafka-python 3.0.12 that Seatline uses: administration and lag, never the path.
from kafka.admin import KafkaAdminClient as KafkaAdminClient
from kafka.structs import TopicPartition as TopicPartition
