"""What is kept of the states of endpoints: the last ones, their history, alerts and webhooks."""
