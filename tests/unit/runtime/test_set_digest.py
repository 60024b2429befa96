import hashlib
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.set_digest import digest_of_one, with_member, without_member

members = st.lists(st.binary(max_size=70), unique=True)


def test_the_digest_of_one_is_the_head_of_its_sha_256() -> None:
    assert digest_of_one(b"abc") == 0xBA7816BF8F01CFEA  # FIPS 180-4, example of one block


@given(members, st.data())
def test_the_digest_of_a_set_is_the_sum_whatever_the_order_and_the_detours(
    some: list[bytes], data: st.DataObject
) -> None:
    left = data.draw(st.sets(st.sampled_from(some))) if some else set()
    order = data.draw(st.permutations(some))
    came = reduce(with_member, order, 0)
    stays = reduce(without_member, sorted(left), came)
    heads = (hashlib.sha256(each).digest()[:8] for each in some if each not in left)
    assert stays == sum(int.from_bytes(head, "big") for head in heads) % 2**64
