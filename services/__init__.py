"""Hold every process of Seatline and the runtime they stand on."""

import os

# Without the event engine the one thread that waits for messages reads the sockets itself, where
# three more would hand each of them on: half the switches of threads. Read when gRPC is imported,
# and so said before anything of Seatline imports it; who runs a process may say otherwise.
_ENGINE = ("GRPC_EXPERIMENTS", "-event_engine_client,-event_engine_listener")
os.environ.setdefault(*_ENGINE)  # noqa: TID251 - no setting of ours: where gRPC looks for its own
