/* The logs, the reader rule, the fold, and the ghosts by which the promises are judged. */

#define NOTHING 0
mtype = { FENCE, QUEUED, OFFERED, OFFER_EXPIRED, CONFIRMED, DIAL_STARTED, ENDED, RETURNED,
          SIGNED_IN, WITHDRAWAL_APPLIED };
mtype = { ACCEPT, UNSEALING, NOT_UNSEALED, OUTCOME, SIGN_IN };
mtype = { NEVER_DIALLED, HEARD, INTERRUPTED, WITHDRAWN };   /* why a release ended */
mtype = { FOLLOWING, FENCING, OWNING };
mtype = { WAITING, ANNOUNCED, KNOWN };                      /* steps of a CONFIRM at a gateway */

/* Places, in the order of a contact's way. */
#define ABSENT 0
#define WAITS 1
#define IS_OFFERED 2
#define IS_CONFIRMED 3
#define ON_CALL 4

/* The fold of facts, and the positions in it (rule 1.2). */
typedef Floor {
  byte place[2];
  byte release[2];
  byte attempt[2];    /* never falls, over all releases: it names offer and call */
  byte session[2];
  byte generation[2]; /* under which it was confirmed */
  byte until[2];      /* end of lease, dial_by, or end of the call */
  byte dial_by[2];
  bit missed[2];
  byte newest[2];     /* generation of each session */
  bit withdrawn;
  byte commands;      /* position in commands: the next to decide */
  byte rulings;       /* position in rulings, */
  byte fence          /* and the epoch that stood there (rule 1.2) */
};

/* A record of facts under way. */
typedef Record {
  mtype kind;
  byte epoch;
  byte owner;
  byte seq;
  byte contact;
  byte caller;
  byte attempt;
  byte generation;
  byte until;
  mtype why;
  byte commands;
  byte rulings;
  byte fence
};

typedef Command {
  mtype kind;
  byte contact;
  byte caller;
  byte attempt;
  byte generation;
  mtype why;
  byte appended;      /* the broker's stamp */
  byte seen           /* since when a reader can see it */
};

typedef Ruling {
  bool is_fence;
  byte epoch;
  byte contact;
  byte release
};

byte now;             /* the broker's clock */

/* facts: the fence in force, the fold of all that counts, and what each gateway has yet to read.
 * The part of a log behind a reader's position is all that this reader will ever see of it. */
byte epoch = 1;
byte owner = 1;
byte seq;
Floor floor;
Record sent[3];       /* by each slot; the third comes late: its slot died, or it is a repetition */
chan unread[2] = [UNREAD] of { mtype, byte, byte, byte, byte, byte };
byte older[2];        /* how many of them were there before this tick */

/* commands: what an owner may still have to read, from the oldest position in use on. */
Command command[WINDOW];
byte commands;
chan outbox[2] = [OUTBOX] of { mtype, byte, byte, byte, byte, mtype };
Command repeated;     /* comes once more, or late */
byte answer[2];       /* one more than the contact that each caller may accept, or has yet to, */
byte answer_attempt[2];
byte answer_generation[2];

/* rulings, and the one order. */
Ruling ruling[RULINGS];
byte rulings;
byte withdrawn_at = NEVER;

mtype role[2] = FOLLOWING;
bit claimed[2];

byte due[2];          /* the bank: one more than the tick from which it may release a contact again */
byte router_epoch = 1;
bit ruled;
bit zombie_ruling;    /* the first router decided one more, which is not in the log yet */

bit offered_before;

/* Budgets. */
byte owners = 1;
byte fences = FENCES;
byte crashes = CRASHES;
#if YIELDS > 0
byte yields = YIELDS;
#endif
byte repeats = REPEATS;
byte fact_repeats = FACT_REPEATS;
byte lost_acks = LOST_ACKS;
byte sign_ins = SIGN_INS;
byte restarts = RESTARTS;
byte returns = RETURNS;
byte redials = REDIALS;

byte i;
byte x;
byte y;
byte z;
byte n;
byte m;
mtype fact;

/* Ghosts: what really happened, known to nobody. */
byte confirmed_release[2];
byte shown_attempt[2];
byte never_dialled_attempt[2];
byte talking_until[2];
byte talker[2];
byte newest_before[2];  /* generation in the log before this tick */

/* The properties. Each is set where it breaks, and named by the assertion that follows. */
bit confirmed_twice;
bit dialled_twice;
bit never_dialled_but_shown;
bit shown_to_replaced_stream;
bit withdrawn_but_dialled;
bit stuck;

#define BROKEN(property) property = 1; assert(!property)

/* Bindings alternate: a session's first is at the gateway of its number, the next at the other. */
#define door(s, generation) ((s + generation + 1) % 2)

#define busy(s) ((floor.place[0] >= IS_OFFERED && floor.session[0] == s) || \
                 (floor.place[1] >= IS_OFFERED && floor.session[1] == s))

inline clear_record(r) {
  r.kind = NOTHING; r.epoch = 0; r.owner = 0; r.seq = 0; r.contact = 0; r.caller = 0; r.attempt = 0;
  r.generation = 0; r.until = 0; r.why = 0; r.commands = 0; r.rulings = 0; r.fence = 0
}

inline copy_record(to, from) {
  to.kind = from.kind; to.epoch = from.epoch; to.owner = from.owner; to.seq = from.seq;
  to.contact = from.contact; to.caller = from.caller; to.attempt = from.attempt; to.generation = from.generation;
  to.until = from.until; to.why = from.why; to.commands = from.commands;
  to.rulings = from.rulings; to.fence = from.fence
}

inline copy_command(to, from) {
  to.kind = from.kind; to.contact = from.contact; to.caller = from.caller; to.attempt = from.attempt;
  to.generation = from.generation; to.why = from.why; to.appended = from.appended;
  to.seen = from.seen
}

inline clear_command(m) {
  m.kind = 0; m.contact = 0; m.caller = 0; m.attempt = 0; m.generation = 0; m.why = 0; m.appended = 0;
  m.seen = 0
}

/* Rule 1.4. The verdict depends only on the records before, so it is the same for every reader and
 * is given once, when the record is appended; one that does not count is not kept. */
#if defined(PLANT_EQUAL_EPOCH_ACCEPTED)
#define counts(r) (r.epoch >= epoch)
#elif defined(PLANT_CONFIRM_WITHOUT_FENCE)
#define counts(r) (r.kind == CONFIRMED || (r.kind == FENCE && r.epoch > epoch) || \
                   (r.kind != FENCE && r.epoch == epoch && r.owner == owner))
#elif defined(PLANT_SEQ_IGNORED) || FACT_REPEATS == 0
#define counts(r) ((r.kind == FENCE && r.epoch > epoch) || \
                   (r.kind != FENCE && r.epoch == epoch && r.owner == owner))
#else
#define counts(r) ((r.kind == FENCE && r.epoch > epoch) || \
                   (r.kind != FENCE && r.epoch == epoch && r.owner == owner && r.seq > seq))
#endif

/* The bank hears of it at some time. A contact that cannot come back leaves nothing behind, so that
 * searches of what is left are one search; an answer to its offer would only be refused. */
#define comes_back (REDIALS > 0 || ROUTERS > 1)

inline becomes_due(who, not_before) {
  if :: redials > 0 -> due[who] = not_before + 1 :: else fi
}

inline leaves(who) {
  floor.place[who] = ABSENT; floor.session[who] = 0; floor.generation[who] = 0; floor.until[who] = 0; floor.dial_by[who] = 0;
  floor.missed[who] = 0;
  if
  :: !comes_back ->
    floor.attempt[who] = 0;
    if :: talking_until[who] == 0 -> shown_attempt[who] = 0 :: else fi;
    if :: answer[0] == who + 1 -> no_answer(0) :: else fi;
    if :: answer[1] == who + 1 -> no_answer(1) :: else fi
  :: else
  fi
}

inline no_answer(s) {
  answer[s] = 0; answer_attempt[s] = 0; answer_generation[s] = 0
}

inline frees(who) {
  floor.place[who] = WAITS; floor.session[who] = 0; floor.generation[who] = 0; floor.until[who] = 0
}

#define tell(g, r) \
  assert(nfull(unread[g])); \
  unread[g] ! r.kind, r.contact, r.caller, r.attempt, r.generation, r.until

/* A caller answers the offer in hand, once; how long that takes, and whether it ever comes, is the
 * way of the fact to its gateway, its own time, and the way of the command, all in one. */
inline may_answer(who, which, number, under) {
  answer[who] = which + 1; answer_attempt[who] = number; answer_generation[who] = under
}

/* The fold of one record, and what it means to the gateways and to the ghosts. */
inline fold(r) {
  if
  :: r.kind == FENCE ->
    epoch = r.epoch; owner = r.owner; seq = 0
  :: else ->
    floor.commands = r.commands; floor.rulings = r.rulings; floor.fence = r.fence;
#if FACT_REPEATS > 0
    seq = r.seq;
#endif
    if
    :: r.kind == QUEUED ->
      leaves(r.contact); floor.place[r.contact] = WAITS; floor.release[r.contact] = r.generation
    :: r.kind == OFFERED ->
      floor.place[r.contact] = IS_OFFERED; floor.attempt[r.contact] = r.attempt; floor.session[r.contact] = r.caller;
      floor.until[r.contact] = r.until;
      may_answer(r.caller, r.contact, r.attempt, r.generation)
    :: r.kind == OFFER_EXPIRED ->
      if
      :: floor.missed[r.contact] ->
        printf("contact %d was missed too often and goes to the bank\n", r.contact);
        leaves(r.contact); becomes_due(r.contact, 0)
      :: else -> frees(r.contact); floor.missed[r.contact] = 1
      fi
    :: r.kind == RETURNED -> leaves(r.contact); becomes_due(r.contact, 0)
    :: r.kind == CONFIRMED ->
      if
      :: confirmed_release[r.contact] == floor.release[r.contact] -> BROKEN(confirmed_twice)
      :: talking_until[r.contact] != 0 -> BROKEN(dialled_twice)
      :: floor.withdrawn && r.contact == 0 -> BROKEN(withdrawn_but_dialled)
      :: else
      fi;
      confirmed_release[r.contact] = floor.release[r.contact];
      floor.place[r.contact] = IS_CONFIRMED; floor.session[r.contact] = r.caller;
      floor.attempt[r.contact] = r.attempt; floor.generation[r.contact] = r.generation;
      floor.until[r.contact] = r.until; floor.dial_by[r.contact] = r.until;
      tell(door(r.caller, r.generation), r)
    :: r.kind == DIAL_STARTED -> floor.place[r.contact] = ON_CALL; floor.until[r.contact] = r.until
    :: r.kind == ENDED ->
      if
      :: r.why == NEVER_DIALLED ->
        if
        :: shown_attempt[r.contact] == floor.attempt[r.contact] -> BROKEN(never_dialled_but_shown)
        :: else
        fi;
        never_dialled_attempt[r.contact] = floor.attempt[r.contact];
        becomes_due(r.contact, 0)
      :: r.why == WITHDRAWN && floor.place[r.contact] <= IS_OFFERED -> becomes_due(r.contact, 0)
      :: else -> becomes_due(r.contact, floor.dial_by[r.contact] + CALL)
      fi;
      leaves(r.contact)
    :: r.kind == SIGNED_IN ->
      floor.newest[r.caller] = r.generation;
      i = 0;
      do
      :: i < 2 && floor.place[i] == IS_OFFERED && floor.session[i] == r.caller && !r.until ->
        printf("without its token the offer of contact %d goes back\n", i);
        frees(i)
      :: i < 2 -> i++
      :: else -> break
      od;
      tell(0, r); tell(1, r);
      i = 0;
      do
      :: i < 2 && floor.place[i] == IS_OFFERED && floor.session[i] == r.caller ->
        may_answer(r.caller, i, floor.attempt[i], r.generation);
        i++
      :: i < 2 -> i++
      :: else -> break
      od;
      i = 0
    :: r.kind == WITHDRAWAL_APPLIED -> floor.withdrawn = 1
    fi
  fi;
  claimed[0] = 0; claimed[1] = 0  /* any record of the owner voids a claim (rule 1.5) */
}

/* Forget the commands that are decided: the new owner reads from the position in the fold. */
inline lower_positions() {
  floor.commands--;
  i = 0;
  do
  :: i < 3 && sent[i].commands > 0 -> sent[i].commands--; i++
  :: i < 3 -> i++
  :: else -> break
  od;
  i = 0
}

inline trim() {
  do
  :: floor.commands > 0 ->
    lower_positions();
    i = 1;
    do
    :: i < commands -> copy_command(command[i - 1], command[i]); i++
    :: else -> break
    od;
    i = 0;
    commands--;
    clear_command(command[commands])
  :: else -> break
  od;
  i = 0
}

/* An owner that a fence overtakes may have one record under way, which still arrives, and is dropped.
 * Whatever else it might decide before it reads the fence would be dropped like that one, so it is
 * left out: it steps down as soon as the fence is in the log. */
inline take_over(n) {
  if
  :: role[1 - n] == OWNING ->
    printf("dispatcher-%d is overtaken\n", 1 - n);
    role[1 - n] = FOLLOWING
  :: else
  fi;
  role[n] = OWNING;
#ifdef PLANT_POSITION_WITHOUT_FENCE
  floor.fence = 0;
#endif
  printf("dispatcher-%d owns the partition, epoch %d\n", n, epoch)
}

inline append_record(n) {
  if
  :: counts(sent[n]) ->
    printf("broker: a record of epoch %d is in facts: %e\n", sent[n].epoch, sent[n].kind);
    fold(sent[n]);
    if
    :: n < 2 && sent[n].kind == FENCE -> take_over(n)
    :: n == 2 && sent[n].kind == FENCE ->
      printf("the fence was that of a dead process: nobody owns the partition\n");
      role[0] = FOLLOWING; role[1] = FOLLOWING
    :: else
    fi
  :: else ->
    printf("broker: a record of epoch %d arrives that every reader drops: %e\n",
           sent[n].epoch, sent[n].kind);
    if
    :: n < 2 && role[n] == FENCING ->
      printf("dispatcher-%d was fenced before\n", n);
      role[n] = FOLLOWING
    :: else
    fi
  fi;
  clear_record(sent[n]);
  trim()
}
