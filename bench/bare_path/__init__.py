"""The limit of Seatline's design: a contact's whole way with nothing decided on it.

As many processes, hops, records and frames as a contact takes through Seatline, of the same sizes,
by the same clients under the same rules of batching. Relays pass on whose turn it is; there are no
checks, no state, no fences, and nothing is read out of an entry but its first ten bytes.
"""
