/* The protocol of docs/protocol.md for one partition of facts: two dispatcher slots, two gateways,
 * two callers, two contacts. README.md beside this file says what is modelled, what is left out and
 * why that is sound, and which function of the code each step stands for.
 *
 * A step of a process is one d_step. Between any two steps anything else may happen: a pause, a
 * slow message and a slow reader are a process that takes no step for a while.
 */
#include "sizes.pml"
#include "logs.pml"
#include "owner.pml"
#include "gateway.pml"
#include "world.pml"

init {
  atomic {
    begin();
    run Owner(0);
    run Owner(1);
    run Broker();
    run Gateway(0);
    run Gateway(1);
    run World();
    run Judge()
  }
}
