"""What decides about calls: trunks, routes, classes of service, phone groups, inbound calls."""
