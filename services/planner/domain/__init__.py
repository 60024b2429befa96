"""The planner's rules: plain functions from seats to centres, the same on every machine."""
