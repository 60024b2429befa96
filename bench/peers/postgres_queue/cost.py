"""CPU that a run takes, here and in the server."""

import time

import psutil


class Cpu:
    """Reads how much CPU was used so far, in seconds."""

    def __init__(self, postmaster: int | None) -> None:
        """Prepare.

        Args:
            postmaster: Pid of the server; without one its share is 0.
        """
        self._postmaster = psutil.Process(postmaster) if postmaster else None

    def read_s(self) -> dict[str, float]:
        """Return seconds by process: `postgres` with all its backends, and `peer`, this one."""
        return {"postgres": self._server_s(), "peer": time.process_time()}

    def _server_s(self) -> float:
        if self._postmaster is None:
            return 0.0
        own = self._postmaster.cpu_times()
        # Those of backends that have ended are in the postmaster's own account.
        used_s = own.user + own.system + own.children_user + own.children_system
        for backend in self._postmaster.children(recursive=True):
            try:
                times = backend.cpu_times()
            except psutil.NoSuchProcess:
                continue
            used_s += times.user + times.system
        return float(used_s)
