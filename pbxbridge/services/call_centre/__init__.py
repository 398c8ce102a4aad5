"""The call centre: agents, queues, who is logged in where, and what became of the calls."""
