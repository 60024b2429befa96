"""Which tests may run beside others."""

from services.stack.layout import REPOSITORY
from tests.conftest import WITHOUT_LOAD


def test_what_runs_beside_whole_stacks_under_load_puts_none_on_its_own() -> None:
    texts = {name: (REPOSITORY / name).read_text() for name in WITHOUT_LOAD}
    assert not [name for name, text in texts.items() if "load_on" in text or "demo" in text]
