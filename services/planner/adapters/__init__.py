"""The planner's files."""
