CREATE TYPE contact_state AS ENUM (
  'waiting', 'offered', 'accepted', 'confirmed', 'wrap_up', 'ended'
)
