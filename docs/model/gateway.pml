/* A gateway with the streams of its callers: rule 5.1. */

#define AT(g, s) (2 * g + s)

byte bound[4];        /* generation of the binding that a stream here holds */
bit asked[4];         /* a sign-in was asked for, its fact is yet to come */
mtype step[4];        /* of the CONFIRM of that binding, */
byte for_contact[4];
byte for_attempt[4];
byte dial_by[4];
byte announced_at[4];
byte stamp[4];        /* append time of the announcement, once it is known */
bit knows_withdrawal[2];

#ifdef PLANT_UNSEAL_NOT_AT_END
#define at_end(g) true
#else
#define at_end(g) (older[g] == 0)
#endif
#ifdef PLANT_ORDERS_NOT_FRESH
#define orders_fresh(g) true
#else
#define orders_fresh(g) (withdrawn_at == NEVER || knows_withdrawal[g] || withdrawn_at == now)
#endif

/* A gateway that cannot send does not read on. */
#define room(g) (len(outbox[g]) < OUTBOX - 1)

inline forget_case(k) {
  step[k] = 0; for_contact[k] = 0; for_attempt[k] = 0; dial_by[k] = 0; announced_at[k] = 0;
  stamp[k] = 0
}

inline report(g, s, reason) {
  assert(nfull(outbox[g]));
  outbox[g] ! NOT_UNSEALED, for_contact[AT(g, s)], s, for_attempt[AT(g, s)], bound[AT(g, s)],
              reason;
  printf("gateway-%d: contact %d is not unsealed for caller %d (%e)\n",
         g, for_contact[AT(g, s)], s, reason);
  forget_case(AT(g, s))
}

/* What was announced and is not in the log yet still comes there; too late it would change nothing. */
inline leave_under_way(g, s) {
  if
  :: step[AT(g, s)] == ANNOUNCED && now < dial_by[AT(g, s)] ->
    assert(nfull(outbox[g]));
    printf("gateway-%d: the announcement of contact %d is under way\n", g, for_contact[AT(g, s)]);
    outbox[g] ! UNSEALING, for_contact[AT(g, s)], s, for_attempt[AT(g, s)], bound[AT(g, s)], 0
  :: else
  fi
}

/* Whoever announced says that nothing was shown; whoever did not, says nothing. */
inline give_up(g, s) {
  leave_under_way(g, s);
  if
  :: step[AT(g, s)] == ANNOUNCED || step[AT(g, s)] == KNOWN -> report(g, s, NEVER_DIALLED)
  :: else -> forget_case(AT(g, s))
  fi
}

inline read_fact(g) {
  unread[g] ? fact, x, y, z, n, m;
  if :: older[g] > 0 -> older[g]-- :: else fi;
  if
  :: fact == CONFIRMED && bound[AT(g, y)] == n ->
    forget_case(AT(g, y));
    for_contact[AT(g, y)] = x; for_attempt[AT(g, y)] = z; dial_by[AT(g, y)] = m;
    if
    :: x == 0 && knows_withdrawal[g] -> report(g, y, WITHDRAWN)
    :: else ->
      step[AT(g, y)] = WAITING;
      printf("gateway-%d reads the CONFIRM of contact %d for caller %d (attempt %d)\n",
             g, x, y, z)
    fi
  :: fact == SIGNED_IN && door(y, n) == g && asked[AT(g, y)] ->
    asked[AT(g, y)] = 0; bound[AT(g, y)] = n;
    printf("gateway-%d reads that caller %d is bound here (generation %d)\n", g, y, n)
  :: fact == SIGNED_IN && bound[AT(g, y)] > 0 && bound[AT(g, y)] < n ->
    printf("gateway-%d reads that caller %d signed in elsewhere (generation %d)\n", g, y, n);
    give_up(g, y);
    bound[AT(g, y)] = 0
  :: else -> printf("gateway-%d reads %e of contact %d, caller %d\n", g, fact, x, y)
  fi;
  fact = 0; x = 0; y = 0; z = 0; n = 0; m = 0
}

inline reveal(g, s) {
  x = for_contact[AT(g, s)];
  printf("gateway-%d SHOWS the number of contact %d to caller %d (attempt %d) at tick %d\n",
         g, x, s, for_attempt[AT(g, s)], now);
  if
  :: talking_until[x] != 0 -> BROKEN(dialled_twice)
  :: never_dialled_attempt[x] == for_attempt[AT(g, s)] -> BROKEN(never_dialled_but_shown)
  :: x == 0 && (knows_withdrawal[g] || withdrawn_at < announced_at[AT(g, s)]) ->
    BROKEN(withdrawn_but_dialled)
  :: else
  fi;
  shown_attempt[x] = for_attempt[AT(g, s)];
  talking_until[x] = dial_by[AT(g, s)] + CALL;
  talker[x] = s;
  forget_case(AT(g, s));
  x = 0
}

#ifdef PLANT_DIAL_BY_IGNORED
#define in_time(k) true
#else
#define in_time(k) (stamp[k] < dial_by[k] && now < dial_by[k])
#endif

/* The steps of one CONFIRM. */
#define CASE(g, s) \
  :: d_step { step[AT(g, s)] == WAITING && now < dial_by[AT(g, s)] && at_end(g) && \
              orders_fresh(g) -> \
       if \
       :: bound[AT(g, s)] < newest_before[s] -> BROKEN(shown_to_replaced_stream) \
       :: else \
       fi; \
       step[AT(g, s)] = ANNOUNCED; \
       announced_at[AT(g, s)] = now; \
       printf("gateway-%d announces contact %d for caller %d (attempt %d)\n", \
              g, for_contact[AT(g, s)], s, for_attempt[AT(g, s)]) } \
  :: d_step { step[AT(g, s)] == KNOWN && in_time(AT(g, s)) -> reveal(g, s) } \
  :: d_step { step[AT(g, s)] == KNOWN && !in_time(AT(g, s)) && stamp[AT(g, s)] >= dial_by[AT(g, s)] -> \
       printf("gateway-%d: the announcement of contact %d came too late\n", \
              g, for_contact[AT(g, s)]); \
       forget_case(AT(g, s)) } \
  :: d_step { step[AT(g, s)] != 0 && now >= dial_by[AT(g, s)] && room(g) -> \
       give_up(g, s) }

inline withdraw_case(g, s) {
#ifndef PLANT_WITHDRAWAL_NOT_HEEDED
  if
  :: step[AT(g, s)] != 0 && for_contact[AT(g, s)] == 0 ->
    printf("gateway-%d holds it for caller %d\n", g, s);
    leave_under_way(g, s);
    report(g, s, WITHDRAWN)
  :: else
  fi
#else
  skip
#endif
}

proctype Gateway(byte g) {
end:
  do
  :: d_step { nempty(unread[g]) && room(g) -> read_fact(g) }
  :: d_step { withdrawn_at != NEVER && !knows_withdrawal[g] && room(g) ->
       knows_withdrawal[g] = 1;
       printf("gateway-%d reads the withdrawal of contact 0\n", g);
       withdraw_case(g, 0); withdraw_case(g, 1) }
  CASE(g, 0)
  CASE(g, 1)
  :: d_step { restarts > 0 && room(g) ->
       restarts--;
       leave_under_way(g, 0); leave_under_way(g, 1);
       forget_case(AT(g, 0)); forget_case(AT(g, 1));
       bound[AT(g, 0)] = 0; bound[AT(g, 1)] = 0; asked[AT(g, 0)] = 0; asked[AT(g, 1)] = 0;
       printf("gateway-%d dies; its new process holds no stream\n", g) }
  od
}
