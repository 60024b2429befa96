/* The broker, time, callers, the bank, the routers; and the judge of the end. */

/* A command gets its place in the log, and can be read `late` ticks after that. */
inline append_command(what, contact_, caller_, number, under, reason, late) {
  assert(commands < WINDOW);
  command[commands].kind = what; command[commands].contact = contact_;
  command[commands].caller = caller_; command[commands].attempt = number;
  command[commands].generation = under; command[commands].why = reason;
  command[commands].appended = now; command[commands].seen = now + late;
  if
  :: commands > 0 && command[commands - 1].seen > now ->
    command[commands].seen = command[commands - 1].seen
  :: else
  fi;
  commands++;
  printf("broker: %e of contact %d, caller %d (attempt %d) is in commands, stamped tick %d\n",
         what, contact_, caller_, number, now)
}

inline append_from_outbox(g) {
  outbox[g] ? fact, x, y, z, n, m;
  append_command(fact, x, y, z, n, m, 0);
  fact = 0; x = 0; y = 0; z = 0; n = 0; m = 0
}

inline append_announcement(g, s, late) {
  append_command(UNSEALING, for_contact[AT(g, s)], s, for_attempt[AT(g, s)], bound[AT(g, s)], 0,
                 late)
}

inline know(g, s) {
  step[AT(g, s)] = KNOWN; stamp[AT(g, s)] = now
}

/* It is in the log, or comes there late, or never: the gateway is not told. */
inline lose_acknowledgement(g, s) {
  lost_acks--;
  printf("gateway-%d does not learn whether its announcement is in the log\n", g);
  report(g, s, NEVER_DIALLED)
}

inline append_answer(s) {
  append_command(ACCEPT, answer[s] - 1, s, answer_attempt[s], answer_generation[s], 0, 0)
}

inline repeat_last() {
  repeats--;
  printf("that command will come once more\n");
  copy_command(repeated, command[commands - 1])
}

#define may_repeat (repeats > 0 && repeated.kind == 0)
#define announcing(g, s) (step[AT(g, s)] == ANNOUNCED)

#define ANSWER(s) \
  :: d_step { answer[s] > 0 -> append_answer(s); no_answer(s) } \
  :: d_step { answer[s] > 0 && may_repeat -> append_answer(s); repeat_last(); no_answer(s) } \
  :: d_step { answer[s] > 0 && may_repeat -> \
       repeats--; \
       repeated.kind = ACCEPT; repeated.contact = answer[s] - 1; repeated.caller = s; \
       repeated.attempt = answer_attempt[s]; repeated.generation = answer_generation[s]; \
       printf("the accept of caller %d is late\n", s); \
       no_answer(s) }

#define ANNOUNCEMENT(g, s) \
  :: d_step { announcing(g, s) -> append_announcement(g, s, 0); know(g, s) } \
  :: d_step { announcing(g, s) && may_repeat -> \
       append_announcement(g, s, 0); repeat_last(); know(g, s) } \
  :: d_step { LATE_SIGHT > 0 && announcing(g, s) -> \
       append_announcement(g, s, 1); know(g, s); \
       printf("it cannot be read before tick %d\n", now + 1) } \
  :: d_step { lost_acks > 0 && announcing(g, s) && room(g) -> \
       append_announcement(g, s, 0); lose_acknowledgement(g, s) } \
  :: d_step { lost_acks > 0 && announcing(g, s) && room(g) && repeated.kind == 0 -> \
       repeated.kind = UNSEALING; repeated.contact = for_contact[AT(g, s)]; \
       repeated.caller = s; repeated.attempt = for_attempt[AT(g, s)]; \
       repeated.generation = bound[AT(g, s)]; \
       printf("an announcement of gateway-%d is late\n", g); \
       lose_acknowledgement(g, s) }

#define OUT(g) \
  :: d_step { nempty(outbox[g]) -> append_from_outbox(g) } \
  :: d_step { nempty(outbox[g]) && may_repeat -> append_from_outbox(g); repeat_last() }

proctype Broker() {
end:
  do
  :: d_step { sent[0].kind != NOTHING -> append_record(0) }
  :: d_step { sent[1].kind != NOTHING -> append_record(1) }
  :: d_step { sent[2].kind != NOTHING -> append_record(2) }
  :: d_step { sent[2].kind != NOTHING && sent[2].kind != FENCE ->
       printf("broker: a record of a dead dispatcher never arrives\n");
       clear_record(sent[2]); trim() }
#if FACT_REPEATS > 0
  :: d_step { fact_repeats > 0 && sent[2].kind == NOTHING && sent[0].kind != NOTHING &&
              counts(sent[0]) ->
       fact_repeats--; copy_record(sent[2], sent[0]);
       append_record(0); printf("broker: that record will come once more\n") }
#endif
  ANSWER(0)
  ANSWER(1)
  ANNOUNCEMENT(0, 0)
  ANNOUNCEMENT(0, 1)
  ANNOUNCEMENT(1, 0)
  ANNOUNCEMENT(1, 1)
  OUT(0)
  OUT(1)
  :: d_step { repeated.kind != 0 ->
       printf("late or once more: ");
       append_command(repeated.kind, repeated.contact, repeated.caller, repeated.attempt,
                      repeated.generation, repeated.why, 0);
       clear_command(repeated) }
  od
}

#define may_release(x) (due[x] > 0 && redials > 0 && now + 1 >= due[x])

inline rule(x, n) {
  assert(rulings < RULINGS);
  ruling[rulings].epoch = router_epoch; ruling[rulings].contact = x; ruling[rulings].release = n;
  rulings++
}

inline release_again(x) {
  redials--;
  due[0] = 0; due[1] = 0;
  rule(x, floor.release[x] + 1);
  printf("bank: contact %d is released again (release %d)\n", x, floor.release[x] + 1)
}

#ifdef PLANT_REDIAL_TOO_SOON
#undef may_release
#define may_release(x) (due[x] > 0 && redials > 0)
#endif

inline sign_in(s, resumed) {
  sign_ins--;
  n = floor.newest[s] + 1;
  asked[AT(door(s, n), s)] = 1;
  outbox[door(s, n)] ! SIGN_IN, 0, s, resumed, n, 0;
  printf("caller %d signs in at gateway-%d\n", s, door(s, n));
  n = 0
}
#define may_sign_in(s) (sign_ins > 0 && nfull(outbox[door(s, floor.newest[s] + 1)]))

inline hang_up(x) {
  printf("caller %d ends the call with contact %d\n", talker[x], x);
  talking_until[x] = 0; talker[x] = 0;
  if :: floor.place[x] == ABSENT && !comes_back -> shown_attempt[x] = 0 :: else fi
}

#define TALK(x) \
  :: d_step { talking_until[x] != 0 -> hang_up(x) } \
  :: d_step { talking_until[x] != 0 && bound[AT(0, talker[x])] != 0 && nfull(outbox[0]) -> \
       printf("caller %d gives the outcome at gateway-0\n", talker[x]); \
       outbox[0] ! OUTCOME, x, talker[x], shown_attempt[x], 0, 0; hang_up(x) } \
  :: d_step { talking_until[x] != 0 && bound[AT(0, talker[x])] == 0 && \
              bound[AT(1, talker[x])] != 0 && nfull(outbox[1]) -> \
       printf("caller %d gives the outcome at gateway-1\n", talker[x]); \
       outbox[1] ! OUTCOME, x, talker[x], shown_attempt[x], 0, 0; hang_up(x) }

proctype World() {
end:
  do
  :: d_step { now < LAST_TICK && talking_until[0] != now + 1 && talking_until[1] != now + 1 ->
       now++;
       older[0] = len(unread[0]); older[1] = len(unread[1]);
       newest_before[0] = floor.newest[0]; newest_before[1] = floor.newest[1];
       printf("--- tick %d\n", now) }
  TALK(0)
  TALK(1)
  :: d_step { may_sign_in(0) -> sign_in(0, 0) }
  :: d_step { may_sign_in(0) -> sign_in(0, 1) }
  :: d_step { may_sign_in(1) -> sign_in(1, 0) }
  :: d_step { may_sign_in(1) -> sign_in(1, 1) }
  :: d_step { may_release(0) -> release_again(0) }
  :: d_step { may_release(1) -> release_again(1) }
#if WITHDRAWALS > 0
  :: d_step { withdrawn_at == NEVER ->
       withdrawn_at = now;
       printf("operator: contact 0 is withdrawn\n") }
#endif
#if ROUTERS > 1
  :: d_step { !ruled -> ruled = 1; rule(0, 1); printf("router-%d routes contact 0\n", router_epoch) }
  /* Dies, or is taken for dead, with a ruling of contact 0 under way. */
  :: d_step { router_epoch == 1 ->
       zombie_ruling = !ruled;
       router_epoch = 2;
       rule(0, 0);
       ruling[rulings - 1].is_fence = 1;
       printf("router-2 fences the rulings\n") }
  :: d_step { zombie_ruling ->
       zombie_ruling = 0;
       rule(0, 1);
       ruling[rulings - 1].epoch = 1;
       printf("router-1's late ruling of contact 0 arrives\n") }
#endif
  od
}

/* Promise 3: wherever nothing can go on any more, every contact was moved on, or its time is not
 * over yet. A paused process can go on, so this judges runs in which every pause ended. */
#define moved_on(c) (floor.place[c] == ABSENT || \
  (floor.place[c] == IS_OFFERED && floor.until[c] > now) || \
  (floor.place[c] == IS_CONFIRMED && floor.until[c] + LATE_LOOK > now) || \
  (floor.place[c] == ON_CALL && floor.until[c] > now))

proctype Judge() {
end:
  do
  :: atomic { timeout && !(moved_on(0) && moved_on(1) && somebody_owns) -> BROKEN(stuck) }
  od
}

inline begin() {
  role[0] = OWNING;
  floor.newest[0] = 1; floor.newest[1] = 1;
  newest_before[0] = 1; newest_before[1] = 1;
  bound[AT(0, 0)] = 1; bound[AT(1, 1)] = 1;
  floor.fence = 1;
#if ROUTERS == 1
  floor.place[0] = WAITS; floor.release[0] = 1;
#if CONTACTS > 1
  floor.place[1] = WAITS; floor.release[1] = 1;
#endif
#endif
}
