"""What any process of the stack needs to run; knows no domain word."""
