"""Share a whole number out in proportion, and spread weights evenly over partitions."""

from collections.abc import Sequence

from services.planner.domain.model import ImpossiblePlanError


def apportion(weights: Sequence[int], total: int) -> list[int]:
    """Share `total` in proportion to `weights`: the sum is exact and nobody gets nothing.

    The largest remainder's method (Hamilton's) with a floor of 1: each gets the whole part of its
    quota, at least 1; what is left goes one by one to whoever is furthest below its quota, the
    earlier on a tie. Where the floor has given out too much, those furthest above, or least below,
    their quota give back what they have over 1. A greater weight never gets a smaller share.

    Raises:
        ImpossiblePlanError: `total` is below the number of weights.
    """
    if total < len(weights):
        message = f"callers: {total} for {len(weights)} seats; ask for at least one each"
        raise ImpossiblePlanError(message)
    whole = sum(weights)
    shares = [max(1, weight * total // whole) for weight in weights]

    def below_quota(index: int) -> int:
        return weights[index] * total - shares[index] * whole

    while (left := total - sum(shares)) > 0:
        shares[max(range(len(weights)), key=lambda i: (below_quota(i), -i))] += 1
    while left < 0:
        payers = [i for i, share in enumerate(shares) if share > 1]
        shares[min(payers, key=lambda i: (below_quota(i), -i))] -= 1
        left += 1
    return shares


def spread(weights: Sequence[int], bins: int) -> list[int]:
    """Give each weight a bin so that the bins weigh about the same.

    Graham's longest-processing-time rule, heaviest first to the lightest bin: the heaviest bin is
    at most 4/3 of the best possible.
    """
    loads = [0] * bins
    chosen = [0] * len(weights)
    for index in sorted(range(len(weights)), key=lambda i: (-weights[i], i)):
        lightest = min(range(bins), key=lambda bin_: (loads[bin_], bin_))
        loads[lightest] += weights[index]
        chosen[index] = lightest
    return chosen
