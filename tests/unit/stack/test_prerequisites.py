from pathlib import Path

import pytest

from services.stack import prerequisites
from services.stack.errors import StackError


@pytest.fixture
def without_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)


@pytest.mark.usefixtures("without_programs")
def test_a_stack_is_not_refused_for_want_of_what_only_the_model_needs() -> None:
    with pytest.raises(StackError) as refused:
        prerequisites.refuse_missing()
    assert "spin" not in str(refused.value)
    assert "compiler" not in str(refused.value)


@pytest.mark.usefixtures("without_programs")
def test_what_the_model_lacks_is_said_with_who_needs_it_and_how_to_bring_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert prerequisites._bring_for_the_model() == []
    said = capsys.readouterr().err
    assert "needed only by `make model` and its test" in said
    assert "apt-get install -y spin gcc libc6-dev" in said
