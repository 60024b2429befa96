"""What `make model` searches: the size of each world, what goes wrong, what must be caught."""

from dataclasses import dataclass, field

PROPERTIES = {
    "confirmed_twice": "promise 2: one release of a contact was confirmed twice",
    "dialled_twice": "promise 2: a contact was given away while a first call could still go on",
    "never_dialled_but_shown": "promise 2, rule 4.5: ended as never dialled, and yet it was shown",
    "shown_to_replaced_stream": "promise 2, rule 5.1: shown to a stream that had been replaced",
    "withdrawn_but_dialled": "rule 4.3: a withdrawn contact was confirmed, announced or shown",
    "stuck": "promise 3: a contact was forgotten, or nobody owns the partition",
}
"""Names of the assertions in the model, and what each means."""


@dataclass(frozen=True, slots=True)
class Search:
    """Name one complete search of the model: its macros, and the property it must break."""

    name: str
    about: str
    macros: dict[str, int] = field(default_factory=dict)
    breaks: str = ""
    """Empty for the protocol itself, which must hold."""

    @property
    def is_large(self) -> bool:
        """Tell whether to search takes longer than to compile well."""
        return not self.breaks and self.name != "smallest"

    @property
    def switches(self) -> tuple[str, ...]:
        """Return the macros as options of the preprocessor."""
        given = tuple(f"-D{name}={value}" for name, value in self.macros.items())
        return (*given, f"-DPLANT_{self.name.upper()}") if self.breaks else given


def _planted(name: str, breaks: str, about: str, **macros: int) -> Search:
    return Search(name, about, {"CONTACTS": 1, **macros}, breaks)


HOLD = (
    Search("smallest", "one contact; an owner is overtaken", {"CONTACTS": 1, "FENCES": 1}),
    Search("takeover", "two contacts, an owner is overtaken", {"FENCES": 1, "LAST_TICK": 2}),
    Search(
        "fences",
        "two fences race, an owner dies, claims",
        {"CONTACTS": 1, "FENCES": 1, "CRASHES": 1, "CLAIMS": 1},
    ),
    Search(
        "hand_over",
        "an owner yields, another fence races the one that follows",
        {"CONTACTS": 1, "FENCES": 1, "YIELDS": 1},
    ),
    Search(
        "repeats",
        "facts and commands come twice or late, acknowledgements are lost",
        {"CONTACTS": 1, "FENCES": 1, "REPEATS": 1, "FACT_REPEATS": 1, "LOST_ACKS": 1},
    ),
    Search(
        "sight",
        "two contacts; announcements readable late, acknowledgements lost",
        {"LATE_SIGHT": 1, "LOST_ACKS": 1},
    ),
    Search(
        "streams",
        "a caller signs in elsewhere, a gateway dies",
        {"CONTACTS": 1, "SIGN_INS": 1, "RESTARTS": 1},
    ),
    Search(
        "redial",
        "contacts are returned and released again, a gateway dies",
        {"CONTACTS": 1, "REDIALS": 1, "RETURNS": 1, "RESTARTS": 1, "FENCES": 1},
    ),
    Search(
        "withdrawal",
        "contact 0 is withdrawn at any time, an owner is overtaken",
        {"CONTACTS": 1, "WITHDRAWALS": 1, "FENCES": 1},
    ),
    Search(
        "rulings",
        "two routers, of which one is late; an owner is overtaken",
        {"CONTACTS": 1, "ROUTERS": 2, "FENCES": 1},
    ),
)

PLANTED = (
    _planted(
        "confirm_without_fence",
        "confirmed_twice",
        "a CONFIRM counts although a fence has overtaken it",
        FENCES=1,
    ),
    _planted(
        "equal_epoch_accepted",
        "confirmed_twice",
        "of two fences of one epoch both count",
        FENCES=1,
        CRASHES=1,
    ),
    _planted(
        "position_without_fence",
        "confirmed_twice",
        "a new owner reads rulings from a position without its fence (rule 1.2)",
        FENCES=1,
        ROUTERS=2,
    ),
    _planted(
        "position_before_facts",
        "never_dialled_but_shown",
        "a position moves before the facts that its inputs led to",
        FENCES=1,
    ),
    _planted(
        "seq_ignored", "confirmed_twice", "a record that comes twice counts twice", FACT_REPEATS=1
    ),
    _planted(
        "unseal_not_at_end",
        "shown_to_replaced_stream",
        "a gateway announces without being at the end of facts",
        SIGN_INS=1,
    ),
    _planted(
        "no_late_look",
        "never_dialled_but_shown",
        "never_dialled without a look at commands (rule 4.5)",
    ),
    _planted(
        "look_at_once",
        "never_dialled_but_shown",
        "never_dialled with a look at dial_by itself, not behind it",
        LATE_SIGHT=1,
    ),
    _planted(
        "redial_too_soon", "dialled_twice", "a contact is released before not_before", REDIALS=1
    ),
    _planted(
        "accept_after_lease", "confirmed_twice", "an accept counts, whatever became of its offer"
    ),
    _planted(
        "dial_by_ignored",
        "never_dialled_but_shown",
        "a gateway shows without comparing the append time with dial_by",
    ),
    _planted(
        "orders_not_fresh",
        "withdrawn_but_dialled",
        "a gateway announces without fresh orders",
        WITHDRAWALS=1,
    ),
    _planted(
        "withdrawal_not_heeded",
        "withdrawn_but_dialled",
        "a withdrawal read after the CONFIRM stops nothing",
        WITHDRAWALS=1,
    ),
    _planted("no_dial_by_timer", "stuck", "nothing ends a CONFIRM that is never unsealed"),
)
