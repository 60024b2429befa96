"""A pytest plugin: laws are tried with the same examples each time, and failures not shrunk."""

from hypothesis import Phase, settings

settings.register_profile(
    "brisk",
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    database=None,
)
settings.load_profile("brisk")
