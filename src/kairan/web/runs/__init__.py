"""What was read: runs, held closings, replay."""
