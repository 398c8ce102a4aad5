"""What should be in Asterisk's tables against what is there."""
