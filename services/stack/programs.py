"""Run a program to its end, within a deadline."""

import asyncio
from pathlib import Path

from services.stack.errors import StackError

OUTPUT_SHOWN_CHARS = 2_000


async def run(
    argv: tuple[str, ...],
    environment: dict[str, str],
    *,
    within_s: float,
    purpose: str,
    folder: Path = Path("/"),
) -> str:
    """Run a program and give what it printed; cancelling kills it.

    Raises:
        StackError: It cannot be started, fails, or is not done by the deadline.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=environment,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        raise StackError(f"cannot {purpose}: {argv[0]}: {error.strerror}") from error
    try:
        output, _ = await asyncio.wait_for(process.communicate(), within_s)
    except TimeoutError as error:
        raise StackError(f"cannot {purpose}: not done after {within_s:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = output.decode(errors="replace").strip()
    if process.returncode:
        raise StackError(
            f"cannot {purpose}: exit {process.returncode}: {text[-OUTPUT_SHOWN_CHARS:]}"
        )
    return text
