/* Limits of the states, in ticks, and how much may go wrong in one run: each bound is a macro. */

#ifndef LAST_TICK
#define LAST_TICK 3
#endif
#define LEASE 1         /* OFFERED */
#define DIAL_WINDOW 2   /* CONFIRMED and not unsealed */
#define CALL 1          /* desk silence and longest call, behind dial_by (rule 4.5) */
#ifdef PLANT_LOOK_AT_ONCE
#define LATE_LOOK 0
#else
#define LATE_LOOK 1     /* commands are read so far behind dial_by (rule 4.5) */
#endif
/* "At the end" and "fresh" are one tick: only what came in this tick may be unread (rule 2.3). */

#ifndef FENCES          /* takeovers of an owner that still lives */
#define FENCES 0
#endif
#ifndef YIELDS          /* reigns that their owner ends by itself */
#define YIELDS 0
#endif
#ifndef CRASHES         /* deaths of a slot, with its record under way */
#define CRASHES 0
#endif
#ifndef REPEATS         /* commands that come once more, at any later time */
#define REPEATS 0
#endif
#ifndef FACT_REPEATS    /* records of facts that come once more */
#define FACT_REPEATS 0
#endif
#ifndef LOST_ACKS       /* announcements whose acknowledgement is lost, in the log or not */
#define LOST_ACKS 0
#endif
#ifndef SIGN_INS        /* callers that sign in anew, through the other gateway */
#define SIGN_INS 0
#endif
#ifndef RESTARTS        /* gateways that die and forget */
#define RESTARTS 0
#endif
#ifndef RETURNS         /* contacts given back before the end of time */
#define RETURNS 0
#endif
#ifndef REDIALS         /* contacts that the bank releases once more */
#define REDIALS 0
#endif
#ifndef WITHDRAWALS     /* 1: contact 0 may be withdrawn at any time */
#define WITHDRAWALS 0
#endif
#ifndef ROUTERS         /* 2: contact 0 is yet to be ruled, by two routers one after the other; no other comes */
#define ROUTERS 1
#endif
#ifndef CONTACTS        /* contacts that there are: the other one never comes */
#define CONTACTS 2
#endif
#define MISSES 2        /* missed offers that return a contact */

#ifndef CLAIMS          /* 1: a fence needs a claim first; without, a fence may come at any time */
#define CLAIMS 0
#endif
#ifndef LATE_SIGHT      /* 1: an announcement may be acknowledged a tick before it can be read */
#define LATE_SIGHT 0
#endif

/* Room in the logs. Each is checked: a search that needs more fails and says so. */
#define UNREAD 3
#define WINDOW 6
#if ROUTERS > 1
#define RULINGS 5
#else
#define RULINGS 1
#endif
#define OUTBOX 3
#define NEVER 255
