"""What is said in the hospital: roles, and the commands, views and events of every service. All that services share."""
