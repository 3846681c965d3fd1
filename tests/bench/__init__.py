"""Tests of the benchmark's report. The benchmark itself runs by hand: `make bench`."""
