"""Be the operator's hand: publish, import, explain, audit."""
