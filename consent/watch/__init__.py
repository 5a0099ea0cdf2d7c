"""What is looked after by itself: which notices of a site are true now, once a day."""
