/* A dispatcher slot: claims, fences, decides. The broker appends what it sends. */

#define can_write(o) (role[o] == OWNING && sent[o].kind == NOTHING)
#define somebody_owns (role[0] != FOLLOWING || role[1] != FOLLOWING || sent[2].kind == FENCE)
/* Orders are fresh while what is unread of them came in this tick (rule 2.3). */
#define fresh (withdrawn_at == NEVER || floor.withdrawn || withdrawn_at == now)

inline draft(o, what, who) {
  sent[o].kind = what; sent[o].contact = who;
  sent[o].epoch = epoch; sent[o].owner = owner;
#if FACT_REPEATS > 0
  sent[o].seq = seq + 1;
#endif
  sent[o].commands = floor.commands; sent[o].rulings = floor.rulings;
  sent[o].fence = floor.fence
}

inline send_fence(o) {
  role[o] = FENCING; claimed[o] = 0;
  owners++;
  sent[o].kind = FENCE; sent[o].epoch = epoch + 1; sent[o].owner = owners
}

/* In the order of the queue. Callers and gateways are alike, so the first offer is caller 0's. */
#define may_offer(o, x, y) \
  (can_write(o) && floor.place[x] == WAITS && !busy(y) && floor.newest[y] > 0 && \
   (x != 0 || (fresh && !floor.withdrawn)) && \
   (x == 0 || floor.place[0] != WAITS) && (y == 0 || offered_before))

inline offer(o, x, y) {
  offered_before = 1;
  draft(o, OFFERED, x);
  sent[o].caller = y; sent[o].attempt = floor.attempt[x] + 1;
  sent[o].generation = floor.newest[y]; sent[o].until = now + LEASE;
  printf("dispatcher-%d offers contact %d to caller %d (attempt %d) until tick %d\n",
         o, x, y, sent[o].attempt, sent[o].until)
}

#define lease_over(o, x) \
  (can_write(o) && floor.place[x] == IS_OFFERED && now >= floor.until[x])
inline expire(o, x) {
  draft(o, OFFER_EXPIRED, x);
  printf("dispatcher-%d: the lease of contact %d (attempt %d) is over\n",
         o, x, floor.attempt[x])
}

/* Rule 4.5: everything that could be seen LATE_LOOK behind dial_by has been decided. */
#ifdef PLANT_NO_LATE_LOOK
#define looked(o, x) true
#else
#define looked(o, x) (floor.commands == commands || \
                      command[floor.commands].seen >= floor.dial_by[x] + LATE_LOOK)
#endif
#ifdef PLANT_NO_DIAL_BY_TIMER
#define dial_by_over(o, x) false
#else
#define dial_by_over(o, x) \
  (can_write(o) && floor.place[x] == IS_CONFIRMED && \
   now >= floor.dial_by[x] + LATE_LOOK && looked(o, x))
#endif

inline conclude(o, x, reason) {
  draft(o, ENDED, x);
  sent[o].why = reason;
  printf("dispatcher-%d ends contact %d (attempt %d): %e\n",
         o, x, floor.attempt[x], reason)
}

inline never_dialled(o, x) {
  printf("dispatcher-%d: contact %d was not dialled in time\n", o, x);
  conclude(o, x, NEVER_DIALLED)
}

#define call_over(o, x) (can_write(o) && floor.place[x] == ON_CALL && now >= floor.until[x])
inline interrupt(o, x) {
  printf("dispatcher-%d: the call with contact %d is taken for over\n", o, x);
  conclude(o, x, INTERRUPTED)
}

#define may_return(o, x) \
  (can_write(o) && floor.place[x] == WAITS && (returns > 0 || now == LAST_TICK))
inline give_back(o, x) {
  draft(o, RETURNED, x);
  if :: now < LAST_TICK -> returns-- :: else fi;
  printf("dispatcher-%d returns contact %d to the bank\n", o, x)
}

/* The next command, judged; one that leads to no fact only moves the position (rule 1.2). */
#define NEXT command[floor.commands]
#define unread_command(o) \
  (can_write(o) && floor.commands < commands && NEXT.seen <= now)

#ifdef PLANT_ACCEPT_AFTER_LEASE
#define offer_stands(o) true
#else
#define offer_stands(o) (floor.place[NEXT.contact] == IS_OFFERED && \
   floor.attempt[NEXT.contact] == NEXT.attempt && floor.session[NEXT.contact] == NEXT.caller)
#endif
/* The owner's clock is at most the broker's: it may take an accept for timely that is late. */
#define may_confirm(o) \
  (NEXT.kind == ACCEPT && NEXT.generation == floor.newest[NEXT.caller] && offer_stands(o) && \
   (NEXT.contact != 0 || (fresh && !floor.withdrawn)))
#define late_accept(o) \
  (NEXT.kind == ACCEPT && may_confirm(o) && now > floor.until[NEXT.contact])
#define of_confirm(o) (floor.attempt[NEXT.contact] == NEXT.attempt && \
   floor.session[NEXT.contact] == NEXT.caller && floor.generation[NEXT.contact] == NEXT.generation)

/* The record moves the position, and nothing else does. */
inline moves(o) {
  sent[o].commands++;
#ifdef PLANT_POSITION_BEFORE_FACTS
  floor.commands++
#endif
}

inline judge(o) {
  if
  :: may_confirm(o) ->
    x = NEXT.contact; y = NEXT.caller; z = NEXT.attempt;
    draft(o, CONFIRMED, x);
    moves(o);
    sent[o].caller = y; sent[o].attempt = z; sent[o].generation = floor.newest[y];
    sent[o].until = now + DIAL_WINDOW;
    printf("dispatcher-%d confirms contact %d for caller %d (attempt %d), dial_by tick %d\n",
           o, x, y, z, sent[o].until)
  :: NEXT.kind == UNSEALING && floor.place[NEXT.contact] == IS_CONFIRMED && of_confirm(o) &&
     NEXT.appended < floor.until[NEXT.contact] ->
    x = NEXT.contact;
    draft(o, DIAL_STARTED, x);
    moves(o);
    sent[o].until = now + CALL;
    printf("dispatcher-%d: the call of contact %d (attempt %d) began\n",
           o, x, floor.attempt[x])
  :: NEXT.kind == NOT_UNSEALED && floor.place[NEXT.contact] >= IS_CONFIRMED && of_confirm(o) ->
    x = NEXT.contact; y = NEXT.why;
    printf("dispatcher-%d reads that contact %d was not unsealed\n", o, x);
    conclude(o, x, y);
    moves(o)
  :: NEXT.kind == OUTCOME && floor.place[NEXT.contact] == ON_CALL &&
     floor.attempt[NEXT.contact] == NEXT.attempt && floor.session[NEXT.contact] == NEXT.caller ->
    x = NEXT.contact;
    printf("dispatcher-%d reads the outcome of contact %d\n", o, x);
    conclude(o, x, HEARD);
    moves(o)
  :: NEXT.kind == SIGN_IN && NEXT.generation > floor.newest[NEXT.caller] ->
    x = NEXT.caller; y = NEXT.generation; z = NEXT.attempt;
    draft(o, SIGNED_IN, 0);
    moves(o);
    sent[o].caller = x; sent[o].generation = y; sent[o].until = z;
    printf("dispatcher-%d signs caller %d in at gateway-%d (generation %d)\n",
           o, x, door(x, y), y)
  :: else ->
    printf("dispatcher-%d refuses %e of contact %d, caller %d (attempt %d)\n",
           o, NEXT.kind, NEXT.contact, NEXT.caller, NEXT.attempt);
    floor.commands++
  fi;
  trim();
  x = 0; y = 0; z = 0
}

/* Rulings are a fenced log: what counts depends on the fence at the position (rules 1.2, 1.4). */
#define RULED ruling[floor.rulings]
inline take_ruling(o) {
  if
  :: RULED.epoch < floor.fence ->
    printf("dispatcher-%d drops a ruling that a fence has overtaken (contact %d)\n", o, RULED.contact);
    floor.rulings++
  :: RULED.is_fence ->
    printf("dispatcher-%d reads a fence of the rulings, epoch %d\n", o, RULED.epoch);
    floor.fence = RULED.epoch; floor.rulings++
  :: else ->
    x = RULED.contact; y = RULED.release;
    draft(o, QUEUED, x);
    sent[o].generation = y; sent[o].fence = RULED.epoch; sent[o].rulings++;
    printf("dispatcher-%d queues contact %d, release %d\n", o, x, y)
  fi;
  x = 0; y = 0
}

#define leaving(o) (can_write(o) && floor.withdrawn && \
   (floor.place[0] == WAITS || floor.place[0] == IS_OFFERED))

proctype Owner(byte o) {
end:
  do
  /* A claim has no authority: it may be made at any time, whatever the silence (rule 1.5). */
#if CLAIMS > 0
  :: d_step { role[o] == FOLLOWING && !claimed[o] && (fences > 0 || !somebody_owns) ->
       claimed[o] = 1;
       printf("dispatcher-%d claims the partition\n", o) }
#endif
  :: d_step { role[o] == FOLLOWING && (CLAIMS == 0 || claimed[o]) && sent[o].kind == NOTHING &&
              (fences > 0 || !somebody_owns) ->
       if :: somebody_owns -> fences-- :: else fi;
       send_fence(o);
       printf("dispatcher-%d sends its fence, epoch %d\n", o, sent[o].epoch);
#if FENCES + CRASHES < 2
       append_record(o)  /* with one fence in all, nothing can tell how long it was under way */
#endif
     }
  /* Its own former partition a slot takes back at once, with the local lock. */
  :: d_step { crashes > 0 && role[o] != FOLLOWING && sent[2].kind == NOTHING ->
       crashes--;
       copy_record(sent[2], sent[o]); clear_record(sent[o]);
#if CLAIMS > 0
       if :: role[o] == OWNING -> claimed[o] = 1 :: else fi;
#endif
       role[o] = FOLLOWING;
       printf("dispatcher-%d dies; its new process knows nothing\n", o) }

  /* A yield is an owner that stops with nothing under way. It keeps the fold, which is everybody's,
   * and may fence again like any other: that it waits for a silence is not relied on (rule 1.11). */
#if YIELDS > 0
  :: d_step { can_write(o) && yields > 0 ->
       yields--; role[o] = FOLLOWING;
       printf("dispatcher-%d yields the partition\n", o) }
#endif

  :: d_step { may_offer(o, 0, 0) -> offer(o, 0, 0) }
  :: d_step { may_offer(o, 0, 1) -> offer(o, 0, 1) }
  :: d_step { may_offer(o, 1, 0) -> offer(o, 1, 0) }
  :: d_step { may_offer(o, 1, 1) -> offer(o, 1, 1) }
  :: d_step { lease_over(o, 0) -> expire(o, 0) }
  :: d_step { lease_over(o, 1) -> expire(o, 1) }
  :: d_step { dial_by_over(o, 0) -> never_dialled(o, 0) }
  :: d_step { dial_by_over(o, 1) -> never_dialled(o, 1) }
  :: d_step { call_over(o, 0) -> interrupt(o, 0) }
  :: d_step { call_over(o, 1) -> interrupt(o, 1) }
  :: d_step { may_return(o, 0) -> give_back(o, 0) }
  :: d_step { may_return(o, 1) -> give_back(o, 1) }
  :: d_step { leaving(o) ->
       printf("dispatcher-%d takes the withdrawn contact 0 out of its place\n", o);
       conclude(o, 0, WITHDRAWN) }
  :: d_step { can_write(o) && withdrawn_at != NEVER && !floor.withdrawn ->
       draft(o, WITHDRAWAL_APPLIED, 0);
       printf("dispatcher-%d reads the withdrawal of contact 0\n", o) }
  :: d_step { unread_command(o) -> judge(o) }
  :: d_step { unread_command(o) && late_accept(o) ->
       printf("dispatcher-%d refuses an accept of contact %d after its lease\n", o, NEXT.contact);
       floor.commands++;
       trim() }
  :: d_step { can_write(o) && floor.rulings < rulings -> take_ruling(o) }
  od
}
