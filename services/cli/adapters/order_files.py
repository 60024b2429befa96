"""Read everything that a map order needs from files."""

from pathlib import Path

from services.cli.adapters.seat_files import read_map, read_policy, read_reference
from services.cli.domain.policy import PolicyError, policy_of
from services.cli.errors import NotDoneError
from services.cli.handlers.publish import Wish
from services.cli.handlers.recover import Rules
from services.cli.ports.signature import Signature

DEFAULT = "default"


def read_wish(
    file: Path, policy: str | None, signature: Signature, *, dry_run: bool, wait: bool
) -> Wish:
    """Return what the operator wants.

    Raises:
        NotDoneError: A file cannot be read, or a field of the policy cannot be.
    """
    rules = read_rules(file, policy)
    return Wish(
        rows=rules.rows,
        seats=rules.seats,
        policy=rules.policy,
        policy_asked_for=policy is not None,
        signature=signature,
        dry_run=dry_run,
        wait=wait,
    )


def read_rules(file: Path, policy: str | None) -> Rules:
    """Return the map of a file, and the policy of another or the default.

    Raises:
        NotDoneError: A file cannot be read, or a field of the policy cannot be.
    """
    reference = read_reference()
    fields = {} if policy in (None, DEFAULT) else read_policy(Path(str(policy)))
    try:
        rules = policy_of(fields, reference.poll_dates)
    except PolicyError as error:
        raise NotDoneError(f"--policy {policy}: {error}") from error
    return Rules(read_map(file), reference.seats, rules)
