"""The generated wire as it was before a kind of fact came, for processes of an older version."""

import re
import shutil
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from seatline.facts.v1 import facts_pb2
from services.stack.layout import REPOSITORY

_SERIALIZED = re.compile(r"AddSerializedFile\(b'.*'\)")


def wire_without(kind: str, folder: Path) -> Path:
    """Copy the generated code into a folder, without a kind of fact; give the folder to import."""
    gen = folder / "gen"
    shutil.copytree(REPOSITORY / "proto" / "gen", gen)
    file = FileDescriptorProto.FromString(facts_pb2.DESCRIPTOR.serialized_pb)
    (fact,) = (message for message in file.message_type if message.name == "Fact")
    (field,) = (each for each in fact.field if each.name == kind)
    fact.field.remove(field)
    module = gen / "seatline" / "facts" / "v1" / "facts_pb2.py"
    older = f"AddSerializedFile({file.SerializeToString()!r})"
    text, replaced = _SERIALIZED.subn(lambda _: older, module.read_text("utf-8"))
    assert replaced == 1
    module.write_text(text, "utf-8")
    return gen
