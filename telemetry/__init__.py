"""What a process tells about itself: log lines, metrics, and whether it can take work. It knows nothing of ours."""
