"""What happens to every request, in the order that ../app.py lists."""
