"""`python -m matron`: the same as `matron`."""

from matron.command import main

main()
